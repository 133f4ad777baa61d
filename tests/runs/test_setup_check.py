"""`setup check` finds what a first job would trip over, and never trips itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from aiida import orm

from aiida_chargeflow.calculations.cp2k_parameters import build_of
from aiida_chargeflow.clusters.profile import RunOptions
from aiida_chargeflow.runs.setup_check import Check, check_setup

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
CODES = {"cp2k": "cp2k", "bader": "bader"}


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that makes a program with a given answer."""

    def make(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return make


def add_code(computer: orm.Computer, label: str, path: str, prepend: str = "") -> None:
    orm.InstalledCode(computer, path, label=label, prepend_text=prepend).store()


def findings(computer: str = "localhost", options: RunOptions | None = None) -> dict[str, Check]:
    return {check.name: check for check in check_setup(computer, CODES, options)}


def test_a_complete_set_up_is_ready_but_for_the_daemon(
    aiida_localhost: orm.Computer, program: Callable[[str, str], str]
) -> None:
    answer = 'printf " CP2K version 2023.1\\n cp2kflags: omp libxc elpa parallel scalapack\\n"'
    path = program("cp2k.psmp", f'[ "$OMP_NUM_THREADS" = 1 ] && {answer}')
    add_code(aiida_localhost, "cp2k", path, "export OMP_NUM_THREADS=1")
    add_code(aiida_localhost, "bader", program("chargeflow-bader", "echo Bader"))
    found = findings(options=RunOptions())
    assert found.pop("daemon").remedy == "verdi daemon start"
    assert [check for check in found.values() if check.state == "failed"] == []
    assert found["cp2k"].found == "CP2K 2023.1"
    build = build_of(orm.load_code("cp2k@localhost")).get_dict()
    assert build == {"version": "2023.1", "has_elpa": True}
    assert found["options"].state == "ok"


def test_a_slow_blas_is_named_with_its_remedy(
    aiida_localhost: orm.Computer, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    """`ldd` and the library are stand-ins that `prepend_text` puts first, as a module would."""
    library = tmp_path / "blas" / "libblas.so.3"
    library.parent.mkdir()
    library.touch()
    program("ldd", f"echo 'libblas.so.3 => {library} (0x00007f45)'")
    path = program("cp2k.psmp", "echo ' CP2K version 2023.1'")
    add_code(aiida_localhost, "cp2k", path, f"export PATH={tmp_path}:$PATH")
    found = findings()["blas"]
    assert found.state == "note"
    assert str(library) in found.found
    assert "libopenblas0-serial" in found.remedy
    assert "conda install" in found.remedy
    library.rename(library.with_name("libopenblas.so.0"))
    program("ldd", f"echo 'libopenblas.so.0 => {library.with_name('libopenblas.so.0')} (0x00007f45)'")
    assert findings()["blas"].state == "ok"


def test_every_failure_has_a_remedy(
    aiida_localhost: orm.Computer, program: Callable[[str, str], str]
) -> None:
    add_code(aiida_localhost, "cp2k", program("cp2k.psmp", "echo module: not found >&2; exit 127"))
    found = findings(options=RunOptions(nodes=40))
    assert found["cp2k"].state == "failed"
    assert "module: not found" in found["cp2k"].found
    assert found["bader"].remedy.startswith("verdi code create")
    assert found["options"].state == "failed"
    assert all(check.remedy for check in found.values() if check.state == "failed")


def test_a_placeholder_that_was_left_is_named(aiida_localhost: orm.Computer) -> None:
    add_code(aiida_localhost, "cp2k", "cp2k.psmp", "module load FILL_IN")
    found = findings()["cp2k"]
    assert found.found == "a placeholder is left in cp2k@localhost: module load FILL_IN"
    assert "`module spider cp2k`" in found.remedy
    assert "setup/codes/localhost-cp2k.yaml" in found.remedy


def test_modules_that_the_cluster_offers_are_named(
    aiida_localhost: orm.Computer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = "/opt/modules:\ncp2k/2024.1--intel(default)\ncp2k/2023.1:\ngcc/12"
    (tmp_path / ".bash_profile").write_text(f"module() {{ printf '{listing}\n' >&2; }}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    add_code(aiida_localhost, "cp2k", "cp2k.psmp", "module load FILL_IN")
    assert "found now: cp2k/2023.1, cp2k/2024.1--intel." in findings()["cp2k"].remedy


def test_unknown_and_unconfigured_computers_stop_the_checks() -> None:
    assert list(findings("nowhere"))[-1] == "computer"
    orm.Computer("raw", "raw.example", "", "core.ssh_async", "core.slurm", "/scratch").store()
    last = list(findings("raw").values())[-1]
    assert (last.name, last.state) == ("computer", "failed")
    assert "verdi computer configure" in last.remedy


def test_an_unreachable_host_is_a_finding() -> None:
    computer = orm.Computer("far", "far.invalid", "", "core.ssh_async", "core.slurm", "/scratch").store()
    computer.configure(host="far.invalid")
    last = list(findings("far").values())[-1]
    assert (last.name, last.state) == ("connection", "failed")
    assert "ssh far.invalid" in last.remedy
