"""A place for end-to-end runs: a playground, a profile of its own, a daemon; all of it gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PLAYGROUND = ROOT / "setup" / "playground"
# the daemon looks for `verdi` on PATH, also where the environment was not activated
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def shell(*command: str, check: bool = True) -> str:
    """Run a command and return its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def verdi(*arguments: str, check: bool = True) -> str:
    """Run verdi of this interpreter's environment."""
    return shell(str(Path(sys.executable).with_name("verdi")), *arguments, check=check)


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> float:
    """Wait for a condition and return how long it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - start


class Site:
    """The running services and how to hurt them."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.cluster = base / "pg"

    def service(self, action: str, name: str) -> None:
        """Start or stop one service of the playground."""
        shell(str(PLAYGROUND), "--dir", str(self.cluster), action, name)

    def slurm(self, *command: str) -> str:
        """Run a Slurm command."""
        return shell("env", f"SLURM_CONF={self.cluster}/slurm.conf", *command)

    def jobs(self) -> list[tuple[str, str, str]]:
        """Return (id, name, state) of every job that the accounting has seen."""
        out = self.slurm("sacct", "-a", "-X", "-n", "-P", "-S", "now-1day", "--format=jobid,jobname,state")
        return [tuple(line.split("|")) for line in out.split("\n") if line]  # type: ignore[misc]

    def most_at_once(self) -> int:
        """Return how many jobs were in the queue or running at the same time, at most."""
        out = self.slurm("sacct", "-a", "-X", "-n", "-P", "-S", "now-1day", "--format=submit,end")
        spans = [line.split("|") for line in out.split()]
        return max(len([1 for begin, end in spans if begin <= now < end]) for now, _ in spans)

    def register_codes(self) -> None:
        """Add CP2K, one rank of it, and the Bader engine of this environment."""
        from aiida import orm

        if orm.QueryBuilder().append(orm.InstalledCode, filters={"label": "cp2k"}).count():
            return
        computer = orm.load_computer("playground")
        environment = (
            "export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1\n"
            "export OMPI_MCA_btl=self,vader OMPI_MCA_ess_singleton_isolated=1"
        )
        cp2k = os.environ.get("CHARGEFLOW_CP2K") or shutil.which("cp2k.psmp") or "cp2k.psmp"
        bader = os.environ.get("CHARGEFLOW_BADER") or str(Path(sys.executable).with_name("chargeflow-bader"))
        for label, path, plugin in (("cp2k", cp2k, "cp2k"), ("bader", bader, "chargeflow.bader")):
            orm.InstalledCode(
                computer,
                path,
                label=label,
                default_calc_job_plugin=plugin,
                with_mpi=False,
                prepend_text=environment,
            ).store()


@contextmanager
def site(base: Path, workers: int = 1) -> Iterator[Site]:
    """Bring a playground, a profile and a daemon up in ``base``, and take all of it down at the end."""
    base.mkdir(parents=True, exist_ok=True)
    os.environ["AIIDA_PATH"] = str(base)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT), str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    place = Site(base)
    try:
        shell(str(PLAYGROUND), "--dir", str(place.cluster), "up")
        verdi("presto", "--use-zeromq", "-p", "e2e")
        # Faults last seconds here, days on a cluster: the retries are scaled likewise
        verdi("config", "set", "transport.task_retry_initial_interval", "2")
        verdi("config", "set", "transport.task_maximum_attempts", "4")
        verdi("config", "set", "runner.poll.interval", "2")
        verdi("config", "set", "daemon.timeout", "60")
        verdi("config", "set", "caching.default_enabled", "True")
        _register(place)
        verdi("daemon", "start", str(workers))
        yield place
    except BaseException:
        print(verdi("daemon", "status", check=False), verdi("process", "list", check=False))
        for log in sorted(base.glob(".aiida/daemon/log/*.log")):
            print(f"{log}:", *log.read_text(errors="replace").splitlines()[-40:], sep="\n")
        raise
    finally:
        verdi("daemon", "stop", check=False)
        shell(str(PLAYGROUND), "--dir", str(place.cluster), "wipe")


def _register(place: Site) -> None:
    """Make the playground a computer, with codes for the stand-in, CP2K and Bader."""
    from aiida import load_profile, orm

    load_profile("e2e")
    computer = orm.Computer(
        "playground", "chargeflow-playground", "", "core.ssh_async", "core.slurm", f"{place.cluster}/scratch"
    ).store()
    computer.set_mpirun_command(
        [str(ROOT / "aiida_chargeflow" / "clusters" / "mpirun"), "-np", "{tot_num_mpiprocs}"]
    )
    computer.set_default_mpiprocs_per_machine(1)
    computer.configure(
        host="chargeflow-playground", safe_interval=0.5, use_login_shell=False, max_io_allowed=8
    )
    computer.set_minimum_job_poll_interval(1.0)
    orm.InstalledCode(
        computer, "/bin/bash", label="add", default_calc_job_plugin="core.arithmetic.add"
    ).store()
