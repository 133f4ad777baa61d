"""The worked example of docs/topics/conventions.md."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_chargeflow.science.charges.charge_flow import solve

POSITIONS = np.array([[0.0, 0, 0], [2.3, 0, 0], [0, 2.3, 0]])
CHARGE = np.array([1.0, -0.6, -0.4])


def test_three_atoms_without_a_loop() -> None:
    flow = solve(POSITIONS, np.array([[0, 1], [0, 2]]), CHARGE)
    assert flow.bond_flow == pytest.approx([0.6, 0.4], abs=1e-12)
    assert flow.flow_vector == pytest.approx(np.array([[0.6, 0.4, 0], [0.6, 0, 0], [0, 0.4, 0]]), abs=1e-12)
    assert flow.charge_dipole_e_ang == pytest.approx([-1.38, -0.92, 0], abs=1e-12)
    assert flow.bond_dipole_e_ang == pytest.approx([-1.38, -0.92, 0], abs=1e-12)
    assert flow.n_loops == 0


def test_three_atoms_in_a_loop_take_the_smallest_flows() -> None:
    flow = solve(POSITIONS, np.array([[0, 1], [0, 2], [1, 2]]), CHARGE)
    assert flow.bond_flow == pytest.approx([1.6 / 3, 1.4 / 3, -0.2 / 3], abs=1e-12)
    assert flow.n_loops == 1
