"""What the recorded dots of the archive must be read with."""

from __future__ import annotations

import json

import pytest
from aiida import orm
from commands import run

from aiida_chargeflow.results.cautions import (
    AS_BUILT,
    cautions,
    characters,
    geometry,
    geometry_of,
    misplaced_edges,
)
from aiida_chargeflow.results.orbitals import orbital_result


@pytest.fixture
def models(paper: orm.Group) -> list[orm.WorkChainNode]:
    return list(paper.nodes)


def test_characters_of_older_models_come_from_their_orbitals(models: list[orm.WorkChainNode]) -> None:
    for node in models:
        shares = orbital_result(node).frontier_composition(1)
        for name, character in characters(node).items():
            assert character.ligand_share == pytest.approx(shares[name.upper()]["ligand"], abs=0.02)


def test_unrelaxed_models_are_marked(models: list[orm.WorkChainNode]) -> None:
    for node in models:
        assert geometry(node) == AS_BUILT
        assert any("not relaxed" in caution for caution in cautions(node))


def test_a_relaxation_that_need_not_converge_is_a_partial_one() -> None:
    assert geometry_of({"spec"}, [{"name": "wanted"}]) == "relaxed"
    assert geometry_of({"spec"}, [{"name": "wanted", "must_converge": False}]) == "partly relaxed"
    assert geometry_of({"spec"}, [{"name": "cheap", "must_converge": False}, {"name": "wanted"}]) == "relaxed"
    assert geometry_of({"spec"}, []) == AS_BUILT
    assert geometry_of(set(), []) == "given"


def test_the_table_of_gaps_and_show_say_it(models: list[orm.WorkChainNode]) -> None:
    for node in models:
        (row,) = json.loads(run("table", "gaps", node.uuid, "--json").stdout)
        assert row["geometry"] == AS_BUILT
        assert row["homo_on"] == characters(node)["homo"].place
        shown = run("show", node.uuid).stdout
        for caution in cautions(node):
            assert caution in shown


def test_the_status_of_a_sweep_reads_stored_characters_only(models: list[orm.WorkChainNode]) -> None:
    assert misplaced_edges(node.pk for node in models) == {}  # summaries older than these numbers
    assert misplaced_edges([]) == {}
