"""The ``model`` commands: output, files and messages."""

from __future__ import annotations

import json
from pathlib import Path

import ase.io
import pytest
from click.testing import CliRunner

from aiida_chargeflow.cli import main

WORKFLOWS = Path(__file__).parents[2] / "workflows"


def run(*arguments):
    """Run the command line; its output and exit code."""
    return CliRunner().invoke(main, [str(argument) for argument in ("model", *arguments)])


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("demo-pure", {"In": 16, "As": 13, "Cl": 9}),
        ("demo-exchange", {"In": 16, "As": 9, "Cl": 21}),
    ],
)
def test_build_writes_every_column_and_prints_json(tmp_path, name, counts):
    result = run("build", WORKFLOWS / f"{name}.yaml", "-o", tmp_path / "dot.xyz", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.output)
    assert list(summary) == ["counts", "n_atoms", "formal_charge", "regions", "coordination", "edits"]
    assert summary["counts"] == counts
    atoms = ase.io.read(tmp_path / "dot.xyz")
    assert {"tags", "region", "coordination", "facet", "site"} <= set(atoms.arrays)
    assert (atoms.get_tags() == 10 * atoms.arrays["region"] + atoms.arrays["coordination"]).all()
    assert [file.name for file in tmp_path.iterdir()] == ["dot.xyz"]


def test_bad_input_is_one_message(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("core: {material: InAs, planes: [5, 4, 3], colour: red}")
    result = run("build", file, "-o", tmp_path / "dot.xyz")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {file}: core.colour: unknown key")
    assert not (tmp_path / "dot.xyz").exists()


def test_candidates_name_the_core_of_the_study_first():
    listed = json.loads(run("candidates", "--material", "InAs", "--height", 2.1, "--json").output)
    assert listed[0]["polyhedron"] == "P(anion; 9,16,7)"
    assert listed[0]["formula"] == "In156As119Cl111"
    assert (listed[0]["ligand_sites"], listed[0]["ligands_needed_after_exchange"]) == (130, 127)
    assert all(item["fits"] for item in listed)
    everything = run("candidates", "--material", "InAs", "--height", 2.1, "--json", "--all")
    assert len(json.loads(everything.output)) > len(listed)
    table = run("candidates", "--material", "InAs", "--height", 2.1).output
    assert "P(anion; 9,16,7)" in table
    assert "pure, exchange" in table


def test_show_counts_bonds_charges_and_ligand_density():
    data = json.loads(run("show", WORKFLOWS / "demo-exchange.yaml", "--json").output)
    assert data["bonds"] == {"In-As": 28, "In-Cl": 36}, "four bonds for each of 16 In"
    assert data["formal_charge_by_region"] == {"core": 21, "ligand": -21}
    assert data["ligands_per_nm2"] == pytest.approx(21 / data["surface_nm2"])
    text = run("show", WORKFLOWS / "demo-exchange.yaml").output
    assert "In16As9Cl21" in text
    assert "convex hull of the framework" in text


def test_show_warns_of_ligands_that_no_cation_needs(tmp_path):
    """An abrupt interface of 9 excess electrons: v1 put 33 of 51 Cl where they only do harm."""
    file = tmp_path / "abrupt.yaml"
    content = "core: {material: InAs, planes: [5, 8, 5]}\nshells: [{material: CdSe, n_monolayers: 1}]\n"
    file.write_text(content + "start: v1\n")
    assert "warning: 33 of 51 ligands bind only cations that have too much charge" in run("show", file).output
    file.write_text(content)
    assert "ligands bind only" not in run("show", file).output
    assert json.loads(run("show", file, "--json").output)["strained_ligands"] <= 3


@pytest.mark.parametrize(("suffix", "by"), [("png", "region"), ("html", "element"), ("svg", "pattern")])
def test_draw(tmp_path, suffix, by):
    output = tmp_path / f"dot.{suffix}"
    result = run("draw", WORKFLOWS / "demo-exchange.yaml", "-o", output, "--by", by)
    assert result.exit_code == 0, result.output
    assert output.stat().st_size > 5000
    assert len(list(tmp_path.iterdir())) == 1


def test_draw_refuses_what_it_cannot_do(tmp_path):
    none = run("draw", WORKFLOWS / "demo-pure.yaml", "-o", tmp_path / "a.png", "--by", "pattern")
    assert none.exit_code == 1
    assert "no pattern has edited this model" in none.output
    other = run("draw", WORKFLOWS / "demo-pure.yaml", "-o", tmp_path / "a.bmp")
    assert other.exit_code == 1
    assert "unknown format" in other.output
    assert not list(tmp_path.iterdir())


def test_import_of_a_plain_file(tmp_path):
    run("build", WORKFLOWS / "demo-exchange.yaml", "-o", tmp_path / "dot.xyz")
    atoms = ase.io.read(tmp_path / "dot.xyz")
    atoms.write(tmp_path / "plain.xyz", format="xyz")
    result = run("import", tmp_path / "plain.xyz", "-o", tmp_path / "again.xyz", "--json")
    assert json.loads(result.output)["regions"] == {"core": {"In": 16, "As": 9}, "ligand": {"Cl": 21}}
    shown = json.loads(run("show", tmp_path / "again.xyz", "--json").output)
    assert shown["bonds"] == {"In-As": 28, "In-Cl": 36}
    wrong = run("import", tmp_path / "plain.xyz", "-o", tmp_path / "x.xyz", "--planes", "9,a")
    assert wrong.exit_code == 1
    assert "expected A,B,C" in wrong.output


def test_of_a_trajectory_the_last_structure_is_read_and_that_is_said(tmp_path):
    run("build", WORKFLOWS / "demo-pure.yaml", "-o", tmp_path / "dot.xyz")
    atoms = ase.io.read(tmp_path / "dot.xyz")
    frames = []
    for scale, energy in ((1.02, -1.0), (1.0, -2.0)):
        rows = [
            f"{s} {x:.6f} {y:.6f} {z:.6f}"
            for s, (x, y, z) in zip(atoms.symbols, scale * atoms.positions, strict=True)
        ]
        frames += [str(len(atoms)), f" i = 1, E = {energy}", *rows]
    path = tmp_path / "aiida-pos-1.xyz"
    path.write_text("\n".join(frames) + "\n")
    told = json.loads(run("import", path, "-o", tmp_path / "last.xyz", "--json").output)
    assert told["n_frames"] == 2
    assert told["stated_energy"]["energy_ev"] == pytest.approx(-2 * 27.211386, abs=1e-5)
    assert ase.io.read(tmp_path / "last.xyz").positions == pytest.approx(atoms.positions, abs=1e-4)
    assert "holds 2 structures: the last one was read" in run("show", path).output


def test_what_cannot_be_built_names_file_field_and_remedy(tmp_path):
    file = tmp_path / "full.yaml"
    file.write_text(
        "core: {material: InAs, centre: anion, planes: [9, 16, 7]}\n"
        "shells: [{material: CdSe, n_monolayers: 1}]\n"
        "interface: {pattern: alloyed, as_by_se: 400}\n"
    )
    result = run("show", file)
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {file}: interface.core_anion_by_shell: there are only 12 such sites (got 400). "
        "Give at most 12, or leave it to the rule of the pattern.\n"
    )
    launched = CliRunner().invoke(main, ["launch", str(file), "--dry-run"])
    assert launched.output.startswith(f"Error: {file}: interface.core_anion_by_shell")
