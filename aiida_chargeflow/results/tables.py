"""The tables of a paper: finished model runs → tidy rows, each with the PK and UUID that its numbers come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from aiida import orm

from ..names import MODEL_LABELS, SWEEP_GROUP
from ..science.errors import InputError
from ..science.kinds import REGIONS, decode
from ..science.models.describe import element_ratios
from ..science.writing.where import condition
from .costs import cost
from .gap_rows import gap_rows
from .orbitals import orbital_result
from .select import by_age, load_model

#: Orbitals on each side of the gap in the table of orbitals.
N_FRONTIER = 3

Row = dict[str, Any]
Table = Callable[[Sequence[orm.WorkChainNode]], Iterable[Iterable[Row]]]


def models_of(names: Sequence[str], *, finished_only: bool = True) -> list[orm.WorkChainNode]:
    """Return the models of PKs, UUIDs, labels, groups and sweeps, each once, the oldest first within a group.

    :param finished_only: leave out the unfinished and failed members of a group, which have no results.
    :raises InputError: a name that is neither, or a single run that has no result.
    """
    found: dict[str, orm.WorkChainNode] = {}
    for name in names:
        group = (
            orm.QueryBuilder()
            .append(orm.Group, filters={"label": {"in": [name, SWEEP_GROUP + name]}})
            .first(flat=True)
        )
        nodes = [load_model(name)] if group is None else _members(group, finished_only)
        found |= {node.uuid: node for node in nodes}
    if not found:
        raise InputError(
            "no finished model", field="MODELS", value=" ".join(names), remedy="See `verdi process list -a`."
        )
    return list(found.values())


def all_models() -> list[orm.WorkChainNode]:
    """Return every finished model of the profile that has a summary, in the order of their PKs."""
    wanted = {
        "attributes.process_label": {"in": list(MODEL_LABELS)},
        "attributes.exit_status": 0,
    }
    query = orm.QueryBuilder().append(orm.WorkChainNode, filters=wanted, tag="run", project="*")
    query.append(orm.Dict, with_incoming="run", edge_filters={"label": "summary"})
    models: list[orm.WorkChainNode] = query.order_by({"run": {"id": "asc"}}).all(flat=True)
    return models


def _members(group: orm.Group, finished_only: bool) -> list[orm.WorkChainNode]:
    members = (node for node in group.nodes if isinstance(node, orm.WorkChainNode))
    runs = (node for node in members if node.process_label in MODEL_LABELS)
    return sorted((run for run in runs if run.is_finished_ok or not finished_only), key=by_age)


def table_rows(name: str, models: Sequence[orm.WorkChainNode], where: str | None = None) -> list[Row]:
    """Return the rows of a table, those that meet the condition ``where``.

    :param name: a key of ``TABLES``.
    :raises InputError: an unreadable condition, or one on a column that the table lacks.
    """
    rows = [
        {"label": node.label, "pk": node.pk, "uuid": node.uuid, **numbers}
        for node, own in zip(models, TABLES[name](models), strict=True)
        for numbers in own
    ]
    names = dict.fromkeys(column for row in rows for column in row)
    if name == "stoichiometry":
        names = dict.fromkeys(sorted(names, key=_place))
        rows = [{column: row.get(column) for column in names} for row in rows]
    if where is None:
        return rows
    holds = condition(where)
    return [row for row in rows if holds({column: row.get(column) for column in names})]


def _place(column: str) -> int:
    """Return where a column of the stoichiometry stands: the regions from the inside out, then the ratios."""
    beginning = column.partition("_")[0]
    families = (*REGIONS.values(), "ratio")
    return families.index(beginning) + 1 if beginning in families else 0


def stoichiometry(node: orm.WorkChainNode) -> Iterator[Row]:
    """Yield the number of atoms of every element in every region, and the ratios of elements in the whole dot."""
    kinds = [decode(site.kind_name) for site in node.outputs.structure.sites]
    row: Row = {"formula": _summary(node).get("formula"), "n_atoms": len(kinds)}
    for number, region in REGIONS.items():
        symbols = [kind.symbol for kind in kinds if kind.region == number]
        row |= {f"{region}_{symbol}": symbols.count(symbol) for symbol in sorted(set(symbols))}
    yield row | {f"ratio_{a}_{b}": value for (a, b), value in element_ratios(kinds).items()}


def charges(node: orm.WorkChainNode) -> Iterator[Row]:
    """Yield mean, extremes and number of the Bader charges (e) of every kind."""
    yield from _by_kind(node, "bader_charge", "bader_charge_e")


def charge_flow(node: orm.WorkChainNode) -> Iterator[Row]:
    """Yield mean, extremes and number of the charge-flow magnitudes (e) of every kind."""
    yield from _by_kind(node, "flow_magnitude", "flow_magnitude_e")


def ligand_density(node: orm.WorkChainNode) -> Iterator[Row]:
    """Yield ligands per nm² beside both gaps."""
    summary = _summary(node)
    keys = ("formula", "n_atoms", "ligands_per_nm2", "gap_ev", "band_edge_gap_ev")
    yield {key: summary.get(key) for key in keys}


def orbitals(node: orm.WorkChainNode) -> Iterator[Row]:
    """Yield energy, trap flag and regional shares of the orbitals next to the gap, highest first."""
    if "scf" not in node.outputs or "orbitals" not in node.outputs.scf:
        return
    result = orbital_result(node)
    bars = result.frontier_composition(N_FRONTIER)
    first = min(result.pdos.n_occupied - 1 + N_FRONTIER, result.pdos.eigenvalues_ev.size - 1)
    for k, (orbital, shares) in enumerate(bars.items()):
        yield {
            "orbital": orbital,
            "energy_ev": float(result.structure.energies_ev[first - k]),
            "is_trap": bool(result.structure.is_trap[first - k]),
            **{f"share_{region}": share for region, share in shares.items()},
        }


def _summary(node: orm.WorkChainNode) -> Row:
    summary: Row = node.outputs.summary.get_dict()
    return summary


def _by_kind(node: orm.WorkChainNode, array: str, column: str) -> Iterator[Row]:
    if "charge_flow" not in node.outputs:
        return
    kinds = np.array([site.kind_name for site in node.outputs.structure.sites])
    values = node.outputs.charge_flow.get_array(array)
    for name in sorted(set(kinds.tolist())):
        kind, own = decode(name), values[kinds == name]
        yield {
            "kind": name,
            "element": kind.symbol,
            "region": REGIONS.get(kind.region),
            "coordination": kind.coordination,
            "n_atoms": own.size,
            column: float(own.mean()),
            f"min_{column}": float(own.min()),
            f"max_{column}": float(own.max()),
        }


def _each(rows_of: Callable[[orm.WorkChainNode], Iterable[Row]]) -> Table:
    return lambda models: map(rows_of, models)


#: Name → what returns the rows of each of the given models.
TABLES: dict[str, Table] = {
    "stoichiometry": _each(stoichiometry),
    "gaps": lambda models: ([row] for row in gap_rows(models)),
    "charges": _each(charges),
    "charge-flow": _each(charge_flow),
    "ligand-density": _each(ligand_density),
    "orbitals": _each(orbitals),
    "cost": _each(cost),
}
