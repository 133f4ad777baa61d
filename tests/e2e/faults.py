"""Hurt a running sweep in every way that happens on a cluster, and count what was lost and what ran twice.

The DFT of a point is a stand-in: a Slurm job that sleeps and adds. SSH, Slurm, accounting, the daemon and the
broker are real.  usage: python tests/e2e/faults.py [NAME ...]   (default: all)
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 2)]
from e2e.site_under_test import Site, shell, site, verdi, wait_until  # noqa: E402

SLEEP_S = 5
N_POINTS = 6
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
            {"label": f"p{i}", "protocol": "x", "digest": f"{name}-{i}", "spec": {"x": i, "sleep": sleep}}
            for i in range(n)
        ]
        self.submit({**GOOD_OPTIONS, **options})

    def submit(self, options: dict[str, Any]) -> None:
        """Submit the points that have no successful run."""
        from aiida import orm
        from aiida.engine import submit
        from sweep_standin import StandInSweepWorkChain

        from aiida_chargeflow import sweep

        group = orm.Group.collection.get_or_create(sweep.GROUP_PREFIX + self.name)[0]
        group.base.extras.set(sweep._STATE, {"points": self.points})
        node = submit(
            StandInSweepWorkChain,
            campaign=orm.Dict({"points": self.points}),
            models={"x": {"code": orm.load_code("add@playground"), "options": options}},
            group=orm.Str(group.label),
            max_concurrent=orm.Int(2),
            metadata={"label": self.name},
        )
        group.add_nodes(node)

    def status(self) -> Any:
        """Return the sweep's status."""
        from aiida_chargeflow.sweep_status import sweep_status

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
        return wait_until(condition, seconds, f"{self.name}: {what}")

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
        from aiida_chargeflow.sweep import group_of

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


def undisturbed(place: Site) -> Report:
    """Nothing happens: the yardstick."""
    start = time.monotonic()
    trial = Trial(place, "undisturbed")
    report = trial.finish("none (yardstick: whole sweep)", 0, "nothing")
    report.recovery_s = time.monotonic() - start
    return report


def daemon_killed(place: Site) -> Report:
    """Kill -9 circus, broker and worker in mid-sweep."""
    from aiida.engine.daemon.client import get_daemon_client

    trial = Trial(place, "daemon-killed")
    trial.wait(lambda: trial.count("done") >= 1, 120, "first point")
    daemon = get_daemon_client().get_daemon_pid()
    family = [daemon, *_children(daemon)]
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    time.sleep(3)
    start = time.monotonic()
    verdi("daemon", "start")
    trial.progress_after()
    recovery = time.monotonic() - start
    return trial.finish(f"kill -9 of the daemon's {len(family)} processes", recovery, "`verdi daemon start`")


def broker_killed(place: Site) -> Report:
    """Kill -9 the broker alone: circus starts another, of which the worker does not know."""
    from aiida.engine.daemon.client import get_daemon_client

    trial = Trial(place, "broker-killed")
    trial.wait(lambda: trial.count("done") >= 1, 120, "first point")
    for pid in _children(get_daemon_client().get_daemon_pid()):
        if b"broker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    trial.wait(lambda: trial.count("stuck") or trial.status().finished, 150, "the status to say so")
    said = trial.first("stuck")
    start = time.monotonic()
    verdi("daemon", "stop")
    verdi("process", "repair")
    verdi("daemon", "start")
    trial.progress_after()
    return trial.finish(
        "kill -9 of the broker alone",
        time.monotonic() - start,
        "`verdi daemon stop`, `process repair`, `daemon start`",
        said,
    )


def _children(pid: int) -> list[int]:
    """Return all descendants of a process, in the order of their numbers."""
    direct = [int(child) for child in shell("pgrep", "-P", str(pid), check=False).split()]
    return sorted({*direct, *(below for child in direct for below in _children(child))})


def scheduler_down(place: Site) -> Report:
    """Stop slurmctld for a while."""
    return _outage(place, "scheduler-down", "slurmctld", 20)


def sshd_down(place: Site) -> Report:
    """Stop sshd for longer than AiiDA's retries."""
    return _outage(place, "sshd-down", "sshd", 60)


def _outage(place: Site, name: str, service: str, seconds: int) -> Report:
    trial = Trial(place, name)
    trial.running_job()
    place.service("stop", service)
    time.sleep(seconds)
    said = trial.first("stuck")
    place.service("start", service)
    user = "nothing"
    start = time.monotonic()
    if trial.count("stuck"):
        user = f"`sweep resume` ({_resume(trial)} processes)"
    trial.progress_after()
    return trial.finish(f"{service} down for {seconds} s", time.monotonic() - start, user, said)


def _resume(trial: Trial) -> int:
    from aiida_chargeflow import sweep

    return sweep.resume(trial.name)


def certificate_expired(place: Site) -> Report:
    """Let a short-lived SSH certificate run out, and renew it."""
    ssh = place.cluster / "ssh"
    keys = (ssh / "authorized_keys").read_text()
    _certify(ssh, 40)
    (ssh / "authorized_keys").write_text("")
    try:
        trial = Trial(place, "certificate-expired", n=10)
        trial.wait(lambda: trial.count("stuck"), 180, "a stuck point")
        said = trial.first("stuck")
        _certify(ssh, 3600)
        start = time.monotonic()
        n = _resume(trial)
        trial.progress_after()
        recovery = time.monotonic() - start
        return trial.finish(
            "certificate expires in mid-sweep", recovery, f"renewed it, `sweep resume` ({n} processes)", said
        )
    finally:
        (ssh / "authorized_keys").write_text(keys)
        (ssh / "id_ed25519-cert.pub").unlink()


def _certify(ssh: Path, seconds: int) -> None:
    user, validity = shell("id", "-un").strip(), f"-5s:+{seconds}s"
    key = str(ssh / "id_ed25519.pub")
    shell("ssh-keygen", "-q", "-s", str(ssh / "ca"), "-I", "test", "-n", user, "-V", validity, key)


def time_limit(place: Site) -> Report:
    """Let one job hit its limit, then give it more time."""
    trial = Trial(place, "time-limit", n=2, sleep=75, max_wallclock_seconds=60)
    trial.wait(lambda: trial.status().finished, 300, "the end")
    said = trial.first("failed")
    start = time.monotonic()
    for point in trial.points:
        point["spec"]["sleep"] = SLEEP_S
    trial.submit({**GOOD_OPTIONS, "max_wallclock_seconds": 120})
    trial.progress_after()
    return trial.finish(
        "job hits its limit", time.monotonic() - start, "`sweep retry FILE` with more time", said
    )


def cancelled(place: Site) -> Report:
    """Scancel a job behind AiiDA's back."""
    trial = Trial(place, "cancelled")
    place.slurm("scancel", trial.running_job())
    trial.wait(lambda: trial.status().finished, 180, "the end")
    said = trial.first("failed")
    start = time.monotonic()
    trial.submit(GOOD_OPTIONS)
    trial.progress_after()
    return trial.finish("scancel behind our back", time.monotonic() - start, "`sweep retry`", said)


def refused_qos(place: Site) -> Report:
    """Ask for a QOS that does not exist (the checks before submission are bypassed here)."""
    return _refused(place, "refused-qos", "sbatch: invalid QOS", qos="nope")


def refused_account(place: Site) -> Report:
    """Ask for an account that does not exist."""
    return _refused(place, "refused-account", "sbatch: Invalid account", account="nobody")


def spent_budget(place: Site) -> Report:
    """Use an account whose rejection starts in lower case, which AiiDA does not know."""
    return _refused(place, "spent-budget", "sbatch: invalid account, lower case", account="EXPIRED")


def never_starts(place: Site) -> Report:
    """Ask a QOS for more time than it allows: Slurm takes the job and never starts it."""
    return _refused(place, "never-starts", "accepted, but over the QOS limit", max_wallclock_seconds=7200)


def _refused(place: Site, name: str, fault: str, **options: Any) -> Report:
    from aiida_chargeflow import sweep

    trial = Trial(place, name, n=2, **options)
    trial.wait(lambda: trial.count("stuck") or trial.count("failed") == 2, 120, "the refusal")
    said = trial.first("stuck") or trial.first("failed")
    start = time.monotonic()
    sweep.cancel(name)
    trial.wait(lambda: trial.status().finished, 60, "the end of the cancelled sweep")
    trial.submit(GOOD_OPTIONS)
    trial.progress_after()
    return trial.finish(
        fault, time.monotonic() - start, "mended options, `sweep cancel`, `sweep retry FILE`", said
    )


def disk_full(place: Site) -> Report:
    """Fill the work directory (a small tmpfs, so this needs root)."""
    scratch = place.cluster / "scratch"
    shell("mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(scratch))
    try:
        trial = Trial(place, "disk-full")
        trial.wait(lambda: trial.count("done") >= 1, 120, "first point")
        ballast = scratch / "ballast"
        subprocess.run(["dd", "if=/dev/zero", f"of={ballast}", "bs=4k"], check=False, capture_output=True)
        trial.wait(lambda: trial.count("stuck") or trial.count("failed"), 180, "a stuck point")
        said = trial.first("stuck") or trial.first("failed")
        ballast.unlink()
        start = time.monotonic()
        n = _resume(trial)
        trial.progress_after()
        recovery = time.monotonic() - start
        trial.wait(lambda: trial.status().finished, 180, "the end")
        user = f"freed space, `sweep resume` ({n} processes)"
        if trial.count("failed"):
            trial.submit(GOOD_OPTIONS)
            user += ", `sweep retry`"
        return trial.finish("work directory full", recovery, user, said)
    finally:
        shell("umount", "-l", str(scratch), check=False)


FAULTS: dict[str, Callable[[Site], Report]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        undisturbed,
        daemon_killed,
        broker_killed,
        scheduler_down,
        sshd_down,
        certificate_expired,
        time_limit,
        cancelled,
        refused_qos,
        refused_account,
        spent_budget,
        never_starts,
        disk_full,
    )
}


def main() -> None:
    """Run the faults that are named, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FAULTS))
    names = parser.parse_args().names or list(FAULTS)
    if len(names) > 1:  # each in a process and on a site of its own, so that none hurts the next
        codes = [subprocess.run([sys.executable, __file__, name], check=False).returncode for name in names]
        raise SystemExit(any(codes))
    with tempfile.TemporaryDirectory(prefix="cf-") as base, site(Path(base)) as place:
        print(FAULTS[names[0]](place).row(), flush=True)


if __name__ == "__main__":
    main()
