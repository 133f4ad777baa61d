"""The weight method on densities whose basins are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_chargeflow.bader.cube import Cube
from aiida_chargeflow.bader.engine import partition
from aiida_chargeflow.bader.lattice import voronoi_neighbours

from .conftest import distances, gaussians, make_header
from .yu_trinkle import basin_shares

FCC = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
SKEWED = np.array([[1.0, 0, 0], [0.35, 0.9, 0], [-0.2, 0.3, 1.1]])


def total(cube):
    return cube.density.sum() * cube.header.voxel_volume_bohr3


def check_conserved(cube, result):
    assert result.populations.sum() + result.vacuum_charge == pytest.approx(total(cube), rel=1e-12, abs=1e-10)
    volume = cube.header.n_points * cube.header.voxel_volume_bohr3
    assert result.volumes_bohr3.sum() + result.vacuum_volume_bohr3 == pytest.approx(volume, rel=1e-12)
    assert result.n_electrons == pytest.approx(total(cube), rel=1e-12)


def test_conserves_electrons_and_volume(dimer):
    check_conserved(dimer, partition(dimer))


def test_separated_gaussians_keep_their_electrons():
    header = make_header(np.diag([12.0, 10.0, 20.0]), (36, 30, 60), [17, 49], [[6, 5, 5], [6, 5, 15]])
    result = partition(gaussians(header, [7.0, 3.0], [1.5, 1.5]))
    np.testing.assert_allclose(result.populations, [7.0, 3.0], atol=2e-4)
    assert result.vacuum_charge < 1e-3


def test_symmetry_plane_divides_equally():
    header = make_header(np.diag([9.0, 9, 12]), (27, 27, 36), [17, 17], [[4.5, 4.5, 4], [4.5, 4.5, 8]])
    result = partition(gaussians(header, [4.0, 4.0], [0.7, 0.7]))
    assert result.populations[0] == pytest.approx(result.populations[1], abs=1e-12)
    assert result.volumes_bohr3[0] == pytest.approx(result.volumes_bohr3[1], abs=1e-9)
    assert result.min_distances_bohr == pytest.approx([2.0, 2.0], abs=1 / 3)


@pytest.mark.parametrize("cell", [np.eye(3), SKEWED, 1.6 * FCC], ids=["cubic", "triclinic", "fcc"])
def test_equals_the_method_as_published(cell):
    rng = np.random.default_rng(3)
    header = make_header(3.0 * cell, (7, 8, 6), [17, 49], rng.random((2, 3)) @ cell * 3)
    density = gaussians(header, [2.0, 1.0], [1.2, 0.8], images=2).density + 0.01 * rng.random(header.shape)
    result = partition(Cube(header, density), vacuum=0.012)
    shares = basin_shares(density, *voronoi_neighbours(header.voxel_bohr), 0.012)
    populations = np.zeros(2)
    for maximum, share in shares.items():
        place = np.array(np.unravel_index(maximum, header.shape)) @ header.voxel_bohr
        near = [
            min(np.linalg.norm(place - r - s @ (3 * cell)) for s in SHIFTS) for r in header.positions_bohr
        ]
        populations[int(np.argmin(near))] += share @ density.ravel() * header.voxel_volume_bohr3
    np.testing.assert_allclose(result.populations, populations, rtol=1e-12)


SHIFTS = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T


@pytest.mark.parametrize("cell", [np.eye(3), SKEWED, FCC], ids=["cubic", "triclinic", "fcc"])
def test_rock_salt_like_crystal(cell):
    """One cation and one anion; the anion at the middle of the cell, so inversion fixes nothing but sums."""
    cell = 7.0 * cell
    header = make_header(cell, (24, 24, 24), [11, 17], [[0, 0, 0], cell.sum(axis=0) / 2])
    cube = gaussians(header, [9.0, 8.0], [1.4, 1.4], images=2)
    result = partition(cube, vacuum=None)
    check_conserved(cube, result)
    assert result.vacuum_charge == 0
    equal = partition(gaussians(header, [8.0, 8.0], [1.4, 1.4], images=2), vacuum=None)
    assert equal.populations[0] == pytest.approx(equal.populations[1], abs=2e-3)
    assert result.populations[0] > result.populations[1]


def test_maxima_on_a_shell_belong_to_their_atom():
    header = make_header(np.diag([10.0, 10, 18]), (40, 40, 72), [33, 33], [[5, 5, 5.1], [5, 5, 12.7]])
    density = np.zeros(header.shape)
    for centre, electrons in zip(header.positions_bohr, (5.0, 6.0), strict=True):
        r = distances(header, centre)[0]
        shell = r**2 * np.exp(-2.2 * (r - 0.3) ** 2)
        density += electrons * shell / (shell.sum() * header.voxel_volume_bohr3)
    result = partition(Cube(header, density))
    assert result.n_maxima > 2
    np.testing.assert_allclose(result.populations, [5.0, 6.0], atol=0.02)
    assert result.non_nuclear == ()


@pytest.mark.parametrize("electrons", [0.5, 0.05])
def test_maximum_without_atom_is_reported(electrons):
    header = make_header(np.diag([10.0, 10, 20]), (30, 30, 60), [17, 17], [[5, 5, 4], [5, 5, 16]])
    density = gaussians(header, [4.0, 4.0], [1.5, 1.5]).density
    third = make_header(np.diag([10.0, 10, 20]), (30, 30, 60), [1], [[5, 5, 10]])
    density += gaussians(third, [electrons], [1.0]).density
    result = partition(Cube(header, density))
    (maximum,) = result.non_nuclear
    assert maximum.population == pytest.approx(electrons, abs=0.01)
    assert maximum.position_bohr == pytest.approx((5, 5, 10), abs=1e-6)
    assert maximum.distance_bohr == pytest.approx(6.0)
    np.testing.assert_allclose(result.populations, [4, 4], atol=0.01)


def test_threads_and_repetition_give_the_same_bits(dimer):
    first, second, third = (partition(dimer, threads=n) for n in (1, 3, 3))
    assert first.populations.tobytes() == second.populations.tobytes() == third.populations.tobytes()
    assert first.volumes_bohr3.tobytes() == second.volumes_bohr3.tobytes()


def test_input_is_not_changed_unless_allowed(dimer):
    before = dimer.density.copy()
    partition(dimer, core="on")
    np.testing.assert_array_equal(dimer.density, before)


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0), (0, 2, 1)])
def test_order_of_axes_does_not_matter(dimer, axes):
    turned = make_header(
        dimer.header.voxel_bohr[np.ix_(axes, axes)] * np.array(dimer.header.shape)[list(axes), None],
        np.array(dimer.header.shape)[list(axes)],
        dimer.header.numbers,
        dimer.header.positions_bohr[:, axes],
        dimer.header.origin_bohr[list(axes)],
    )
    expected = partition(dimer)
    result = partition(Cube(turned, np.ascontiguousarray(dimer.density.transpose(axes))))
    np.testing.assert_allclose(result.populations, expected.populations, atol=1e-11)
    np.testing.assert_allclose(result.volumes_bohr3, expected.volumes_bohr3, atol=1e-9)
    np.testing.assert_allclose(result.min_distances_bohr, expected.min_distances_bohr, atol=1e-9)


@given(st.tuples(*[st.integers(0, 50)] * 3))
@settings(max_examples=15, deadline=None)
def test_translation_does_not_matter_when_periodic(shift):
    header = make_header(np.diag([6.0, 7, 9]), (18, 20, 27), [17, 49], [[3, 3.5, 2], [3, 3.5, 6]])
    cube = gaussians(header, [3.0, 5.0], [1.0, 1.1], images=1)
    moved = make_header(
        np.diag([6.0, 7, 9]), (18, 20, 27), [17, 49], header.positions_bohr + shift @ header.voxel_bohr
    )
    rolled = Cube(moved, np.roll(cube.density, shift, axis=(0, 1, 2)))
    expected, result = partition(cube, vacuum=None), partition(rolled, vacuum=None)
    np.testing.assert_allclose(result.populations, expected.populations, atol=1e-11)
    np.testing.assert_allclose(result.min_distances_bohr, expected.min_distances_bohr, atol=1e-9)


@given(st.integers(0, 10_000), st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_any_density_is_conserved(seed, digits):
    """Random densities, rounded so that plateaus and ties abound."""
    rng = np.random.default_rng(seed)
    # Two heavy atoms: never fewer protons than a random density has electrons.
    header = make_header(SKEWED * 5, rng.integers(2, 9, 3), [79, 82], rng.random((2, 3)) * 5)
    cube = Cube(header, np.round(rng.random(header.shape), digits))
    for periodic in (True, False):
        for method in ("weight", "neargrid"):
            result = partition(cube, vacuum=0.3, periodic=periodic, method=method, core="off")
            lost = sum(maximum.population for maximum in result.non_nuclear)
            assert result.populations.sum() + lost + result.vacuum_charge == pytest.approx(
                total(cube), abs=1e-10
            )


def test_isolated_equals_periodic_where_the_faces_are_empty(dimer):
    periodic, isolated = partition(dimer), partition(dimer, periodic=False)
    np.testing.assert_allclose(isolated.populations, periodic.populations, atol=1e-4)


def test_finer_grids_converge():
    """An unequal pair across the diagonal of a box: the error falls as the spacing squared, or faster."""
    results = []
    for points in (12, 24, 96):
        header = make_header(8 * np.eye(3), (points,) * 3, [17, 49], [[2.9, 3.0, 3.1], [5.2, 4.9, 5.0]])
        cube = gaussians(header, [3.0, 5.0], [1.0, 1.0])
        results.append(partition(cube, vacuum=1e-9).populations[0])
    assert abs(results[1] - results[2]) < 0.35 * abs(results[0] - results[2])
    assert abs(results[1] - results[2]) < 5e-3
