"""Plateaus and ties: deterministic, and none of them becomes a maximum that is not there."""

import numpy as np
import pytest

from aiida_chargeflow.bader.cube import Cube
from aiida_chargeflow.bader.engine import partition

from .conftest import gaussians, make_header


def test_terraces_lead_to_the_top(dimer):
    """A density in few steps: all of it belongs to the two tops."""
    steps = Cube(dimer.header, np.ceil(dimer.density * 20) / 20)
    result = partition(steps, vacuum=1e-9)
    smooth = partition(dimer, vacuum=1e-9)
    assert result.n_maxima == 2
    assert result.populations.argmax() == smooth.populations.argmax()


def test_flat_top_is_one_maximum_at_its_middle():
    header = make_header(np.diag([9.0, 9, 9]), (18, 18, 18), [17], [[4.5, 4.5, 4.5]])
    cube = gaussians(header, [3.0], [0.6])
    flat = Cube(header, np.minimum(cube.density, 0.8 * cube.density.max()))
    result = partition(flat)
    assert result.n_maxima == 1
    assert result.non_nuclear == ()
    assert result.populations[0] + result.vacuum_charge == pytest.approx(result.n_electrons, abs=1e-10)


@pytest.mark.parametrize("method", ["weight", "neargrid"])
def test_constant_density_is_one_maximum(method):
    header = make_header(np.diag([4.0, 5, 6]), (8, 9, 10), [17], [[2, 2, 2]])
    result = partition(Cube(header, np.full(header.shape, 0.1)), method=method)
    assert result.n_maxima == 1


def test_plateau_moves_with_the_grid():
    """A step on the flank drains to the same atom wherever the grid starts."""
    header = make_header(np.diag([6.0, 6, 12]), (12, 12, 24), [17, 17], [[3, 3, 3], [3, 3, 9]])
    cube = gaussians(header, [3.0, 5.0], [0.8, 0.9], images=1)
    stepped = np.where(cube.density < 0.02, 0.01, cube.density)
    results = []
    for shift in ((0, 0, 0), (5, 3, 17)):
        moved = make_header(
            np.diag([6.0, 6, 12]), (12, 12, 24), [17, 17], header.positions_bohr + shift @ header.voxel_bohr
        )
        results.append(partition(Cube(moved, np.roll(stepped, shift, axis=(0, 1, 2))), vacuum=1e-9))
    assert results[0].n_maxima == results[1].n_maxima == 2
    np.testing.assert_allclose(results[0].populations, results[1].populations, atol=1e-10)
