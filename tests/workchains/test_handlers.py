"""What each work chain does with a job that failed: the handlers run on finished jobs, nothing is computed."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from aiida import orm
from aiida.common import AttributeDict
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from aiida.engine.utils import instantiate_process
from aiida.manage import get_manager
from aiida.schedulers.plugins.slurm import SlurmScheduler
from ase import Atoms

from aiida_chargeflow.calculations.cp2k import DotCalculation
from aiida_chargeflow.calculations.structures import to_atoms
from aiida_chargeflow.science.cp2k.input import WAVEFUNCTION
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.workchains.model import ModelWorkChain
from aiida_chargeflow.workchains.protocols import load_protocol
from aiida_chargeflow.workchains.relax import RelaxWorkChain
from aiida_chargeflow.workchains.scf import ScfWorkChain, half_the_processes

CODES = DotCalculation.exit_codes


@pytest.fixture
def structure():
    atoms = Atoms(
        "InCl3", positions=[[0, 0, 0], [2.3, 0, 0], [-1.2, 2, 0], [-1.2, -2, 0]], tags=[33, 41, 41, 41]
    )
    return orm.StructureData(ase=atoms)


@pytest.fixture
def codes(aiida_code_installed):
    return {
        "cp2k": aiida_code_installed("cp2k", "/bin/true"),
        "bader": aiida_code_installed("chargeflow.bader", "/bin/true"),
    }


@pytest.fixture
def start(codes, structure):
    """Return a function that makes a work chain ready for its first job."""

    def make(process_class, settings, ranks=1, dot=None):
        options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": ranks}}
        process = instantiate_process(
            get_manager().get_runner(),
            process_class,
            structure=dot or structure,
            settings=orm.Dict(settings),
            cp2k={"code": codes["cp2k"], "metadata": {"options": options}},
        )
        process.setup()
        process.ctx.children = []
        return process

    return make


@pytest.fixture
def scf(start):
    return lambda **options: start(ScfWorkChain, load_protocol("balanced")["scf"], **options)


@pytest.fixture
def relax(start):
    level = {"name": "only", "scf": load_protocol("balanced")["scf"]}
    return lambda **options: start(RelaxWorkChain, {"levels": [level]}, **options)


@pytest.fixture
def job(aiida_localhost, tmp_path):
    """Return a function that makes a finished job of CP2K."""

    def make(exit_code, *, wavefunction=False, output="CP2K| version", geometry=None, **results):
        node = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:chargeflow.cp2k")
        node.set_option("output_filename", "aiida.out")
        node.set_process_state(ProcessState.FINISHED)
        node.set_exit_status(exit_code.status if exit_code else 0)
        node.set_exit_message(exit_code.message if exit_code else None)
        node.store()
        folder = tmp_path / str(node.pk)
        folder.mkdir()
        if wavefunction:
            (folder / WAVEFUNCTION).touch()
        retrieved = orm.FolderData()
        if output is not None:
            retrieved.base.repository.put_object_from_filelike(io.BytesIO(output.encode()), "aiida.out")
        outputs = {
            "remote_folder": orm.RemoteData(computer=aiida_localhost, remote_path=str(folder)),
            "retrieved": retrieved,
        }
        if geometry is not None:
            outputs["output_structure"] = geometry
        if results:
            outputs["output_parameters"] = orm.Dict(results)
        for label, data in outputs.items():
            data.base.links.add_incoming(node, LinkType.CREATE, label)
            data.store()
        return node

    return make


def inspect(process, node):
    """Return the exit code of the work chain after a job, None if it goes on."""
    process.ctx.children.append(node)
    process.ctx.iteration = len(process.ctx.children)
    code = process.inspect_process()
    return code if code is not None and code.status else None


def test_a_wall_time_too_short_for_a_wavefunction_is_an_error(scf, job):
    code = inspect(scf(), job(CODES.ERROR_OUT_OF_WALLTIME))
    assert code.status == ScfWorkChain.exit_codes.ERROR_WALLTIME_TOO_SHORT.status
    process = scf()
    stopped = job(CODES.ERROR_SCHEDULER_OUT_OF_WALLTIME, wavefunction=True)
    assert inspect(process, stopped) is None
    assert process.ctx.wavefunction.uuid == stopped.outputs.remote_folder.uuid


@pytest.mark.parametrize("chain", ["scf", "relax"])
def test_a_wall_time_too_short_is_not_answered_from_the_cache(request, job, chain):
    """The hash of a job leaves its wall time out: the same launch with more time has the same hash."""
    stopped = job(CODES.ERROR_OUT_OF_WALLTIME)
    stopped.seal()
    assert stopped.base.caching.is_valid_cache
    assert inspect(request.getfixturevalue(chain)(), stopped) is not None
    assert not stopped.base.caching.is_valid_cache


def test_a_job_from_the_cache_whose_wavefunction_was_purged_is_run_again(scf, job):
    process, stopped = scf(), job(CODES.ERROR_OUT_OF_WALLTIME)
    stopped.base.extras.set(stopped.base.caching.CACHED_FROM_KEY, stopped.uuid)
    assert inspect(process, stopped) is None
    assert (process.ctx.stage, process.ctx.wavefunction) == (0, None)


@pytest.mark.parametrize("wavefunction", [True, False])
def test_a_node_that_died_costs_the_steps_since_the_last_wavefunction(scf, job, wavefunction):
    """The scheduler's part is aiida-core's: Slurm's accounting says NODE_FAIL, the job ends with that status."""
    record = "AllocCPUS|State\n4|NODE_FAIL\n"
    found = SlurmScheduler().parse_output(
        detailed_job_info={"retval": 0, "stdout": record, "stderr": ""}, stdout="", stderr=""
    )
    code = found or CODES.ERROR_SCHEDULER_NODE_FAILURE
    assert code.status == CODES.ERROR_SCHEDULER_NODE_FAILURE.status
    process = scf()
    lost = job(code, wavefunction=wavefunction)
    assert inspect(process, lost) is None
    assert process.ctx.stage == 0
    assert (process.ctx.wavefunction is not None) is wavefunction


def test_a_stage_may_crash_once(scf, job):
    process = scf()
    assert inspect(process, job(CODES.ERROR_OUTPUT_INCOMPLETE)) is None
    code = inspect(process, job(CODES.ERROR_OUTPUT_INCOMPLETE))
    assert "crashed 2 times" in code.message
    assert code.status == ScfWorkChain.exit_codes.ERROR_CP2K_CRASHED.status
    silent = inspect(scf(), job(CODES.ERROR_OUTPUT_INCOMPLETE, output="cp2k.psmp: command not found"))
    assert silent.status == ScfWorkChain.exit_codes.ERROR_CP2K_DID_NOT_START.status
    absent = inspect(scf(), job(CODES.ERROR_OUTPUT_MISSING, output=None))
    assert absent.status == ScfWorkChain.exit_codes.ERROR_CP2K_DID_NOT_START.status


def test_stages_are_walked_down_to_the_last(scf, job):
    process = scf()
    stages = process.ctx.settings.stages
    for number in range(1, len(stages)):
        assert inspect(process, job(CODES.ERROR_SCF_NOT_CONVERGED)) is None
        assert process.ctx.stage == number
    code = inspect(process, job(CODES.ERROR_SCF_NOT_CONVERGED))
    assert code.status == ScfWorkChain.exit_codes.ERROR_ALL_STAGES_UNCONVERGED.status


def test_a_collapsed_gap_is_believed_only_from_the_last_stage(scf, job):
    process = scf()
    assert inspect(process, job(None, gap_ev=0.02)) is None
    assert process.ctx.stage == 1
    process.ctx.stage = len(process.ctx.settings.stages) - 1
    assert inspect(process, job(None, gap_ev=0.02)) is None
    assert process.ctx.is_finished
    open_gap = scf()
    inspect(open_gap, job(None, gap_ev=0.8))
    assert (open_gap.ctx.is_finished, open_gap.ctx.stage) == (True, 0)


@pytest.mark.parametrize("chain", ["scf", "relax"])
def test_memory_is_spread_until_there_is_one_process(request, job, chain):
    process = request.getfixturevalue(chain)(ranks=4)
    for ranks in (2, 1):
        assert inspect(process, job(CODES.ERROR_SCHEDULER_OUT_OF_MEMORY)) is None
        resources = process.ctx.inputs.metadata.options.resources
        assert resources == {"num_machines": 1, "num_mpiprocs_per_machine": ranks}
    code = inspect(process, job(CODES.ERROR_SCHEDULER_OUT_OF_MEMORY))
    assert code.status == process.exit_codes.ERROR_OUT_OF_MEMORY.status


@pytest.mark.parametrize(
    ("resources", "halved"),
    [
        ({"num_machines": 2, "num_mpiprocs_per_machine": 5}, (2, 2)),
        ({"num_machines": 2, "tot_num_mpiprocs": 8}, (2, 2)),
        ({"tot_num_mpiprocs": 8, "num_mpiprocs_per_machine": 4}, (2, 2)),
        ({"num_machines": 3}, (3, 1)),
        ({"num_machines": 2, "tot_num_mpiprocs": 2}, None),
    ],
)
def test_resources_may_be_given_in_any_form(codes, resources, halved, monkeypatch):
    monkeypatch.setattr(orm.Computer, "get_default_mpiprocs_per_machine", lambda _: 2)
    inputs = AttributeDict({"code": codes["cp2k"], "metadata": {"options": {"resources": resources}}})
    found = half_the_processes(inputs)
    expected = halved and {"num_machines": halved[0], "num_mpiprocs_per_machine": halved[1]}
    assert found == expected


def test_out_of_memory_at_the_end_keeps_the_wavefunction(scf, job):
    process, ended = scf(ranks=2), job(CODES.ERROR_SCHEDULER_OUT_OF_MEMORY, wavefunction=True)
    assert inspect(process, ended) is None
    assert process.ctx.wavefunction.uuid == ended.outputs.remote_folder.uuid
    assert process.ctx.is_resumed


def test_results_that_cannot_be_read_are_not_made_again(scf, job):
    code = inspect(scf(), job(CODES.ERROR_OUTPUT_PARSE))
    assert code.status == ScfWorkChain.exit_codes.ERROR_RESULTS_UNREADABLE.status
    assert CODES.ERROR_OUTPUT_PARSE.message.rstrip(".") in code.message


@pytest.mark.parametrize("chain", ["scf", "relax"])
def test_what_cp2k_refuses_is_not_run_again(request, job, chain):
    process = request.getfixturevalue(chain)()
    code = inspect(process, job(CODES.ERROR_OUTPUT_CONTAINS_ABORT))
    assert code.status == process.exit_codes.ERROR_CP2K_REFUSED_INPUT.status


@pytest.mark.parametrize(
    "failure",
    [
        "OUT_OF_WALLTIME",
        "OUTPUT_INCOMPLETE",
        "OUTPUT_MISSING",
        "SCHEDULER_OUT_OF_WALLTIME",
    ],
)
def test_a_relaxation_goes_on_from_its_last_geometry_or_not_at_all(relax, job, structure, failure):
    code = inspect(relax(), job(CODES[f"ERROR_{failure}"]))
    assert code.status == RelaxWorkChain.exit_codes.ERROR_NO_PROGRESS.status
    process, moved = relax(), structure.clone()
    assert inspect(process, job(CODES[f"ERROR_{failure}"], wavefunction=True, geometry=moved)) is None
    assert process.ctx.inputs.structure.uuid == moved.uuid
    assert process.ctx.wavefunction is not None


def test_a_level_that_need_not_converge_ends_after_its_steps(start, job, structure):
    scf = load_protocol("balanced")["scf"]
    some = {"name": "some", "max_steps": 2, "must_converge": False, "scf": scf}
    stopped = CODES.ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED
    two = start(RelaxWorkChain, {"levels": [some, {"name": "wanted", "scf": scf}]})
    assert inspect(two, job(stopped, geometry=structure.clone())) is None
    assert two.ctx.level == 1
    assert two.should_run_process()
    one = start(RelaxWorkChain, {"levels": [some]})
    assert inspect(one, job(CODES.ERROR_SCHEDULER_OUT_OF_WALLTIME, geometry=structure.clone())) is None
    assert one.should_run_process(), "what was killed goes on"
    assert inspect(one, job(stopped, geometry=structure.clone())) is None
    assert not one.should_run_process()


def test_a_node_that_died_is_no_fault_of_the_relaxation(relax, job, structure):
    process, moved = relax(), structure.clone()
    before = process.ctx.inputs.structure.uuid
    assert inspect(process, job(CODES.ERROR_SCHEDULER_NODE_FAILURE)) is None
    assert process.ctx.inputs.structure.uuid == before
    assert inspect(process, job(CODES.ERROR_SCHEDULER_NODE_FAILURE, geometry=moved)) is None
    assert process.ctx.inputs.structure.uuid == moved.uuid


def test_a_relaxation_stops_at_an_unconverged_density(relax, job):
    code = inspect(relax(), job(CODES.ERROR_SCF_NOT_CONVERGED))
    assert code.status == RelaxWorkChain.exit_codes.ERROR_SCF_NOT_CONVERGED.status
    assert "only" in code.message


@pytest.mark.parametrize("chain", ["scf", "relax"])
def test_an_input_that_cannot_be_written_is_an_exit_code(request, structure, chain):
    """InCl2 has an odd number of electrons."""
    odd = orm.StructureData(ase=to_atoms(structure)[:3])
    process = request.getfixturevalue(chain)(dot=odd)
    code = process.prepare_stage() if chain == "scf" else process.prepare_level()
    assert code.status == process.exit_codes.ERROR_INPUT_IMPOSSIBLE.status
    assert "odd number" in code.message


@pytest.fixture
def model(codes, structure):
    builder = ModelWorkChain.get_builder_from_protocol(codes, structure, "demo")
    return instantiate_process(get_manager().get_runner(), builder)


@pytest.mark.parametrize(
    ("step", "name"),
    [("relax", "ERROR_RELAX_FAILED"), ("scf", "ERROR_SCF_FAILED"), ("bader", "ERROR_BADER_FAILED")],
)
def test_a_model_says_which_step_failed_and_why(model, job, step, name):
    failed = job(CODES.ERROR_OUTPUT_INCOMPLETE)
    model.ctx.scf = job(None)
    setattr(model.ctx, step, failed)
    code = getattr(model, f"inspect_{step}")()
    assert code.status == ModelWorkChain.exit_codes[name].status
    assert failed.exit_message in code.message


def test_a_step_that_excepted_is_named(model):
    lost = orm.CalcJobNode(process_type="aiida.workflows:chargeflow.scf")
    lost.set_process_label("ScfWorkChain")
    lost.set_process_state(ProcessState.EXCEPTED)
    model.ctx.scf = lost.store()
    assert f"ScfWorkChain<{lost.pk}> was excepted" in model.inspect_scf().message


def test_charges_that_do_not_sum_to_zero_have_no_flow(model, structure):
    charges = orm.ArrayData({"bader_charge": np.ones(4)}).store()
    model.ctx.structure = structure.store()
    model.ctx.bader = SimpleNamespace(outputs=SimpleNamespace(bader=charges))
    code = model.solve_charge_flow()
    assert code.status == ModelWorkChain.exit_codes.ERROR_CHARGE_FLOW_FAILED.status
    assert "4" in code.message


def test_orbitals_without_electrons_have_no_summary(model, structure):
    empty = orm.ArrayData({"index": np.arange(20, 22), "eigenvalue_ev": np.array([1.0, 2.0])})
    empty.set_array("occupation", np.zeros(2))
    empty.set_array("kind_weight", np.full((2, 2), 0.5))
    kinds = {"kind_names": ["Cl41", "In33"], "kind_counts": [3, 1], "fermi_level_ev": 0.0}
    empty.base.attributes.set_many(kinds)
    outputs = {"output_parameters": orm.Dict({}).store(), "orbitals": empty.store()}
    model.ctx.structure, model.ctx.charge_flow = structure.store(), None
    model.ctx.scf = SimpleNamespace(outputs=AttributeDict(outputs))
    code = model.results()
    assert code.status == ModelWorkChain.exit_codes.ERROR_SUMMARY_FAILED.status
    assert "no occupied orbital" in code.message


def test_a_model_that_cannot_be_built_is_an_exit_code(codes):
    small = ModelSpec.from_mapping({"core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}})
    builder = ModelWorkChain.get_builder_from_protocol(codes, small, "demo")
    builder.spec = orm.Dict({**small.to_mapping(), "core": {"material": "unobtainium"}})
    code = instantiate_process(get_manager().get_runner(), builder).build()
    assert code.status == ModelWorkChain.exit_codes.ERROR_MODEL_IMPOSSIBLE.status
    assert "material" in code.message


@pytest.mark.parametrize(("basis", "is_kept"), [("DZVP", True), ("SZV", False)])
def test_a_ground_state_starts_from_the_relaxation_if_it_has_the_same_basis(
    codes, structure, job, basis, is_kept
):
    level = {"name": "ligands", "scf": {"basis": basis}}
    builder = ModelWorkChain.get_builder_from_protocol(
        codes, structure, "balanced", {"relax": {"levels": [level]}}
    )
    model = instantiate_process(get_manager().get_runner(), builder)
    model.ctx.relax = job(None, wavefunction=True)
    folder = model._relaxed_wavefunction()
    assert (folder is not None) is is_kept
