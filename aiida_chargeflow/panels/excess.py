"""The points of the figure of electrons in excess, from finished models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aiida import orm

from ..figures.excess import ExcessPoint
from ..results.predicted import prediction_beside
from ..science.errors import InputError
from ..science.kinds import INTERLAYER
from ..science.valences.descriptors import OBJECTIVES, Predicted


def excess_points(nodes: Sequence[orm.WorkChainNode]) -> tuple[list[ExcessPoint], list[str]]:
    """Return one point for each model whose charge flow is known and can be predicted, and a note for each other."""
    points, notes = [], []
    for node in nodes:
        try:
            found = prediction_beside(node)
        except InputError as error:
            notes.append(f"{node.label or node.pk}: {error.problem}")
            continue
        if found is None:
            notes.append(f"{node.label or node.pk}: nothing can be predicted of it")
            continue
        predicted = found[0].described
        computed = replace(predicted, flow_vector=found[1].flow.flow_vector)
        points.append(_point(node, predicted, computed))
    return points, notes


def _point(node: orm.WorkChainNode, predicted: Predicted, computed: Predicted) -> ExcessPoint:
    summary = node.outputs.summary.get_dict()
    return ExcessPoint(
        label=node.label or summary["formula"],
        uuid=node.uuid,
        excess_e=predicted.excess.total_e,
        gap_ev=summary.get("gap_ev"),
        band_edge_gap_ev=summary.get("band_edge_gap_ev"),
        n_traps=summary.get("n_traps"),
        interface_flow_e=_flow("interface_flow", computed),
        surface_flow_e=_flow("surface_flow", computed),
        predicted_interface_flow_e=_flow("interface_flow", predicted),
        predicted_surface_flow_e=_flow("surface_flow", predicted),
    )


def _flow(name: str, described: Predicted) -> float | None:
    """Return a mean flow magnitude, None for that of the interface of a dot without one."""
    if name == "interface_flow" and not (described.dot.regions == INTERLAYER).any():
        return None
    return OBJECTIVES[name].value(described)
