"""``table`` and ``trace`` on a stored model run with known numbers."""

import json

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from ase import Atoms
from click.testing import CliRunner
from matplotlib.figure import Figure

from aiida_chargeflow.cli import main
from aiida_chargeflow.panels.files import save
from aiida_chargeflow.results import tracing
from aiida_chargeflow.runs import submit as launcher
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.workchains.model import ModelWorkChain


@pytest.fixture
def model(aiida_profile, monkeypatch):  # noqa: ARG001 (storage for the nodes)
    monkeypatch.setattr(launcher, "load_profile", lambda: None)
    atoms = Atoms("InAs2", positions=np.eye(3) * 3, tags=[14, 13, 13])
    flow = orm.ArrayData()
    flow.set_array("bader_charge", np.array([1.0, -0.4, -0.6]))
    flow.set_array("flow_magnitude", np.array([0.2, 0.1, 0.3]))
    node = orm.WorkChainNode(label="tiny")
    node.set_process_label(ModelWorkChain.__name__)
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    node.store()
    outputs = {
        "structure": orm.StructureData(ase=atoms),
        "charge_flow": flow,
        "summary": orm.Dict({"formula": "InAs2", "n_atoms": 3, "gap_ev": 0.15}),
    }
    for label, data in outputs.items():
        data.store().base.links.add_incoming(node, LinkType.RETURN, label)
    node.seal()
    return node


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def rows(*arguments):
    result = run("table", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_charges_by_kind(model):
    by_kind = {row["kind"]: row for row in rows("charges", model.pk)}
    assert by_kind["As13"]["bader_charge_e"] == pytest.approx(-0.5)
    assert by_kind["As13"]["min_bader_charge_e"] == pytest.approx(-0.6)
    assert by_kind["As13"]["n_atoms"] == 2
    assert by_kind["In14"]["uuid"] == model.uuid


def test_stoichiometry_by_region(model):
    (row,) = rows("stoichiometry", model.pk)
    assert (row["core_In"], row["core_As"], row["n_atoms"]) == (1, 2, 3)
    assert row["ratio_In_As"] == 0.5


def test_group_holds_only_finished_models_once(model):
    group = orm.Group(label=f"dots/{model.pk}").store()
    unfinished = orm.WorkChainNode().store()
    group.add_nodes([model, unfinished])
    assert [row["pk"] for row in rows("gaps", group.label, model.pk)] == [model.pk]


def test_where(model):
    assert len(rows("gaps", model.pk, "--where", "gap_ev < 0.2")) == 1
    assert rows("gaps", model.pk, "--where", "gap_ev > 0.2") == []
    refused = run("table", "gaps", model.pk, "--where", "gapp > 0.2")
    assert refused.exit_code == 1
    assert "gap_ev" in refused.output


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_figure_file_names_its_sources(model, tmp_path, suffix):
    other = "12345678-1234-1234-1234-123456789abc"
    path = tmp_path / f"figure.{suffix}"
    save(Figure(), path, [model.uuid, other])
    assert tracing.uuids_of(path) == [model.uuid, other]


def test_foreign_file_and_unknown_node(model, tmp_path):  # noqa: ARG001
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match="names no AiiDA nodes"):
        tracing.sources(str(path))
    assert run("trace", 10**9).exit_code == 1
    assert "missing.pdf: no such file" in run("trace", "missing.pdf").output


def test_a_label_of_several_nodes_names_them_all(model):
    model.label = "twice"
    other = orm.WorkChainNode(label="twice")
    other.set_process_label(ModelWorkChain.__name__)
    other.set_process_state(ProcessState.FINISHED)
    other.set_exit_status(410)
    other.store()
    for command in (("table", "gaps"), ("trace",)):
        refused = run(*command, "twice")
        assert refused.exit_code == 1
        assert f"{other.pk} (ModelWorkChain, finished [410]), {model.pk} (ModelWorkChain, finished)" in (
            refused.output
        )


def test_table_file_and_report_page_name_their_sources(model, tmp_path):
    table = tmp_path / "gaps.csv"
    table.write_text(run("table", "gaps", model.pk, "--format", "csv").output)
    page = tmp_path / "index.html"
    page.write_text(f"<td>{model.uuid}</td><td>{model.uuid}</td>")
    for path in (table, page):
        assert [node.uuid for node in tracing.sources(str(path))] == [model.uuid]


def test_an_output_tells_which_and_of_what(model):  # noqa: ARG001
    calculation = orm.CalcFunctionNode().store()
    node = orm.Dict({"x": 1})
    node.base.links.add_incoming(calculation, LinkType.CREATE, "result")
    node.store()
    assert tracing.origin(node)["role"] == f"output result of None {calculation.pk}"
    assert tracing.origin(orm.Dict().store())["role"] == "input, made by no process"
