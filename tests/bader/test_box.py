"""Cutting the box of a dot out of its cell changes nothing but the time and the memory that it takes."""

import numpy as np
import pytest

from aiida_chargeflow.bader import box, lattice
from aiida_chargeflow.bader.box import cut_out, survey
from aiida_chargeflow.bader.cube import Cube
from aiida_chargeflow.bader.engine import partition
from aiida_chargeflow.bader.grid import EMPTY, Grid

from .conftest import gaussians, make_header


@pytest.fixture
def dot() -> Cube:
    """Three atoms in a corner of a cell that is mostly vacuum."""
    header = make_header(
        np.diag([20.0, 18.0, 24.0]), (40, 36, 48), [49, 33, 17], [[8, 7, 9], [11, 8, 9], [9, 10, 11.3]]
    )
    return gaussians(header, [5.0, 4.0, 3.0], [0.9, 1.1, 1.3])


def grid_of(cube: Cube, cut: float) -> Grid:
    return Grid(cube.header, cube.density.reshape(-1), EMPTY, cut, True, 2, cube.header.shape)


def test_survey_knows_sums_and_bounds(dot):
    found = survey(grid_of(dot, 1e-6))
    inside = dot.density > 1e-6
    places = np.argwhere(inside)
    assert found.n_inside == inside.sum()
    np.testing.assert_array_equal(found.low, places.min(axis=0))
    np.testing.assert_array_equal(found.high, places.max(axis=0))
    assert found.total == pytest.approx(dot.density.sum(), rel=1e-13)
    assert found.vacuum == pytest.approx(dot.density[~inside].sum(), rel=1e-12)


def test_box_holds_all_points_above_the_cut(dot):
    grid = grid_of(dot, 1e-6)
    found = survey(grid)
    part = cut_out(grid, found, np.array([2, 2, 2]))
    assert part.flux.size < 0.5 * grid.flux.size
    values = part.flux.reshape(part.counts)
    assert (values > 1e-6).sum() == found.n_inside
    first = tuple(part.corner)
    assert values[0, 0, 0] == dot.density[first]
    assert values[:2].max() <= 1e-6


@pytest.mark.parametrize("method", ["weight", "neargrid"])
@pytest.mark.parametrize("core", ["off", "on"])
@pytest.mark.parametrize("shift", [(0, 0, 0), (-14, 0, 0), (-14, -14, -18)])
def test_result_is_the_same(dot, method, core, shift, monkeypatch):
    """Whether the dot lies amid the cell or across its faces, where an axis keeps all its points."""
    positions = dot.header.positions_bohr + np.array(shift) @ dot.header.voxel_bohr
    header = make_header(np.diag([20.0, 18.0, 24.0]), dot.header.shape, dot.header.numbers, positions)
    cube = Cube(header, np.roll(dot.density, shift, axis=(0, 1, 2)))
    cut = partition(cube, method=method, core=core)
    monkeypatch.setattr(box, "_WORTHWHILE", 0.0)
    whole = partition(cube, method=method, core=core)
    assert cut.n_maxima == whole.n_maxima
    for name in ("populations", "volumes_bohr3", "min_distances_bohr"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-9)
    assert cut.vacuum_charge == whole.vacuum_charge
    assert cut.vacuum_volume_bohr3 == whole.vacuum_volume_bohr3


def test_all_vacuum_is_no_error(dot):
    result = partition(dot, vacuum=1e3)
    assert result.n_maxima == 0
    assert result.vacuum_charge == pytest.approx(result.n_electrons)
    assert np.all(result.populations == 0)


def test_box_shaped_voxels_need_no_voronoi_diagram():
    """The short way for right angles gives what the general one gives for an angle that is hardly less."""
    voxel = np.diag([0.2, 0.31, 0.17])
    nearly = voxel.copy()
    nearly[0, 1] = 1e-12
    short, general = lattice.voronoi_neighbours(voxel), lattice.voronoi_neighbours(nearly)
    np.testing.assert_array_equal(short[0], general[0])
    np.testing.assert_allclose(short[1], general[1], rtol=1e-9)
