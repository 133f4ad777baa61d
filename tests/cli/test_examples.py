"""``examples``: the files of workflows/, wherever the package is installed."""

from __future__ import annotations

import json
from pathlib import Path

from commands import ok, refused

from aiida_chargeflow.science.models.campaign import Campaign

WORKFLOWS = Path(__file__).parents[2] / "workflows"


def test_every_file_of_the_workflows_is_an_example(tmp_path: Path) -> None:
    listed = {row["name"]: row["is_campaign"] for row in json.loads(ok("examples", "--json"))}
    assert set(listed) == {file.stem for file in WORKFLOWS.glob("*.yaml")}
    assert listed["inas-cdse-paper"]
    assert not listed["demo-pure"]
    ok("examples", "-o", tmp_path)
    for file in WORKFLOWS.glob("*.yaml"):
        assert (tmp_path / file.name).read_text() == file.read_text()
        if not file.name.startswith("screen-"):  # those are read by another command
            assert Campaign.from_yaml(tmp_path / file.name).points


def test_an_edited_copy_is_kept(tmp_path: Path) -> None:
    ok("examples", "demo-pure", "-o", tmp_path)
    ok("examples", "demo-pure.yaml", "-o", tmp_path)  # the same again
    mine = tmp_path / "demo-pure.yaml"
    mine.write_text(mine.read_text() + "# mine\n")
    before = mine.read_text()
    assert "is there already" in refused("examples", "demo-pure", "demo-exchange", "-o", tmp_path)
    assert mine.read_text() == before
    assert not (tmp_path / "demo-exchange.yaml").exists()


def test_an_unknown_example_names_those_that_there_are(tmp_path: Path) -> None:
    told = refused("examples", "demo-pur", "-o", tmp_path)
    assert "demo-pure" in told
