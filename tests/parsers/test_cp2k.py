"""A CP2K run is a result only if it ended, converged, and was not stopped; recorded outputs of real runs."""

from pathlib import Path

import pytest
from aiida import orm
from ase import Atoms

from aiida_chargeflow.calculations.cp2k import DotCalculation

FOLDER = Path(__file__).parents[1] / "fixtures" / "cp2k"


@pytest.fixture
def run(parse):
    def run(output, stderr="", **options):
        structure = orm.StructureData(
            ase=Atoms("InCl3", positions=[[i, 0, 0] for i in range(4)], tags=[31, 41, 41, 41])
        )
        files = {} if output is None else {"aiida.out": output, "stderr.txt": stderr}
        options = {"output_filename": "aiida.out", "scheduler_stderr": "stderr.txt"} | options
        return parse("chargeflow.cp2k", {"structure": structure}, files, **options)

    return run


def recorded(name):
    return (FOLDER / name).read_text()


def test_numbers_of_a_converged_run(run):
    results, node = run(recorded("incl3_diagonalisation.out"))
    assert node.is_finished_ok, node.exit_message
    parameters = results["output_parameters"].get_dict()
    assert parameters["n_electrons"] == 13 + 3 * 7
    assert parameters["n_valence"] == {"In": 13, "Cl": 7}
    assert parameters["gap_ev"] > 1


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        ("incl3_unconverged.out", "ERROR_SCF_NOT_CONVERGED"),
        ("incl3_walltime.out", "ERROR_OUT_OF_WALLTIME"),
        ("abort_basis.out", "ERROR_OUTPUT_CONTAINS_ABORT"),
    ],
)
def test_each_failure_has_its_exit_code(run, name, exit_code):
    _, node = run(recorded(name))
    assert node.exit_status == DotCalculation.exit_codes[exit_code].status


def test_the_message_of_cp2k_is_kept(run):
    _, node = run(recorded("abort_basis.out"))
    assert "basis" in node.exit_message.lower()


def test_a_truncated_output_is_no_result(run):
    text = recorded("incl3_diagonalisation.out")
    _, node = run(text[: len(text) // 2])
    assert node.exit_status == DotCalculation.exit_codes.ERROR_OUTPUT_INCOMPLETE.status


def test_a_job_without_output_is_no_result(run):
    _, node = run(None)
    assert node.exit_status == DotCalculation.exit_codes.ERROR_OUTPUT_MISSING.status


def test_memory_and_time_limits_of_the_scheduler_are_told_apart(run):
    text = recorded("incl3_diagonalisation.out")[:2000]
    _, node = run(text + "\nslurmstepd: error: Detected 1 oom-kill event(s)\n")
    assert node.exit_status == DotCalculation.exit_codes.ERROR_SCHEDULER_OUT_OF_MEMORY.status
    _, node = run(text + "\nslurmstepd: error: *** JOB 7 CANCELLED AT … DUE TO TIME LIMIT ***\n")
    assert node.exit_status == DotCalculation.exit_codes.ERROR_SCHEDULER_OUT_OF_WALLTIME.status


def test_the_reason_on_standard_error_counts(run):
    text = recorded("incl3_diagonalisation.out")[:2000]
    _, node = run(text, stderr="slurmstepd: error: Detected 1 oom-kill event(s)\n")
    assert node.exit_status == DotCalculation.exit_codes.ERROR_SCHEDULER_OUT_OF_MEMORY.status


def test_an_unconverged_scf_that_aborts_is_the_same_failure(run):
    """The box of CP2K 2023.1 with the message that 2024.1 and later put into it."""
    text = recorded("abort_odd_electrons.out").replace(
        "Use the LSD option for an odd number of electrons",
        "SCF run NOT converged. To continue the calculation",
    )
    _, node = run(text)
    assert node.exit_status == DotCalculation.exit_codes.ERROR_SCF_NOT_CONVERGED.status
