"""The chain on a molecule with the real CP2K and the real Bader engine: Cl2In-AsCl2, some seconds a run."""

import io
import json

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms
from click.testing import CliRunner

from aiida_chargeflow.calculations.orbitals import to_pdos
from aiida_chargeflow.cli import main
from aiida_chargeflow.runs import submit as launcher
from aiida_chargeflow.science.cp2k.orbital_cubes import name_cubes, orbital_number
from aiida_chargeflow.science.electrons.orbital_cube import read_cube
from aiida_chargeflow.science.electrons.traps import find_traps
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.workchains.model import ModelWorkChain
from aiida_chargeflow.workchains.scf import ScfWorkChain

pytestmark = pytest.mark.e2e

OVERRIDES = {
    "scf": {
        "functional": "pbe",
        "cutoff_ry": 120,
        "rel_cutoff_ry": 30,
        "eps_default": 1e-8,
        "padding_ang": 2.5,
        "stages": [{"name": "direct", "final": True, "eps_scf": 1e-4, "max_scf": 40, "n_virtual": 4}],
    }
}


@pytest.fixture
def molecule():
    """Cl2In-AsCl2: each atom with its valences filled, As pyramidal."""
    positions = [[0, 0, 0], [2.6, 0, 0], [-1.2, 2.0, 0], [-1.2, -2.0, 0], [3.1, 1.4, 1.6], [3.1, 1.4, -1.6]]
    return orm.StructureData(ase=Atoms("InAsCl4", positions=positions, tags=[13, 13, 41, 41, 41, 41]))


@pytest.fixture
def builder(codes, molecule):
    def make(**scf):
        overrides = {"scf": {**OVERRIDES["scf"], **scf}}
        options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}}
        return ModelWorkChain.get_builder_from_protocol(codes, molecule, "demo", overrides, options)

    return make


def test_from_structure_to_charge_flow(builder, molecule):
    outputs, node = run_get_node(builder())
    assert node.is_finished_ok, node.exit_message
    summary = outputs["summary"].get_dict()
    assert summary["n_electrons"] == 13 + 5 + 4 * 7
    assert summary["gap_ev"] > 1
    assert set(summary["bader_charge_e"]) == {"In13", "As13", "Cl41"}
    assert summary["bader_charge_e"]["In13"] > 0 > summary["bader_charge_e"]["Cl41"]

    flow = outputs["charge_flow"]
    pairs, handed, charge = (flow.get_array(name) for name in ("bonds", "bond_flow", "bader_charge"))
    assert sorted(map(tuple, pairs.tolist())) == [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5)]
    given = np.bincount(pairs[:, 0], handed, 6) - np.bincount(pairs[:, 1], handed, 6)
    np.testing.assert_allclose(given, charge, atol=1e-10)
    by_hand = -charge[2]  # a tree: the bond to a terminal atom carries exactly that atom's electrons
    np.testing.assert_allclose(handed[1], by_hand, atol=1e-10)

    assert flow.creator.inputs.structure.uuid == molecule.uuid
    assert outputs["bader"]["output_parameters"]["engine"] == "chargeflow-bader"


def test_the_commands_tell_what_the_run_says(builder, tmp_path):
    outputs, node = run_get_node(builder())
    shown = CliRunner().invoke(main, ["show", str(node.pk), "--json"])
    row = json.loads(shown.output)[0]
    assert row["formula"] == "InAsCl4"
    assert row["gap_ev"] == outputs["summary"]["gap_ev"]
    table = CliRunner().invoke(main, ["show", str(node.pk)])
    assert f"{outputs['summary']['gap_ev']:.3f}" in table.output

    picture = tmp_path / "flow.svg"
    arguments = ["figure", "flow-map", str(node.pk), "--normal", "0,0,1", "--slab", "8", "-o", str(picture)]
    drawn = CliRunner().invoke(main, arguments)
    assert drawn.exit_code == 0, drawn.output
    assert node.uuid in picture.read_text()

    refused = CliRunner().invoke(main, ["show", str(outputs["structure"].pk)])
    assert refused.exit_code == 1
    assert "no model run" in refused.output


def test_orbitals_come_back_cropped_and_normalised(builder, tmp_path):
    given = builder(orbital_cubes={"n_occupied": 1, "n_virtual": 2, "stride": 2})
    outputs, node = run_get_node(ScfWorkChain, **_scf_inputs(given))
    assert node.is_finished_ok, node.exit_message
    stored = outputs["orbital_cubes"].base.repository
    assert stored.list_object_names() == [f"aiida-WFN_{n:05d}_1-1_0.cube.gz" for n in (23, 24, 25)]
    for name in stored.list_object_names():
        path = tmp_path / name
        path.write_bytes(stored.get_object_content(name, mode="rb"))
        assert read_cube(path).norm == pytest.approx(1, abs=0.05)
    assert not [name for name in outputs["retrieved"].list_object_names() if "WFN" in name]


def test_of_smeared_orbitals_the_edges_are_kept(builder):
    """CP2K counts from the highest orbital with any electrons, which 9000 K put far above the gap."""
    stage = {**OVERRIDES["scf"]["stages"][0], "electronic_temperature_k": 9000, "n_virtual": 6}
    cubes = {"n_occupied": 4, "n_virtual": 3, "stride": 3, "keep": "edges"}
    outputs, node = run_get_node(ScfWorkChain, **_scf_inputs(builder(orbital_cubes=cubes, stages=[stage])))
    assert node.is_finished_ok, node.exit_message
    pdos = to_pdos(outputs["orbitals"])
    assert pdos.eigenvalues_ev.size == 23 + 6
    assert pdos.atom_weights.shape == (6, 29)
    named = name_cubes(outputs["orbital_cubes"].base.repository.list_object_names(), find_traps(pdos))
    assert orbital_number(named["homo"]) == 23
    assert orbital_number(named["lumo"]) == 24
    assert not {"homo-3", "lumo+2"} & set(named)
    remote = [name for name in outputs["remote_folder"].listdir() if "WFN" in name]
    assert remote
    assert all(name.endswith(".gz") for name in remote)


def test_an_unconverged_stage_hands_over_to_the_next(builder):
    stage = OVERRIDES["scf"]["stages"][0]
    given = builder(stages=[{**stage, "name": "short", "max_scf": 3}, stage])
    _, node = run_get_node(ScfWorkChain, **_scf_inputs(given))
    assert node.is_finished_ok, node.exit_message
    first, second = (n for n in node.called if isinstance(n, orm.CalcJobNode))
    assert (first.exit_status, second.exit_status) == (450, 0)
    assert second.inputs.parent_calc_folder.uuid == first.outputs.remote_folder.uuid


def test_no_converged_stage_is_no_result(builder):
    stage = {**OVERRIDES["scf"]["stages"][0], "max_scf": 2}
    _, node = run_get_node(builder(stages=[stage]))
    assert node.exit_status == ModelWorkChain.exit_codes.ERROR_SCF_FAILED.status
    assert "No final stage" in node.exit_message
    assert "charge_flow" not in node.outputs


def test_a_basis_that_cp2k_does_not_find_is_named(builder):
    given = builder()
    given.scf.cp2k.file["basis"] = orm.SinglefileData(io.BytesIO(b"# empty\n"), filename="BASIS_MOLOPT_UZH")
    _, node = run_get_node(ScfWorkChain, **_scf_inputs(given))
    assert node.exit_status == ScfWorkChain.exit_codes.ERROR_CP2K_REFUSED_INPUT.status
    assert "MOLOPT" in node.exit_message


def test_a_program_that_is_not_cp2k_is_run_once(builder, aiida_localhost):
    given = builder()
    given.scf.cp2k.code = orm.InstalledCode(
        label="not-cp2k", computer=aiida_localhost, filepath_executable="/bin/true"
    ).store()
    _, node = run_get_node(ScfWorkChain, **_scf_inputs(given))
    assert node.exit_status == ScfWorkChain.exit_codes.ERROR_CP2K_DID_NOT_START.status
    assert len([n for n in node.called if isinstance(n, orm.CalcJobNode)]) == 1


def test_a_code_whose_program_is_missing_is_refused_before_submission(codes, aiida_localhost):
    assert launcher.load_codes(cp2k=codes["cp2k"].uuid)["cp2k"].uuid == codes["cp2k"].uuid
    orm.InstalledCode(label="gone", computer=aiida_localhost, filepath_executable="/no/such/cp2k").store()
    with pytest.raises(InputError, match="/no/such/cp2k"):
        launcher.load_codes(cp2k="gone")


def test_an_ambiguous_code_is_refused(aiida_localhost):
    for _ in range(2):
        orm.InstalledCode(label="twin", computer=aiida_localhost, filepath_executable="/bin/true").store()
    with pytest.raises(InputError, match="several codes"):
        launcher.load_codes(bader="twin")


def test_a_code_that_an_archive_brought_stands_in_nobodys_way(aiida_localhost):
    theirs = orm.Computer(
        "theirs", "theirs.example.org", transport_type="core.ssh", scheduler_type="core.slurm"
    )
    for computer in (theirs.store(), aiida_localhost):
        orm.InstalledCode(label="shared", computer=computer, filepath_executable="/bin/true").store()
    assert launcher.load_codes(cp2k="shared")["cp2k"].computer.uuid == aiida_localhost.uuid


def _scf_inputs(builder):
    return {**builder._inputs(prune=True)["scf"], "structure": builder.structure}
