"""What a CP2K program says of itself with ``--version``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..science.errors import InputError

# What was run with each is the table of docs/topics/cp2k-versions.md.
TESTED = frozenset({(2023, 1), (2025, 1), (2025, 2)})
OLDEST_TESTED = min(TESTED)
_FROM_SOURCE = (2026, 2)


@dataclass(frozen=True)
class Cp2kBuild:
    """Version and features of a CP2K program.

    :param flags: what it was built with, as CP2K names it: libxc, elpa, parallel, …
    """

    version: tuple[int, int]
    flags: frozenset[str]

    @property
    def has_elpa(self) -> bool:
        """Whether it was built with ELPA (``elpa``, in old versions ``elpa3`` and the like)."""
        return any(flag.startswith("elpa") for flag in self.flags)

    @property
    def shortcomings(self) -> list[str]:
        """What a run of a protocol would miss, one clause each; empty when all is well."""
        missing = []
        if self.version < OLDEST_TESTED:
            missing.append(
                f"version {_dotted(self.version)} is older than the oldest tested, {_dotted(OLDEST_TESTED)}"
            )
        if "parallel" not in self.flags:
            missing.append("it is built without MPI (take cp2k.psmp or cp2k.popt)")
        if "scalapack" not in self.flags:
            missing.append("it is built without ScaLAPACK, so large models cannot be diagonalised")
        return missing

    @property
    def _partly_tested(self) -> str:
        """What was tested of a version all the same, to follow a clause."""
        known_from_source = "; its input and files are known from its manual and source only"
        return known_from_source if self.version >= _FROM_SOURCE else ""

    @property
    def notes(self) -> list[str]:
        """What is slower or not available, though no protocol needs it."""
        notes = []
        if self.version not in TESTED:
            tested = ", ".join(map(_dotted, sorted(TESTED)))
            notes.append(f"version not tested with a whole chain, as {tested} were{self._partly_tested}")
        if not self.has_elpa:
            notes.append("no ELPA: diagonalisation of large models is slower")
        if "libxc" not in self.flags:
            notes.append("no libxc: functional hle17 works, hle17-libxc does not")
        return notes


def read_build(text: str) -> Cp2kBuild:
    """Read the output of ``cp2k --version``.

    :raises InputError: it is not from CP2K.
    """
    version = re.search(r"^\s*CP2K version (\d+)\.(\d+)", text, re.MULTILINE)
    if version is None:
        raise InputError(
            "does not answer like CP2K", remedy="Check filepath_executable and prepend_text of the code."
        )
    flags = re.search(r"^\s*cp2kflags:((?:[ \t]+\S+)*(?:\n[ \t]{6,}\S.*)*)", text, re.MULTILINE)
    return Cp2kBuild(
        (int(version[1]), int(version[2])), frozenset(flags[1].split()) if flags else frozenset()
    )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
