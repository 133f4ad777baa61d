"""Name atoms by element, coordination and neighbours (``In:As3,Se1``) and take statistics over the names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .bonds import BondGraph

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GroupStatistics:
    """Flow and charge of the atoms that share a name.

    :param name: the name.
    :param n_atoms: their number.
    :param mean_e, std_e, min_e, max_e: of the flow magnitude.
    :param mean_charge_e: of the Bader charge.
    """

    name: str
    n_atoms: int
    mean_e: float
    std_e: float
    min_e: float
    max_e: float
    mean_charge_e: float


def environments(symbols: Sequence[str], graph: BondGraph) -> list[str]:
    """Return the environment of each atom: symbol, colon, neighbours by symbol with counts.

    Neighbours are in alphabetic order: ``In:As3,Se1``; an atom without bonds is ``In:``.
    """
    neighbours: list[list[str]] = [[] for _ in symbols]
    for i, j in graph.bonds.tolist():
        neighbours[i].append(symbols[j])
        neighbours[j].append(symbols[i])
    return [
        f"{symbol}:" + ",".join(f"{name}{count}" for name, count in sorted(Counter(found).items()))
        for symbol, found in zip(symbols, neighbours, strict=True)
    ]


def coordination_labels(symbols: Sequence[str], graph: BondGraph) -> list[str]:
    """Return symbol and number of bonds of each atom: ``As 3c``."""
    return [f"{s} {n}c" for s, n in zip(symbols, graph.degrees().tolist(), strict=True)]


def statistics(labels: Sequence[str], magnitude: Array, bader_charge: Array) -> list[GroupStatistics]:
    """Return the statistics of each label, in alphabetic order.

    :param labels: one name for each atom.
    :param magnitude: shape (n_atoms,), flow magnitude in e.
    :param bader_charge: shape (n_atoms,), in e.
    """
    names, index = np.unique(np.array(labels), return_inverse=True)
    rows = []
    for number, name in enumerate(names):
        own = magnitude[index == number]
        charge = bader_charge[index == number]
        rows.append(
            GroupStatistics(
                str(name),
                len(own),
                float(own.mean()),
                float(own.std()),
                float(own.min()),
                float(own.max()),
                float(charge.mean()),
            )
        )
    return rows


def magnitude_bins(magnitude: Array, edges_e: Sequence[float]) -> NDArray[np.int64]:
    """Return the bin of each magnitude: 0 below the first edge, then one more for each edge reached.

    :raises InputError: the edges do not increase.
    """
    if any(b <= a for a, b in pairwise(edges_e)):
        raise InputError("bin edges must increase", field="bins", value=tuple(edges_e))
    return np.digitize(magnitude, list(edges_e)).astype(np.int64)


def select(
    symbols: Sequence[str],
    graph: BondGraph,
    *,
    elements: Sequence[str] = (),
    coordination: Sequence[int] = (),
    environment: Sequence[str] = (),
    indices: Sequence[int] = (),
) -> NDArray[np.bool_]:
    """Return which atoms satisfy every criterion that is given, shape (n_atoms,).

    :param environment: such as ``In:As3,Se1``, neighbours in any order.
    :param indices: from 1, as in the file.
    :raises InputError: a criterion that no atom satisfies, or an index outside the structure.
    """
    chosen = np.ones(len(symbols), dtype=bool)
    wrong = [index for index in indices if not 1 <= index <= len(symbols)]
    if wrong:
        raise InputError(f"atoms are numbered 1 to {len(symbols)}", field="index", value=wrong[0])
    if indices:
        chosen &= np.isin(np.arange(1, len(symbols) + 1), list(indices))
    names = [_sorted_environment(name) for name in environment]
    for field, wanted, values in (
        ("element", list(elements), list(symbols)),
        ("coordination", list(coordination), graph.degrees().tolist()),
        ("environment", names, environments(symbols, graph) if names else []),
    ):
        for value in wanted:
            if value not in values:
                present = ", ".join(str(v) for v in sorted(set(values)))
                raise InputError("no atom has it", field=field, value=value, remedy=f"Present: {present}.")
        if wanted:
            chosen &= np.array([value in wanted for value in values])
    return chosen


def parse_selection(text: str, symbols: Sequence[str], graph: BondGraph) -> NDArray[np.bool_]:
    """Return which atoms ``text`` names, shape (n_atoms,).

    :param text: an element (``As``), an element with its coordination (``As@3``), an environment
        (``In:As3,Se1``) or atom numbers from 1 (``#7``, ``#1-20``).
    :raises InputError: it cannot be read, or names no atom.
    """
    word = text.strip()
    if match := re.fullmatch(r"#(\d+)(?:-(\d+))?", word):
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise InputError("the range is empty", field="select", value=text)
        return select(symbols, graph, indices=range(first, min(last, len(symbols) + 1) + 1))
    if ":" in word:
        return select(symbols, graph, environment=[word])
    match = re.fullmatch(r"([A-Z][a-z]?)(?:@(\d+))?", word)
    if match is None:
        raise InputError(
            "not a selection", field="select", value=text, remedy="Write As, As@3, In:As3,Se1, #7 or #1-20."
        )
    chosen = select(symbols, graph, elements=[match[1]])
    if match[2]:
        chosen &= graph.degrees() == int(match[2])
    if not chosen.any():
        raise InputError("no atom has it", field="select", value=text)
    return chosen


def _sorted_environment(name: str) -> str:
    centre, _, rest = name.partition(":")
    return f"{centre.strip()}:" + ",".join(sorted(part.strip() for part in rest.split(",") if part.strip()))
