"""The valence force field: exact gradient, known minima, no change of what already is a minimum."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from aiida_chargeflow.science.models import force_field


def _trigonal(height=0.6):
    """A three-coordinate centre above the plane of its neighbours."""
    angles = np.radians([90, 210, 330])
    ring = np.stack([2.4 * np.cos(angles), 2.4 * np.sin(angles), np.zeros(3)], axis=1)
    return np.vstack([[0, 0, height], ring]), np.array([[0, 1], [0, 2], [0, 3]])


def _angles(positions):
    legs = positions[1:] - positions[0]
    legs /= np.linalg.norm(legs, axis=1)[:, None]
    return np.degrees(np.arccos([legs[0] @ legs[1], legs[1] @ legs[2], legs[0] @ legs[2]]))


@pytest.mark.parametrize(("role", "angle"), [("cation", 120.0), ("anion", 95.0)])
def test_three_coordinate_atoms_flatten_or_steepen(role, angle):
    positions, bonds = _trigonal()
    relaxed = force_field.relax(positions, bonds, np.full(3, 2.5), [role] + ["ligand"] * 3)
    np.testing.assert_allclose(np.linalg.norm(relaxed[1:] - relaxed[0], axis=1), 2.5, atol=0.02)
    np.testing.assert_allclose(_angles(relaxed), angle, atol=1.5)


def test_gradient_is_exact():
    rng = np.random.default_rng(1)
    positions, bonds = _trigonal()
    positions = np.vstack([positions, positions + [0, 0, 2.0]]) + rng.normal(scale=0.1, size=(8, 3))
    bonds = np.vstack([bonds, bonds + 4])
    terms = force_field._terms(positions, bonds, np.full(6, 2.5), ["cation"] * 8)
    assert len(terms.contacts)
    error = check_grad(
        lambda x: force_field._energy_and_gradient(x, terms)[0],
        lambda x: force_field._energy_and_gradient(x, terms)[1],
        positions.ravel(),
    )
    assert error < 1e-4


def test_a_crystal_stays_as_it_is():
    tetrahedron = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]) * 6.0 / 4
    positions = np.vstack([np.zeros(3), tetrahedron])
    bonds = np.array([[0, k] for k in range(1, 5)])
    roles = ["cation"] + ["anion"] * 4
    relaxed = force_field.relax(positions, bonds, np.full(4, 6.0 * np.sqrt(3) / 4), roles)
    np.testing.assert_allclose(relaxed, positions, atol=1e-4)


def test_atoms_that_share_no_neighbour_keep_their_distance():
    positions = np.array([[0, 0, 0], [2.3, 0, 0], [0, 2.6, 0], [2.3, 2.6, 0.0]])
    bonds = np.array([[0, 1], [2, 3]])
    roles = ["cation", "ligand"] * 2
    relaxed = force_field.relax(positions, bonds, np.full(2, 2.3), roles)
    assert np.linalg.norm(relaxed[1] - relaxed[3]) > 3.3
