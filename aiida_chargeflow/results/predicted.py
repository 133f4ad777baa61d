"""What bond valences predict of finished models, in the basis set that they were computed in."""

from __future__ import annotations

from dataclasses import replace

from aiida import orm

from ..science.charges.analysis import Analysis
from ..science.errors import InputError
from ..science.valences.expectation import prediction_of
from ..science.valences.parameters import default_parameters
from ..science.valences.prediction import Prediction
from .cautions import basis
from .flow import flow_analysis


def prediction_beside(node: orm.WorkChainNode) -> tuple[Prediction, Analysis] | None:
    """Return prediction and result of a finished model with a charge flow, None where nothing can be predicted.

    :raises InputError: the model has no charge flow.
    """
    result = flow_analysis(node)
    predicted = prediction_of(result, default_parameters().in_basis(basis(node)))
    return None if predicted is None else (predicted, result)


def predicted_analysis(node: orm.WorkChainNode) -> Analysis:
    """Return the analysis of a finished model with the predicted flow in the place of the computed one.

    :raises InputError: the model has no charge flow, or nothing can be predicted of it.
    """
    found = prediction_beside(node)
    if found is None:
        raise InputError(
            "nothing can be predicted of this model",
            field="--predicted",
            value=node.label or node.pk,
            remedy="It has an element without a formal charge, or an anion of which nothing is known.",
        )
    predicted, result = found
    return replace(result, flow=predicted.flow)
