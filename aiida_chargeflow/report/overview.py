"""The row of a model in the summary table of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiida import orm

from ..panels.trends import n_monolayers
from ..results.columns import Column, columns
from ..results.costs import cost, total
from ..results.select import model_row
from ..results.structures import spec_of
from ..results.tracing import model
from .cells import Cell, count, number, words
from .protocol import protocol_of

_COLUMNS = (
    "label", "formula", "n_atoms", "interface", "surface", "n_monolayers", "protocol", "energy_ev", "gap_ev",
    "band_edge_gap_ev", "n_traps", "flow_4c_e", "flow_3c_e", "ligands_per_nm2", "core_hours",
)  # fmt: skip


def overview_columns() -> list[Column]:
    """Return the heads of the summary table."""
    return [columns()[name] for name in _COLUMNS]


def overview_row(node: orm.WorkChainNode, href: str) -> dict[str, Cell]:
    """Return column → cell of a finished model.

    :param href: page of the model.
    """
    summary, row = node.outputs.summary.uuid, model_row(node)
    flows = row["environments"]
    cells = {
        "label": words(node.label or row["formula"], node.uuid, href),
        "formula": words(row["formula"], summary),
        "n_atoms": count(row["n_atoms"], summary),
        **_construction(node),
        "protocol": _protocol(node),
        "energy_ev": number(row.get("energy_ev"), summary),
        "gap_ev": number(row.get("gap_ev"), summary),
        "band_edge_gap_ev": number(row.get("band_edge_gap_ev"), summary),
        "n_traps": count(row.get("n_traps"), summary),
        "flow_4c_e": number(flows["4c anion"], summary),
        "flow_3c_e": number(flows["3c anion"], summary),
        "ligands_per_nm2": number(row.get("ligands_per_nm2"), summary, columns()["ligands_per_nm2"].digits),
        "core_hours": number(total(list(cost(node)))["core_hours"], node.uuid, 2),
    }
    return {key: cells[key] for key in _COLUMNS}


def _construction(node: orm.WorkChainNode) -> dict[str, Cell]:
    spec = spec_of(node)
    if spec is None:
        made = node.outputs.structure.uuid
        return {name: words(None, made) for name in ("interface", "surface", "n_monolayers")}
    made = node.inputs.spec.uuid
    return {
        "interface": words(_pattern(spec.interface.to_mapping()) if spec.shells else None, made),
        "surface": words(", ".join(_pattern(item.to_mapping()) for item in spec.surface), made),
        "n_monolayers": count(n_monolayers(spec), made),
    }


def _pattern(item: Mapping[str, Any]) -> str:
    fraction = item.get("fraction")
    name: str = item["pattern"]
    return name + (f" {fraction:.3g}" if isinstance(fraction, int | float) else "")


def _protocol(node: orm.WorkChainNode) -> Cell:
    if "files" in node.inputs:
        return words("imported", node.inputs.settings.uuid)
    name, changes = protocol_of(model(node))
    return words(f"{name} + {_changed(len(changes))}" if changes else name, node.inputs.scf.settings.uuid)


def _changed(n_changes: int) -> str:
    return f"{n_changes} change{'s' if n_changes > 1 else ''}"


def flat(rows: Sequence[Mapping[str, Cell]]) -> list[dict[str, Any]]:
    """Return the rows as plain values, each with the UUID of its model: CSV and JSON of the summary table."""
    return [{"uuid": row["label"].uuid} | {key: cell.value for key, cell in row.items()} for row in rows]
