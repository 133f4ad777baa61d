"""Programs of this machine: found, or named with how to get them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiida_chargeflow.clusters.programs import find_bader, find_cp2k, mpirun_command
from aiida_chargeflow.science.errors import InputError

VERSION = """CP2K version 2023.1
 cp2kflags: omp libint fftw3 libxc elpa parallel scalapack
"""


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_missing_cp2k_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"apt-get install cp2k.*conda install.*module load"):
        find_cp2k()
    with pytest.raises(InputError, match="CP2K is missing"):
        find_cp2k(tmp_path / "cp2k.psmp")


def test_a_cp2k_that_does_not_start_tells_its_last_words(tmp_path: Path) -> None:
    broken = program(
        tmp_path, "cp2k.psmp", "echo 'error while loading shared libraries: libelpa.so' >&2; exit 127"
    )
    with pytest.raises(InputError, match=r"does not start.*libelpa\.so"):
        find_cp2k(broken)


def test_a_cp2k_of_conda_brings_its_own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "mpirun", "exit 0")
    found = program(tmp_path, "cp2k.psmp", f"cat <<'END'\n{VERSION}\nEND")
    monkeypatch.setenv("CP2K_DATA_DIR", "/data/of/conda")
    made = find_cp2k(found)
    assert made.build.version[:2] == (2023, 1)
    assert f"export PATH={tmp_path}:$PATH" in made.environment
    assert "export CP2K_DATA_DIR=/data/of/conda" in made.environment


def test_the_package_brings_its_bader_engine_and_its_mpirun() -> None:
    assert find_bader().name == "chargeflow-bader"
    shell, script, *arguments = mpirun_command()
    assert shell == "sh"
    assert Path(script).read_text().startswith("#!/bin/sh")
    assert arguments == ["-np", "{tot_num_mpiprocs}"]
