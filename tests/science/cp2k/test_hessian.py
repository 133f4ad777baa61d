"""The curvature that an optimisation starts from: free motions cost nothing, the rest what bonds and angles say."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from scipy.io import FortranFile
from scipy.optimize import approx_fprime

from aiida_chargeflow.science.cp2k.hessian import start_hessian, write_hessian
from aiida_chargeflow.science.units import BOHR_ANG, HARTREE_EV

SOFTEST = 0.2


def dot():
    """Cl2In-As-InCl2 in no symmetric shape: stretches, and bends at three atoms of different degree."""
    positions = [
        [0, 0, 0],
        [2.5, 0.2, 0],
        [3.4, 2.5, 0.3],
        [-1, 2.1, 0.4],
        [-1.2, -2, 0.2],
        [5.7, 2.9, 0],
        [2.6, 4.1, 1.6],
    ]
    return Atoms("InAsInCl4", positions=positions)


def hessian(atoms, held=()):
    moves = np.ones(len(atoms), dtype=bool)
    moves[list(held)] = False
    return start_hessian(atoms, moves)


def test_nothing_holds_a_dot_in_place_or_in_its_orientation():
    atoms = dot()
    matrix = hessian(atoms)
    for axis in np.eye(3):
        for motion in (np.tile(axis, (len(atoms), 1)), np.cross(axis, atoms.positions)):
            np.testing.assert_allclose(matrix @ motion.ravel(), SOFTEST * motion.ravel(), atol=1e-9)


def test_it_is_the_second_derivative_of_the_energy_of_bonds_and_angles():
    atoms = dot()
    bonds = [(0, 1), (1, 2), (0, 3), (0, 4), (2, 5), (2, 6)]
    angles = [(0, i, j) for i, j in ((1, 3), (1, 4), (3, 4))] + [(1, 0, 2)]
    angles += [(2, i, j) for i, j in ((1, 5), (1, 6), (5, 6))]
    reference = atoms.positions

    def coordinates(flat):
        x = flat.reshape(-1, 3)
        lengths = [np.linalg.norm(x[i] - x[j]) for i, j in bonds]
        cosines = [
            (x[i] - x[c]) @ (x[j] - x[c]) / np.linalg.norm(x[i] - x[c]) / np.linalg.norm(x[j] - x[c])
            for c, i, j in angles
        ]
        return np.array([*lengths, *cosines])

    slope = approx_fprime(reference.ravel(), coordinates, 1e-7)
    constants = np.array([6.6] * len(bonds) + [1.3] * len(angles))
    expected = slope.T @ (constants[:, None] * slope) + SOFTEST * np.eye(3 * len(atoms))
    np.testing.assert_allclose(hessian(atoms), expected, atol=1e-5)


def test_atoms_without_bonds_are_soft_in_every_direction():
    far = Atoms("In2", positions=[[0, 0, 0], [50, 0, 0]])
    np.testing.assert_array_equal(hessian(far), SOFTEST * np.eye(6))


def test_what_is_held_takes_part_in_no_step():
    matrix = hessian(dot(), held=[1, 5])
    force = np.ones(len(matrix))
    force[[3, 4, 5, 15, 16, 17]] = 0.0
    step = np.linalg.solve(matrix, force).reshape(-1, 3)
    assert not step[[1, 5]].any()
    assert np.abs(step[[0, 2, 3, 4, 6]]).min() > 0


def test_the_file_holds_a_column_a_record_in_atomic_units(tmp_path):
    matrix = hessian(molecule("H2O"))
    path = tmp_path / "start.Hessian"
    write_hessian(matrix, path)
    with FortranFile(path) as file:
        columns = np.array([file.read_reals("f8") for _ in range(9)])
    np.testing.assert_allclose(columns.T * HARTREE_EV / BOHR_ANG**2, matrix, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_every_step_along_the_force_goes_down(seed):
    """Positive definite on any geometry, however far from rest."""
    atoms = dot()
    atoms.rattle(0.3, seed=seed)
    assert np.linalg.eigvalsh(hessian(atoms))[0] > 0.99 * SOFTEST
