"""The playground, its faults, and a real sweep through SSH and Slurm.  Run with: pytest -m cluster"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.site_under_test import PLAYGROUND, ROOT, Site, shell, site, wait_until

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        not shutil.which("slurmctld"), reason="Slurm is not installed; setup/playground up does it"
    ),
]

CAMPAIGN: dict[str, Any] = {
    "name": "rough",
    "protocol": "demo",
    # real CP2K, but a grid and a threshold that are good for nothing except to be quick
    "overrides": {
        "scf": {
            "functional": "pbe",
            "padding_ang": 1.5,
            "stages": [
                {
                    "name": "rough",
                    "final": True,
                    "electronic_temperature_k": 2000,
                    "eps_scf": 1e-2,
                    "max_scf": 60,
                    "n_virtual": 10,
                }
            ],
        }
    },
    "core": {"material": "CdSe", "centre": "anion", "planes": [5, 4, 3]},
    "passivation": {"ligand": "Cl", "rule": "balance"},
    "axes": {"core.material": ["CdSe", "InAs", "InP"], "overrides.scf.cutoff_ry": [80, 100]},
    "options": {
        "computer": "playground",
        "account": "PLAYGROUND",
        "partition": "dcgp_usr_prod",
        "walltime_hours": 0.5,
        "tasks_per_node": 1,
        "max_concurrent": 2,
    },
}


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


@pytest.fixture(scope="module")
def place() -> Iterator[Site]:
    base = Path("/tmp") / f"cf-{os.getpid()}"
    with site(base) as running:
        yield running
    shutil.rmtree(base)


def chargeflow(*arguments: str) -> str:
    """Run the command line in a process of its own, as a user does."""
    return shell(sys.executable, "-m", "aiida_chargeflow", *arguments)


def test_six_real_models_through_ssh_and_slurm_two_at_a_time(place: Site, tmp_path: Path) -> None:
    place.register_codes()
    file = tmp_path / "rough.yaml"
    file.write_text(json.dumps(CAMPAIGN))
    assert len(json.loads(chargeflow("sweep", "submit", str(file), "--yes", "--json"))["submitted"]) == 6

    def status() -> dict[str, Any]:
        return dict(json.loads(chargeflow("sweep", "status", "rough", "--json")))

    wait_until(lambda: status()["finished"], 3000, "the sweep")
    now = status()
    assert now["counts"] == {"done": 6}, now
    assert json.loads(chargeflow("sweep", "submit", str(file), "--yes", "--json"))["submitted"] == []
    ends = place.slurm("sacct", "-a", "-X", "-n", "-P", "--format=start,end,state", "-S", "now-1day")
    jobs = [line.split("|") for line in ends.split()]
    assert len(jobs) == 12, "one CP2K and one Bader job for each model"
    for start, _, _ in jobs:
        assert len([job for job in jobs if job[0] <= start < job[1]]) <= 2
    rows = json.loads(chargeflow("show", *(str(point["pk"]) for point in now["points"]), "--json"))
    assert {row["n_atoms"] for row in rows} == {35, 38}
