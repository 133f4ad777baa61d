"""Surface patterns of the outermost material: ``pure`` and ``exchange``."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ..draft import Draft
from ..facets import spread_over_facets
from ..lattice import Integers
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
    """Return the indices of ``n`` 3c anions, evenly over the ⟨-1-1-1⟩ facets and spread within each."""
    sites = three_coordinate_anions(draft)
    facet = np.argmin(draft.anion_neighbours[sites], axis=1)
    return sites[spread_over_facets(draft.anions[sites], facet, n)]
