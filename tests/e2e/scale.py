"""Run a sweep of many points whose DFT is a stand-in (one trivial function) and measure AiiDA and the sweep.

usage: python tests/e2e/scale.py [-n 1000] [--profile NAME] [--concurrent 20] [--workers 1] [--minutes 120]
Without --profile: a throw-away profile on SQLite and ZeroMQ. With it: an existing one, e.g. of `setup/large`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 2)]
from e2e.site_under_test import ROOT, verdi, wait_until  # noqa: E402


def main() -> None:
    """Measure and print one row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--profile")
    parser.add_argument("--concurrent", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=120, help="count what is done by then")
    given = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    )
    base = None
    if given.profile is None:
        base = tempfile.mkdtemp(prefix="cf-scale-")
        os.environ["AIIDA_PATH"] = base
        verdi("presto", "--use-zeromq", "-p", "scale")
    profile = given.profile or "scale"
    verdi("-p", profile, "daemon", "start", str(given.workers))
    try:
        measure(profile, given.n, given.concurrent, given.minutes * 60)
    finally:
        verdi("-p", profile, "daemon", "stop", check=False)
        if base:
            shutil.rmtree(base)


def measure(profile: str, n: int, concurrent: int, limit_s: float) -> None:
    """Run the sweep, to its end or for as long as it may take, and print a row of a Markdown table."""
    from aiida import load_profile, orm
    from aiida.engine import submit
    from aiida.engine.daemon.client import get_daemon_client
    from sweep_standin import StandInSweepWorkChain

    from aiida_chargeflow.names import SWEEP_GROUP
    from aiida_chargeflow.runs import sweep
    from aiida_chargeflow.runs.status import sweep_status

    loaded = load_profile(profile)
    name = f"scale-{int(time.time())}"
    group = orm.Group.collection.get_or_create(SWEEP_GROUP + name)[0]
    points = [
        {"label": f"p{i}", "protocol": "x", "digest": f"{name}-{i}", "spec": {"x": i, "sleep": 0}}
        for i in range(n)
    ]
    group.base.extras.set(sweep._STATE, {"points": points})
    node = submit(
        StandInSweepWorkChain,
        campaign=orm.Dict({"points": points}),
        models={"x": {}},
        group=orm.Str(group.label),
        max_concurrent=orm.Int(concurrent),
    )
    group.add_nodes(node)
    daemon = psutil.Process(get_daemon_client().get_daemon_pid())
    peak_mb = 0.0

    begin = time.monotonic()

    def ended() -> bool:
        nonlocal peak_mb
        family = daemon.children(recursive=True)
        peak_mb = max(peak_mb, sum(process.memory_info().rss for process in family) / 1e6)
        return node.is_terminated or time.monotonic() - begin > limit_s

    cpu_before = _cpu_s(daemon)
    took = wait_until(ended, limit_s + 60, "the sweep")
    cpu = _cpu_s(daemon) - cpu_before
    start = time.monotonic()
    now = sweep_status(name)
    status_s = time.monotonic() - start
    done = now.counts.get("done", 0)
    print(
        f"| {loaded.storage_backend} + {loaded.process_control_backend} | {n} | {concurrent} | {took:.0f} s "
        f"| {done / took * 60:.0f} /min | {cpu / done:.2f} s | {peak_mb:.0f} MB | {_database_mb(loaded):.1f} MB "
        f"| {status_s:.1f} s | {done}/{n} |"
    )


def _cpu_s(daemon: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in daemon.children(recursive=True))


def _database_mb(profile: object) -> float:
    config = profile.storage_config  # type: ignore[attr-defined]
    if "filepath" in config:
        return (Path(config["filepath"]) / "database.sqlite").stat().st_size / 1e6
    from aiida.manage import get_manager
    from sqlalchemy import text

    session = get_manager().get_profile_storage().get_session()
    return session.execute(text("select pg_database_size(current_database())")).scalar() / 1e6


if __name__ == "__main__":
    main()
