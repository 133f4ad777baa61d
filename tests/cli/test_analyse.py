"""``analyse``: from files to results, and from damaged files to one message."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase.io import write
from click.testing import CliRunner
from flow_samples import acf_text, charges, dot

from aiida_chargeflow.cli import main
from aiida_chargeflow.science.elements import element

RECORDED = Path(__file__).parents[1] / "fixtures" / "bader"
ACF = (RECORDED / "ACF.dat").read_text()
XYZ = (RECORDED / "structure.xyz").read_text()


def run(*arguments):
    return CliRunner().invoke(main, ["analyse", *(str(argument) for argument in arguments)])


@pytest.fixture
def shell_files(tmp_path):
    """A core@shell dot with regions, and a Bader table made from known charges."""
    model = dot("shell")
    charge = charges(model)
    population = [element(s).n_valence - q for s, q in zip(model.symbols, charge, strict=True)]
    write(tmp_path / "dot.xyz", model.atoms, format="extxyz", columns=["symbols", "positions", "tags"])
    (tmp_path / "ACF.dat").write_text(acf_text(model.atoms.positions + 9.0, population))
    return tmp_path / "dot.xyz", tmp_path / "ACF.dat", charge


def test_recorded_pair_gives_every_file(tmp_path):
    result = run(RECORDED / "structure.xyz", RECORDED / "ACF.dat", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.output)
    assert summary == json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["n_atoms"], summary["bonds"]["n_bonds"]) == (38, 55)
    assert summary["quality"]["n_loops"] == 55 - 38 + 1
    assert summary["dipole_residual_e_ang"] < 1e-10
    mean = {row["name"]: row["mean_e"] for row in summary["by_coordination"]}
    # the paper: about 0.27 e on each 3-coordinate As of ⟨-1-1-1⟩, 0.02-0.08 e in the core
    assert mean["As 3c"] == pytest.approx(0.27, abs=0.03)
    assert 0.01 < mean["As 4c"] < 0.08
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"charge_flow.npz", "summary.json", "atoms.csv", "bonds.csv", "labelled.xyz", "kinds.inc"}


def test_arrays_satisfy_the_contract(tmp_path, shell_files):
    xyz, acf, charge = shell_files
    assert run(xyz, acf, "-o", tmp_path / "out").exit_code == 0
    with np.load(tmp_path / "out/charge_flow.npz") as stored:
        flow = dict(stored)
    n = len(charge)
    assert flow["flow_vector"].shape == (n, 3)
    assert flow["bonds"].shape == (len(flow["bond_flow"]), 2)
    np.testing.assert_allclose(np.linalg.norm(flow["flow_vector"], axis=1), flow["flow_magnitude"])
    np.testing.assert_allclose(flow["bader_charge"], charge, atol=2e-6)
    total = np.zeros(n)
    np.add.at(total, flow["bonds"][:, 0], flow["bond_flow"])
    np.add.at(total, flow["bonds"][:, 1], -flow["bond_flow"])
    np.testing.assert_allclose(total, flow["bader_charge"], atol=1e-10)


def test_regions_flows_and_tables_agree(tmp_path, shell_files):
    xyz, acf, _ = shell_files
    summary = json.loads(run(xyz, acf, "-o", tmp_path / "out", "--json").output)
    regions = summary["regions"]
    assert regions["from"] == "labels"
    assert regions["names"] == ["core", "interlayer", "shell", "ligand"]
    for region, row in zip(regions["names"], regions["electrons_from_row_to_column"], strict=True):
        assert sum(row) == pytest.approx(regions["details"][region]["charge_e"], abs=1e-10)
    with np.load(tmp_path / "out/charge_flow.npz") as stored:
        flow = dict(stored)
    with (tmp_path / "out/atoms.csv").open() as stream:
        atoms = list(csv.DictReader(stream))
    np.testing.assert_allclose(
        [float(row["flow_magnitude_e"]) for row in atoms], flow["flow_magnitude"], atol=1e-8
    )
    with (tmp_path / "out/bonds.csv").open() as stream:
        bonds = list(csv.DictReader(stream))
    lost = np.zeros(len(atoms))
    for row in bonds:
        lost[int(row["atom_i"]) - 1] += float(row["bond_flow_e"])
        lost[int(row["atom_j"]) - 1] -= float(row["bond_flow_e"])
    np.testing.assert_allclose(lost, flow["bader_charge"], atol=1e-6)


@pytest.mark.parametrize("label", ["coordination", "environment", "magnitude"])
def test_labels_and_kind_blocks_belong_together(tmp_path, label):
    result = run(RECORDED / "structure.xyz", RECORDED / "ACF.dat", "-o", tmp_path, "--label", label)
    assert result.exit_code == 0, result.output
    rows = (tmp_path / "labelled.xyz").read_text().splitlines()
    names = {row.split()[0] for row in rows[2:]}
    kinds = (tmp_path / "kinds.inc").read_text()
    assert {line.split()[1] for line in kinds.splitlines() if line.startswith("&KIND")} == names
    assert kinds.count("ELEMENT") == kinds.count("&END KIND") == len(names) > 3
    assert len(rows) == 40


def test_selected_atoms_and_comparison(tmp_path, shell_files):
    files = (RECORDED / "structure.xyz", RECORDED / "ACF.dat")
    chosen = [part for text in ("As@3", "In:Cl1,As2", "#1-38") for part in ("--select", text)]
    result = run(*files, "-o", tmp_path / "out", *chosen, "--compare", *files, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.output)
    assert [row["n_atoms"] for row in summary["selected"]] == [12, 9, 38]
    assert summary["selected"][2]["resultant_e"] == pytest.approx(summary["resultant_e"])
    assert summary["difference"]["n_matching"] == 38
    assert summary["difference"]["rms_magnitude_change_e"] == 0.0
    assert len((tmp_path / "out/difference.csv").read_text().splitlines()) == 39
    xyz, acf, _ = shell_files
    result = run(*files, "-o", tmp_path / "out", "--compare", xyz, acf, "--json")
    change = json.loads(result.output)["difference"]
    assert change["n_matching"] + change["n_only_first"] == 38
    assert change["rms_magnitude_change_e"] > 0


def test_valence_shifts_the_charges(tmp_path):
    table = ACF.replace("NUMBER OF ELECTRONS:           336.000832", "NUMBER OF ELECTRONS: 496.000832")
    lines = []
    for line, row in zip(table.splitlines(), [*[None] * 2, *XYZ.splitlines()[2:], *[None] * 5], strict=False):
        words = line.split()
        if row is not None and row.startswith("In"):
            words[4] = f"{float(words[4]) + 10:.6f}"
        lines.append(" ".join(words))
    (tmp_path / "ACF.dat").write_text("\n".join(lines) + "\n")
    result = run(RECORDED / "structure.xyz", tmp_path / "ACF.dat", "-o", tmp_path / "a")
    assert result.exit_code == 1
    assert "the populations sum to 496.001 e, the run has 336 valence electrons" in result.output
    options = ["-o", tmp_path / "a", "--valence", "In=23", "--json"]
    result = run(RECORDED / "structure.xyz", tmp_path / "ACF.dat", *options)
    rows = {row["name"]: row for row in json.loads(result.output)["by_coordination"]}
    assert rows["As 4c"]["mean_charge_e"] == pytest.approx(-0.7493, abs=1e-4)


def change(text, line, new):
    lines = text.splitlines()
    lines[line] = new(lines[line]) if callable(new) else new
    return "\n".join(line for line in lines if line is not None) + "\n"


def word(position, new):
    def edit(line):
        words = line.split()
        words[position] = new
        return " ".join(words)

    return edit


BAD_ACF = {
    "empty": ("", "empty"),
    "blank": ("\n \n", "empty"),
    "header only": ("\n".join(ACF.splitlines()[:2]), "no atoms"),
    "cut off": ("\n".join(ACF.splitlines()[:20]), "cut off"),
    "no total": ("\n".join(ACF.splitlines()[:-1]), "NUMBER OF ELECTRONS"),
    "missing row": (change(ACF, 5, None), "row 4 was expected"),
    "last row missing": (change(ACF, 39, None), "add up"),
    "row twice": (change(ACF, 5, ACF.splitlines()[4]), "row 4 was expected"),
    "swapped rows": (change(change(ACF, 5, ACF.splitlines()[6]), 6, ACF.splitlines()[5]), "was expected"),
    "missing column": (change(ACF, 5, lambda line: " ".join(line.split()[:-1])), "7 columns"),
    "extra column": (change(ACF, 5, lambda line: line + " 1.0"), "7 columns"),
    "word": (change(ACF, 5, word(4, "many")), "finite number"),
    "nan": (change(ACF, 5, word(4, "nan")), "finite number"),
    "infinite": (change(ACF, 5, word(1, "inf")), "finite number"),
    "asterisks": (change(ACF, 5, word(4, "********")), "finite number"),
    "negative": (change(ACF, 5, word(4, "-1.0")), "negative"),
    "edited population": (change(ACF, 5, word(4, "3.0")), "add up"),
    "total twice": (ACF + ACF.splitlines()[-1], "twice"),
    "rows after total": (ACF + ACF.splitlines()[3], "after the totals"),
    "other file": ("&FORCE_EVAL\n  METHOD QS\n", "expected|columns|belongs to no"),
    "unknown footer": (ACF + "SPIN: 3\n", "belongs to no ACF.dat"),
    "fewer atoms": (
        "\n".join([*ACF.splitlines()[:3], "NUMBER OF ELECTRONS: 12.002388"]),
        "38 atoms, the ACF.dat has 1",
    ),
    "moved atom": (change(ACF, 5, word(1, "0.0")), r"1 of 38 atoms lie elsewhere.*atom 4 \(In\)"),
    "binary": (b"\x00\xff\xfe" * 50, "not a text file"),
    "gzip": (b"\x1f\x8b\x08" + b"\x99" * 50, "not a text file"),
}

BAD_XYZ = {
    "empty": ("", "empty"),
    "blank": ("\n\n", "empty"),
    "no number": (change(XYZ, 0, "atoms"), "line 1: the number of atoms was expected"),
    "too few rows": ("\n".join(XYZ.splitlines()[:30]), "promises 38 atoms, 28 lines follow"),
    "count too small": (change(XYZ, 0, "37"), "1 more lines after the 37 atoms"),
    "count too large": (change(XYZ, 0, "39"), "promises 39 atoms, 38 lines"),
    "zero atoms": ("0\n\n", "the number of atoms was expected"),
    "negative count": (change(XYZ, 0, "-3"), "the number of atoms was expected"),
    "fraction": (change(XYZ, 0, "38.5"), "the number of atoms was expected"),
    "nan": (change(XYZ, 4, word(1, "nan")), "line 5: three finite coordinates"),
    "infinite": (change(XYZ, 4, word(2, "inf")), "three finite coordinates"),
    "word as position": (change(XYZ, 4, word(1, "left")), "three finite coordinates"),
    "missing column": (
        change(XYZ, 4, lambda line: " ".join(line.split()[:2])),
        "symbol and three coordinates",
    ),
    "unknown symbol": (change(XYZ, 4, word(0, "Qq")), "no such element"),
    "placeholder": (change(XYZ, 4, word(0, "X")), "no such element"),
    "element without valence": (change(XYZ, 4, word(0, "U")), "U"),
    "two frames": (XYZ + XYZ, "40 more lines after the 38 atoms"),
    "broken header": (change(XYZ, 1, "Properties=species:S:1:pos:R:9"), "Properties need"),
    "moved atom": (change(XYZ, 4, word(1, "0.5")), "lie elsewhere"),
    "swapped atoms": (
        change(change(XYZ, 4, XYZ.splitlines()[5]), 5, XYZ.splitlines()[4]),
        "lie elsewhere",
    ),
    "coincident": (change(XYZ, 4, XYZ.splitlines()[5]), "apart|lie elsewhere"),
    "bohr": (
        "\n".join(
            [
                "38",
                "",
                *(
                    " ".join([r.split()[0], *(f"{float(x) / 0.529177:.6f}" for x in r.split()[1:4])])
                    for r in XYZ.splitlines()[2:]
                ),
            ]
        ),
        "no two atoms of the structure are bonded",
    ),
    "binary": (b"\x00\xff\xfe" * 50, "not a text file"),
}


def assert_one_message(result, problem, folder):
    import re

    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output
    assert re.search(problem, result.output.replace("\n", " ")), result.output
    assert not list(folder.glob("out*"))


def put(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", BAD_ACF)
def test_damaged_bader_tables_are_refused_with_one_message(tmp_path, case):
    content, problem = BAD_ACF[case]
    path = put(tmp_path / "ACF.dat", content)
    assert_one_message(run(RECORDED / "structure.xyz", path, "-o", tmp_path / "out"), problem, tmp_path)


@pytest.mark.parametrize("case", BAD_XYZ)
def test_damaged_structures_are_refused_with_one_message(tmp_path, case):
    content, problem = BAD_XYZ[case]
    path = put(tmp_path / "dot.xyz", content)
    assert_one_message(run(path, RECORDED / "ACF.dat", "-o", tmp_path / "out"), problem, tmp_path)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--valence", "Xx=5"], "no such element"),
        (["--valence", "As=-5"], "positive"),
        (["--valence", "As=15"], "valence electrons"),
        (["--scale", "0"], "scale"),
        (["--scale", "nan"], "scale"),
        (["--scale", "0.1"], "no two atoms"),
        (["--regularisation", "-1"], "regularisation"),
        (["--tolerance", "nan"], "tolerance"),
        (["--pair", "In-Te=3"], "In-Te"),
        (["--radius", "In=-3"], "radius"),
        (["--label", "magnitude", "--bins", "0.2,0.1"], "bins"),
        (["--select", "Te"], "no atom has it"),
        (["--select", "As@7"], "no atom has it"),
        (["--select", "#30-90"], "numbered 1 to 38"),
        (["--select", "#0"], "numbered 1 to 38"),
        (["--select", "#9-3"], "empty"),
        (["--select", "as3"], "not a selection"),
        (["--map", "0,0,0"], "plane"),
        (["--map", "1,0,-1", "--species", "Te"], "no such species"),
        (["--map", "1,0,-1", "--origin", "0,0,90"], "slab holds 0|no atoms|slab"),
    ],
)
def test_impossible_options_are_refused_with_one_message(tmp_path, options, problem):
    result = run(RECORDED / "structure.xyz", RECORDED / "ACF.dat", "-o", tmp_path / "out", *options)
    assert_one_message(result, problem, tmp_path)


@pytest.mark.parametrize(
    "options",
    [["--valence", "As"], ["--valence", "As=x"], ["--pair", "InAs=3"], ["--map", "1,1"], ["--bins", "a"]],
)
def test_options_that_cannot_be_read_are_refused_with_an_example(tmp_path, options):
    options = [*options, *(["--label", "magnitude"] if "--bins" in options else [])]
    result = run(RECORDED / "structure.xyz", RECORDED / "ACF.dat", "-o", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert "write" in result.output
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_a_mistyped_option_is_an_error(tmp_path):
    result = run(RECORDED / "structure.xyz", RECORDED / "ACF.dat", "-o", tmp_path, "--valance", "As=5")
    assert result.exit_code == 2
    assert "--valance" in result.output


def test_needs_no_aiida_and_answers_soon(tmp_path):
    """A dot of some hundred atoms: without AiiDA, and in a few seconds even on a busy machine."""
    code = (
        "import sys\nfrom aiida_chargeflow.cli import main\n"
        f"files = [{str(RECORDED / 'structure.xyz')!r}, {str(RECORDED / 'ACF.dat')!r}]\n"
        f"main(['analyse', *files, '-o', {str(tmp_path)!r}], standalone_mode=False)\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in ('aiida', 'matplotlib', 'numba')]\n"
        "assert not heavy, heavy\n"
    )
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], capture_output=True
    )
    assert time.perf_counter() - start < 20
