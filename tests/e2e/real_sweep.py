"""Six small models through SSH, Slurm, CP2K, Bader and charge flow, two at a time, from the command line.

usage: python tests/e2e/real_sweep.py    (prints what happened as JSON in its last line)
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 2)]
from e2e.site_under_test import shell, site, wait_until  # noqa: E402

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


def chargeflow(*arguments: str) -> Any:
    """Run the command line in a process of its own, as a user does, and return its JSON."""
    return json.loads(shell(sys.executable, "-W", "ignore", "-m", "aiida_chargeflow", *arguments, "--json"))


def status() -> dict[str, Any]:
    """Return the status of the sweep."""
    now: dict[str, Any] = chargeflow("sweep", "status", "rough")
    return now


def main() -> None:
    """Submit, wait, submit again, and count."""
    with tempfile.TemporaryDirectory(prefix="cf-") as base, site(Path(base)) as place:
        place.register_codes()
        file = Path(base) / "rough.yaml"
        file.write_text(json.dumps(CAMPAIGN))
        start = time.monotonic()
        chargeflow("sweep", "submit", str(file), "--yes")
        wait_until(lambda: status()["finished"], 3000, "the sweep")
        took = time.monotonic() - start
        now = status()
        again = chargeflow("sweep", "submit", str(file), "--yes")["submitted"]
        for words in (
            ["sweep", "status", "rough"],
            ["table", "gaps", "rough"],
            ["table", "charge-flow", "rough"],
        ):
            print(shell(sys.executable, "-W", "ignore", "-m", "aiida_chargeflow", *words))
        done = [str(point["pk"]) for point in now["points"] if point["state"] == "done"]
        rows = chargeflow("show", *done) if done else []
        print(
            json.dumps(
                {
                    "counts": now["counts"],
                    "seconds": round(took),
                    "submitted_again": again,
                    "jobs": len(place.jobs()),
                    "most_at_once": place.most_at_once(),
                    "atoms": sorted(row["n_atoms"] for row in rows),
                }
            )
        )


if __name__ == "__main__":
    main()
