"""A screening from the command line: stored, shown again, the same for the same file, refused where it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from aiida import orm
from ase import Atoms
from commands import run

from aiida_chargeflow.runs import submit as launcher

SPACE = {
    "name": "little",
    "core": {"material": "InAs", "centre": "anion", "planes": [1, 4, 3]},
    "shells": [{"material": "CdSe", "n_monolayers": 1}],
    "surface": "pure",
    "passivation": {"ligand": "Cl", "rule": "balance"},
    "space": {"edits": {"se_by_as": {"counts": [0, 3]}}, "symmetry": "C3"},
    "objectives": {"buried_excess": 1, "interface_flow": 1},
    "search": {"evaluations": 40, "seed": 1},
    "keep": 3,
}


@pytest.fixture
def file(tmp_path: Path, aiida_profile_clean: object, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001
    monkeypatch.setattr(launcher, "load_profile", lambda: None)
    path = tmp_path / "little.yaml"
    path.write_text(yaml.safe_dump(SPACE))
    return path


def test_a_screening_is_stored_shown_again_and_the_same_for_the_same_file(file: Path, tmp_path: Path) -> None:
    first = json.loads(run("screen", "run", str(file), "--json", "-o", str(tmp_path / "out")).stdout)
    assert [one["rank"] for one in first["ranked"]] == [1, 2, 3][: len(first["ranked"])]
    assert orm.load_node(first["pk"]).inputs.settings["name"] == "little"
    again = json.loads(run("screen", "run", str(file), "--json").stdout)
    assert again["ranked"] == first["ranked"]
    shown = run("screen", "show", str(first["pk"])).output
    assert first["ranked"][0]["formula"] in shown
    assert "no DFT" in shown
    assert (tmp_path / "out" / "pareto.png").read_bytes().startswith(b"\x89PNG")
    built = run(
        "model", "build", str(tmp_path / "out" / "rank-1.yaml"), "-o", str(tmp_path / "a.xyz"), "--json"
    )
    assert sum(json.loads(built.stdout)["counts"].values()) == first["ranked"][0]["n_atoms"]


def test_what_cannot_be_screened_is_one_message(file: Path) -> None:
    for change, word in (
        ({"objectives": {"buried_exces": 1}}, "buried_exces"),
        ({"constraints": {"excess": [40, 41]}}, "little.yaml: constraints.excess"),
        ({"constraints": {"ligands_per_nm2": [90, 99]}}, "little.yaml: space: none of"),
        ({"serch": {"seed": 1}}, "Did you mean search?"),
        ({"search": {"seed": -1}}, "before-dft.md"),
    ):
        file.write_text(yaml.safe_dump({**SPACE, **change}))
        refused = run("screen", "run", str(file))
        assert refused.exit_code == 1
        assert word in refused.output
        assert "Traceback" not in refused.output
    assert run("screen", "show", "123456").exit_code == 1
    assert run("screen", "learn", "nobody").exit_code == 1


def test_a_dot_with_atoms_that_have_no_formal_charge_is_named(aiida_profile_clean: object) -> None:  # noqa: ARG001
    from aiida_chargeflow.calculations.learn_transfer import learn_transfer

    atoms = Atoms("InXe", positions=[(0, 0, 0), (2.6, 0, 0)], cell=[9, 9, 9])
    charges = orm.ArrayData()
    charges.set_array("bader_charge", np.array([0.5, -0.5]))
    _, node = learn_transfer.run_get_node(
        labels=orm.Dict({"labels": {"dot_0": "strange"}}),
        structure_dot_0=orm.StructureData(ase=atoms),
        charges_dot_0=charges,
    )
    assert node.exit_status == 210
    assert "strange: this element has no formal charge" in node.exit_message
    assert "'Xe'" in node.exit_message
