"""From an archive into an empty profile: all tables, traces and figures as before, or nothing at all."""

import json
import re

import pytest
from aiida import orm
from aiida.manage import get_manager
from commands import FIXTURE, ok, refused, rewritten, run

from aiida_chargeflow.runs import submit as launcher

TABLES = ("stoichiometry", "gaps", "charges", "charge-flow", "ligand-density", "orbitals", "cost")
LABEL = "chargeflow/fixture"


@pytest.fixture
def empty(aiida_profile_clean, monkeypatch):  # noqa: ARG001
    monkeypatch.setattr(launcher, "load_profile", lambda: None)


def forged_object(entries):
    name = next(name for name in entries if name.startswith("repo/") and len(name) > 10)
    return (entries | {name: b"other content"}).items()


def answers(group):
    """Everything that tables and traces say, without PKs, which every profile gives anew."""
    told = {}
    for name in TABLES:
        told[name] = re.sub(
            r"^([^,]*),\d+,", r"\1,PK,", ok("table", name, group, "--format", "csv"), flags=re.M
        )
        if name == "cost":
            told[name] = re.sub(r",(DotCalculation|BaderCalculation),\d+,", r",\1,PK,", told[name])
    uuids = [row["uuid"] for row in json.loads(ok("table", "gaps", group, "--json"))]
    for uuid in uuids:
        told[uuid] = re.sub(r"(?<= )\d+(?= |$)", "PK", ok("trace", uuid), flags=re.M)
    return told


def test_same_answers_after_a_round_trip_through_an_empty_profile(empty, tmp_path):  # noqa: ARG001
    ok("archive", "import", FIXTURE)
    before = answers(LABEL)
    ok("archive", "create", LABEL, "-o", tmp_path / "mine.aiida")
    ok("figure", "orbitals", "demo-pure", "-o", tmp_path / "before.svg")
    get_manager().get_profile_storage()._clear()
    assert run("table", "gaps", LABEL).exit_code == 1
    said = ok("archive", "import", tmp_path / "mine.aiida")
    assert f"aiida-chargeflow table gaps {LABEL}" in said
    assert answers(LABEL) == before
    ok("figure", "orbitals", "demo-pure", "-o", tmp_path / "after.svg")
    names = [
        re.findall(r"AiiDA UUIDs: .*", (tmp_path / f"{when}.svg").read_text()) for when in ("before", "after")
    ]
    assert names[0] == names[1] != []


def test_import_refuses_a_forged_file_into_an_empty_profile(empty, tmp_path):  # noqa: ARG001
    path = rewritten(tmp_path / "forged.aiida", forged_object)
    assert "key is different" in refused("archive", "import", path)
    assert orm.QueryBuilder().append(orm.ProcessNode).count() == 0
