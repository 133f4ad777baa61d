"""The estimate meets the runs it was fitted to and grows as the method does."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.cp2k.cost import (
    ACCURACY,
    Outlook,
    outlook,
    step_core_seconds,
)
from aiida_chargeflow.science.cp2k.input import ScfSettings
from aiida_chargeflow.science.cp2k.memory import count_basis_functions, count_grid_points
from aiida_chargeflow.science.errors import InputError

# Runs on two ranks of one machine: basis functions, cell in Å³, cutoff in Ry, core-seconds of a step.
MEASURED = [
    (647, 18.0**3, 300, 25.2),  # Cd16Se13Cl6, balanced
    (647, 16.5**3, 240, 17.0),  # the same on a coarser grid
    (686, 4151, 200, 7.2),  # In16As13Cl9, demo
    (790, 4062, 200, 7.1),  # In16As9Cl21, demo
    (1394, 8741, 140, 16.0),  # In4Cd32As7Se24Cl7, demo on a coarser grid
    (1676, 12231, 140, 31.4),  # In4Cd36AsSe30Cl21, likewise
    (1676, 11605, 110, 27.8),  # the same on a coarser grid still
]


@pytest.mark.parametrize(("n_functions", "volume", "cutoff_ry", "core_seconds"), MEASURED)
def test_measured_steps_are_met_as_well_as_is_said(
    n_functions: int, volume: float, cutoff_ry: float, core_seconds: float
) -> None:
    assert "factor of 1.7 on dots of 35 to 92" in ACCURACY
    assert 1 / 1.7 < step_core_seconds(volume, cutoff_ry, n_functions) / core_seconds < 1.7


def test_large_models_grow_with_the_cube_of_the_basis() -> None:
    small, large = (step_core_seconds(1.0, 300, 18 * n) for n in (20_000, 40_000))
    assert large / small == pytest.approx(8, rel=0.01)


def test_basis_functions_and_grid_are_those_that_cp2k_reports() -> None:
    """CP2K 2023.1 on a dot of this formula: 647 functions; 200 points along a cube edge of 18.453 Å at 300 Ry."""
    positions = np.zeros((35, 3))
    positions[0] = 11.453
    dot = Atoms("Cd16Se13Cl6", positions=positions)
    assert count_basis_functions(dot) == 647
    settings = ScfSettings.from_mapping(
        {"cutoff_ry": 300, "padding_ang": 3.5, "stages": [{"name": "direct", "final": True}]}
    )
    assert count_grid_points(dot, settings) == 200**3
    with pytest.raises(InputError, match="unknown element"):
        count_basis_functions(Atoms("U"))


def job(core_hours: float, memory_gb: float) -> Outlook:
    return Outlook("Cd", 1, (7.0, 7.0, 7.0), 18, 10**6, core_hours, memory_gb)


def test_nodes_hold_the_memory_and_end_in_time() -> None:
    assert job(core_hours=10, memory_gb=100).suggest_nodes(112, 494) == 1
    assert job(core_hours=10, memory_gb=1000).suggest_nodes(112, 494) == 3
    assert job(core_hours=6 * 112 * 4, memory_gb=10).suggest_nodes(112, 494) == 4


@pytest.mark.parametrize(("symbol", "n_functions"), [("Cl", 4), ("As", 4), ("Se", 4), ("In", 9)])
def test_the_minimal_basis_has_one_function_for_each_valence_orbital(symbol: str, n_functions: int) -> None:
    """s and p of the anions and ligands; s, p and the semicore d of In."""
    assert count_basis_functions(Atoms(symbol), "SZV") == n_functions


def test_core_hours_are_those_of_thirty_steps_as_is_said() -> None:
    dot = Atoms("InCl3", positions=[[0, 0, 0], [2.3, 0, 0], [-1.15, 1.99, 0], [-1.15, -1.99, 0]])
    settings = ScfSettings.from_mapping(
        {"cutoff_ry": 240, "padding_ang": 3, "stages": [{"name": "direct", "final": True}]}
    )
    expected = outlook(dot, settings)
    volume = float(np.prod(expected.cell_ang))
    step = step_core_seconds(volume, settings.cutoff_ry, expected.n_basis_functions)
    assert "Core-hours are for 30 SCF steps" in ACCURACY
    assert expected.core_hours * 3600 == pytest.approx(30 * step)
