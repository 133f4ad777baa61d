"""A relaxation with the real CP2K: downhill, resumed after its limit of steps, kinds and isolation kept."""

import re

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from ase import Atoms

from aiida_chargeflow.calculations.cp2k import DotCalculation
from aiida_chargeflow.calculations.structures import to_atoms
from aiida_chargeflow.results.cautions import geometry
from aiida_chargeflow.results.gap_rows import gap_rows
from aiida_chargeflow.science.cp2k.hessian import START_HESSIAN
from aiida_chargeflow.science.cp2k.relaxation import RelaxLevel, relax_parameters
from aiida_chargeflow.workchains.data_files import cp2k_data_files
from aiida_chargeflow.workchains.model import ModelWorkChain
from aiida_chargeflow.workchains.relax import RelaxWorkChain

pytestmark = pytest.mark.e2e

SCF = {
    "functional": "pbe",
    "cutoff_ry": 100,
    "rel_cutoff_ry": 30,
    "eps_default": 1e-9,
    "basis": "SZV",
    "padding_ang": 2.5,
    "stages": [
        {
            "name": "direct",
            "final": True,
            "eps_scf": 1e-4,
            "max_scf": 40,
            "n_virtual": 2,
            "mixing": {"alpha": 0.4},
        }
    ],
}


def long_bond():
    """InCl3 with one bond too long."""
    positions = [[0, 0, 0], [2.6, 0, 0], [-1.15, 1.99, 0], [-1.15, -1.99, 0]]
    return Atoms("InCl3", positions=positions, tags=[33, 41, 41, 42])


def relax(codes, levels):
    atoms = long_bond()
    options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}, "withmpi": True}
    return atoms, *run_get_node(
        RelaxWorkChain,
        structure=orm.StructureData(ase=atoms),
        settings=orm.Dict({"levels": levels}),
        cp2k={"code": codes["cp2k"], "file": cp2k_data_files(), "metadata": {"options": options}},
    )


def test_the_long_bond_shortens_and_the_kinds_stay(codes):
    steady = {**SCF, "cutoff_ry": 200, "rel_cutoff_ry": 50}  # on a coarser grid the forces are none
    rough = {"name": "rough", "max_steps": 1, "max_force_ev_ang": 0.8, "scf": steady}
    fine = {"name": "fine", "max_force_ev_ang": 0.6, "scf": {**steady, "cutoff_ry": 210}}
    before, outputs, node = relax(codes, [rough, fine])
    assert node.is_finished_ok, node.exit_message
    jobs = [job for job in node.called if isinstance(job, orm.CalcJobNode)]
    assert (jobs[0].label, jobs[-1].label) == ("rough", "fine")
    assert jobs[0].exit_status == 500, "too few steps: the level goes on"
    assert jobs[1].inputs.structure.uuid == jobs[0].outputs.output_structure.uuid
    for job in jobs:
        output = job.outputs.retrieved.base.repository.get_object_content("aiida.out")
        assert re.search(r"Restart Hessian: +YES", output)
        inputs = job.base.repository.list_object_names()
        assert START_HESSIAN not in inputs, "large, and a function of the inputs"

    after = to_atoms(outputs["output_structure"])
    assert after.get_tags().tolist() == before.get_tags().tolist()
    assert not outputs["output_structure"].pbc[0]
    np.testing.assert_allclose(after.positions.mean(axis=0), before.positions.mean(axis=0), atol=1e-6)
    bonds = after.get_distances(0, [1, 2, 3])
    assert np.ptp(bonds) < 0.5 * np.ptp(before.get_distances(0, [1, 2, 3]))


def test_a_model_is_relaxed_before_its_charges_are_counted(codes):
    """From the long bond to the charge flow: the ground state starts from the relaxation's wavefunction."""
    before = long_bond()
    level = {
        "name": "cheap",
        "max_steps": 4,
        "max_force_ev_ang": 0.05,
        "must_converge": False,
        "scf": {"cutoff_ry": 100},
    }
    overrides = {"scf": SCF, "relax": {"levels": [level]}}
    options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}}
    structure = orm.StructureData(ase=before)
    builder = ModelWorkChain.get_builder_from_protocol(codes, structure, "demo", overrides, options)
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    assert gap_rows([node])[0]["geometry"] == geometry(node) == "partly relaxed"
    after = to_atoms(outputs["structure"])
    assert after.get_tags().tolist() == before.get_tags().tolist()
    assert not any(outputs["structure"].pbc)
    assert np.ptp(after.get_distances(0, [1, 2, 3])) < 0.5 * np.ptp(before.get_distances(0, [1, 2, 3]))

    job = outputs["scf"]["output_parameters"].creator
    relaxation = outputs["structure"].creator
    assert job.inputs.structure.uuid == outputs["structure"].uuid
    assert job.inputs.parent_calc_folder.uuid == relaxation.outputs.remote_folder.uuid
    steps = job.outputs.output_parameters["n_scf_steps"]
    assert steps < relaxation.outputs.output_parameters["n_scf_steps"] + 5
    charge = outputs["charge_flow"].get_array("bader_charge")
    assert charge[0] > 0 > charge[1:].max()
    assert outputs["charge_flow"].get_array("region").tolist() == [3, 4, 4, 4]


def test_what_is_held_stays_where_it_was(codes):
    """Two molecules, one without ligands by its tags: only the other one's chlorines move."""
    held = long_bond()
    held.set_tags([33, 31, 31, 31])
    held.translate([0, 0, 5.5])
    both = long_bond() + held
    level = {"name": "ligands", "moves": "ligands", "max_steps": 1, "scf": SCF}
    parameters = relax_parameters(both, RelaxLevel.from_mapping(level))
    options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}, "withmpi": True}
    outputs, _ = run_get_node(
        DotCalculation,
        structure=orm.StructureData(ase=both),
        parameters=orm.Dict(parameters),
        code=codes["cp2k"],
        file=cp2k_data_files(),
        metadata={"options": options},
    )
    moved = to_atoms(outputs["output_structure"]).get_all_distances() - both.get_all_distances()
    stiff = [0, 4, 5, 6, 7]
    assert np.abs(moved[np.ix_(stiff, stiff)]).max() < 1e-5
    assert moved[0, 1] < -0.02, "the long bond shortens"


def test_a_geometry_whose_scf_fails_is_no_geometry(codes):
    scf = {**SCF, "stages": [{**SCF["stages"][0], "max_scf": 1}]}
    _, outputs, node = relax(codes, [{"name": "hasty", "scf": scf, "max_steps": 1}])
    assert node.exit_status == RelaxWorkChain.exit_codes.ERROR_SCF_NOT_CONVERGED.status
    assert "output_structure" not in outputs
