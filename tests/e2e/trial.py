"""A sweep that is going to be hurt, and what is counted of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 2)]
from e2e.site_under_test import Site, verdi, wait_until  # noqa: E402

SLEEP_S = 5
N_POINTS = 6
PATIENCE = float(os.environ.get("CHARGEFLOW_PATIENCE", "1"))  # more of it on a busy machine
GOOD_OPTIONS = {
    "account": "PLAYGROUND",
    "queue_name": "dcgp_usr_prod",
    "qos": "dcgp_qos_dbg",
    "max_wallclock_seconds": 300,
    "withmpi": False,
}


@dataclass
class Report:
    """What one fault did.

    :param lost: points without a result at the end.
    :param twice: jobs that ran to their end beyond one for each point.
    :param recovery_s: from the end of the cause, or the user's action, to the next point done.
    """

    fault: str
    points: int
    done: int
    lost: int
    twice: int
    recovery_s: float
    user_did: str
    status_said: str = ""

    def row(self) -> str:
        """Return a row of a Markdown table."""
        counts = f"{self.done}/{self.points} | {self.lost} | {self.twice} | {self.recovery_s:.0f} s"
        return f"| {self.fault} | {counts} | {self.user_did} | {self.status_said} |"


class Trial:
    """A sweep of stand-ins under way."""

    def __init__(
        self, place: Site, name: str, *, n: int = N_POINTS, sleep: int = SLEEP_S, **options: Any
    ) -> None:
        self.place, self.name, self.n, self.sleep = place, name, n, sleep
        self.before = len(self._completed())
        self.points = [
            {"label": f"p{i}", "protocol": "x", "digest": f"{name}-{i}", "spec": self.spec(i)}
            for i in range(n)
        ]
        self.submit({**GOOD_OPTIONS, **options})

    def spec(self, number: int) -> dict[str, Any]:
        """Return the specification of a point."""
        return {"x": number, "sleep": self.sleep}

    def chain(self, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the work chain of the sweep and the inputs that its models share."""
        from aiida import orm
        from sweep_standin import StandInSweepWorkChain

        return StandInSweepWorkChain, {"code": orm.load_code("add@playground"), "options": options}

    def submit(self, options: dict[str, Any]) -> None:
        """Submit the points that have no successful run."""
        from aiida import orm
        from aiida.engine import submit

        from aiida_chargeflow.names import SWEEP_GROUP
        from aiida_chargeflow.runs import sweep

        group = orm.Group.collection.get_or_create(SWEEP_GROUP + self.name)[0]
        group.base.extras.set(sweep._STATE, {"points": self.points})
        chain, models = self.chain(options)
        node = submit(
            chain,
            campaign=orm.Dict({"points": self.points}),
            models={"x": models},
            group=orm.Str(group.label),
            max_concurrent=orm.Int(2),
            metadata={"label": self.name},
        )
        group.add_nodes(node)

    def status(self) -> Any:
        """Return the sweep's status."""
        from aiida_chargeflow.runs.status import sweep_status

        return sweep_status(self.name)

    def count(self, state: str) -> int:
        """Return how many points are in a state."""
        return int(self.status().counts.get(state, 0))

    def first(self, state: str) -> str:
        """Return what the status says of the first point in a state, with its remedy."""
        row = next((row for row in self.status().points if row.state == state), None)
        return f"{row.what} → {row.remedy}".replace("|", "/") if row else ""

    def running_job(self) -> str:
        """Wait for a running job of Slurm and return its id."""
        self.wait(lambda: self.place.slurm("squeue", "-h", "-t", "R", "-o", "%i"), 60, "a running job")
        return self.place.slurm("squeue", "-h", "-t", "R", "-o", "%i").split()[0]

    def wait(self, condition: Callable[[], Any], seconds: float, what: str) -> float:
        """Wait for a condition."""
        return wait_until(condition, seconds * PATIENCE, f"{self.name}: {what}")

    def finish(self, fault: str, recovery_s: float, user_did: str, said: str = "") -> Report:
        """Wait for the sweep's end and count."""
        self.wait(lambda: self.status().finished, 240, f"the end ({self.status().counts})")
        done = self.count("done")
        if done < self.n:
            self.explain()
        twice = len(self._completed()) - self.before - done
        return Report(fault, self.n, done, self.n - done, max(0, twice), recovery_s, user_did, said)

    def explain(self) -> None:
        """Print what the points without a result and the sweep itself say."""
        from aiida_chargeflow.runs.sweep import group_of

        for row in self.status().points:
            print(row, file=sys.stderr)
        for node in group_of(self.name).nodes:
            if not node.is_finished_ok:
                print(
                    verdi("process", "report", str(node.pk)),
                    verdi("process", "status", str(node.pk)),
                    file=sys.stderr,
                )

    def progress_after(self, seconds: float = 180) -> float:
        """Wait until one more point is done than now."""
        done = self.count("done")
        return self.wait(lambda: self.count("done") > done, seconds, "progress")

    def _completed(self) -> list[Any]:
        return [job for job in self.place.jobs() if job[2] == "COMPLETED"]
