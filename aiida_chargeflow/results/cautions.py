"""What a reader of a model's numbers must know before believing them, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiida import orm

from ..calculations.orbitals import to_pdos
from ..science.electrons.frontier import Character, from_mapping, frontier, warnings
from ..science.electrons.pdos import INTEGER_TOLERANCE_E

AS_BUILT, RELAXED, GIVEN = "as built", "relaxed", "given"


def geometry(node: orm.WorkChainNode) -> str:
    """Return where the atoms of a model stood: ``as built`` by rules alone, ``relaxed`` by its protocol, or ``given``
    as a structure, whose history the run does not know.
    """
    if "relax" in node.inputs:
        return RELAXED
    return AS_BUILT if "spec" in node.inputs and "files" not in node.inputs else GIVEN


def characters(node: orm.WorkChainNode) -> dict[str, Character]:
    """Return what carries HOMO and LUMO: from the summary, or, for one that is older than these numbers, from the
    orbitals.
    """
    stored = node.outputs.summary.get_dict().get("frontier")
    if stored is not None:
        return from_mapping(stored)
    if "scf" not in node.outputs or "orbitals" not in node.outputs.scf:
        return {}
    kinds = [site.kind_name for site in node.outputs.structure.sites]
    return frontier(to_pdos(node.outputs.scf.orbitals), kinds)


def is_survey(node: orm.WorkChainNode) -> bool:
    """Return whether the ground state is one of the minimal basis."""
    settings = node.inputs.scf.settings if "scf" in node.inputs and "settings" in node.inputs.scf else None
    return settings is not None and settings.get_dict().get("basis") == "SZV"


def cautions(node: orm.WorkChainNode) -> list[str]:
    """Return a sentence for everything that makes the numbers of a model mean less than they seem to."""
    found = [*_fractional_occupations(node.outputs.summary.get_dict()), *warnings(characters(node))]
    if geometry(node) == AS_BUILT:
        found.append("the geometry is as built, not relaxed")
    if is_survey(node):
        found.append("it was computed in the minimal basis, to rank dots: not for results")
    return found


def misplaced_edges(pks: Iterable[int]) -> dict[int, list[str]]:
    """Return PK of a finished model → which of HOMO and LUMO sit on ligands or on one surface atom, those that do.

    One query for all; models older than these numbers are left out.
    """
    wanted = list(pks)
    if not wanted:
        return {}
    query = orm.QueryBuilder()
    query.append(orm.WorkChainNode, filters={"id": {"in": wanted}}, tag="run", project="id")
    query.append(
        orm.Dict, with_incoming="run", edge_filters={"label": "summary"}, project="attributes.frontier"
    )
    found = {
        pk: [
            f"{name.upper()} {where}"
            for name, one in from_mapping(stored or {}).items()
            if (where := one.warning)
        ]
        for pk, stored in query.iterall()
    }
    return {pk: words for pk, words in found.items() if words}


def _fractional_occupations(summary: Mapping[str, Any]) -> list[str]:
    deviation = summary.get("max_occupation_deviation_e") or 0.0
    if deviation <= INTEGER_TOLERANCE_E:
        return []
    return [
        f"occupations are up to {deviation:.2f} e off integers at {summary['electronic_temperature_k']:g} K: the gap "
        "is that of a smeared ensemble"
    ]
