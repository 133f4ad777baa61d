"""The set-up files that users hand to verdi: complete, consistent, and without a secret."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

SETUP = Path(__file__).parents[2] / "setup"
COMPUTERS = sorted(p for p in SETUP.glob("computers/*.yaml") if not p.stem.endswith("-configure"))
CODES = sorted(SETUP.glob("codes/*.yaml"))
COMPUTER_KEYS = {
    "label",
    "hostname",
    "description",
    "transport",
    "scheduler",
    "shebang",
    "work_dir",
    "mpirun_command",
    "mpiprocs_per_machine",
    "use_double_quotes",
    "prepend_text",
    "append_text",
}


def load(path: Path) -> dict[str, Any]:
    """Read a set-up file as `setup/playground` would leave it."""
    filled = re.sub("@CPUS@", "2", re.sub("@(PLAYGROUND|CP2K|BADER|HERE)@", "/somewhere", path.read_text()))
    return dict(yaml.safe_load(filled))


@pytest.mark.parametrize("path", COMPUTERS, ids=lambda p: p.stem)
def test_computer_has_every_key_and_a_configuration(path: Path) -> None:
    computer = load(path)
    assert computer.keys() >= COMPUTER_KEYS
    assert computer["work_dir"].startswith("/")
    configuration = load(path.with_name(f"{path.stem}-configure.yaml"))
    if computer["transport"] == "core.ssh_async":
        assert configuration["host"] == computer["hostname"]
        assert configuration["safe_interval"] >= 1


@pytest.mark.parametrize("path", CODES, ids=lambda p: p.stem)
def test_code_names_a_shipped_computer_and_one_thread(path: Path) -> None:
    code = load(path)
    assert code["computer"] in {load(p)["label"] for p in COMPUTERS}
    assert code["default_calc_job_plugin"] in {"cp2k", "chargeflow.bader"}
    if code["default_calc_job_plugin"] == "cp2k":
        assert "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1" in code["prepend_text"]


@pytest.mark.parametrize("stem", [p.stem for p in COMPUTERS])
def test_every_computer_has_both_codes(stem: str) -> None:
    for part in ("cp2k", "bader"):
        assert (SETUP / f"codes/{stem}-{part}.yaml").exists()


def test_playground_refuses_what_it_cannot_mean(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SETUP / "playground"), *arguments], capture_output=True, text=True, check=False, timeout=20
        )

    assert run("--dir", f"{tmp_path}/x; touch y", "up").returncode == 1
    precious = tmp_path / "precious"
    precious.write_text("data")
    refused = run("--dir", str(tmp_path), "wipe")
    assert refused.returncode == 1
    assert "not a playground" in refused.stderr
    assert precious.exists()
    assert run("--dir", str(tmp_path), "start", "everything").returncode == 1
    assert run().returncode == 2


@pytest.mark.skipif(not shutil.which("mpirun"), reason="Open MPI is not installed")
def test_mpi_on_this_machine_sees_no_network_but_loopback() -> None:
    own_network = ["unshare", "--map-root-user", "--net", "ip", "link", "set", "lo", "up"]
    try:
        subprocess.run(own_network, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this kernel lets no user make a network of his own")
    command = [str(SETUP.parent / "aiida_chargeflow/clusters/mpirun"), "-np", "1", "cat", "/proc/net/dev"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    devices = [line.split(":")[0].strip() for line in done.stdout.splitlines() if ":" in line]
    assert devices == ["lo"]
