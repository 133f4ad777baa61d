"""The weight method on densities whose basins are known."""

import numpy as np
import pytest

from aiida_chargeflow.bader.cube import Cube
from aiida_chargeflow.bader.engine import partition

from .conftest import gaussians, make_header


def test_conserves_the_electrons(dimer):
    result = partition(dimer)
    total = dimer.density.sum() * dimer.header.voxel_volume_bohr3
    assert result.populations.sum() + result.vacuum_charge == pytest.approx(total, abs=1e-10)
    assert result.n_electrons == pytest.approx(total, abs=1e-10)
    volume = result.volumes_bohr3.sum() + result.vacuum_volume_bohr3
    assert volume == pytest.approx(9 * 8 * 14, abs=1e-8)


def test_separated_gaussians_keep_their_electrons():
    header = make_header(np.diag([12.0, 10.0, 20.0]), (36, 30, 60), [17, 49], [[6, 5, 5], [6, 5, 15]])
    result = partition(gaussians(header, [7.0, 3.0], [1.5, 1.5]))
    np.testing.assert_allclose(result.populations, [7.0, 3.0], atol=2e-4)


def test_symmetry_plane_divides_equally():
    header = make_header(
        np.diag([9.0, 9.0, 12.0]), (27, 27, 36), [17, 17], [[4.5, 4.5, 4.0], [4.5, 4.5, 8.0]]
    )
    result = partition(gaussians(header, [4.0, 4.0], [0.7, 0.7]))
    assert result.populations[0] == pytest.approx(result.populations[1], abs=1e-12)
    assert result.volumes_bohr3[0] == pytest.approx(result.volumes_bohr3[1], abs=1e-9)
    assert result.min_distances_bohr == pytest.approx([2.0, 2.0], abs=1 / 3)


def test_threads_and_repetition_give_the_same_bits(dimer):
    first, second, third = (partition(dimer, threads=n) for n in (1, 3, 3))
    assert first.populations.tobytes() == second.populations.tobytes() == third.populations.tobytes()
    assert first.volumes_bohr3.tobytes() == second.volumes_bohr3.tobytes()


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
