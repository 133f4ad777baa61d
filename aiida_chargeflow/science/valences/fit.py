"""Fit the charge transfer to computed dots, and judge it on dots that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..charges.charge_flow import solve
from ..errors import InputError
from .dot import Dot
from .parameters import TransferParameters
from .prediction import Prediction, charge_sensitivity, predict

Array = NDArray[np.float64]

_DIGITS = 6


@dataclass(frozen=True)
class Orbitals:
    """What the orbitals of a computed dot say.

    :param gap_ev: between HOMO and LUMO, None if unknown.
    :param band_edge_gap_ev: between the delocalised edges, None if unknown.
    :param traps: of each trap whose atoms are known whether it is occupied, and the atom that carries most of it.
    """

    gap_ev: float | None = None
    band_edge_gap_ev: float | None = None
    traps: tuple[tuple[bool, int], ...] = ()


@dataclass(frozen=True)
class ComputedDot:
    """A dot whose charges were computed.

    :param label: its name.
    :param family: dots of one family are left out together, since they are too alike to test each other: the formula.
    :param bader_charge: shape (n_atoms,), in e.
    :param orbitals: None if they are unknown.
    """

    label: str
    family: str
    dot: Dot
    bader_charge: Array
    orbitals: Orbitals | None = None


@dataclass(frozen=True)
class LeftOut:
    """What was predicted for a dot by parameters, and with errors, that never saw one of its family.

    :param flow_magnitude: of the computed charges, shape (n_atoms,), in e.
    """

    computed: ComputedDot
    prediction: Prediction
    flow_magnitude: Array


@dataclass(frozen=True)
class Fit:
    """Parameters, and how well dots that were left out are predicted."""

    parameters: TransferParameters
    left_out: tuple[LeftOut, ...]


def fit(dots: Sequence[ComputedDot], source: str = "") -> Fit:
    """Fit one transfer for each anion and the lone pair, leaving out each family in turn for the errors.

    Least squares on the charges, every family with the same weight and within it every dot and every atom.

    :raises InputError: fewer than two families, or nothing to tell an anion's transfer from the lone pair.
    """
    families = sorted({item.family for item in dots})
    if len(families) < 2:
        raise InputError(
            f"too few to fit and to test: finished models {len(dots)}, different formulas {len(families)}",
            field="group",
            remedy="Two formulas at least are needed, ten are better; or use the shipped parameters.",
        )
    anions = tuple(sorted({str(s) for item in dots for s in item.dot.symbols[item.dot.formal_charge < 0]}))
    blank = _blank(anions)
    rows = {id(item): charge_sensitivity(item.dot, item.dot.valences(), blank) for item in dots}
    best = _least_squares(dots, rows)
    trials, left_out = [], []
    for family in families:
        seen = [item for item in dots if item.family != family]
        values = _least_squares(seen, rows, best)
        trials.append(values)
        trial = _parameters(*_seen_only(anions, values, seen), seen)
        left_out += [_left_out(item, trial) for item in dots if item.family == family]
    spread = np.array(trials) - np.mean(trials, axis=0)
    covariance = (len(families) - 1) / len(families) * spread.T @ spread  # the jackknife
    parameters = _parameters(anions, best, dots, covariance, left_out, source)
    return Fit(parameters, tuple(_with_errors(one, left_out, parameters) for one in left_out))


def _seen_only(
    anions: tuple[str, ...], values: Array, seen: Sequence[ComputedDot]
) -> tuple[tuple[str, ...], Array]:
    """Return the anions, and the parameters, of which the dots say something: others must be estimated as any new one.

    All are returned where fewer than two were seen, between which nothing can be estimated.
    """
    present = {str(name) for item in seen for name in item.dot.symbols}
    kept = [n for n, name in enumerate(anions) if name in present]
    if len(kept) < 2:
        return anions, values
    return tuple(anions[n] for n in kept), np.array([*values[kept], values[-1]])


def _least_squares(
    dots: Sequence[ComputedDot], rows: dict[int, Array], fallback: Array | None = None
) -> Array:
    """Return the parameters; those of which ``dots`` say nothing keep ``fallback``."""
    families = [item.family for item in dots]
    weights = [1 / np.sqrt(families.count(item.family) * item.dot.n_atoms) for item in dots]
    A = np.concatenate([rows[id(item)] * w for item, w in zip(dots, weights, strict=True)])
    y = np.concatenate([item.bader_charge * w for item, w in zip(dots, weights, strict=True)])
    known = np.abs(A).max(axis=0) > 1e-9
    if fallback is None and np.linalg.matrix_rank(A) < A.shape[1]:
        raise InputError(
            "the models do not tell the transfer of an anion from its lone pair",
            field="group",
            remedy="Add models with anions of three and of four neighbours.",
        )
    values = np.zeros(A.shape[1]) if fallback is None else fallback.copy()
    target = y - A[:, ~known] @ values[~known]
    values[known] = np.linalg.lstsq(A[:, known], target, rcond=None)[0]
    return values


def _left_out(item: ComputedDot, parameters: TransferParameters) -> LeftOut:
    dot = item.dot
    total = np.abs(item.bader_charge).sum()  # neutralised before, or refused: nothing is refused here
    flow = solve(
        dot.positions_ang, np.sort(dot.bonds, axis=1), item.bader_charge, imbalance_tolerance_e=float(total)
    )
    return LeftOut(item, predict(dot, parameters), flow.flow_magnitude)


def _with_errors(one: LeftOut, left_out: Sequence[LeftOut], parameters: TransferParameters) -> LeftOut:
    """Return a dot that was left out with the errors that all other families would have claimed for it."""
    others = [other for other in left_out if other.computed.family != one.computed.family]
    charge_error, flow_error = _errors(others)
    trial = one.prediction.parameters
    kept = [n for n, name in enumerate(parameters.anions) if name in trial.transfer_e] + [-1]
    covariance = np.array(parameters.covariance)[np.ix_(kept, kept)]
    known = trial.model_copy(
        update={
            "charge_error_e": charge_error,
            "flow_error_e": flow_error,
            "covariance": tuple(map(tuple, covariance.tolist())),
        }
    )
    return replace(one, prediction=predict(one.computed.dot, known))


def _blank(anions: tuple[str, ...]) -> TransferParameters:
    return _parameters(anions, np.zeros(len(anions) + 1), ())


def _parameters(
    anions: tuple[str, ...],
    values: Array,
    dots: Sequence[ComputedDot],
    covariance: Array | None = None,
    left_out: Sequence[LeftOut] = (),
    source: str = "",
) -> TransferParameters:
    size = len(values)
    spread = np.zeros((size, size)) if covariance is None else covariance
    charge_error, flow_error = _errors(left_out)
    return TransferParameters(
        transfer_e={name: round(float(v), _DIGITS) for name, v in zip(anions, values[:-1], strict=True)},
        lone_pair_e=round(float(values[-1]), _DIGITS),
        covariance=tuple(tuple(round(float(x), 9) for x in row) for row in spread),
        charge_error_e=charge_error,
        flow_error_e=flow_error,
        n_dots=max(len({item.family for item in dots}), 1),
        dots=tuple(item.label for item in dots),
        source=source,
    )


def _errors(left_out: Sequence[LeftOut]) -> tuple[dict[str, float], dict[str, float]]:
    """Return element → root mean square error of charge and of flow magnitude, in e, each family alike."""
    tables: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for symbol in sorted({str(s) for one in left_out for s in one.computed.dot.symbols}):
        sums = np.zeros(3)
        families = [one.computed.family for one in left_out]
        for one in left_out:
            members = one.computed.dot.symbols == symbol
            if members.any():
                weight = 1 / families.count(one.computed.family)
                charge = one.prediction.charge[members] - one.computed.bader_charge[members]
                flow = one.prediction.flow.flow_magnitude[members] - one.flow_magnitude[members]
                sums += weight * np.array([(charge**2).mean(), (flow**2).mean(), 1.0])
        for table, total in zip(tables, sums[:2], strict=True):
            table[symbol] = round(float(np.sqrt(total / sums[2])), 4)
    return tables
