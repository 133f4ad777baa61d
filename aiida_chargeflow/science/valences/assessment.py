"""How well predictions hold on computed dots that the fit had not seen: charges, flows, gaps and traps.

Every number is of leave-one-formula-out predictions (:func:`~.fit.fit`). Formulas weigh the same, however many runs or
atoms they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ..kinds import CORE, INTERLAYER, SHELL
from .fit import LeftOut
from .prediction import Prediction

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Row = dict[str, Any]

_OUTER = (INTERLAYER, SHELL)
_SHUFFLES = 20_000
_EXACT = 7  # dots, up to which every permutation is looked at
_FEWEST = 4  # dots, below which a rank correlation says nothing

#: Column → what is correlated with the gaps. The first is no prediction: it shows what the size of the dots explains.
DESCRIPTORS = {
    "n_atoms": "number of atoms",
    "predicted_mean_flow_e": "predicted mean flow, all atoms",
    "mean_flow_e": "computed mean flow, all atoms",
    "predicted_interlayer_flow_e": "predicted mean flow, interlayer",
    "interlayer_flow_e": "computed mean flow, interlayer",
    "abs_excess_e": "|excess|",
    "buried_excess_e": "largest |excess| below any depth",
    "interlayer_charge_e": "|predicted charge of the interlayer|",
    "inner_formal_charge_e": "|formal charge of core and interlayer|",
    "strain_e": "root mean square strain of the valences",
    "potential_step_v": "|predicted potential of the core less what surrounds it|",
}
#: What ranks atoms by how likely they carry a trap.
TRAP_SCORES = ("potential", "flow", "strain")
GAPS = {"gap_ev": "HOMO-LUMO gap", "band_edge_gap_ev": "gap between delocalised edges"}


def dot_row(one: LeftOut) -> Row:
    """Return how well one dot is predicted, and what is known of it: errors root mean square in e."""
    predicted, computed = one.prediction, one.computed
    charge, flow = predicted.charge, predicted.flow.flow_magnitude
    described, orbitals = predicted.described, computed.orbitals
    regions = computed.dot.regions
    inside = regions == INTERLAYER
    inner_formal = int(computed.dot.formal_charge[inside | (regions == CORE)].sum())
    has_interface = bool((regions == CORE).any() and np.isin(regions, _OUTER).any())
    return {
        "label": computed.label,
        "formula": computed.family,
        "n_atoms": computed.dot.n_atoms,
        "charge_rms_e": _rms(charge - computed.bader_charge),
        "flow_rms_e": _rms(flow - one.flow_magnitude),
        "flow_r": _correlation(flow, one.flow_magnitude),
        "mean_flow_e": float(one.flow_magnitude.mean()),
        "predicted_mean_flow_e": float(flow.mean()),
        "has_interface": has_interface,
        "interlayer_flow_e": float(one.flow_magnitude[inside].mean()) if inside.any() else None,
        "predicted_interlayer_flow_e": float(flow[inside].mean()) if inside.any() else None,
        "abs_excess_e": abs(described.excess.total_e),
        "buried_excess_e": described.excess.worst_below_e,
        "interlayer_charge_e": abs(float(charge[inside].sum())) if inside.any() else None,
        "inner_formal_charge_e": abs(inner_formal) if has_interface else None,
        "n_sites": [int((regions == CORE).sum()), int((regions == SHELL).sum())],
        "strain_e": _rms(described.strain_e),
        "n_bad_bonds": int(described.is_bad.sum()),
        "potential_step_v": abs(described.potential_step_v()) if has_interface else None,
        "gap_ev": None if orbitals is None else orbitals.gap_ev,
        "band_edge_gap_ev": None if orbitals is None else orbitals.band_edge_gap_ev,
    }


@dataclass(frozen=True)
class _Atoms:
    """All atoms of all dots that were left out, one after the other; arrays of shape (n,)."""

    label: NDArray[np.str_]
    symbol: NDArray[np.str_]
    family: NDArray[np.str_]
    weight: Array
    arrays: Mapping[str, Array]


def compared(left_out: Sequence[LeftOut]) -> dict[str, Array]:
    """Return predicted and computed charge and flow magnitude in e, their standard errors, and the number of the dot.

    Arrays of shape (n,), n the atoms of all dots, in the order of ``left_out``.
    """
    pairs: dict[str, Callable[[LeftOut], Array]] = {
        "predicted_charge": lambda one: one.prediction.charge,
        "computed_charge": lambda one: one.computed.bader_charge,
        "predicted_flow": lambda one: one.prediction.flow.flow_magnitude,
        "computed_flow": lambda one: one.flow_magnitude,
        "charge_error": lambda one: one.prediction.charge_error_e,
        "flow_error": lambda one: one.prediction.flow_error_e,
    }
    found = {name: np.concatenate([of(one) for one in left_out]) for name, of in pairs.items()}
    sizes = [one.computed.dot.n_atoms for one in left_out]
    return found | {"dot": np.repeat(np.arange(len(sizes)), sizes).astype(float)}


def environment_rows(left_out: Sequence[LeftOut]) -> list[Row]:
    """Return one row for each element with its number of bonds, and one for each element and for all atoms.

    ``baseline_*`` are the errors of the dumbest prediction, the mean of the element over all dots of other formulas:
    what a prediction must beat. Correlations are within dots: of deviations from the mean over the members in the same
    dot, so that neither elements nor dots that differ on the whole make them high; None where nothing varies.
    """
    atoms = _gathered(left_out)
    baseline = {name: _element_means(atoms, name) for name in ("charge", "flow")}
    names = sorted(set(atoms.label.tolist()))
    groups: list[tuple[str, Mask]] = [(name, atoms.label == name) for name in names]
    groups += [(name, atoms.symbol == name) for name in sorted(set(atoms.symbol.tolist()))]
    groups.append(("all", np.ones(len(atoms.label), dtype=bool)))
    rows = []
    for name, members in groups:
        row: Row = {
            "environment": name,
            "n_atoms": int(members.sum()),
            "n_formulas": len(set(atoms.family[members].tolist())),
        }
        for kind in ("charge", "flow"):
            x, y = atoms.arrays[f"predicted_{kind}"][members], atoms.arrays[f"computed_{kind}"][members]
            weight, dot = atoms.weight[members], atoms.arrays["dot"][members].astype(int)
            row |= {
                f"mean_{kind}_e": float(np.average(y, weights=weight)),
                f"{kind}_rms_e": _rms(x - y, weight),
                f"baseline_{kind}_rms_e": _rms(baseline[kind][members] - y, weight),
                f"{kind}_r": _correlation(_within(x, dot), _within(y, dot), weight),
            }
        rows.append(row)
    return rows


def region_rows(left_out: Sequence[LeftOut]) -> list[Row]:
    """Return predicted charge, its error and the computed charge of each region of the dots that have an interlayer."""
    rows = []
    for one in left_out:
        regions = one.computed.dot.regions
        if not (regions == INTERLAYER).any():
            continue
        for name, (charge, error) in one.prediction.by_region().items():
            members = one.prediction.members(name)
            rows.append(
                {
                    "label": one.computed.label,
                    "region": name,
                    "predicted_charge_e": charge,
                    "error_e": error,
                    "charge_e": float(one.computed.bader_charge[members].sum()),
                }
            )
    return rows


def coverage(left_out: Sequence[LeftOut]) -> dict[str, float]:
    """Return the share of atoms whose computed value lies within one and two of the errors that were claimed.

    Of normal deviates 0.68 and 0.95 do.
    """
    arrays, weight = compared(left_out), _gathered(left_out).weight
    found = {}
    for kind in ("charge", "flow"):
        off = np.abs(arrays[f"predicted_{kind}"] - arrays[f"computed_{kind}"]) / arrays[f"{kind}_error"]
        for n in (1, 2):
            found[f"{kind}_within_{n}"] = float(np.average(off <= n, weights=weight))
    return found


def rank_rows(rows: Sequence[Row]) -> list[Row]:
    """Return Spearman's rank correlation of each descriptor with each gap, one run of each formula.

    Of all dots, of those with an interface, and of each series: interfaces of one core and shell, which have as many
    atoms inside and outside of the interlayer.

    :param rows: of ``dot_row``, the oldest run of a formula first; its newest one counts.
    """
    newest = {row["formula"]: row for row in rows}
    sets = {
        "all dots": list(newest.values()),
        "dots with an interface": [row for row in newest.values() if row["has_interface"]],
        **_series(newest.values()),
    }
    found = []
    for name, members in sets.items():
        for descriptor in DESCRIPTORS:
            for gap in GAPS:
                pairs = [
                    (row[descriptor], row[gap])
                    for row in members
                    if row[descriptor] is not None and row[gap] is not None
                ]
                if len(pairs) >= _FEWEST:
                    x, y = np.array(pairs, dtype=float).T
                    rho, p = rank_correlation(x, y)
                    row = {"dots": name, "n": len(pairs), "descriptor": descriptor, "gap": gap}
                    found.append(row | {"rho": rho, "p": p})
    return found


def _series(rows: Iterable[Row]) -> dict[str, list[Row]]:
    series: dict[tuple[int, ...], list[Row]] = {}
    for row in rows:
        if row["has_interface"]:
            series.setdefault(tuple(row["n_sites"]), []).append(row)
    return {f"interfaces like {own[0]['label']}": own for own in series.values()}


def rank_correlation(x: Array, y: Array) -> tuple[float | None, float | None]:
    """Return Spearman's ρ and its two-sided p by permutations: all of them for few dots, else a seeded sample.

    None for both where one of the two does not vary.
    """
    one, two = rankdata(x), rankdata(y)
    one, two = one - one.mean(), two - two.mean()
    norm = float(np.linalg.norm(one) * np.linalg.norm(two))
    if norm == 0:
        return None, None
    if len(one) <= _EXACT:
        shuffled = np.array(list(permutations(two.tolist())))
    else:
        shuffled = np.random.default_rng(0).permuted(np.tile(two, (_SHUFFLES, 1)), axis=1)
    rho = float(one @ two) / norm
    return rho, float((np.abs(shuffled @ one) >= abs(rho) * norm - 1e-9).mean())


def trap_rows(left_out: Sequence[LeftOut]) -> list[Row]:
    """Return how well predictions find the atoms that carry most of a trap, by dot and by sort of trap.

    An occupied trap is looked for among anions, ligands included, an empty one among cations. ``potential`` ranks
    by the electrostatic energy of an electron at the atom (highest for occupied, lowest for empty traps), ``flow`` by
    the predicted flow magnitude and ``strain`` by the strain of the valences of its bonds, highest first. Values are
    the probability that an atom with a trap ranks before one without: 0.5 is chance, 1 is perfect.
    """
    rows = []
    for one in left_out:
        orbitals, dot = one.computed.orbitals, one.computed.dot
        if orbitals is None:
            continue
        for occupied in (True, False):
            carriers = sorted({atom for is_occupied, atom in orbitals.traps if is_occupied == occupied})
            possible = (dot.formal_charge < 0) == occupied
            found = np.zeros(dot.n_atoms, dtype=bool)
            found[carriers] = True
            if not (found & possible).any():
                continue
            scores = _trap_scores(one.prediction, occupied)
            named = [f"{dot.symbols[n]} {dot.coordination[n]}c" for n in carriers]
            rows.append(
                {
                    "label": one.computed.label,
                    "formula": one.computed.family,
                    "traps": "occupied" if occupied else "empty",
                    "carriers": ", ".join(f"{named.count(w)} {w}" for w in sorted(set(named))),
                    "n_missed_kind": int((found & ~possible).sum()),
                    **{
                        name: _ranks_first(score[possible], found[possible]) for name, score in scores.items()
                    },
                }
            )
    return rows


def foreseen(rows: Sequence[Row]) -> list[Row]:
    """Return the means of ``trap_rows`` over formulas, each formula alike, by sort of trap."""
    found = []
    for sort in ("occupied", "empty"):
        own = [row for row in rows if row["traps"] == sort]
        formulas = sorted({row["formula"] for row in own})
        line: Row = {"traps": sort, "n_formulas": len(formulas), "n_dots": len(own)}
        for name in TRAP_SCORES:
            means = [
                np.mean([row[name] for row in own if row["formula"] == formula and row[name] is not None])
                for formula in formulas
            ]
            line[name] = float(np.mean(means)) if means else None
        if own:
            found.append(line)
    return found


def _trap_scores(prediction: Prediction, occupied: bool) -> dict[str, Array]:
    dot, described = prediction.dot, prediction.described
    energy = -described.potential_v if occupied else described.potential_v
    squares = np.repeat(described.strain_e**2, 2)
    strain: Array = np.bincount(dot.bonds.ravel(), weights=squares, minlength=dot.n_atoms).astype(float)
    return {"potential": energy, "flow": prediction.flow.flow_magnitude, "strain": strain}


def _ranks_first(score: Array, found: Mask) -> float | None:
    """Return the area under the receiver operating characteristic, from rank sums; None without both sorts."""
    n, m = int(found.sum()), int((~found).sum())
    if not n or not m:
        return None
    return float((rankdata(score)[found].sum() - n * (n + 1) / 2) / (n * m))


def _gathered(left_out: Sequence[LeftOut]) -> _Atoms:
    families = [one.computed.family for one in left_out]
    labels, symbols, names, weights = [], [], [], []
    for one in left_out:
        dot = one.computed.dot
        labels += [f"{s} {n}c" for s, n in zip(dot.symbols, dot.coordination.tolist(), strict=True)]
        symbols += dot.symbols.tolist()
        names += [one.computed.family] * dot.n_atoms
        weights += [1 / (families.count(one.computed.family) * dot.n_atoms)] * dot.n_atoms
    return _Atoms(np.array(labels), np.array(symbols), np.array(names), np.array(weights), compared(left_out))


def _element_means(atoms: _Atoms, kind: str) -> Array:
    """Return for each atom the mean of its element over the dots of all other formulas, or over all without others."""
    computed = atoms.arrays[f"computed_{kind}"]
    means = np.empty(len(computed))
    for family in set(atoms.family.tolist()):
        for symbol in set(atoms.symbol.tolist()):
            own = (atoms.family == family) & (atoms.symbol == symbol)
            other = (atoms.family != family) & (atoms.symbol == symbol)
            chosen = other if other.any() else atoms.symbol == symbol
            means[own] = np.average(computed[chosen], weights=atoms.weight[chosen])
    return means


def _within(values: Array, dot: NDArray[np.int64]) -> Array:
    """Return the deviations from the mean of each dot."""
    means = np.bincount(dot, weights=values) / np.maximum(np.bincount(dot), 1)
    result: Array = values - means[dot]
    return result


def _rms(values: Array, weights: Array | None = None) -> float:
    return float(np.sqrt(np.average(values**2, weights=weights)))


def _correlation(x: Array, y: Array, weights: Array | None = None) -> float | None:
    """Return Pearson's correlation, None where one of the two does not vary."""
    weight = np.ones(len(x)) if weights is None else weights
    one, two = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    norm = float(np.sqrt((weight @ one**2) * (weight @ two**2)))
    return float(weight @ (one * two)) / norm if norm > 1e-12 else None
