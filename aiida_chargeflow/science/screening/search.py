"""Look at candidates: all of them where they are few, else by simulated annealing with a seed.

Annealing after Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983): a fixed number of independent chains, each with
a generator of its own, so that the result does not depend on how many processors share them.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..errors import InputError
from .evaluate import Evaluation, Evaluator
from .settings import Constraints, ScreeningSettings
from .space import Candidate, Choice, Space

#: Called with the number of candidates looked at so far.
Progress = Callable[[int], None]

_CHAINS = 4
_START, _END = 0.1, 0.002  # temperatures, in scores: 1 is the model without edits
_SLICE = 25  # candidates between two reports of a worker
_WORTH_A_POOL = 200
_MOST_REPEATS = 50  # of candidates seen before, for each new one
_REFUSED = 1e6
_OTHER_COUNTS = 0.25  # share of the steps that change counts


@dataclass(frozen=True)
class Found:
    """What a search has looked at.

    :param reference: the model without edits.
    :param evaluations: every candidate once, in a fixed order.
    :param exhaustive: whether these are all that there are.
    """

    reference: Evaluation
    evaluations: tuple[Evaluation, ...]
    exhaustive: bool


def search(
    evaluator: Evaluator,
    settings: ScreeningSettings,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Found:
    """Look at the candidates of a space.

    :param progress: is told how many were looked at.
    :param workers: processes; as many as there are processors, up to four, by default. The result is the same.
    :raises InputError: too many for an exhaustive search, or none satisfies the constraints.
    """
    space, wanted = evaluator.space, settings.search
    space.combinations(
        settings.constraints.excess
    )  # refuses an excess out of reach before anything is looked at
    reference = replace(evaluator, constraints=Constraints())(space.reference)
    exhaustive = _is_exhaustive(space, settings)
    n_workers = min(workers or len(os.sched_getaffinity(0)), _CHAINS)
    report = progress or (lambda _: None)
    if exhaustive:
        every = list(space.every())
        parts = [every[n : n + _SLICE] for n in range(0, len(every), _SLICE)]
        found = _in_order(_map(partial(_evaluate_all, evaluator), parts, n_workers, len(every)), report)
    else:
        scales = scales_of(reference, settings)
        seeds = np.random.SeedSequence(wanted.seed).spawn(_CHAINS)
        chain = partial(_Chain, evaluator, settings, scales, wanted.evaluations // _CHAINS or 1)
        found = _anneal([chain(seed) for seed in seeds], n_workers, wanted.evaluations, report)
    unique = {one.candidate: one for one in found}
    if not any(one.values for one in unique.values()):
        reasons = sorted({one.problem for one in unique.values()})
        raise InputError(
            f"none of {len(unique)} candidates is possible",
            field="space",
            remedy=f"What they miss: {'; '.join(reasons[:3])}. Widen the counts or ease the constraints.",
        )
    return Found(reference, tuple(unique.values()), exhaustive)


def scales_of(reference: Evaluation, settings: ScreeningSettings) -> dict[str, float]:
    """Return what each value is divided by: that of the model without edits, or 1 where it is 0 or unknown."""
    return {name: abs(reference.values.get(name, 0.0)) or 1.0 for name in settings.objectives}


def score_of(evaluation: Evaluation, settings: ScreeningSettings, scales: dict[str, float]) -> float:
    """Return the weighted mean of the values over their scales: 1 is as good as no edit, less is better."""
    if not evaluation.values:
        return _REFUSED
    total = sum(settings.objectives.values())
    return sum(w * evaluation.values[n] / scales[n] for n, w in settings.objectives.items()) / total


def _is_exhaustive(space: Space, settings: ScreeningSettings) -> bool:
    wanted = settings.search
    if wanted.method == "exhaustive" and space.size > 24 * wanted.evaluations:
        raise InputError(
            f"there are {space.size} choices, more than can be looked at",
            field="search.method",
            value="exhaustive",
            remedy="Raise search.evaluations, keep a higher symmetry, allow fewer counts, or use annealing.",
        )
    return wanted.method == "exhaustive" or (wanted.method == "auto" and space.size <= wanted.evaluations)


def _evaluate_all(evaluator: Evaluator, candidates: list[Candidate]) -> list[Evaluation]:
    return [evaluator(candidate) for candidate in candidates]


def _map(
    function: Callable[[list[Candidate]], list[Evaluation]],
    parts: list[list[Candidate]],
    n_workers: int,
    n: int,
) -> Iterator[list[Evaluation]]:
    if n_workers == 1 or n < _WORTH_A_POOL:
        yield from map(function, parts)
        return
    with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(function, parts)


def _in_order(parts: Iterable[list[Evaluation]], report: Progress) -> list[Evaluation]:
    found: list[Evaluation] = []
    for part in parts:
        found += part
        report(len(found))
    return found


class _Chain:
    """One annealing, which can be sent to another process and back between slices."""

    def __init__(
        self,
        evaluator: Evaluator,
        settings: ScreeningSettings,
        scales: dict[str, float],
        n_steps: int,
        seed: np.random.SeedSequence,
    ) -> None:
        self.evaluator, self.settings, self.scales, self.n_steps = evaluator, settings, scales, n_steps
        self.generator = np.random.default_rng(seed)
        self.seen: dict[Candidate, Evaluation] = {}
        self.allowed = evaluator.space.combinations(settings.constraints.excess)
        self.current = self._draw()
        self.score = np.inf
        self.finished = False

    def run(self, n: int) -> _Chain:
        """Look at ``n`` more candidates that are new to this chain."""
        for _ in range(n * _MOST_REPEATS):
            if len(self.seen) >= self.n_steps:
                break
            if n <= 0:
                return self
            proposed = self._changed(self.current) if np.isfinite(self.score) else self.current
            known = proposed in self.seen
            n -= not known
            self._consider(proposed)
        self.finished = len(self.seen) >= self.n_steps or n > 0
        return self

    def _consider(self, proposed: Candidate) -> None:
        if proposed not in self.seen:
            self.seen[proposed] = self.evaluator(proposed)
        score = score_of(self.seen[proposed], self.settings, self.scales)
        temperature = _START * (_END / _START) ** (len(self.seen) / self.n_steps)
        if score <= self.score or self.generator.random() < np.exp((self.score - score) / temperature):
            self.current, self.score = proposed, score

    def _draw(self) -> Candidate:
        """Return a candidate at random."""
        return self._with_counts(((),) * len(self.evaluator.space.edits))

    def _changed(self, candidate: Candidate) -> Candidate:
        """Return a neighbour: other counts or another surface, or one set of sites exchanged for another."""
        space, generator = self.evaluator.space, self.generator
        if generator.random() < _OTHER_COUNTS:
            return self._with_counts(candidate.sites)
        parts = list(candidate.sites)
        filled = [n for n, part in enumerate(parts) if part]
        if filled:
            n = filled[int(generator.integers(len(filled)))]
            parts[n] = self._exchanged(space, n, parts[n])
        return space.canonical(Candidate(candidate.surface, tuple(parts)))

    def _with_counts(self, sites: tuple[Choice, ...]) -> Candidate:
        """Return a candidate of a surface and counts at random that keeps as many of the sites as it can."""
        space = self.evaluator.space
        surface, counts = self.allowed[int(self.generator.integers(len(self.allowed)))]
        parts = [self._subset(space, n, sites[n], wanted) for n, wanted in enumerate(counts)]
        return space.canonical(Candidate(surface, tuple(parts)))

    def _exchanged(self, space: Space, n: int, chosen: Choice) -> Choice:
        """Exchange one set of sites in the choice for one of the same size that is not."""
        held = set(chosen)
        inside = [orbit for orbit in space.orbits[n] if held.issuperset(orbit)]
        outside = [orbit for orbit in space.orbits[n] if held.isdisjoint(orbit)]
        if not inside or not outside:
            return chosen
        leaves = inside[int(self.generator.integers(len(inside)))]
        fitting = [orbit for orbit in outside if len(orbit) == len(leaves)]
        if not fitting:
            return chosen
        enters = fitting[int(self.generator.integers(len(fitting)))]
        return tuple(sorted(held.difference(leaves).union(enters)))

    def _subset(self, space: Space, n: int, chosen: Choice, wanted: int) -> Choice:
        """Return a choice of ``wanted`` sites, as much of ``chosen`` as fits with others at random beside it."""
        orbits = space.orbits[n]
        held: set[int] = set()
        while len(held) != wanted:
            held = set()
            order = self.generator.permutation(len(orbits)).tolist()
            if self.generator.random() < 0.9:  # else a remainder of large orbits could stay for ever
                order.sort(key=lambda k: not set(chosen).issuperset(orbits[k]))
            for k in order:
                if len(held) + len(orbits[k]) <= wanted:
                    held.update(orbits[k])
        return tuple(sorted(held))


def _anneal(chains: list[_Chain], n_workers: int, n: int, report: Progress) -> list[Evaluation]:
    """Run all chains to their ends, one slice after the other, and return what they saw."""
    if n_workers == 1 or n < _WORTH_A_POOL:
        while not all(chain.finished for chain in chains):
            for chain in chains:
                chain.run(_SLICE)
            report(sum(len(chain.seen) for chain in chains))
    else:
        with ProcessPoolExecutor(n_workers, multiprocessing.get_context("spawn")) as pool:
            while not all(chain.finished for chain in chains):
                chains = list(pool.map(_slice, chains))
                report(sum(len(chain.seen) for chain in chains))
    return [one for chain in chains for one in chain.seen.values()]


def _slice(chain: _Chain) -> _Chain:
    return chain.run(_SLICE)
