"""The programs that a run on this machine needs: where they are, what they were built with, how to get them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..science.errors import InputError
from .blas import Blas, command_for, read_blas
from .cp2k_build import Cp2kBuild, read_build

CP2K_NAMES = ("cp2k.psmp", "cp2k.popt", "cp2k")
HOW_TO_GET_CP2K = (
    "Debian, Ubuntu: apt-get install cp2k libopenblas0-serial · without root: conda install -c conda-forge cp2k · "
    "on a cluster: module load cp2k (`module avail cp2k` tells its name). Then again, or give --cp2k PATH."
)
_USUAL_DIRECTORIES = ("/usr/bin", "/bin", "/usr/local/bin")
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Cp2kProgram:
    """A CP2K that runs on this machine.

    :param blas: its linear algebra.
    """

    path: Path
    build: Cp2kBuild
    blas: Blas

    @property
    def environment(self) -> str:
        """Return the shell lines that a job needs to find what CP2K finds in this shell."""
        lines = [
            "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1",
            # the first has an effect only in a container, as root; one node needs shared memory only, no network,
            # and no helper daemon without mpirun
            "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
            "export OMPI_MCA_btl=self,vader OMPI_MCA_ess_singleton_isolated=1",
        ]
        if str(self.path.parent) not in _USUAL_DIRECTORIES:  # conda or a module: its mpirun lies beside it
            lines.append(f"export PATH={self.path.parent}:$PATH")
            for name in ("LD_LIBRARY_PATH", "CP2K_DATA_DIR"):
                if os.environ.get(name):
                    lines.append(f"export {name}={os.environ[name]}")
        return "\n".join(lines) + "\n"


def find_cp2k(path: Path | None = None) -> Cp2kProgram:
    """Return the CP2K of ``path``, or the first of the usual names on PATH.

    :raises InputError: there is none, it does not start, or it lacks what every protocol needs.
    """
    found = shutil.which(path) if path else next(filter(None, map(shutil.which, CP2K_NAMES)), None)
    if found is None:
        sought = str(path) if path else f"none of {', '.join(CP2K_NAMES)} is on PATH"
        raise InputError("CP2K is missing", field="--cp2k", value=sought, remedy=HOW_TO_GET_CP2K)
    build = read_build(_answer(found, "--version", HOW_TO_GET_CP2K))
    if build.shortcomings:
        raise InputError(
            f"this CP2K will not do: {'; '.join(build.shortcomings)}",
            field="--cp2k",
            value=found,
            remedy=HOW_TO_GET_CP2K,
        )
    if shutil.which("mpirun", path=f"{Path(found).parent}:{os.environ.get('PATH', '')}") is None:
        raise InputError(
            "CP2K is built with MPI, and mpirun is missing",
            remedy="Debian, Ubuntu: apt-get install openmpi-bin; conda: conda install -c conda-forge openmpi.",
        )
    return Cp2kProgram(Path(found).absolute(), build, blas_of(Path(found)))


def find_bader() -> Path:
    """Return the Bader engine of this installation.

    :raises InputError: it is not there, which is no complete installation.
    """
    beside = Path(sys.executable).parent / "chargeflow-bader"
    found = beside if beside.exists() else shutil.which("chargeflow-bader")
    if found is None:
        raise InputError(
            "chargeflow-bader is missing", remedy="Install the package anew: pip install aiida-chargeflow."
        )
    return Path(found)


def mpirun_command() -> list[str]:
    """Return the command that starts a job of several processes on this machine, with nothing open to the network."""
    return ["sh", str(Path(__file__).with_name("mpirun")), "-np", "{tot_num_mpiprocs}"]


def blas_of(program: Path) -> Blas:
    """Return the linear algebra that a program of this machine loads."""
    command = ["sh", "-c", command_for(str(program))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    return read_blas(done.stdout)


def _answer(program: str, argument: str, remedy: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMPI_MCA_ess_singleton_isolated": "1"}
    try:
        done = subprocess.run(
            [program, argument],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"does not start: {error}", value=program, remedy=remedy) from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise InputError(f"does not start: {lines[-1]}", value=program, remedy=remedy)
    return done.stdout
