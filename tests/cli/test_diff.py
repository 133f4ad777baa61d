"""``diff`` names every key that differs and no other, of any two nodes of one sort."""

import json

import numpy as np
import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_chargeflow.cli import main
from aiida_chargeflow.runs import submit as launcher
from aiida_chargeflow.science.writing.nested import differences


def test_differences():
    left = {"spec": {"planes": [5, 4], "surface": {"pattern": "pure"}}, "gap_ev": 0.1}
    right = {"spec": {"planes": [5, 4], "surface": {"pattern": "exchange", "fraction": 0.5}}, "gap_ev": 0.1}
    assert differences(left, right) == {
        "spec.surface.pattern": ["pure", "exchange"],
        "spec.surface.fraction": [None, 0.5],
    }
    assert differences(left, left) == {}


@pytest.fixture
def diff(aiida_profile, monkeypatch):  # noqa: ARG001 (storage for the nodes)
    monkeypatch.setattr(launcher, "load_profile", lambda: None)

    def run(left, right):
        return CliRunner().invoke(main, ["diff", str(left.store().pk), str(right.store().pk), "--json"])

    return run


def test_arrays(diff):
    nodes = []
    for values in ([0.0, 1.0, 2.0], [0.0, 1.5, 2.0]):
        node = orm.ArrayData()
        node.set_array("charge", np.array(values))
        nodes.append(node)
    found = json.loads(diff(*nodes).stdout)
    assert found["largest difference.charge"] == [0.0, 0.5]
    assert set(found) == {"largest difference.charge", "charge.mean"}


def test_dicts_and_nodes_of_different_sorts(diff):
    left, right = orm.Dict({"a": 1, "b": 2}), orm.Dict({"a": 1, "b": 3})
    assert json.loads(diff(left, right).stdout) == {"b": [2, 3]}
    refused = diff(left, orm.Int(1))
    assert refused.exit_code == 1
    assert "Dict and a Int" in refused.output
