"""The rules by which orbitals were read, and the protocol's name, belong to the run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from aiida import orm

from aiida_chargeflow.calculations.summarise import summarise
from aiida_chargeflow.report.protocol import protocol_of
from aiida_chargeflow.results.orbitals import orbital_result
from aiida_chargeflow.results.select import model_row
from aiida_chargeflow.results.tracing import model
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.workchains.model import point_digest
from aiida_chargeflow.workchains.protocols import load_protocol

LENIENT = {"orbitals": {"traps": {"min_participation_ratio": 0.0, "max_missing_neighbour_excess": 4.0}}}


@pytest.fixture
def recorded(paper: orm.Group) -> orm.WorkChainNode:
    """A model of the archive with traps between its edges."""
    return next(node for node in paper.nodes if node.outputs.summary["n_traps"] > 0)


def with_inputs(node: orm.WorkChainNode, **inputs: orm.Data) -> orm.WorkChainNode:
    """Store a run with the inputs and outputs of ``node`` and further inputs."""
    run = orm.WorkChainNode()
    run.base.attributes.set_many(
        {k: v for k, v in node.base.attributes.all.items() if k != "sealed"} | {"sealed": False}
    )
    links = node.base.links.get_incoming(node_class=orm.Data).all()
    for link in links:
        run.base.links.add_incoming(link.node, link.link_type, link.link_label)
    for name, data in inputs.items():
        run.base.links.add_incoming(data.store(), links[0].link_type, name)
    run.store()
    for link in node.base.links.get_outgoing(node_class=orm.Data).all():
        link.node.base.links.add_incoming(run, link.link_type, link.link_label)
    return run


def test_the_summary_is_made_by_the_rules_given(recorded: orm.WorkChainNode) -> None:
    parts = (
        recorded.outputs.structure,
        recorded.outputs.scf.output_parameters,
        recorded.outputs.scf.orbitals,
    )
    flow = recorded.outputs.charge_flow
    usual = summarise(*parts, flow)
    assert usual["n_traps"] == recorded.outputs.summary["n_traps"] > 0
    assert summarise(*parts, flow, orm.Dict(LENIENT["orbitals"]))["n_traps"] == 0


def test_figures_read_orbitals_by_the_rules_of_the_run(recorded: orm.WorkChainNode) -> None:
    usual = orbital_result(recorded)
    other = orbital_result(with_inputs(recorded, orbitals=orm.Dict(LENIENT["orbitals"])))
    assert usual.structure.traps
    assert not other.structure.traps
    narrow = with_inputs(recorded, orbitals=orm.Dict({"alignment": {"window_ev": 1e-6}}))
    assert usual.alignment().regions
    assert not orbital_result(narrow).alignment().regions


def test_the_recorded_name_wins_over_the_nearest_protocol(recorded: orm.WorkChainNode) -> None:
    told = model(recorded)
    guessed, changes = protocol_of(told)
    name, others = protocol_of(told | {"protocol": {"name": "published", "overrides": {}}})
    assert name == "published" != guessed
    assert len(others) > len(changes)


def test_rules_other_than_the_usual_ones_make_another_point() -> None:
    spec = ModelSpec.from_mapping({"core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}})
    usual, again = (
        load_protocol("fast"),
        load_protocol("fast", {"orbitals": {"alignment": {"window_ev": 2.5}}}),
    )
    other = load_protocol("fast", LENIENT)
    assert usual == again
    assert "orbitals" not in usual
    assert point_digest(spec.to_mapping(), usual) != point_digest(spec.to_mapping(), other)


def test_the_mean_of_an_environment_is_over_atoms_not_over_kinds() -> None:
    summary = {
        "n_atoms_of_kind": {"As14": 30, "As24": 10, "As13": 7, "Cl43": 2},
        "flow_magnitude_e": {"As14": 0.1, "As24": 0.5, "As13": 0.3, "Cl43": 0.2},
    }
    run = SimpleNamespace(pk=1, uuid="", label="", outputs=SimpleNamespace(summary=orm.Dict(summary)))
    means = model_row(run)["environments"]
    assert means == pytest.approx({"4c anion": 0.2, "3c anion": 0.3, "3c ligand": 0.2})
