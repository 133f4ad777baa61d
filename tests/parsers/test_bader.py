"""Each way a Bader run can go wrong ends in its own exit code; a good one in charges that sum to zero.

The files in ``fixtures/bader`` were recorded from a real run of In16As13Cl9 (CP2K 2023.1, chargeflow-bader).
"""

from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from ase.io import read

from aiida_chargeflow.calculations.bader import BaderCalculation
from aiida_chargeflow.science.charges.bader_output import engine_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "bader"
SCF = {"n_electrons": 336, "n_valence": {"In": 13, "As": 5, "Cl": 7}}


@pytest.fixture
def files():
    return {name: (FOLDER / name).read_text() for name in ("ACF.dat", "bader.out")}


@pytest.fixture
def run(parse):
    def run(files, scf=SCF, move=None, **more):
        atoms = read(FOLDER / "structure.xyz")
        if move is not None:
            atoms.positions[3] += move
        inputs = {
            "structure": orm.StructureData(ase=atoms),
            "scf_parameters": orm.Dict(scf),
            "parameters": orm.Dict({}),
            **more,
        }
        return parse("chargeflow.bader", inputs, files, output_filename="bader.out")

    return run


def test_charges_are_valence_less_population(run, files):
    results, node = run(files)
    assert node.is_finished_ok, node.exit_message
    charge = results["bader"].get_array("bader_charge")
    assert abs(charge.sum()) < 0.01
    symbols = np.array(list(read(FOLDER / "structure.xyz").symbols))
    assert charge[symbols == "In"].min() > 0 > charge[symbols != "In"].max()
    parameters = results["output_parameters"].get_dict()
    assert (parameters["engine"], parameters["method"]) == ("chargeflow-bader", "weight")


def test_what_no_cube_states_is_in_the_result(run, files, aiida_localhost):
    """The stride comes from the input of the run that printed the cube, the use of cores from the engine."""
    printed = orm.Dict({"FORCE_EVAL": {"DFT": {"PRINT": {"E_DENSITY_CUBE": {"STRIDE": "1 1 1"}}}}}).store()
    job = orm.CalcJobNode(computer=aiida_localhost)
    job.base.links.add_incoming(printed, LinkType.INPUT_CALC, "parameters")
    job.store()
    folder = orm.RemoteData(computer=aiida_localhost, remote_path="/tmp")
    folder.base.links.add_incoming(job, LinkType.CREATE, "remote_folder")
    files["bader.out"] = files["bader.out"].replace("none", "density + atomic cores (auto)")
    results, _ = run(files, parent_folder=folder)
    found = results["output_parameters"].get_dict()
    assert (found["stride"], found["reference"]) == ("1 1 1", "density + atomic cores (auto)")
    assert run(files)[0]["output_parameters"]["stride"] is None


def test_a_table_without_the_programs_words_is_a_result(run, files):
    del files["bader.out"]
    results, node = run(files)
    assert node.is_finished_ok, node.exit_message
    assert results["output_parameters"]["engine"] == "unknown"


def test_a_rigid_shift_of_the_box_is_no_mismatch(run, files):
    """CP2K centres the dot in its cell, the structure is centred at the origin."""
    assert abs(read(FOLDER / "structure.xyz").positions.mean()) < 1.0
    results, node = run(files)
    assert node.is_finished_ok
    population = results["bader"].get_array("bader_population")
    assert np.isclose(population.sum(), SCF["n_electrons"], atol=0.01)


def _without_last_rows(text):
    lines = text.splitlines()
    return "\n".join(lines[:20])


@pytest.mark.parametrize(
    ("change", "scf", "move", "exit_code"),
    [
        (lambda f: f.pop("ACF.dat"), SCF, None, "ERROR_NO_TABLE"),
        (
            lambda f: f.update({"ACF.dat": _without_last_rows(f["ACF.dat"])}),
            SCF,
            None,
            "ERROR_UNREADABLE_TABLE",
        ),
        (lambda f: f, SCF, [0.5, 0, 0], "ERROR_FOREIGN_CUBE"),
        (lambda f: f, {**SCF, "n_electrons": 338}, None, "ERROR_ELECTRONS_LOST"),
    ],
)
def test_each_failure_has_its_exit_code(run, files, change, scf, move, exit_code):
    change(files)
    _, node = run(files, scf, move)
    assert node.exit_status == BaderCalculation.exit_codes[exit_code].status
    assert "{" not in node.exit_message


def test_a_program_that_stops_is_quoted(run):
    """What the Fortran program by its weight method said of In16As13Cl9; it ends with status 0 all the same."""
    said = "  GRID BASED BADER ANALYSIS  (Version 1.05 08/19/23)\nSTOP some volume not assigned\n"
    _, node = run({"bader.out": said})
    assert node.exit_status == BaderCalculation.exit_codes.ERROR_NO_TABLE.status
    assert "It says: STOP some volume not assigned" in node.exit_message
    assert "`method: neargrid`" in node.exit_message


def test_electrons_far_from_every_atom_are_told_from_a_cut_cube(run, files):
    """Half an electron taken from the first atom and given to a maximum of its own."""
    rows = files["ACF.dat"].splitlines()
    fields = rows[2].split()
    rows[2] = " ".join([*fields[:4], f"{float(fields[4]) - 0.5:.6f}", *fields[5:]])
    rows[-1:] = ["NON-NUCLEAR CHARGE: 0.500000", "NON-NUCLEAR VOLUME: 1.000000", rows[-1]]
    _, node = run({**files, "ACF.dat": "\n".join(rows) + "\n"})
    assert node.exit_status == BaderCalculation.exit_codes.ERROR_ELECTRONS_LOST.status
    assert "0.5000 e lie around maxima far from every atom" in node.exit_message
    assert "STRIDE" not in node.exit_message


def test_an_atom_without_electrons_is_reported(run, files):
    rows = files["ACF.dat"].splitlines()
    fields = rows[2].split()
    population = float(fields[4])
    taker = rows[3].split()
    rows[2] = " ".join([*fields[:4], "0.000000", *fields[5:]])
    rows[3] = " ".join([*taker[:4], f"{float(taker[4]) + population:.6f}", *taker[5:]])
    files["ACF.dat"] = "\n".join(rows) + "\n"
    _, node = run(files)
    assert node.exit_status == 313
    assert "[1]" in node.exit_message


def test_the_engine_is_named_in_the_provenance():
    assert engine_of("  GRID BASED BADER ANALYSIS  (Version 1.05 08/19/23)")["engine_version"] == "1.05"
    assert engine_of("something else") == {"engine": "unknown", "engine_version": "unknown"}
