"""Surface patterns of the outermost material: ``pure`` and ``exchange``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ..draft import Draft
from ..facets import shares, spread_over_facets
from ..lattice import TWO_FOLD, Integers
from .registry import surface_pattern


@surface_pattern("pure")
def pure(draft: Draft) -> None:
    """Leave the surface as the polyhedron cuts it."""


@surface_pattern("exchange")
def exchange(
    draft: Draft,
    *,
    fraction: Annotated[float, Field(ge=0, le=1)] = 2 / 3,
    ligand: Annotated[str, Field(pattern="^(F|Cl|Br|I|)$")] = "",
) -> None:
    """Exchange a fraction of the 3-coordinate anions on ⟨-1-1-1⟩ for halides.

    :param fraction: of all 3c framework anions, rounded to whole atoms and dealt evenly over the facets.
    :param ligand: the halide; by default the ligand of the model.
    """
    sites = three_coordinate_anions(draft)
    chosen = exchange_choice(draft, round(fraction * len(sites)))
    draft.add_ligands(chosen, ligand or draft.ligand)


def three_coordinate_anions(draft: Draft) -> Integers:
    """Return the indices of the framework anions that the polyhedron leaves with three cation neighbours."""
    surface = (draft.anion_neighbours >= 0).sum(1) == 3
    return np.flatnonzero(surface & draft.framework_anions & (draft.anion_coordination == 3))


def exchange_choice(draft: Draft, n: int) -> Integers:
    """Return the indices of ``n`` 3c anions, evenly over the ⟨-1-1-1⟩ facets.

    Within a facet they are chosen one by one: first where no cation is left with a single anion, then where the
    cations have most anions, then far from those already chosen. ``start: v1`` only spreads them.
    """
    sites = three_coordinate_anions(draft)
    facet = np.argmin(draft.anion_neighbours[sites], axis=1)
    if draft.start == "v1":
        return sites[spread_over_facets(draft.anions[sites], facet, n)]
    anions_left = draft.framework_anions[draft.cation_neighbours].sum(1)
    chosen: list[int] = []
    for k, share in enumerate(shares(np.bincount(facet, minlength=4), n)):
        members = sites[facet == k]
        in_frame = draft.anions[members] * TWO_FOLD[k]
        order = np.lexsort(in_frame.T[::-1])
        chosen += _choose_in_facet(draft, members[order], in_frame[order], anions_left, share)
    return np.sort(np.array(chosen, dtype=np.int64))


def _choose_in_facet(
    draft: Draft, members: Integers, in_frame: Integers, anions_left: Integers, n: int
) -> list[int]:
    """Return ``n`` of the sites ``members``, ties in their order; ``anions_left`` is kept up to date."""
    around = draft.anion_neighbours[members]
    left = np.append(anions_left, 4)  # a site without neighbour there (-1) never counts as poor
    distance = np.full(len(members), np.iinfo(np.int64).max)
    chosen: list[int] = []
    for _ in range(n):
        single = (left[around] <= 2).sum(1)
        total = left[around].sum(1)
        taken = np.isin(np.arange(len(members)), chosen)
        best = int(np.lexsort((-distance, -total, single, taken))[0])
        chosen.append(best)
        hosts = around[best][around[best] >= 0]
        left[hosts] -= 1
        anions_left[hosts] -= 1
        distance = np.minimum(distance, ((in_frame - in_frame[best]) ** 2).sum(1))
    return [int(members[k]) for k in chosen]
