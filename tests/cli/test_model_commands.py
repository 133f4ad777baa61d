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
    assert list(summary) == ["counts", "n_atoms", "formal_charge", "regions", "coordination"]
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
