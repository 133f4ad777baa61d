"""The rows of the table of gaps: what the summaries of many models say, in a few queries for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiida import orm

from ..science.electrons.frontier import Character, from_mapping
from .cautions import characters, geometry_of

_CHUNK = 500  # models in one query; databases limit the number of values
_KEYS = (
    "formula",
    "n_atoms",
    "energy_ev",
    "gap_ev",
    "band_edge_gap_ev",
    "n_traps",
    "max_occupation_deviation_e",
)


@dataclass
class _Known:
    """What the database says of one run.

    :param inputs: labels of the inputs that were looked for and exist.
    :param levels: of its relaxation.
    """

    summary: dict[str, Any] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    levels: list[dict[str, Any]] = field(default_factory=list)
    basis: str | None = None


def gap_rows(models: Sequence[orm.WorkChainNode]) -> list[dict[str, Any]]:
    """Return for each finished model energy, both gaps, the number of traps, whether smearing touches the gap, where
    the frontier orbitals sit, whether the geometry was relaxed, and the basis set.
    """
    known: dict[int, _Known] = {}
    for start in range(0, len(models), _CHUNK):
        known |= _known([node.pk for node in models[start : start + _CHUNK]])
    return [_row(node, known[node.pk]) for node in models]


def _row(node: orm.WorkChainNode, known: _Known) -> dict[str, Any]:
    found = _characters(node, known.summary)
    places = {f"{name}_on": found[name].place if name in found else None for name in ("homo", "lumo")}
    numbers = {key: known.summary.get(key) for key in _KEYS}
    return numbers | places | {"geometry": geometry_of(known.inputs, known.levels), "basis": known.basis}


def _characters(node: orm.WorkChainNode, summary: dict[str, Any]) -> dict[str, Character]:
    stored = summary.get("frontier")
    return from_mapping(stored) if stored is not None else characters(node)


def _known(pks: Sequence[int]) -> dict[int, _Known]:
    known = {pk: _Known() for pk in pks}
    summaries = orm.QueryBuilder().append(
        orm.WorkChainNode, filters={"id": {"in": list(pks)}}, tag="run", project="id"
    )
    summaries.append(orm.Dict, with_incoming="run", edge_filters={"label": "summary"}, project="attributes")
    for pk, attributes in summaries.iterall():
        known[pk].summary = attributes
    inputs = orm.QueryBuilder().append(
        orm.WorkChainNode, filters={"id": {"in": list(pks)}}, tag="run", project="id"
    )
    inputs.append(
        orm.Data,
        with_outgoing="run",
        edge_filters={"label": {"in": ["spec", "files", "relax__settings", "scf__settings"]}},
        edge_project="label",
        project=["attributes.basis", "attributes.levels"],
    )
    for pk, basis, levels, label in inputs.iterall():
        known[pk].inputs.add(label.partition("__")[0])
        if label == "relax__settings":
            known[pk].levels = levels
        if label == "scf__settings":
            known[pk].basis = basis
    return known
