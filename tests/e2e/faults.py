"""Hurt a running sweep in every way that happens on a cluster, and count what was lost and what ran twice.

The DFT of a point is a stand-in, a Slurm job that sleeps and adds; the trials of cp2k_faults.py run the whole chain on
a molecule. SSH, Slurm, accounting, the daemon and the broker are real.

usage: python tests/e2e/faults.py [--one-site] [NAME ...]   (default: all)
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
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 2)]
from e2e import cp2k_faults  # noqa: E402
from e2e.site_under_test import Site, shell, site, verdi  # noqa: E402
from e2e.trial import GOOD_OPTIONS, SLEEP_S, Report, Trial  # noqa: E402


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
    return _outage(place, "scheduler-down", "slurmctld", 60)


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
    from aiida_chargeflow.runs import sweep

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
    from aiida_chargeflow.runs import sweep

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


def many_workers(place: Site) -> Report:
    """Let two workers run three sweeps of the same points in the same slots, all at once."""
    from aiida.engine.daemon.client import get_daemon_client

    if get_daemon_client().get_number_of_workers() < 2:
        verdi("daemon", "incr", "1")
    begun = len(place.jobs())
    start = time.monotonic()
    trial = Trial(place, "many-workers", n=12, sleep=2)
    for _ in range(2):
        trial.submit(GOOD_OPTIONS)
    report = trial.finish("2 workers, 3 sweeps of the same points, 2 slots", 0, "nothing")
    at_once, n_jobs = place.most_at_once(), len(place.jobs()) - begun
    if at_once > 2 or n_jobs != trial.n:
        raise AssertionError(f"{n_jobs} jobs for {trial.n} points, {at_once} at once in 2 slots")
    report.recovery_s = time.monotonic() - start
    report.status_said = f"{n_jobs} jobs, at most {at_once} in the queue or running"
    return report


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
        many_workers,
        cp2k_faults.cp2k_killed,
        cp2k_faults.scratch_purged,
        cp2k_faults.node_failure,
        cp2k_faults.out_of_memory,
    )
}


def main() -> None:
    """Run the faults that are named, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FAULTS))
    parser.add_argument(
        "--one-site", action="store_true", help="run all on one site: quicker, less independent"
    )
    given = parser.parse_args()
    names = given.names or list(FAULTS)
    if (
        len(names) > 1 and not given.one_site
    ):  # each in a process and on a site of its own, so that none hurts the next
        codes = [subprocess.run([sys.executable, __file__, name], check=False).returncode for name in names]
        raise SystemExit(any(codes))
    with tempfile.TemporaryDirectory(prefix="cf-") as base, site(Path(base)) as place:
        for name in names:
            print(FAULTS[name](place).row(), flush=True)


if __name__ == "__main__":
    main()
