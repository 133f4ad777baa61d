"""The estimate meets the runs it was fitted to and grows as the method does."""

from __future__ import annotations

import pytest

from aiida_chargeflow.science.estimate import estimate


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
