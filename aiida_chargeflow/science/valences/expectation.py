"""What is expected of a dot before DFT, in numbers for tables: alone, and beside what was computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..charges.analysis import Analysis
from ..charges.charge_flow import ChargeFlow
from ..elements import element, known_elements
from ..errors import InputError
from .dot import dot_of_bonds
from .parameters import TransferParameters
from .prediction import Prediction, predict

Row = dict[str, Any]

_LISTED = 10  # strained bonds


def prediction_of(result: Analysis, parameters: TransferParameters | None = None) -> Prediction | None:
    """Return what would have been predicted for an analysed structure, with the bonds of the analysis.

    None where the question makes no sense: an element without a formal charge, no bond from cation to anion, or an
    anion of which nothing is known.
    """
    if not set(result.symbols) <= set(known_elements()):
        return None
    charges = np.array([element(symbol).oxidation_state for symbol in result.symbols], dtype=np.int64)
    i, j = result.graph.bonds.T
    bonds = result.graph.bonds[charges[i] * charges[j] < 0]
    if not len(bonds):
        return None
    dot = dot_of_bonds(np.array(result.symbols), result.atoms.positions, charges, bonds, result.regions)
    try:
        return predict(dot, parameters)
    except InputError:
        return None


def expectation(prediction: Prediction) -> Row:
    """Return everything that is predicted of a dot, as plain mappings; charges and flows in e, with their errors.

    ``excess_below_e``: pairs of depth in Å and excess deeper than that. ``strained_bonds``: the worst ten of
    ``n_strained_bonds``, atoms numbered from 1, with valence and Pauling's strength in e.
    """
    dot, described = prediction.dot, prediction.described
    excess = described.excess
    return {
        "formal_charge_e": int(dot.formal_charge.sum()),
        "excess_e": excess.total_e,
        "excess_by_region_e": excess.by_region,
        "excess_below_e": [
            [float(depth), float(value)]
            for depth, value in zip(excess.depth_ang, excess.below_e, strict=False)
        ],
        "region_charge_e": {name: list(pair) for name, pair in prediction.by_region().items()},
        "by_coordination": by_coordination(prediction),
        "potential_step_v": described.potential_step_v(),
        "dipole_e_ang": float(np.linalg.norm(prediction.charge @ dot.positions_ang)),
        "n_strained_bonds": int(described.is_bad.sum()),
        "strained_bonds": _strained(prediction),
        "estimated_anions": list(prediction.estimated_anions),
        "n_dots_fitted": prediction.parameters.n_dots,
    }


def by_coordination(prediction: Prediction, computed: ChargeFlow | None = None) -> list[Row]:
    """Return one row for each element and number of bonds: means, and the error of a single atom.

    :param computed: charges and flow of the same atoms; their means stand beside the predicted ones.
    """
    dot = prediction.dot
    labels = [f"{s} {n}c" for s, n in zip(dot.symbols, dot.coordination.tolist(), strict=True)]
    return by_label(prediction, labels, computed)


def by_label(prediction: Prediction, labels: list[str], computed: ChargeFlow | None = None) -> list[Row]:
    """Return the rows of ``by_coordination`` for atoms that share any label."""
    rows = []
    for name in sorted(set(labels)):
        members = np.array([label == name for label in labels])
        row: Row = {
            "name": name,
            "n_atoms": int(members.sum()),
            "predicted_charge_e": _mean(prediction.charge, members),
            "charge_error_e": _mean(prediction.charge_error_e, members),
            "predicted_flow_e": _mean(prediction.flow.flow_magnitude, members),
            "flow_error_e": _mean(prediction.flow_error_e, members),
        }
        if computed is not None:
            row["charge_e"] = _mean(computed.bader_charge, members)
            row["flow_e"] = _mean(computed.flow_magnitude, members)
        rows.append(row)
    return rows


def beside(prediction: Prediction, result: Analysis) -> Row:
    """Return prediction and result side by side: by region and by coordination."""
    regions = {}
    for name, (charge, error) in prediction.by_region().items():
        members = prediction.members(name)
        regions[name] = {
            "n_atoms": int(members.sum()),
            "predicted_charge_e": charge,
            "error_e": error,
            "charge_e": float(result.flow.bader_charge[members].sum()),
            "predicted_flow_e": _mean(prediction.flow.flow_magnitude, members),
            "flow_e": _mean(result.flow.flow_magnitude, members),
        }
    both = prediction.charge - result.flow.bader_charge
    flows = prediction.flow.flow_magnitude - result.flow.flow_magnitude
    return {
        "formal_charge_e": int(prediction.dot.formal_charge.sum()),
        "charge_rms_e": float(np.sqrt((both**2).mean())),
        "flow_rms_e": float(np.sqrt((flows**2).mean())),
        "n_atoms": prediction.dot.n_atoms,
        "regions": regions,
        "by_coordination": by_coordination(prediction, result.flow),
        "estimated_anions": list(prediction.estimated_anions),
    }


def _mean(values: NDArray[np.float64], members: NDArray[np.bool_]) -> float:
    return float(values[members].mean())


def _strained(prediction: Prediction) -> list[Row]:
    described, dot = prediction.described, prediction.dot
    order = np.argsort(-np.abs(described.strain_e), kind="stable")
    worst = [k for k in order.tolist() if described.is_bad[k]][:_LISTED]
    strength = dot.shares()
    return [
        {
            "atoms": (dot.bonds[k] + 1).tolist(),
            "pair": "-".join(dot.symbols[dot.bonds[k]].tolist()),
            "valence_e": float(prediction.valence[k]),
            "strength_e": float(strength[k]),
        }
        for k in worst
    ]
