"""The fit of the charge transfer, on charges that are known exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.valences.dot import dot_of_model
from aiida_chargeflow.science.valences.fit import ComputedDot, fit
from aiida_chargeflow.science.valences.prediction import predict


def test_known_parameters_are_found(dots, true):
    found = fit(dots, "made up")
    assert found.parameters.transfer_e == pytest.approx(true.transfer_e, abs=1e-6)
    assert found.parameters.lone_pair_e == pytest.approx(0.08, abs=1e-6)
    assert max(found.parameters.charge_error_e.values()) < 1e-4
    assert found.parameters.n_dots == 5
    assert found.parameters.source == "made up"


def test_errors_are_those_of_dots_that_were_left_out(dots):
    """A dot whose charges follow another law is not in the parameters that predict it."""
    odd = replace(dots[-1], bader_charge=1.2 * dots[-1].bader_charge)
    found = fit([*dots[:-1], odd])
    missed = next(one for one in found.left_out if one.computed is odd)
    expected = np.sqrt(((odd.bader_charge - dots[-1].bader_charge) ** 2).mean())
    got = np.sqrt(((missed.prediction.charge - odd.bader_charge) ** 2).mean())
    assert got == pytest.approx(expected, rel=1e-3)
    assert np.diag(found.parameters.covariance).max() > 1e-6


def test_dots_of_one_formula_do_not_test_each_other(dots):
    twin = replace(dots[-1], label="twin", bader_charge=1.2 * dots[-1].bader_charge)
    found = fit([*dots, twin])
    alike = [one.prediction.charge for one in found.left_out if one.computed.family == twin.family]
    assert alike[0] == pytest.approx(alike[1])
    assert alike[0] == pytest.approx(dots[-1].bader_charge, abs=1e-4)


def test_an_anion_of_one_formula_alone_is_estimated_when_that_is_left_out(dots, true):
    """Nothing of a dot may be in what predicts it, and without it nothing of its P is known."""
    core = {"material": "InP", "centre": "anion", "planes": [5, 4, 3]}
    dot = dot_of_model(build(ModelSpec.from_mapping({"core": core, "start_geometry": "lattice"})))
    law = true.model_copy(
        update={"transfer_e": {**true.transfer_e, "P": 0.6}, "covariance": ((0.0,) * 5,) * 5}
    )
    found = fit([*dots, ComputedDot("P", "P", dot, predict(dot, law).charge)])
    assert found.parameters.transfer_e["P"] == pytest.approx(0.6, abs=1e-4)
    left = next(one for one in found.left_out if one.computed.family == "P")
    assert left.prediction.estimated_anions == ("P",)
    inner = (dot.symbols == "P") & (dot.coordination == 4)
    # P stands beside As in electronegativity: 2.19 between 2.18 of As and 2.55 of Se.
    assert left.prediction.charge[inner] == pytest.approx(-3 * (0.3 + 0.15 / 37), abs=1e-4)


def test_too_few_dots_are_refused(dots):
    with pytest.raises(InputError, match="different formulas 1"):
        fit(dots[:1])
    with pytest.raises(InputError, match="finished models 0"):
        fit([])
    with pytest.raises(InputError, match="lone pair"):
        fit(list(_molecules()))


def _molecules():
    from ase import Atoms

    from aiida_chargeflow.science.valences.dot import dot_of_atoms

    for n, symbol in enumerate(("In", "Ga")):
        dot = dot_of_atoms(Atoms([symbol, "As"], positions=[(0, 0, 0), (2.6, 0, 0)]))
        yield ComputedDot(symbol, str(n), dot, np.array([0.3, -0.3]))
