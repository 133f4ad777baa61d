"""The page of a model that was imported from an output alone says what it does not hold."""

import json

import pytest
from aiida import orm
from commands import ok


@pytest.fixture
def node(paper, tmp_path):
    """A model of which only CP2K's output and the atoms are known."""
    (model,) = [node for node in paper.nodes if node.label == "demo-pure"]
    run = model.outputs.scf.retrieved
    for source, names in ((run, ["aiida.out"]), (run.creator, ["aiida.inp", "aiida.coords.xyz"])):
        for name in names:
            (tmp_path / name).write_bytes(source.base.repository.get_object_content(name, mode="rb"))
    return orm.load_node(json.loads(ok("import", tmp_path, "--json"))["pk"])


def test_what_is_missing_is_named(node, tmp_path):
    told = json.loads(ok("report", node.uuid, "-o", tmp_path / "report", "--json"))
    assert told["models"] == [node.uuid]
    (page,) = (tmp_path / "report" / "models").glob("*.html")
    text = page.read_text()
    assert "Imported: the calculations were run outside AiiDA" in text
    assert "this model has no charge flow" in text
    assert "this model has no orbitals" in text
    assert f"{node.outputs.summary['energy_ev']:.3f}" in text
    assert not list((tmp_path / "report").rglob("*.svg"))
    assert '"bonds":[[' in (page.with_suffix("") / "structure.html").read_text()
    assert not (tmp_path / "report" / "compare.html").exists()
