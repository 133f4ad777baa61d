"""What a reader of a model's numbers must know before believing them, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from aiida import orm

from ..calculations.orbitals import to_pdos
from ..science.electrons.frontier import Character, from_mapping, frontier, warnings
from ..science.electrons.pdos import INTEGER_TOLERANCE_E
from ..science.errors import InputError
from .orbitals import orbital_result

MINIMAL_BASIS = "SZV"
AS_BUILT, PARTLY_RELAXED, RELAXED, GIVEN = "as built", "partly relaxed", "relaxed", "given"


def geometry(node: orm.WorkChainNode) -> str:
    """Return where the atoms of a model stood; see ``geometry_of``."""
    levels = node.inputs.relax.settings.get_dict()["levels"] if "relax" in node.inputs else []
    return geometry_of({name for name in ("spec", "files") if name in node.inputs}, levels)


def geometry_of(inputs: Collection[str], levels: Sequence[Mapping[str, Any]]) -> str:
    """Return where the atoms of a run with these inputs stood: ``as built`` by rules alone, ``relaxed`` by its
    protocol or ``partly relaxed`` by one that does not ask for converged forces, or ``given`` as a structure, whose
    history the run does not know.

    :param levels: of the relaxation, none where there was none.
    """
    if levels:
        return RELAXED if levels[-1].get("must_converge", True) else PARTLY_RELAXED
    return AS_BUILT if "spec" in inputs and "files" not in inputs else GIVEN


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


def basis(node: orm.WorkChainNode) -> str | None:
    """Return the basis set of the ground state, None where it was not ours to choose."""
    settings = node.inputs.scf.settings if "scf" in node.inputs and "settings" in node.inputs.scf else None
    return None if settings is None else settings.get_dict().get("basis")


def is_survey(node: orm.WorkChainNode) -> bool:
    """Return whether the ground state is one of the minimal basis."""
    return basis(node) == MINIMAL_BASIS


def survey_note(uuids: Iterable[str]) -> str | None:
    """Return a sentence that names the models in the minimal basis among these nodes, None if there are none."""
    wanted = list(uuids)
    query = orm.QueryBuilder().append(orm.Dict, filters={"attributes.basis": MINIMAL_BASIS}, tag="settings")
    query.append(
        orm.WorkChainNode,
        with_incoming="settings",
        edge_filters={"label": "scf__settings"},
        filters={"uuid": {"in": wanted}},
        project=["uuid", "label", "id"],
    )
    found = {uuid: label or str(pk) for uuid, label, pk in query.all()} if wanted else {}
    if not found:
        return None
    which = "" if len(found) == len(set(wanted)) else ": " + ", ".join(found[u] for u in wanted if u in found)
    return f"minimal basis, not for results{which}"


def cautions(node: orm.WorkChainNode) -> list[str]:
    """Return a sentence for everything that makes the numbers of a model mean less than they seem to."""
    found = [
        *_fractional_occupations(node.outputs.summary.get_dict()),
        *_overlap(node),
        *warnings(characters(node)),
    ]
    where = geometry(node)
    if where == AS_BUILT:
        found.append("the geometry is as built, not relaxed")
    elif where == PARTLY_RELAXED:
        found.append("the geometry was relaxed for some steps only, its forces were not asked to converge")
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


def _overlap(node: orm.WorkChainNode) -> list[str]:
    """Return what is to be said of the alignment of core and shell, if anything."""
    if "scf" not in node.outputs:
        return []
    try:
        warning = orbital_result(node).alignment().warning
    except InputError:  # no orbitals, or kinds without regions
        return []
    return [] if warning is None else [warning]


def _fractional_occupations(summary: Mapping[str, Any]) -> list[str]:
    deviation = summary.get("max_occupation_deviation_e") or 0.0
    if deviation <= INTEGER_TOLERANCE_E:
        return []
    return [
        f"occupations are up to {deviation:.2f} e off integers at {summary['electronic_temperature_k']:g} K: the gap "
        "is that of a smeared ensemble"
    ]
