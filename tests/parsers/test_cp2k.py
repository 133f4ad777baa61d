"""A CP2K run is a result only if it ended, converged, and was not stopped; recorded outputs of real runs."""

import logging
import zipfile
from pathlib import Path

import pytest
from aiida import orm
from ase import Atoms

from aiida_chargeflow.calculations.cp2k import DotCalculation, validate_keep_cubes
from aiida_chargeflow.calculations.orbitals import to_pdos
from aiida_chargeflow.science.electrons.traps import find_traps

FOLDER = Path(__file__).parents[1] / "fixtures" / "cp2k"


@pytest.fixture
def run(parse):
    def run(output, stderr="", more=None, inputs=None, **options):
        structure = orm.StructureData(
            ase=Atoms("InCl3", positions=[[i, 0, 0] for i in range(4)], tags=[31, 41, 41, 41])
        )
        files = {} if output is None else {"aiida.out": output, "stderr.txt": stderr}
        files |= more or {}
        options = {"output_filename": "aiida.out", "scheduler_stderr": "stderr.txt"} | options
        return parse("chargeflow.cp2k", {"structure": structure, **(inputs or {})}, files, **options)

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
        ("incl3_geo_opt.out", "ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED"),
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


def test_bytes_that_are_no_text_do_not_stop_the_parser(run):
    text = recorded("incl3_diagonalisation.out").encode()
    _, node = run(text[: len(text) // 2] + b"\xff\xfe\x00")
    assert node.exit_status == DotCalculation.exit_codes.ERROR_OUTPUT_INCOMPLETE.status


@pytest.mark.parametrize("text", ["cp2k.psmp: command not found", "\0\0\0"])
def test_a_single_line_is_no_file_name(run, text):
    _, node = run(text)
    assert node.exit_status == DotCalculation.exit_codes.ERROR_OUTPUT_INCOMPLETE.status
    assert "cannot read" not in node.exit_message


def test_an_output_without_its_atoms_does_not_tell_their_valence(run):
    _, node = run(recorded("incl3_print_low.out"))
    assert node.exit_status == DotCalculation.exit_codes.ERROR_OUTPUT_PARSE.status
    assert "PRINT_LEVEL" in node.exit_message


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


@pytest.mark.parametrize("version", ["2023.1", "2025.1", "2025.2"])
def test_an_unconverged_scf_is_the_same_failure_whether_cp2k_warns_or_aborts(run, version):
    with zipfile.ZipFile(FOLDER / "versions" / f"{version}.zip") as archive:
        text = archive.read("unconverged.out").decode()
    results, node = run(text)
    assert node.exit_status == DotCalculation.exit_codes.ERROR_SCF_NOT_CONVERGED.status
    reached = results["output_parameters"].get_dict()
    assert (reached["scf_converged"], reached["n_scf_steps"]) == (False, 3)
    assert reached["energy_hartree"] == pytest.approx(-103.302061736, abs=1e-6)
    assert reached["n_valence"] == {"In": 13, "Cl": 7}


@pytest.mark.parametrize(
    ("message", "exit_code"),
    [
        ("MPI error 15 in mpi_allreduce @ mp_sum_d", "ERROR_OUTPUT_INCOMPLETE"),
        ("Cholesky decompose failed: matrix is not positive definite", "ERROR_OUTPUT_INCOMPLETE"),
        ("no such dominant contribution", "ERROR_OUTPUT_CONTAINS_ABORT"),
    ],
)
def test_an_accident_is_told_from_a_refused_input(run, message, exit_code):
    """An accident is run again, an input that CP2K refuses is not."""
    text = recorded("abort_odd_electrons.out")
    _, node = run(text.replace("Use the LSD option for an odd number of electrons", message))
    assert node.exit_status == DotCalculation.exit_codes[exit_code].status


@pytest.fixture
def shares():
    """Files of a recorded run: name → text, of kinds and of single atoms."""
    texts = {path.name: path.read_text() for path in (FOLDER / "incl3_pdos").iterdir()}
    return tuple(
        {n: t for n, t in texts.items() if (mark in n) is by_atom}
        for mark, by_atom in (("list", False), ("list", True))
    )


def test_shares_of_atoms_are_kept_without_their_files(run, shares, tmp_path):
    by_kind, by_atom = shares
    for name, text in by_atom.items():
        (tmp_path / name).write_text(text)
    output = recorded("incl3_diagonalisation.out")
    results, node = run(output, more=by_kind, temporary=str(tmp_path))
    assert node.is_finished_ok, node.exit_message
    pdos = to_pdos(results["orbitals"])
    assert pdos.atom_weights.shape == (4, pdos.eigenvalues_ev.size)
    assert pdos.atom_weights.sum(axis=0) == pytest.approx(1, abs=1e-12)
    assert pdos.atom_weights[1:].sum(axis=0) == pytest.approx(pdos.kind_weights[0], abs=1e-6), "Cl41"
    assert find_traps(pdos).resolution == "atom"


def test_without_shares_of_atoms_those_of_kinds_remain(run, shares, tmp_path):
    results, node = run(recorded("incl3_diagonalisation.out"), more=shares[0], temporary=str(tmp_path))
    assert node.is_finished_ok, node.exit_message
    assert "atom_weight" not in results["orbitals"].get_arraynames()
    assert find_traps(to_pdos(results["orbitals"])).resolution == "kind"


def test_shares_that_were_asked_for_and_did_not_come_are_missed(run, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("aiida"), "propagate", True)  # aiida-core 2.9.0 keeps its messages
    asked = orm.Dict({"FORCE_EVAL": {"DFT": {"PRINT": {"PDOS": {"NLUMO": 0}}}}})
    results, node = run(recorded("incl3_diagonalisation.out"), inputs={"parameters": asked})
    assert node.is_finished_ok
    assert "orbitals" not in results
    assert "no projected density of states" in caplog.text


def test_only_known_wishes_about_cubes():
    assert validate_keep_cubes(orm.Str("edges")) is None
    assert "not 'homo'" in validate_keep_cubes(orm.Str("homo"))


def test_shares_of_another_run_are_no_result(run, shares):
    other = {name: text for name, text in shares[0].items() if "k1" in name}
    _, node = run(recorded("incl3_diagonalisation.out"), more=other)
    assert node.exit_status == DotCalculation.exit_codes.ERROR_OUTPUT_PARSE.status
