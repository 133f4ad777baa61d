"""The playground, its faults, and a real sweep through SSH and Slurm.  Run with: pytest -m cluster"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.site_under_test import PLAYGROUND, ROOT, shell

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        not shutil.which("slurmctld"), reason="Slurm is not installed; setup/playground up does it"
    ),
]


def listening() -> set[str]:
    """Return the addresses on which something listens for TCP."""
    return {line.split()[3] for line in shell("ss", "-Hltn").splitlines()}


def test_playground_comes_up_on_loopback_alone_and_leaves_nothing() -> None:
    before = listening()
    config = Path.home() / ".ssh" / "config"
    ssh_before = config.read_text() if config.exists() else ""
    base = Path("/tmp") / f"cf-{os.getpid()}"
    try:
        shell(str(PLAYGROUND), "--dir", str(base), "up")
        new = listening() - before
        assert len([address for address in new if address.startswith("127.0.0.1:")]) >= 4
        assert oct(base.stat().st_mode)[-3:] == "700"
        assert (
            "PLAYGROUND"
            in shell("ssh", "chargeflow-playground", "sacctmgr -nP show assoc format=account").upper()
        )
        assert shell(str(PLAYGROUND), "--dir", str(base), "up").count(" up\n") == 0, (
            "the second time starts nothing"
        )
    finally:
        shell(str(PLAYGROUND), "--dir", str(base), "wipe")
    assert not base.exists()
    assert not {a for a in listening() - before if a.startswith("127.0.0.1:468")}
    assert config.read_text().strip() == ssh_before.strip()


@pytest.mark.parametrize(
    "fault", ["daemon-killed", "scheduler-down", "sshd-down", "refused-qos", "cancelled"]
)
def test_fault_loses_nothing_and_pays_nothing_twice(fault: str) -> None:
    script = ROOT / "tests" / "e2e" / "faults.py"
    done = subprocess.run([sys.executable, str(script), fault], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    row = done.stdout.strip().splitlines()[-1].split(" | ")
    assert (row[2], row[3]) == ("0", "0"), done.stdout


def test_six_real_models_through_ssh_and_slurm_two_at_a_time() -> None:
    script = ROOT / "tests" / "e2e" / "real_sweep.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["counts"] == {"done": 6}
    assert result["submitted_again"] == []
    assert result["jobs"] == 12, "one CP2K and one Bader job for each model"
    assert result["most_at_once"] <= 2
    assert result["atoms"] == [35, 35, 38, 38, 38, 38]
