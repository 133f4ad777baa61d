"""Every exit code of the package is reached by a test; the table says by which."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from aiida.engine import BaseRestartWorkChain, CalcJob, WorkChain

from aiida_chargeflow.calculations.bader import BaderCalculation
from aiida_chargeflow.calculations.cp2k import Cp2kCalculation, DotCalculation
from aiida_chargeflow.parsers.cp2k import ChargeflowCp2kParser
from aiida_chargeflow.workchains.model import ModelWorkChain
from aiida_chargeflow.workchains.relax import RelaxWorkChain
from aiida_chargeflow.workchains.scf import ScfWorkChain
from aiida_chargeflow.workchains.sweep import SweepWorkChain

TESTS = Path(__file__).parents[1]
HANDLERS, CP2K, BADER = "workchains/test_handlers.py", "parsers/test_cp2k.py", "parsers/test_bader.py"
CHAIN, RECOVERY, RELAX = "e2e/test_chain.py", "e2e/test_recovery.py", "e2e/test_relax.py"

TESTED = {
    DotCalculation: {
        "ERROR_OUTPUT_MISSING": [(CP2K, "test_a_job_without_output_is_no_result")],
        "ERROR_OUTPUT_PARSE": [(CP2K, "test_shares_of_another_run_are_no_result")],
        "ERROR_OUTPUT_INCOMPLETE": [(CP2K, "test_a_truncated_output_is_no_result")],
        "ERROR_OUTPUT_CONTAINS_ABORT": [(CP2K, "test_each_failure_has_its_exit_code")],
        "ERROR_OUT_OF_WALLTIME": [(CP2K, "test_each_failure_has_its_exit_code")],
        "ERROR_SCF_NOT_CONVERGED": [(CP2K, "test_each_failure_has_its_exit_code")],
        "ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED": [
            (CP2K, "test_each_failure_has_its_exit_code"),
            (RELAX, "test_the_long_bond_shortens_and_the_kinds_stay"),
        ],
        "ERROR_SCHEDULER_OUT_OF_MEMORY": [
            (CP2K, "test_memory_and_time_limits_of_the_scheduler_are_told_apart"),
            (RECOVERY, "test_out_of_memory_is_run_with_fewer_processes_until_there_is_one"),
        ],
        "ERROR_SCHEDULER_OUT_OF_WALLTIME": [
            (CP2K, "test_memory_and_time_limits_of_the_scheduler_are_told_apart")
        ],
    },
    BaderCalculation: {
        "ERROR_NO_TABLE": [(BADER, "test_each_failure_has_its_exit_code")],
        "ERROR_UNREADABLE_TABLE": [(BADER, "test_each_failure_has_its_exit_code")],
        "ERROR_FOREIGN_CUBE": [(BADER, "test_each_failure_has_its_exit_code")],
        "ERROR_ELECTRONS_LOST": [(BADER, "test_each_failure_has_its_exit_code")],
        "ERROR_ATOM_WITHOUT_BASIN": [(BADER, "test_an_atom_without_electrons_is_reported")],
    },
    ScfWorkChain: {
        "ERROR_INPUT_IMPOSSIBLE": [(HANDLERS, "test_an_input_that_cannot_be_written_is_an_exit_code")],
        "ERROR_ALL_STAGES_UNCONVERGED": [
            (HANDLERS, "test_stages_are_walked_down_to_the_last"),
            (CHAIN, "test_no_converged_stage_is_no_result"),
        ],
        "ERROR_CP2K_REFUSED_INPUT": [
            (HANDLERS, "test_what_cp2k_refuses_is_not_run_again"),
            (CHAIN, "test_a_basis_that_cp2k_does_not_find_is_named"),
        ],
        "ERROR_CP2K_DID_NOT_START": [
            (HANDLERS, "test_a_stage_may_crash_once"),
            (CHAIN, "test_a_program_that_is_not_cp2k_is_run_once"),
        ],
        "ERROR_RESULTS_UNREADABLE": [(HANDLERS, "test_results_that_cannot_be_read_are_not_made_again")],
        "ERROR_OUT_OF_MEMORY": [
            (HANDLERS, "test_memory_is_spread_until_there_is_one_process"),
            (RECOVERY, "test_out_of_memory_is_run_with_fewer_processes_until_there_is_one"),
        ],
        "ERROR_CP2K_CRASHED": [
            (HANDLERS, "test_a_stage_may_crash_once"),
            (RECOVERY, "test_a_crash_is_run_again_and_two_are_enough"),
        ],
        "ERROR_WALLTIME_TOO_SHORT": [(HANDLERS, "test_a_wall_time_too_short_for_a_wavefunction_is_an_error")],
    },
    RelaxWorkChain: {
        "ERROR_INPUT_IMPOSSIBLE": [(HANDLERS, "test_an_input_that_cannot_be_written_is_an_exit_code")],
        "ERROR_SCF_NOT_CONVERGED": [
            (HANDLERS, "test_a_relaxation_stops_at_an_unconverged_density"),
            (RELAX, "test_a_geometry_whose_scf_fails_is_no_geometry"),
        ],
        "ERROR_CP2K_REFUSED_INPUT": [(HANDLERS, "test_what_cp2k_refuses_is_not_run_again")],
        "ERROR_OUT_OF_MEMORY": [(HANDLERS, "test_memory_is_spread_until_there_is_one_process")],
        "ERROR_NO_PROGRESS": [(HANDLERS, "test_a_relaxation_goes_on_from_its_last_geometry_or_not_at_all")],
    },
    ModelWorkChain: {
        "ERROR_MODEL_IMPOSSIBLE": [(HANDLERS, "test_a_model_that_cannot_be_built_is_an_exit_code")],
        "ERROR_RELAX_FAILED": [(HANDLERS, "test_a_model_says_which_step_failed_and_why")],
        "ERROR_SCF_FAILED": [
            (HANDLERS, "test_a_model_says_which_step_failed_and_why"),
            (CHAIN, "test_no_converged_stage_is_no_result"),
        ],
        "ERROR_BADER_FAILED": [(HANDLERS, "test_a_model_says_which_step_failed_and_why")],
        "ERROR_SUMMARY_FAILED": [(HANDLERS, "test_orbitals_without_electrons_have_no_summary")],
        "ERROR_CHARGE_FLOW_FAILED": [(HANDLERS, "test_charges_that_do_not_sum_to_zero_have_no_flow")],
    },
    SweepWorkChain: {
        "ERROR_POINTS_FAILED": [
            ("workchains/test_sweep.py", "test_failed_points_are_named_and_only_they_run_again")
        ],
    },
}


def own_codes(process):
    """Return the exit codes that a class adds to those of its base, for the CP2K job those that its parser uses."""
    if process is DotCalculation:
        used = re.findall(r"self\.exit_codes\.(ERROR_\w+)", inspect.getsource(ChargeflowCp2kParser))
        return {name: process.exit_codes[name] for name in used}
    bases = {
        BaderCalculation: CalcJob,
        ScfWorkChain: BaseRestartWorkChain,
        RelaxWorkChain: BaseRestartWorkChain,
    }
    base = bases.get(process, WorkChain)
    return {name: code for name, code in process.exit_codes.items() if name not in base.exit_codes}


@pytest.mark.parametrize("process", TESTED, ids=lambda process: process.__name__)
def test_every_exit_code_has_a_test(process):
    assert set(own_codes(process)) == set(TESTED[process])
    for places in TESTED[process].values():
        for file, function in places:
            tree = ast.parse((TESTS / file).read_text())
            assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("process", TESTED, ids=lambda process: process.__name__)
def test_exit_codes_are_unique_and_in_range(process):
    statuses = [code.status for code in process.exit_codes.values()]
    assert len(statuses) == len(set(statuses))
    base = Cp2kCalculation if process is DotCalculation else None
    if base is None:
        assert all(200 <= code.status < 500 for code in own_codes(process).values())
        assert not {401, 402} & {code.status for code in own_codes(process).values()}
