"""The surface pattern ``vacancies-2x2`` of II-VI dots, as published and in a variant for core@shell dots."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ..draft import Draft
from ..facets import best_by, copies, quarter, terrace
from ..lattice import TETRAHEDRAL, TWO_FOLD, Integers, find
from .registry import surface_pattern


@surface_pattern("vacancies-2x2", low_coordination=True)
def vacancies_2x2(
    draft: Draft,
    *,
    variant: Literal["auto", "published", "terrace"] = "auto",
    anion_share: Annotated[float, Field(ge=0, le=1)] = 7 / 12,
) -> None:
    """Empty one p(2×2) cation sublattice in the outermost cation layers of ⟨111⟩ and ⟨-1-1-1⟩.

    ``published`` takes the sublattice with most terrace sites and all of its sites in the layer, edges too,
    and removes a share of the ⟨-1-1-1⟩ anions left with two bonds. ``terrace`` keeps to terrace sites, takes
    the sublattice nearest to their quarter, and removes one anion per ⟨-1-1-1⟩ vacancy. Layers that an
    interface pattern has emptied in part stay as they are.

    :param variant: ``auto`` is ``published`` for a bare dot and ``terrace`` for a core@shell dot.
    :param anion_share: of the two-bonded ⟨-1-1-1⟩ anions that ``published`` removes; the published
        Cd324Se281Cl86 lacks 28 of 48.
    """
    published = variant == "published" or (variant == "auto" and len(draft.polyhedra) == 1)
    top, under = (_vacancies(draft, sign, published) for sign in (1, -1))
    for sites in (top, under):
        index = np.unique(find(draft.cations, sites))
        draft.set_cations(index[draft.cation_z[index] > 0], "", "remove")
    if published:
        loose = _loose_anions(draft)
        groups, n_each = [loose], round(anion_share * len(loose))
    else:
        groups = [find(draft.anions, vacancy + TETRAHEDRAL[1:]) for vacancy in under[: len(under) // 4]]
        n_each = 1
    draft.set_anions(_anions_to_remove(draft, groups, n_each), "", "remove")


def _vacancies(draft: Draft, sign: int, published: bool) -> Integers:
    """Return the cation sites to empty on the facets along ``sign`` times ``TETRAHEDRAL``, shape (n, 3)."""
    level = draft.outer.A if sign > 0 else draft.outer.B - 1
    on_plane = sign * (draft.cations @ TETRAHEDRAL[0]) == level
    layer, occupied = draft.cations[on_plane], draft.cation_z[on_plane] > 0
    if not occupied.all():
        return np.empty((0, 3), dtype=np.int64)
    flat = terrace(layer, draft.outer)
    chosen = best_by(layer, flat.astype(np.int64)) if published else quarter(layer[flat])
    sites: Integers = copies(chosen).reshape(-1, 3)
    return sites


def _loose_anions(draft: Draft) -> Integers:
    """Return the indices of the anions of the ⟨-1-1-1⟩ facet 0 that are left with two bonds or fewer."""
    on_facet = -(draft.anions @ TETRAHEDRAL[0]) == draft.outer.B
    return np.flatnonzero(on_facet & draft.framework_anions & (draft.anion_coordination <= 2))


def _anions_to_remove(draft: Draft, groups: list[Integers], n_each: int) -> Integers:
    """Return ``n_each`` two-bonded anions of every group of facet 0 and their copies, as indices.

    Of each group those go whose cations keep most bonds, then the innermost. The choice is made on facet 0
    and copied, so that the facets stay equivalent.
    """
    bonds = draft.cation_coordination
    loose = draft.framework_anions & (draft.anion_coordination <= 2)
    taken: list[int] = []
    for group in groups:
        for _ in range(n_each):
            ranked = [
                (-int(bonds[_hosts(draft, anion)].min()), int((draft.anions[anion] ** 2).sum()), anion)
                for anion in group[loose[group]].tolist()
            ]
            if not ranked:
                break
            chosen = find(draft.anions, TWO_FOLD * draft.anions[min(ranked)[2]])
            for anion in chosen[loose[chosen]].tolist():
                bonds[_hosts(draft, anion)] -= 1
                loose[anion] = False
                taken.append(anion)
    return np.array(taken, dtype=np.int64)


def _hosts(draft: Draft, anion: int) -> Integers:
    """Return the occupied cation sites around an anion."""
    near = draft.anion_neighbours[anion]
    near = near[near >= 0]
    hosts: Integers = near[draft.cation_z[near] > 0]
    return hosts
