"""The BLAS of a program is told from what `ldd` lists, links resolved."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from aiida_chargeflow.clusters.blas import command_for, read_blas

DEBIAN = "/usr/lib/x86_64-linux-gnu"


@pytest.mark.parametrize(
    ("libraries", "name"),
    [
        ([f"{DEBIAN}/blas/libblas.so.3.11.0"], "the reference BLAS"),
        (
            [f"{DEBIAN}/blas/libblas.so.3.11.0", f"{DEBIAN}/openblas-serial/libopenblas-r0.3.21.so"],
            "OpenBLAS",
        ),
        ([f"{DEBIAN}/openblas-pthread/libblas.so.3"], "OpenBLAS"),
        (["/opt/conda/lib/libblas.so.3.9.0"], "the reference BLAS"),
        (["/opt/conda/lib/libopenblasp-r0.3.27.so"], "OpenBLAS"),
        (["/opt/intel/mkl/lib/libmkl_gf_lp64.so.2", "/opt/intel/mkl/lib/libmkl_core.so.2"], "MKL"),
        (["/opt/cray/pe/lib64/libsci_gnu_82_mpi.so.5"], "Cray LibSci"),
        ([f"{DEBIAN}/libgslcblas.so.0.0.0"], None),
        ([], None),
    ],
)
def test_libraries_tell_the_blas(libraries: list[str], name: str | None) -> None:
    assert read_blas("\n".join(libraries)).name == name


def test_only_the_reference_is_warned_of() -> None:
    assert read_blas(f"{DEBIAN}/blas/libblas.so.3.11.0").is_reference
    assert not read_blas(f"{DEBIAN}/openblas-serial/libblas.so.3").is_reference
    assert not read_blas("").is_reference


@pytest.mark.skipif(shutil.which("cp2k.psmp") is None, reason="no CP2K here")
def test_a_real_program_is_read_as_its_loader_sees_it() -> None:
    out = subprocess.run(
        ["sh", "-c", command_for("cp2k.psmp")], capture_output=True, text=True, check=True
    ).stdout
    assert read_blas(out).name is not None


def test_a_script_or_nothing_at_all_tells_nothing() -> None:
    for program in ("/no/such/program", "true; echo /usr/lib/libopenblas.so"):
        out = subprocess.run(
            ["sh", "-c", command_for(program)], capture_output=True, text=True, check=False
        ).stdout
        assert read_blas(out).name is None
