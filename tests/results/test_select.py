"""Which node a label means."""

from __future__ import annotations

import pytest
from aiida import orm

from aiida_chargeflow.results.select import load_model
from aiida_chargeflow.science.errors import InputError


@pytest.fixture
def model(paper: orm.Group) -> orm.WorkChainNode:
    return next(node for node in paper.nodes if node.label == "demo-pure")


def test_a_label_that_data_share_means_the_model(model: orm.WorkChainNode) -> None:
    data = orm.Dict({}, label=model.label).store()
    try:
        assert load_model(model.label).pk == model.pk
    finally:
        data.label = ""


def test_a_pk_is_a_pk_and_a_label_of_no_model_is_refused(model: orm.WorkChainNode) -> None:
    assert load_model(str(model.pk)).pk == model.pk
    assert load_model(model.uuid[:12]).pk == model.pk
    data = orm.Dict({}, label="only-data").store()
    with pytest.raises(InputError, match="no model run"):
        load_model(data.label)
