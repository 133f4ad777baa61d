"""Which BLAS a program runs on, told by the libraries that it loads."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

REMEDY = (
    "Debian, Ubuntu: `sudo apt-get install libopenblas0-serial`; conda: `conda install -c conda-forge "
    '"libblas=*=*openblas"`. Nothing else has to be set up anew.'
)
_OPTIMISED = (
    ("OpenBLAS", r"openblas"),
    ("MKL", r"libmkl"),
    ("BLIS", r"blis"),
    ("Cray LibSci", r"libsci"),
    ("Arm Performance Libraries", r"armpl"),
    ("ESSL", r"libessl"),
    ("NVIDIA BLAS", r"nvpl|libnvblas|libcublas"),
    ("ATLAS", r"atlas"),
)
# Debian keeps the reference implementation of netlib in …/blas/libblas.so.3.x.y, conda-forge in lib/libblas.so.3.x.y.
_REFERENCE = re.compile(r"lib(ref)?blas\.so(\.\d+)*$")
_ANY = "blas|mkl|blis|atlas|sci_|armpl|essl|nvpl"


@dataclass(frozen=True)
class Blas:
    """The BLAS of a program.

    :param name: what it is, or None where the libraries do not tell (linked statically, a wrapper script).
    :param path: the file it is read from, links resolved.
    """

    name: str | None
    path: str = ""

    @property
    def is_reference(self) -> bool:
        """Whether it is the unoptimised one of netlib."""
        return self.name == "the reference BLAS"


def command_for(program: str) -> str:
    """Return shell commands that print the linear algebra libraries of a program, one resolved path a line."""
    return (
        f"ldd \"$(command -v {shlex.quote(program)})\" 2>/dev/null | sed -n 's|.*=> \\(/[^ ]*\\) .*|\\1|p' | "
        f"grep -iE '{_ANY}' | while read -r file; do readlink -f \"$file\"; done"
    )


def read_blas(text: str) -> Blas:
    """Tell the BLAS from what ``command_for`` printed."""
    paths = text.split()
    for name, pattern in _OPTIMISED:
        for path in paths:
            if re.search(pattern, path, re.IGNORECASE):
                return Blas(name, path)
    for path in paths:
        if _REFERENCE.search(path):
            return Blas("the reference BLAS", path)
    return Blas(None)
