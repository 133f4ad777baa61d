"""The near-grid method, against exact basins and against the weight method."""

import numpy as np
import pytest

from aiida_chargeflow.bader.cube import Cube
from aiida_chargeflow.bader.engine import partition

from .conftest import gaussians, make_header


def test_conserves_electrons_and_volume(dimer):
    result = partition(dimer, method="neargrid")
    total = dimer.density.sum() * dimer.header.voxel_volume_bohr3
    assert result.populations.sum() + result.vacuum_charge == pytest.approx(total, abs=1e-10)
    assert result.volumes_bohr3.sum() + result.vacuum_volume_bohr3 == pytest.approx(9 * 8 * 14, abs=1e-8)


def test_threads_do_not_matter(dimer):
    first, second = (partition(dimer, method="neargrid", threads=n) for n in (1, 4))
    assert first.populations.tobytes() == second.populations.tobytes()


def test_follows_an_oblique_plane_without_lattice_bias():
    """A dividing plane at an odd angle to the axes: every point's side is known."""
    header = make_header(12 * np.eye(3), (48, 48, 48), [17, 17], [[4.6, 5.3, 4.9], [7.5, 6.8, 7.0]])
    cube = gaussians(header, [4.0, 4.0], [0.6, 0.6])
    points = np.stack(np.meshgrid(*[np.arange(48) / 4] * 3, indexing="ij"), axis=-1)
    first, second = (np.linalg.norm(points - r, axis=-1) for r in header.positions_bohr)
    exact = (cube.density * (first < second))[cube.density > 1e-6].sum() * header.voxel_volume_bohr3
    result = partition(cube, method="neargrid")
    weight = partition(cube)
    assert result.populations[0] == pytest.approx(exact, abs=0.01)
    assert weight.populations[0] == pytest.approx(exact, abs=0.01)


def test_triclinic_cell():
    cell = np.array([[9.0, 0, 0], [2.5, 8.0, 0], [-1.5, 2.0, 10.0]])
    header = make_header(cell, (36, 32, 40), [17, 49], [[3, 3, 3], [6, 6, 7]])
    cube = gaussians(header, [3.0, 5.0], [1.2, 1.2], images=1)
    near, weight = (partition(cube, method=method, vacuum=None) for method in ("neargrid", "weight"))
    np.testing.assert_allclose(near.populations, weight.populations, atol=0.02)
    np.testing.assert_allclose(near.min_distances_bohr, weight.min_distances_bohr, atol=0.3)


def test_axes_in_another_order(dimer):
    axes = (2, 0, 1)
    turned = make_header(
        dimer.header.voxel_bohr[np.ix_(axes, axes)] * np.array(dimer.header.shape)[list(axes), None],
        np.array(dimer.header.shape)[list(axes)],
        dimer.header.numbers,
        dimer.header.positions_bohr[:, axes],
        dimer.header.origin_bohr[list(axes)],
    )
    expected = partition(dimer, method="neargrid")
    cube = Cube(turned, np.ascontiguousarray(dimer.density.transpose(axes)))
    np.testing.assert_allclose(
        partition(cube, method="neargrid").populations, expected.populations, atol=1e-3
    )
