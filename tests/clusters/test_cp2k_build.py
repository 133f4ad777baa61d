"""Version and features are read from what CP2K prints of itself."""

from __future__ import annotations

import pytest

from aiida_chargeflow.clusters.cp2k_build import read_build
from aiida_chargeflow.science.errors import InputError

DEBIAN = """ CP2K version 2023.1
 Source code revision git:b888bd8
 cp2kflags: omp libint fftw3 libxc elpa parallel scalapack spglib
 compiler: GCC version 12.2.0
"""
WRAPPED = """ CP2K version 2024.3
 cp2kflags: omp libint fftw3 parallel scalapack cosma dbcsr_acc
            spglib libdftd4
 compiler: GCC version 13.2.0
"""


def test_a_full_build_has_no_shortcomings() -> None:
    build = read_build(DEBIAN)
    assert build.version == (2023, 1)
    assert {"libxc", "elpa", "parallel", "spglib"} <= build.flags
    assert "GCC" not in build.flags
    assert build.shortcomings == []
    assert build.notes == []


def test_flags_on_several_lines() -> None:
    build = read_build(WRAPPED)
    assert "libdftd4" in build.flags
    assert "compiler:" not in build.flags
    assert [note.split(":")[0] for note in build.notes] == [
        "version not tested with a whole chain, as 2023.1, 2025.1, 2025.2 were",
        "no ELPA",
        "no libxc",
    ]


@pytest.mark.parametrize(
    ("version", "told"),
    [("2025.1", None), ("2025.2", None), ("2026.1", "were"), ("2026.2", "source only")],
)
def test_what_was_tested_of_a_version_is_told(version: str, told: str | None) -> None:
    notes = read_build(DEBIAN.replace("2023.1", version)).notes
    assert [note.endswith(told or "") for note in notes] == ([True] if told else [])


def test_a_serial_or_old_build_is_refused() -> None:
    build = read_build(" CP2K version 7.1\n cp2kflags: omp fftw3\n")
    assert [text.split()[0] for text in build.shortcomings] == ["version", "it", "it"]


@pytest.mark.parametrize("text", ["", "bash: cp2k.psmp: command not found", "version 2023.1"])
def test_anything_else_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="CP2K"):
        read_build(text)
