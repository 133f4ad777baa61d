"""Fit the charge transfer to finished models as a calcfunction."""

from __future__ import annotations

from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from ..science.elements import formula
from ..science.valences.dot import dot_of_atoms
from ..science.valences.fit import ComputedDot, LeftOut, fit
from .failures import exit_on_input_error
from .structures import to_atoms


@calcfunction
@exit_on_input_error
def learn_transfer(labels: orm.Dict, **dots: Any) -> dict[str, orm.Node]:
    """Return the ``parameters`` that later screenings can name, and the ``errors`` of each dot when it was left out.

    :param labels: ``labels``: key → label of the dot, and ``source``: a line of text.
    :param dots: ``structure_KEY`` and ``charges_KEY`` (array ``bader_charge``) of each dot.
    """
    computed = []
    for key, label in labels["labels"].items():
        atoms = to_atoms(dots[f"structure_{key}"])
        charges = dots[f"charges_{key}"].get_array("bader_charge")
        computed.append(
            ComputedDot(label, formula(atoms.get_chemical_symbols()), dot_of_atoms(atoms), charges)
        )
    found = fit(computed, labels.get_dict().get("source", ""))
    rows = [row_of(one) for one in found.left_out]
    return {
        "parameters": orm.Dict(found.parameters.model_dump(mode="json"), label="charge transfer, learnt"),
        "errors": orm.Dict({"dots": rows}),
    }


def row_of(one: LeftOut) -> dict[str, Any]:
    """Return how well a dot is predicted that was left out: root mean square errors in e, and correlations."""
    predicted, computed = one.prediction, one.computed
    charge_error = predicted.charge - computed.bader_charge
    flow = predicted.flow.flow_magnitude
    return {
        "label": computed.label,
        "formula": computed.family,
        "n_atoms": computed.dot.n_atoms,
        "charge_rms_e": float(np.sqrt((charge_error**2).mean())),
        "flow_rms_e": float(np.sqrt(((flow - one.flow_magnitude) ** 2).mean())),
        "flow_r": float(np.corrcoef(flow, one.flow_magnitude)[0, 1]),
        "mean_flow_e": float(one.flow_magnitude.mean()),
        "predicted_mean_flow_e": float(flow.mean()),
    }
