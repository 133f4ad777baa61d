"""Make this machine ready for models: profile, computer, codes, daemon, and one small run to prove it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiida import manage, orm
from aiida.common.exceptions import AiidaException, NotExistent
from aiida.engine import run_get_node
from aiida.engine.daemon.client import DaemonException, get_daemon_client
from aiida.manage.caching import disable_caching
from ase import Atoms

from ..clusters.programs import Cp2kProgram, mpirun_command
from ..science.errors import InputError
from ..workchains.model import ModelWorkChain
from .steps import steps_to

PROFILE = "chargeflow"
COMPUTER = "localhost"
# a molecule with one bond between In and As: everything that a dot needs, in seconds
_TRIAL_SETTINGS = {
    "cutoff_ry": 120,
    "rel_cutoff_ry": 30,
    "eps_default": 1e-8,
    "padding_ang": 2.5,
    "stages": [{"name": "direct", "final": True, "eps_scf": 1e-4, "max_scf": 40, "n_virtual": 4}],
}


def use_profile(name: str | None) -> tuple[str, bool]:
    """Load a profile, after making it if it does not exist, and return its name and whether it is new.

    :param name: the profile; None is the default profile of this AiiDA, or ``chargeflow`` if there is none.
    :raises InputError: it cannot be made or loaded.
    """
    with warnings.catch_warnings():  # that it makes its folder is no reason to worry
        warnings.filterwarnings("ignore", message="Creating AiiDA configuration folder")
        config = manage.get_config(create=True)
    name = name or config.default_profile_name or PROFILE
    is_new = name not in config.profile_names
    if is_new:
        _verdi("presto", "-n", "--use-zeromq", "-p", name)
        _verdi("-p", name, "config", "set", "caching.default_enabled", "true")
        manage.configuration.reset_config()
    try:
        manage.load_profile(name, allow_switch=True)
        manage.get_manager().get_profile_storage()
    except AiidaException as error:
        raise InputError(
            f"the profile cannot be used: {error}",
            field="--profile",
            value=name,
            remedy="See `verdi status`.",
        ) from error
    return name, is_new


def use_computer() -> tuple[orm.Computer, bool]:
    """Return the computer ``localhost``, and whether it was set up here: one that has codes is left as it is."""
    try:
        computer = orm.load_computer(COMPUTER)
    except NotExistent:
        scratch = Path(manage.get_config().dirpath) / "scratch" / manage.get_manager().get_profile().name
        kind = {"transport_type": "core.local", "scheduler_type": "core.direct", "workdir": str(scratch)}
        computer = orm.Computer(label=COMPUTER, hostname="localhost", **kind).store()
    codes = orm.QueryBuilder().append(orm.Computer, filters={"pk": computer.pk}, tag="computer")
    if codes.append(orm.Code, with_computer="computer").count():
        if not shutil.which(computer.get_mpirun_command()[0]):  # of a version that kept it elsewhere
            computer.set_mpirun_command(mpirun_command())
        return computer, False
    computer.set_default_mpiprocs_per_machine(len(os.sched_getaffinity(0)))
    computer.set_minimum_job_poll_interval(1.0)
    computer.set_mpirun_command(mpirun_command())
    computer.configure(safe_interval=0.0, use_login_shell=False)
    return computer, True


def use_cp2k(computer: orm.Computer, program: Cp2kProgram, label: str) -> tuple[orm.AbstractCode, bool]:
    """Return the code ``label`` of the computer, made for ``program`` unless it exists, and whether it is new."""
    return _use_code(computer, label, "cp2k", program.path, prepend_text=program.environment, with_mpi=True)


def use_bader(computer: orm.Computer, path: Path) -> tuple[orm.AbstractCode, bool]:
    """Return the code ``bader`` of the computer, made for ``path`` unless it exists, and whether it is new."""
    return _use_code(
        computer, "bader", "chargeflow.bader", path, prepend_text="export OMP_NUM_THREADS=1\n", with_mpi=False
    )


def start_daemon() -> None:
    """Start the daemon with one worker unless it runs.

    :raises InputError: it does not start.
    """
    client = get_daemon_client()
    if client.is_daemon_running:
        return
    # After a kill -9 or a power cut the files of the dead broker are still there; a worker that reads them before
    # the new broker has written its own waits at a socket that nobody serves.
    for name in ("pid", "sockets", "status"):
        for left in (Path(manage.get_config().dirpath) / "broker").glob(f"*/broker.{name}"):
            left.unlink(missing_ok=True)
    try:
        client.start_daemon(1)
    except (DaemonException, AiidaException) as error:
        raise InputError(
            f"the daemon does not start: {error}", remedy="See `verdi daemon status`."
        ) from error


def trial_run(codes: dict[str, orm.AbstractCode], tell: Callable[[str], None]) -> orm.WorkChainNode:
    """Take the molecule Cl2In-AsCl2 through CP2K, Bader and charge flow, in this process, and return the run.

    :param tell: is given one line for each step.
    :raises InputError: it fails.
    """
    if not get_daemon_client().is_daemon_running:
        # without a broker the run must not wait for one
        manager = manage.get_manager()
        manager.set_runner(manager.create_runner(with_persistence=False, communicator=None))
    positions = [[0, 0, 0], [2.6, 0, 0], [-1.2, 2.0, 0], [-1.2, -2.0, 0], [3.1, 1.4, 1.6], [3.1, 1.4, -1.6]]
    molecule = orm.StructureData(ase=Atoms("InAsCl4", positions=positions, tags=[13, 13, 41, 41, 41, 41]))
    options = {
        "resources": {"num_machines": 1, "num_mpiprocs_per_machine": min(2, len(os.sched_getaffinity(0)))}
    }
    builder = ModelWorkChain.get_builder_from_protocol(
        codes, molecule, "demo", {"scf": _TRIAL_SETTINGS}, options
    )
    builder.metadata.label = "setup-trial"
    with disable_caching(), steps_to(tell):  # the result of an earlier trial would prove nothing
        _, node = run_get_node(builder)
    if not node.is_finished_ok:
        raise InputError(
            f"the trial run fails: {node.exit_message or node.process_state.value}",
            remedy=f"See `verdi process report {node.pk}` and `aiida-chargeflow setup check`.",
        )
    return node


def _use_code(
    computer: orm.Computer, label: str, plugin: str, path: Path, **given: Any
) -> tuple[orm.AbstractCode, bool]:
    try:
        return orm.load_code(f"{label}@{computer.label}"), False
    except NotExistent:
        code = orm.InstalledCode(computer, str(path), label=label, default_calc_job_plugin=plugin, **given)
        return code.store(), True


def _verdi(*arguments: str) -> None:
    """Run ``verdi`` of this environment.

    :raises InputError: it fails; with what it printed.
    """
    command = [sys.executable, "-m", "aiida", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())
        raise InputError(f"verdi {' '.join(arguments)} fails: {told}", remedy="See `verdi status`.")
