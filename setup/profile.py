"""Make the embedded AiiDA profile of the demo or the tests: SQLite, ZeroMQ, this machine, CP2K and Bader.

usage: AIIDA_PATH=DIR python setup/profile.py

What exists is kept, so that running it again changes nothing. A profile of the user's own is better made with
``verdi presto`` and the files in setup/computers and setup/codes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_CP2K_ENVIRONMENT = """\
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl=self,vader OMPI_MCA_ess_singleton_isolated=1
"""


def main() -> None:
    """Create what is missing: profile, computer, codes."""
    if "AIIDA_PATH" not in os.environ:
        sys.exit("profile.py: set AIIDA_PATH to the directory of the profile")
    Path(os.environ["AIIDA_PATH"]).mkdir(parents=True, exist_ok=True, mode=0o700)

    if not (Path(os.environ["AIIDA_PATH"]) / ".aiida" / "access" / "chargeflow").exists():
        run_verdi("presto", "-n", "--use-zeromq", "-p", "chargeflow")
        run_verdi("config", "set", "caching.default_enabled", "true")
    from aiida import load_profile, orm

    load_profile()
    computer = orm.load_computer("localhost")
    computer.set_workdir(str(Path(os.environ["AIIDA_PATH"]).resolve() / "work"))
    computer.set_default_mpiprocs_per_machine(len(os.sched_getaffinity(0)))
    computer.set_minimum_job_poll_interval(1.0)
    mpirun = Path(__file__).resolve().with_name("mpirun")  # nothing listens beyond loopback
    computer.set_mpirun_command([str(mpirun), "-np", "{tot_num_mpiprocs}"])
    computer.configure(safe_interval=0.0)
    bader = Path(sys.executable).parent / "chargeflow-bader"
    make_code(computer, "cp2k", "cp2k", program("cp2k.psmp", "cp2k"), _CP2K_ENVIRONMENT, with_mpi=True)
    make_code(computer, "bader", "chargeflow.bader", str(bader), "", with_mpi=False)


def run_verdi(*arguments: str) -> None:
    """Run the ``verdi`` of this environment, and end with what it printed if it fails."""
    verdi = Path(sys.executable).parent / "verdi"
    done = subprocess.run([str(verdi), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"profile.py: verdi {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def make_code(
    computer: object, label: str, plugin: str, path: str, prepend_text: str, *, with_mpi: bool
) -> None:
    """Create the code unless it exists."""
    from aiida import orm

    if orm.QueryBuilder().append(orm.InstalledCode, filters={"label": label}).count():
        return
    orm.InstalledCode(
        label=label,
        computer=computer,
        filepath_executable=path,
        default_calc_job_plugin=plugin,
        prepend_text=prepend_text,
        with_mpi=with_mpi,
    ).store()


def program(*names: str) -> str:
    """Return the path of the first program that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    sys.exit(f"profile.py: none of {', '.join(names)} is on PATH; install CP2K (apt-get install cp2k)")


if __name__ == "__main__":
    main()
