"""The estimate meets the runs it was fitted to and grows as the method does."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.cp2k_input import ScfSettings
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.estimate import Estimate, count_basis_functions, count_grid_points, estimate


@pytest.mark.parametrize(("edge_ang", "cutoff_ry", "core_seconds"), [(18.0, 300, 25.2), (16.5, 240, 17.0)])
def test_measured_steps_are_met(edge_ang: float, cutoff_ry: float, core_seconds: float) -> None:
    cost = estimate(35, edge_ang**3, cutoff_ry, n_steps=1)
    assert cost.core_hours * 3600 == pytest.approx(core_seconds, rel=0.1)


@pytest.mark.parametrize(("edge_ang", "cutoff_ry", "gigabytes"), [(16.5, 240, 3.4), (24.0, 400, 12.8)])
def test_measured_memory_is_met(edge_ang: float, cutoff_ry: float, gigabytes: float) -> None:
    assert estimate(35, edge_ang**3, cutoff_ry).memory_gb == pytest.approx(gigabytes, rel=0.1)


def test_large_models_grow_with_the_cube_of_the_basis() -> None:
    small, large = (estimate(n, 1.0, 300).core_hours for n in (20_000, 40_000))
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


def test_nodes_hold_the_memory_and_end_in_time() -> None:
    assert Estimate(core_hours=10, memory_gb=100).suggest_nodes(112, 494) == 1
    assert Estimate(core_hours=10, memory_gb=1000).suggest_nodes(112, 494) == 3
    assert Estimate(core_hours=6 * 112 * 4, memory_gb=10).suggest_nodes(112, 494) == 4
