"""Rank what a search has looked at, and build the best for certain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..models.build import QDModel, build
from ..models.spec import ModelSpec
from ..valences.descriptors import OBJECTIVES
from ..valences.dot import dot_of_model
from ..valences.parameters import TransferParameters, default_parameters
from ..valences.prediction import predict
from .evaluate import Evaluation, Evaluator
from .search import Progress, scales_of, score_of, search
from .settings import ScreeningSettings
from .space import Space, make_space

_DIGITS = 6
_BUILT_FOR_KEPT = 2


@dataclass(frozen=True)
class Ranked:
    """One of the best candidates.

    :param rank: from 1, the smallest score first; equal scores in the order of their sites.
    :param on_front: no candidate on the lattice is better in one objective and as good in all others.
    :param counts: edit → number of sites.
    :param values: objective → value of the model as it is built, its ligands settled and its atoms relaxed.
    :param on_lattice: the same as the search saw it.
    """

    rank: int
    score: float
    on_front: bool
    spec: ModelSpec
    formula: str
    n_atoms: int
    counts: dict[str, int]
    values: dict[str, float]
    on_lattice: dict[str, float]

    def to_mapping(self) -> dict[str, Any]:
        """Return the row of a table, and the model as a file has it."""
        return {
            "rank": self.rank,
            "score": self.score,
            "on_front": self.on_front,
            "formula": self.formula,
            "n_atoms": self.n_atoms,
            "surface": self.spec.to_mapping()["surface"],
            "counts": self.counts,
            "values": self.values,
            "on_lattice": self.on_lattice,
            "digest": self.spec.digest,
            "spec": self.spec.to_mapping(),
        }


@dataclass(frozen=True)
class Screening:
    """The result.

    :param ranked: the best, built.
    :param reference: values of the model without edits, built; empty if it cannot be.
    :param values: of every possible candidate on the lattice, shape (n_possible, n_objectives), the best first.
    :param reference_on_lattice: of the model without edits; empty if it has no room for its ligands.
    :param front: which of these are on the Pareto front, shape (n_possible,).
    :param scores: shape (n_possible,).
    """

    settings: ScreeningSettings
    names: tuple[str, ...]
    ranked: tuple[Ranked, ...]
    reference: dict[str, float]
    reference_on_lattice: dict[str, float]
    values: NDArray[np.float64]
    front: NDArray[np.bool_]
    scores: NDArray[np.float64]
    n_looked_at: int
    n_choices: int
    exhaustive: bool
    problems: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """Return everything but the arrays, as plain, ordered mappings."""
        return {
            "name": self.settings.name,
            "objectives": self.settings.objectives,
            "n_choices": float(self.n_choices),
            "n_looked_at": self.n_looked_at,
            "n_possible": len(self.scores),
            "n_on_front": int(self.front.sum()),
            "exhaustive": self.exhaustive,
            "problems": self.problems,
            "reference": self.reference,
            "reference_on_lattice": self.reference_on_lattice,
            "ranked": [one.to_mapping() for one in self.ranked],
        }


def screen(
    settings: ScreeningSettings,
    parameters: TransferParameters | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Screening:
    """Search the space of a screening and rank what was found.

    The same settings and parameters give the same ranking, whatever the number of processes.

    :raises InputError: an impossible space, or no candidate that satisfies the constraints and can be built.
    """
    known = default_parameters() if parameters is None else parameters
    space = make_space(settings)
    names = tuple(settings.objectives)
    evaluator = Evaluator(space, names, settings.constraints, known)
    found = search(evaluator, settings, progress, workers)
    scales = scales_of(found.reference, settings)
    possible = [one for one in found.evaluations if one.values]
    # Rounded, so that equivalent values rank by their sites and not by the last bits of a machine's arithmetic.
    order = sorted(possible, key=lambda one: (round(score_of(one, settings, scales), _DIGITS), one.candidate))
    values = np.array([[one.values[name] for name in names] for one in order])
    front = pareto_front(values.round(_DIGITS))
    scores = np.array([score_of(one, settings, scales) for one in order])
    reference, ranked = _best(order, front, settings, space, known)
    problems = Counter(one.problem for one in found.evaluations if one.problem)
    return Screening(
        settings,
        names,
        ranked,
        reference,
        {name: round(value, _DIGITS) for name, value in found.reference.values.items()},
        values,
        front,
        scores,
        len(found.evaluations),
        space.size,
        found.exhaustive,
        dict(sorted(problems.items())),
    )


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows no other row beats: as small in every column and smaller in one.

    :param values: shape (n, n_objectives).
    """
    kept = np.ones(len(values), dtype=bool)
    for n in np.lexsort(values.T[::-1]):
        if kept[n]:
            beaten = (values >= values[n]).all(axis=1) & (values > values[n]).any(axis=1)
            kept &= ~beaten
    return kept


def _best(
    order: Sequence[Evaluation],
    front: NDArray[np.bool_],
    settings: ScreeningSettings,
    space: Space,
    parameters: TransferParameters,
) -> tuple[dict[str, float], tuple[Ranked, ...]]:
    """Build the best on the lattice and rank them by what they are as built; return the values without edits, too.

    Twice as many are built as are kept, since settled ligands and relaxed atoms change the order; one that cannot be
    built is passed over.
    """
    names = tuple(settings.objectives)
    built: list[tuple[float, Evaluation, bool, QDModel, dict[str, float]]] = []
    reference = _try(space.spec(space.reference), names, parameters)
    base = Evaluation(space.reference, reference[1] if reference else {})
    scales = scales_of(base, settings)
    for one, on_front in zip(order, front.tolist(), strict=True):
        if len(built) == _BUILT_FOR_KEPT * settings.keep:
            break
        if (found := _try(space.spec(one.candidate), names, parameters)) is not None:
            score = score_of(Evaluation(one.candidate, found[1]), settings, scales)
            built.append((round(score, _DIGITS), one, on_front, *found))
    if not built:
        raise InputError(
            "none of the best candidates can be built", field="space", remedy="Allow fewer edits."
        )
    built.sort(key=lambda item: (item[0], item[1].candidate))
    ranked = [
        Ranked(
            rank,
            score,
            on_front,
            space.spec(one.candidate),
            model.formula,
            len(model.atoms),
            {name: len(part) for name, part in zip(space.edits, one.candidate.sites, strict=True)},
            values,
            {name: round(value, _DIGITS) for name, value in one.values.items()},
        )
        for rank, (score, one, on_front, model, values) in enumerate(built[: settings.keep], 1)
    ]
    return base.values, tuple(ranked)


def _try(
    spec: ModelSpec, names: tuple[str, ...], parameters: TransferParameters
) -> tuple[QDModel, dict[str, float]] | None:
    """Return a model and its objectives, None if it cannot be built."""
    try:
        model = build(spec)
    except InputError:
        return None
    return model, built_values(model, names, parameters)


def built_values(model: QDModel, names: tuple[str, ...], parameters: TransferParameters) -> dict[str, float]:
    """Return the objectives of a model as it was built."""
    described = predict(dot_of_model(model), parameters).described
    return {name: round(OBJECTIVES[name].value(described), _DIGITS) for name in names}
