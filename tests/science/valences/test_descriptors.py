"""Descriptors by hand, on a cation between two anions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aiida_chargeflow.science.valences.descriptors import OBJECTIVES, Predicted
from aiida_chargeflow.science.valences.dot import Dot
from aiida_chargeflow.science.valences.excess import excess

DOT = Dot(
    np.array(["Se", "In", "Se"]),
    np.array([[-3.0, 0, 0], [0, 0, 0], [3, 0, 0]]),
    np.array([-2, 3, -2]),
    np.array([[1, 0], [1, 2]]),
    np.array([2, 2, 2]),
)
OUTWARDS = np.array([[-0.2, 0, 0], [0, 0, 0], [0.2, 0, 0]])


def predicted(dot=DOT, flow=OUTWARDS):
    return Predicted(dot, np.array([1.5, 1.5]), np.array([-0.5, 1.0, -0.5]), flow)


def test_flows_that_cancel_still_flow():
    assert OBJECTIVES["interface_flow"].value(predicted()) == pytest.approx(0.4 / 3)


@pytest.mark.parametrize("shift_ang", [0.0, 50.0])
def test_coherence_is_about_the_centre_of_the_dot_wherever_it_lies(shift_ang):
    moved = replace(DOT, positions_ang=DOT.positions_ang + shift_ang)
    assert predicted(moved).coherence(moved.regions == 2) == pytest.approx(1)
    assert predicted(moved, -OUTWARDS).coherence(moved.regions == 2) == pytest.approx(-1)
    assert OBJECTIVES["coherence"].value(predicted(moved, -OUTWARDS)) == pytest.approx(1)


def test_a_bond_lies_as_deep_as_the_middle_of_its_ends():
    # In brings +1, each Se none; the bonds have +1/2 each, in 1 and 3 Å, below and beyond one step of 1.75 Å.
    found = excess(DOT, np.array([0.0, 2.0, 4.0]))
    assert found.bond_e == pytest.approx([0.5, 0.5])
    assert found.below_e == pytest.approx([1.0, 0.5])


def test_the_unit_of_an_objective_is_that_of_its_meaning():
    assert {name: one.unit for name, one in OBJECTIVES.items() if one.unit != "e"} == {
        "coherence": "",
        "potential_step": "V",
        "dipole": "e·Å",
        "bad_bonds": "",
        "ligands": "",
    }
