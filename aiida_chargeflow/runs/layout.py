"""Ranks and threads of a job on the computer at hand, chosen so that it fits the memory, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from ase import Atoms

from ..clusters.profile import load_profile
from ..science.cp2k.input import ScfSettings
from ..science.cp2k.memory import choose_layout, memory_of
from ..science.errors import InputError


def fit_to_computer(
    computer: orm.Computer, atoms: Atoms, settings: ScfSettings, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options of a job with ranks and threads that fit the memory of this computer.

    Options for a computer elsewhere, or with a scheduler, are returned as they are: their limits are not known here.
    Ranks that the options name are kept.

    :raises InputError: the dot does not fit, with the numbers.
    """
    if computer.transport_type != "core.local" or computer.scheduler_type != "core.direct":
        return dict(options)
    machine = load_profile("localhost").partitions[""]
    named = options.get("resources", {}).get("num_mpiprocs_per_machine")
    if named:
        _check_named(atoms, settings, named, machine.memory_gb)
        return dict(options)
    cores = computer.get_default_mpiprocs_per_machine() or 1
    layout = choose_layout(atoms, settings, cores, machine.memory_gb)
    if layout.ranks == cores:
        return dict(options)
    resources = {
        "num_machines": 1,
        "num_mpiprocs_per_machine": layout.ranks,
        "num_cores_per_mpiproc": layout.threads,
    }
    text = f"export OMP_NUM_THREADS={layout.threads}"  # it comes after the one of the code
    given = options.get("prepend_text")
    return {**options, "resources": resources, "prepend_text": f"{text}\n{given}" if given else text}


def _check_named(atoms: Atoms, settings: ScfSettings, ranks: int, memory_gb: float) -> None:
    needed = memory_of(atoms, settings, ranks)
    if needed > memory_gb:
        raise InputError(
            f"{len(atoms)} atoms need about {needed:.1f} GB on {ranks} MPI processes; "
            f"this computer has {memory_gb:.1f} GB",
            field="options.resources.num_mpiprocs_per_machine",
            value=ranks,
            remedy=f"One process needs about {memory_of(atoms, settings, 1):.1f} GB.",
        )
