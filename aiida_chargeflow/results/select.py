"""The provenance graph as tidy rows: one function for each table or figure of a paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aiida import orm
from aiida.common.exceptions import MultipleObjectsError, NotExistent

from ..names import MODEL_LABELS
from ..science.elements import element
from ..science.errors import InputError
from ..science.kinds import LIGAND, decode

#: Groups of a table: heading → (is a ligand, coordination).
ENVIRONMENTS = {"4c anion": (False, 4), "3c anion": (False, 3), "3c ligand": (True, 3)}

#: Nodes that a message about an ambiguous label lists.
_MAX_LISTED = 8


def load_any(identifier: str) -> orm.Node:
    """Return the node of a PK, UUID or label; models must have finished.

    :raises InputError: there is no such node, or it is a model run that did not finish.
    """
    node = load_node(identifier)
    if getattr(node, "process_label", None) in MODEL_LABELS:
        return load_model(node.uuid)
    return node


def by_age(node: orm.Node) -> tuple[datetime, str]:
    """Return a sort key, the oldest first: PKs are given anew when an archive is imported, this is not."""
    return node.ctime, node.uuid


def load_model(identifier: str) -> orm.WorkChainNode:
    """Return the model run of a PK, UUID or label; of nodes with the same label the one that is a model run.

    :raises InputError: there is no such node, it is no model run, or it did not finish.
    """
    node = _only_model(identifier) or load_node(identifier)
    if getattr(node, "process_label", None) not in MODEL_LABELS:
        raise InputError(
            f"{type(node).__name__} is no model run",
            field="PK",
            value=identifier,
            remedy=f"Give the PK of a {MODEL_LABELS[0]}: `verdi process list -a -L {MODEL_LABELS[0]}`.",
        )
    if not node.is_finished_ok:
        state = node.exit_message or f"state {node.process_state.value if node.process_state else 'unknown'}"
        raise InputError(
            f"this model has no result: {state}",
            field="PK",
            value=identifier,
            remedy=f"See `verdi process report {node.pk}`.",
        )
    return node


def _only_model(label: str) -> orm.WorkChainNode | None:
    """Return the model run with a label, None if there is none or several, or if it could be a PK."""
    if str(label).isdecimal():
        return None
    wanted = {"label": label, "attributes.process_label": {"in": list(MODEL_LABELS)}}
    found = orm.QueryBuilder().append(orm.WorkChainNode, filters=wanted).limit(2).all(flat=True)
    return found[0] if len(found) == 1 else None


def load_node(identifier: str, field: str = "PK") -> orm.Node:
    """Return the node of a PK, UUID or label.

    :raises InputError: there is none, or there are several; the message lists their PKs.
    """
    try:
        return orm.load_node(identifier)
    except NotExistent as error:
        raise InputError(
            "no such node",
            field=field,
            value=identifier,
            remedy="See `verdi process list -a`, or `verdi group list -a` for a group.",
        ) from error
    except MultipleObjectsError as error:
        raise InputError(
            "several nodes have this label or this beginning of a UUID",
            field=field,
            value=identifier,
            remedy=f"Give one of the PKs: {_candidates(identifier)}.",
        ) from error


def _candidates(identifier: str) -> str:
    """Return PK, type and state of the nodes that an ambiguous identifier could mean, the newest first."""
    meant = {"or": [{"label": identifier}, {"uuid": {"like": f"{identifier}%"}}]}
    query = orm.QueryBuilder().append(orm.Node, filters=meant, tag="node").order_by({"node": {"id": "desc"}})
    nodes: list[orm.Node] = query.limit(_MAX_LISTED + 1).all(flat=True)
    words = [f"{node.pk} ({_what(node)})" for node in nodes[:_MAX_LISTED]]
    return ", ".join(words + ["…"] * (len(nodes) > _MAX_LISTED))


def _what(node: orm.Node) -> str:
    if not isinstance(node, orm.ProcessNode):
        return type(node).__name__
    state = node.process_state.value if node.process_state else "unknown"
    return f"{node.process_label}, {state}{f' [{node.exit_status}]' if node.exit_status else ''}"


def model_row(node: orm.WorkChainNode) -> dict[str, Any]:
    """Return the numbers of one model: identity, energy, gaps, mean flow magnitude of each environment."""
    summary = node.outputs.summary.get_dict()
    row = {"pk": node.pk, "uuid": node.uuid, "label": node.label, **summary}
    row["environments"] = {
        name: _mean_magnitude(summary, is_ligand, coordination)
        for name, (is_ligand, coordination) in ENVIRONMENTS.items()
    }
    return row


def _mean_magnitude(summary: dict[str, Any], is_ligand: bool, coordination: int) -> float | None:
    """Return the mean flow magnitude in e over the anions or ligands of a coordination, weighted by atoms."""
    values: Sequence[tuple[int, float]] = [
        (summary["n_atoms_of_kind"][name], magnitude)
        for name, magnitude in summary.get("flow_magnitude_e", {}).items()
        if element((kind := decode(name)).symbol).oxidation_state < 0
        and (kind.region == LIGAND) == is_ligand
        and kind.coordination == coordination
    ]
    if not values:
        return None
    return sum(n * m for n, m in values) / sum(n for n, _ in values)
