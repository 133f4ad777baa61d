"""Dots whose charges follow the law of the prediction exactly."""

from __future__ import annotations

import pytest

from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.valences.dot import dot_of_model
from aiida_chargeflow.science.valences.fit import ComputedDot
from aiida_chargeflow.science.valences.parameters import default_parameters
from aiida_chargeflow.science.valences.prediction import predict

TRUE = default_parameters().model_copy(
    update={
        "transfer_e": {"As": 0.3, "Cl": 0.5, "Se": 0.45},
        "lone_pair_e": 0.08,
        "covariance": ((0.0,) * 4,) * 4,
    }
)


@pytest.fixture(scope="package")
def dots():
    core = {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}
    shell = [{"material": "CdSe", "n_monolayers": 1}]
    models = {
        "pure": {"core": core},
        "exchange": {"core": core, "surface": {"pattern": "exchange", "fraction": 0.3333}},
        "abrupt": {"core": core, "shells": shell},
        "alloyed": {"core": core, "shells": shell, "interface": "alloyed"},
        "shell": {"core": {**core, "material": "CdSe"}},
    }
    found = []
    for label, keys in models.items():
        dot = dot_of_model(build(ModelSpec.from_mapping({**keys, "start_geometry": "lattice"})))
        found.append(ComputedDot(label, label, dot, predict(dot, TRUE).charge))
    return found


@pytest.fixture(scope="package")
def true():
    """The parameters of these dots."""
    return TRUE
