"""Ranks and threads on this computer follow its memory; elsewhere options stay as they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.clusters.profile import Partition
from aiida_chargeflow.runs.layout import fit_to_computer
from aiida_chargeflow.science.cp2k.input import ScfSettings
from aiida_chargeflow.science.cp2k.memory import memory_of
from aiida_chargeflow.science.errors import InputError

SCF = ScfSettings.from_mapping(
    {"cutoff_ry": 160, "padding_ang": 2.5, "basis": "SZV", "stages": [{"name": "a", "final": True}]}
)
POSITIONS = np.zeros((282, 3))
POSITIONS[0] = 21.6
DOT = Atoms("In107As73Cl102", positions=POSITIONS)


def computer(transport: str = "core.local", scheduler: str = "core.direct") -> Any:
    return SimpleNamespace(
        transport_type=transport, scheduler_type=scheduler, get_default_mpiprocs_per_machine=lambda: 2
    )


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gives this machine some memory."""

    def give(memory_gb: float) -> None:
        monkeypatch.setattr(Partition, "memory_gb", property(lambda _: memory_gb))

    return give


def test_what_fits_is_left_alone(machine: Any) -> None:
    machine(1000.0)
    assert fit_to_computer(computer(), DOT, SCF, {"max_wallclock_seconds": 60}) == {
        "max_wallclock_seconds": 60
    }


def test_one_rank_with_two_threads_where_two_ranks_do_not_fit(machine: Any) -> None:
    machine(memory_of(DOT, SCF, 1) / 0.9 + 0.01)
    options = fit_to_computer(computer(), DOT, SCF, {"prepend_text": "ulimit -s unlimited"})
    assert options["resources"] == {
        "num_machines": 1,
        "num_mpiprocs_per_machine": 1,
        "num_cores_per_mpiproc": 2,
    }
    assert options["prepend_text"].splitlines() == ["export OMP_NUM_THREADS=2", "ulimit -s unlimited"]


def test_too_large_is_refused_before_anything_starts(machine: Any) -> None:
    machine(4.0)
    with pytest.raises(InputError, match=r"4\.0 GB"):
        fit_to_computer(computer(), DOT, SCF, {})
    named = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 2}}
    with pytest.raises(InputError, match="on 2 MPI processes"):
        fit_to_computer(computer(), DOT, SCF, named)


@pytest.mark.parametrize("kind", [("core.ssh", "core.direct"), ("core.local", "core.slurm")])
def test_other_computers_have_limits_of_their_own(machine: Any, kind: tuple[str, str]) -> None:
    machine(0.1)
    assert fit_to_computer(computer(*kind), DOT, SCF, {"account": "x"}) == {"account": "x"}
