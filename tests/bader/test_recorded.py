"""A density that CP2K wrote: AsH3, whose valence alone has no maximum that is the arsenic's own."""

from pathlib import Path

import numpy as np
import pytest

from aiida_chargeflow.bader.cube import Cube, read_cube
from aiida_chargeflow.bader.engine import partition

CUBE = Path(__file__).parents[1] / "fixtures" / "bader" / "ash3.cube.gz"

# The line "Electronic density on regular grids" of the run.
ELECTRONS_OF_CP2K = 7.9999693482
# pybader 0.3.12, neargrid, vacuum cut 1e-6 e/bohr³, refined until no change: populations of As and the three H.
NEAR_GRID_OF_PYBADER = [1.83865851, 2.05002881, 2.05566603, 2.05547126]


@pytest.fixture(scope="module")
def cube() -> Cube:
    return read_cube(CUBE)


def test_total_is_what_cp2k_printed(cube):
    """Up to the six digits of the grid vectors in the header."""
    result = partition(cube)
    assert result.n_electrons == pytest.approx(ELECTRONS_OF_CP2K, abs=1e-4)
    assert result.populations.sum() + result.vacuum_charge == pytest.approx(result.n_electrons, abs=1e-10)


def test_near_grid_agrees_with_another_engine(cube):
    result = partition(cube, method="neargrid")
    np.testing.assert_allclose(result.populations, NEAR_GRID_OF_PYBADER, atol=2e-4)


def test_methods_agree(cube):
    weight, near = (partition(cube, method=method, core="on") for method in ("weight", "neargrid"))
    np.testing.assert_allclose(weight.populations, near.populations, atol=0.05)


@pytest.mark.parametrize("method", ["weight", "neargrid"])
def test_arsenic_needs_its_core(cube, method):
    bare = partition(cube, method=method, core="off")
    cored = partition(cube, method=method, core="auto")
    assert bare.populations[0] < 2.5
    assert 4 < cored.populations[0] < 5
    assert cored.n_maxima == 4
    np.testing.assert_allclose(cored.populations[1:], cored.populations[1:].mean(), atol=0.02)
