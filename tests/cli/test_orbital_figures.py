"""``figure orbitals|composition|alignment`` on finished runs made of recorded orbitals."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from click.testing import CliRunner
from recorded import CP2K, archive, recorded_pdos

from aiida_chargeflow.calculations.orbitals import orbitals_node
from aiida_chargeflow.calculations.summarise import summarise
from aiida_chargeflow.cli import main
from aiida_chargeflow.results.orbitals import orbital_result
from aiida_chargeflow.runs import submit as launcher
from aiida_chargeflow.workchains.model import ModelWorkChain


@pytest.fixture
def finished(aiida_profile, monkeypatch):  # noqa: ARG001 (storage for the nodes)
    """Return a function that stores a finished model run with the orbitals of a recorded one."""
    monkeypatch.setattr(launcher, "load_profile", lambda: None)

    def make(name):
        node = orm.WorkChainNode(label=name)
        node.set_process_label(ModelWorkChain.__name__)
        node.set_process_state(ProcessState.FINISHED)
        node.set_exit_status(0)
        node.store()
        _, atoms = archive(name)
        structure = orm.StructureData(ase=atoms)
        outputs = {"structure": structure, "scf__orbitals": orbitals_node(recorded_pdos(name))}
        for label, data in outputs.items():
            data.store().base.links.add_incoming(node, LinkType.RETURN, label)
        node.seal()
        return node

    return make


def figure(*arguments):
    return CliRunner().invoke(main, ["figure", *map(str, arguments)])


@pytest.mark.parametrize("by", ["coordination", "element", "region"])
def test_orbitals_of_two_models(finished, tmp_path, by):
    models = [finished("cdse"), finished("cdse_vacancy")]
    output = tmp_path / "orbitals.png"
    result = figure("orbitals", *(node.pk for node in models), "--by", by, "-o", output)
    assert result.exit_code == 0, result.output
    assert output.read_bytes().startswith(b"\x89PNG")
    assert all(node.uuid.encode() in output.read_bytes() for node in models)


def test_composition_and_alignment(finished, tmp_path):
    node = finished("core_shell")
    for name in ("composition", "alignment"):
        output = tmp_path / f"{name}.svg"
        result = figure(name, node.pk, "-o", output)
        assert result.exit_code == 0, result.output
        assert output.stat().st_size > 1000


def test_bars_are_named_from_the_gap_outwards(finished):
    bars = orbital_result(finished("core_shell")).frontier_composition(2)
    assert list(bars) == ["LUMO+1", "LUMO", "HOMO", "HOMO-1"]
    assert bars["HOMO"]["core"] == pytest.approx(0.65, abs=0.01)
    assert all(sum(shares.values()) == pytest.approx(1) for shares in bars.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["orbitals", "{pk}", "--emin", "3", "-o", "a.png"], "empty window"),
        (["orbitals", "{pk}", "-o", "a.gif"], "unknown format"),
        (["composition", "999999", "-o", "a.png"], "no such node"),
    ],
)
def test_bad_input_is_one_message(finished, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    pk = finished("core_shell").pk
    result = figure(*(argument.format(pk=pk) for argument in arguments))
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_table_row_holds_alignment_ligands_and_charges(finished):
    node = finished("core_shell")
    structure, orbitals = node.outputs.structure, node.outputs.scf.orbitals
    flow = orm.ArrayData()
    n_atoms = len(structure.sites)
    for name in ("flow_magnitude", "bader_charge"):
        flow.set_array(name, np.zeros(n_atoms))
    row = summarise(structure, orm.Dict({}), orbitals, flow).get_dict()
    assert row["alignment"]["type"] == "quasi-II"
    assert row["gap_ev"] == pytest.approx(1.979, abs=0.001)
    assert 1 < row["ligands_per_nm2"] < 4
    assert row["region_charge_e"] == {"core": 0, "shell": 0, "ligand": 0}


def test_isosurface_of_a_cube_file(tmp_path):
    output = tmp_path / "homo.png"
    result = figure("isosurface", CP2K / "incl3_homo.cube.gz", "-o", output)
    assert result.exit_code == 0, result.output
    assert output.read_bytes().startswith(b"\x89PNG")
    result = figure("isosurface", CP2K / "incl3_homo.cube.gz", "--fraction", "2", "-o", output)
    assert (result.exit_code, "fraction" in result.output) == (1, True)
    result = figure("isosurface", tmp_path / "no.cube", "-o", output)
    assert (result.exit_code, "no.cube" in result.output) == (1, True)
