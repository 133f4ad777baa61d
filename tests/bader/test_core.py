"""Cores for the partition: the right electrons, the right nuclei, and no electron added to the result."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from aiida_chargeflow.bader.core import core_density, core_shells, wants_core
from aiida_chargeflow.bader.cube import Cube
from aiida_chargeflow.bader.engine import partition
from aiida_chargeflow.science.elements import element, known_elements
from aiida_chargeflow.science.errors import InputError

from .conftest import distances, gaussians, make_header

NUMBERS = {"H": 1, "C": 6, "N": 7, "O": 8, "P": 15, "S": 16, "Cl": 17, "Zn": 30, "Ga": 31, "As": 33, "Se": 34}
NUMBERS |= {"Br": 35, "Cd": 48, "In": 49, "Sb": 51, "Te": 52, "I": 53, "Hg": 80, "F": 9}


@pytest.mark.parametrize("symbol", known_elements())
def test_core_holds_what_the_potential_left_out(symbol):
    number = NUMBERS[symbol]
    expected = number - element(symbol).n_valence
    assert sum(electrons for *_, electrons in core_shells(number)) == expected
    r = np.linspace(0, 30, 3_000_001)
    density = core_density(number, r)
    assert trapezoid(4 * np.pi * r**2 * density, r) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert density.min() >= 0


def test_exponents_of_slater():
    """Values that follow by hand from the rules of Slater (1930)."""
    assert core_shells(6) == [(1.0, pytest.approx(5.7), 2)]
    argon_core = core_shells(33)
    assert argon_core[0] == (1.0, pytest.approx(32.7), 2)
    assert argon_core[1] == (2.0, pytest.approx((33 - 7 * 0.35 - 2 * 0.85) / 2), 8)
    assert argon_core[3] == (3.0, pytest.approx((33 - 9 * 0.35 - 18) / 3), 10)


def test_when_cores_are_wanted():
    assert wants_core(np.array([49, 1]), "auto")
    assert not wants_core(np.array([49, 33, 17]), "auto")
    assert wants_core(np.array([49]), "on")
    assert not wants_core(np.array([1]), "off")


def test_element_without_core_is_an_error():
    header = make_header(np.eye(3) * 5, (10, 10, 10), [79], [[2, 2, 2]])
    cube = gaussians(header, [1.0], [1.0])
    with pytest.raises(InputError, match="--core off"):
        partition(cube, core="on")
    assert partition(cube, core="auto").n_maxima == 1


@pytest.mark.parametrize("method", ["weight", "neargrid"])
def test_core_makes_the_nucleus_the_maximum(method):
    """Valence on a shell has many maxima, with the core there is one; no electron is added to the result."""
    header = make_header(np.diag([9.0, 9, 9]), (45, 45, 45), [33], [[4.5, 4.4, 4.53]])
    r = distances(header, header.positions_bohr[0])[0]
    shell = r**2 * np.exp(-1.2 * r**2)
    cube = Cube(header, 5 * shell / (shell.sum() * header.voxel_volume_bohr3))
    bare, cored = (partition(cube, method=method, core=core) for core in ("off", "on"))
    assert bare.n_maxima > 1
    assert cored.n_maxima == 1
    assert cored.n_electrons == pytest.approx(5, abs=1e-10)
    assert cored.populations[0] + cored.vacuum_charge == pytest.approx(5, abs=1e-10)


def test_core_beyond_a_face_comes_back_when_periodic():
    cell = np.diag([8.0, 8, 8])
    inside = make_header(cell, (32, 32, 32), [33, 17], [[4, 4, 2], [4, 4, 6]])
    outside = make_header(cell, (32, 32, 32), [33, 17], [[4, 4, 10], [4, -4, 6]])
    cube = gaussians(inside, [5.0, 7.0], [0.9, 0.9], images=1)
    first = partition(cube, core="on")
    second = partition(Cube(outside, cube.density), core="on")
    np.testing.assert_allclose(second.populations, first.populations, atol=1e-9)


@pytest.mark.parametrize("method", ["weight", "neargrid"])
def test_reference_defines_the_regions(dimer, method):
    """Twice the density as reference changes nothing; a shifted one moves electrons; a wrong grid is an error."""
    plain = partition(dimer, method=method)
    double = Cube(dimer.header, 2 * dimer.density)
    same = partition(dimer, method=method, reference=double, vacuum=2e-6)
    np.testing.assert_allclose(same.populations, plain.populations, atol=1e-10)
    shifted = Cube(dimer.header, np.roll(dimer.density, 3, axis=2))
    other = partition(dimer, method=method, reference=shifted)
    assert abs(other.populations[0] - plain.populations[0]) > 0.05
    wrong = make_header(np.diag([9.0, 8, 14]), (27, 25, 40), [17, 49], dimer.header.positions_bohr)
    with pytest.raises(InputError, match="another grid"):
        partition(dimer, reference=gaussians(wrong, [3, 5], [1, 1]))
