"""The mean of a property over the atoms that carry an orbital, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aiida_chargeflow.science.electrons.carriers import carrier_mean
from aiida_chargeflow.science.electrons.pdos import Pdos
from aiida_chargeflow.science.errors import InputError

VALUE = np.array([0.1, 0.3, 0.5])
KINDS = ["In14", "As13", "As13"]
BY_KIND = Pdos(
    spin="both",
    fermi_level_ev=0.0,
    index=np.array([1, 2]),
    eigenvalues_ev=np.array([-1.0, 1.0]),
    occupations=np.array([2.0, 0.0]),
    kind_names=("As13", "In14"),
    kind_weights=np.array([[1.0, 0.25], [0.0, 0.75]]),
    kind_counts=np.array([2, 1]),
)


def test_by_kind_an_orbital_gets_the_mean_of_its_kinds() -> None:
    assert carrier_mean(BY_KIND, KINDS, VALUE) == pytest.approx([0.4, 0.25 * 0.4 + 0.75 * 0.1])


def test_by_atom_a_localised_orbital_gets_the_value_of_its_atom() -> None:
    by_atom = replace(BY_KIND, atom_weights=np.array([[0.0, 0.75], [0.0, 0.25], [1.0, 0.0]]))
    assert carrier_mean(by_atom, KINDS, VALUE) == pytest.approx([0.5, 0.75 * 0.1 + 0.25 * 0.3])


def test_orbitals_of_another_structure_are_refused() -> None:
    with pytest.raises(InputError, match="As13"):
        carrier_mean(BY_KIND, ["In14", "In14", "In14"], VALUE)
    with pytest.raises(InputError, match="of 2 atoms"):
        carrier_mean(replace(BY_KIND, atom_weights=np.ones((2, 2)) / 2), KINDS, VALUE)
