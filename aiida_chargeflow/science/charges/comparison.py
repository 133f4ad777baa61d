"""Compare charge flows: the same dot with other settings, or two models on the atoms that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..errors import InputError
from .analysis import Analysis
from .bonds import bond_graph
from .charge_flow import solve

Array = NDArray[np.float64]

_SCALE_STEP = 0.05
_TIKHONOV = 0.01


def sensitivity(result: Analysis) -> list[dict[str, Any]]:
    """Solve again with a smaller and a larger bond scale and with more regularisation; return how magnitudes change.

    A setting for which a part of the dot is no longer neutral is reported as ``refused`` with the reason.
    """
    flow, graph = result.flow, result.graph
    variants = [
        (graph.scale * (1 - _SCALE_STEP), flow.regularisation),
        (graph.scale * (1 + _SCALE_STEP), flow.regularisation),
        (graph.scale, flow.regularisation + _TIKHONOV),
    ]
    return [_variant(result, scale, regularisation) for scale, regularisation in variants]


def _variant(result: Analysis, scale: float, regularisation: float) -> dict[str, Any]:
    graph, flow = result.graph, result.flow
    row: dict[str, Any] = {"bond_scale": scale, "regularisation": regularisation}
    try:
        other = bond_graph(
            result.atoms, scale, graph.radii_ang, graph.pair_cutoffs_ang, graph.like_charges_excluded
        )
        changed = solve(
            result.atoms.positions,
            other.bonds,
            flow.bader_charge_measured,
            regularisation=regularisation,
            imbalance_tolerance_e=float(flow.imbalance_tolerance_e.max()),
        )
    except InputError as error:
        return row | {"refused": str(error)}
    change = changed.flow_magnitude - flow.flow_magnitude
    return row | {
        "n_bonds": changed.n_bonds,
        "n_loops": changed.n_loops,
        "mean_change_e": float(change.mean()),
        "rms_change_e": float(np.sqrt((change**2).mean())),
        "largest_change_e": float(np.abs(change).max()),
    }


@dataclass(frozen=True)
class FlowDifference:
    """Second model less first on the atoms that both have.

    :param first, second: shape (n,), indices of the matching atoms in each model.
    :param only_first, only_second: indices of the atoms without a partner.
    :param magnitude_e: shape (n,), change of the flow magnitude.
    :param vector_e: shape (n, 3), change of the flow vector.
    :param charge_e: shape (n,), change of the Bader charge.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    only_first: NDArray[np.int64]
    only_second: NDArray[np.int64]
    magnitude_e: Array
    vector_e: Array
    charge_e: Array


def difference(first: Analysis, second: Analysis, within_ang: float = 1.0) -> FlowDifference:
    """Compare two models of the same orientation on matching atoms.

    Atoms match when they are of one element and each is the nearest atom of its element to the other, no
    farther than ``within_ang``, after the models have been centred on each other.

    :raises InputError: no atom matches.
    """
    here, there = _match(first, second, within_ang)
    if not len(here):
        raise InputError("the two models have no atom in common", remedy="Are they of one orientation?")
    a, b = first.flow, second.flow
    return FlowDifference(
        first=here,
        second=there,
        only_first=np.setdiff1d(np.arange(a.n_atoms), here),
        only_second=np.setdiff1d(np.arange(b.n_atoms), there),
        magnitude_e=b.flow_magnitude[there] - a.flow_magnitude[here],
        vector_e=b.flow_vector[there] - a.flow_vector[here],
        charge_e=b.bader_charge[there] - a.bader_charge[here],
    )


def difference_summary(change: FlowDifference, first: Analysis) -> dict[str, Any]:
    """Return the number of matching atoms and the mean changes by element."""
    symbols = np.array(first.symbols)[change.first]
    by_element = {
        str(symbol): {
            "n_atoms": int((symbols == symbol).sum()),
            "mean_magnitude_change_e": float(change.magnitude_e[symbols == symbol].mean()),
            "mean_charge_change_e": float(change.charge_e[symbols == symbol].mean()),
        }
        for symbol in np.unique(symbols)
    }
    return {
        "n_matching": len(change.first),
        "n_only_first": len(change.only_first),
        "n_only_second": len(change.only_second),
        "rms_magnitude_change_e": float(np.sqrt((change.magnitude_e**2).mean())),
        "by_element": by_element,
    }


def difference_csv(change: FlowDifference, first: Analysis) -> str:
    """Return one row for each matching atom: its numbers in both models and what changed."""
    symbols = np.array(first.symbols)[change.first]
    header = "atom_first,atom_second,symbol,flow_magnitude_change_e,bader_charge_change_e"
    rows = [
        f"{a + 1},{b + 1},{symbol},{magnitude:.9f},{charge:.9f}"
        for a, b, symbol, magnitude, charge in zip(
            change.first.tolist(),
            change.second.tolist(),
            symbols.tolist(),
            change.magnitude_e.tolist(),
            change.charge_e.tolist(),
            strict=True,
        )
    ]
    return "\n".join([header, *rows, ""])


def _match(
    first: Analysis, second: Analysis, within_ang: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    shift = np.zeros(3)
    pairs = _nearest_pairs(first, second, _centre(first) - _centre(second), within_ang * 2)
    if len(pairs):
        a, b = pairs.T
        shift = np.median(first.atoms.positions[a] - second.atoms.positions[b], axis=0)
        pairs = _nearest_pairs(first, second, shift, within_ang)
    return pairs[:, 0], pairs[:, 1]


def _centre(result: Analysis) -> Array:
    """Return the middle of the atoms that are no ligands, if there are any."""
    inside = result.regions != 4
    positions: Array = result.atoms.positions[inside] if inside.any() else result.atoms.positions
    centre: Array = (positions.min(axis=0) + positions.max(axis=0)) / 2
    return centre


def _nearest_pairs(first: Analysis, second: Analysis, shift: Array, within_ang: float) -> NDArray[np.int64]:
    found: list[NDArray[np.int64]] = [np.empty((0, 2), dtype=np.int64)]
    moved = second.atoms.positions + shift
    for symbol in sorted(set(first.symbols) & set(second.symbols)):
        a, b = _indices(first.symbols, symbol), _indices(second.symbols, symbol)
        distance, to = cKDTree(moved[b]).query(first.atoms.positions[a])
        _, back = cKDTree(first.atoms.positions[a]).query(moved[b])
        mutual = (back[to] == np.arange(len(a))) & (distance <= within_ang)
        found.append(np.column_stack([a[mutual], b[to[mutual]]]))
    pairs: NDArray[np.int64] = np.concatenate(found)
    return np.asarray(pairs[pairs[:, 0].argsort()])


def _indices(symbols: Sequence[str], symbol: str) -> NDArray[np.int64]:
    return np.flatnonzero(np.array(symbols) == symbol)
