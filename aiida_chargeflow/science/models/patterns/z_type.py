"""The surface pattern ``z-type``: MX2 units on anions that lack a cation."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from ...elements import element
from ...errors import InputError
from ..draft import Draft
from ..facets import spread
from ..lattice import TETRAHEDRAL, find, keys
from .registry import surface_pattern


@surface_pattern("z-type", low_coordination=True)
def z_type(
    draft: Draft,
    *,
    metal: str = "",
    min_bonds: Annotated[int, Field(ge=1, le=4)] = 2,
    fraction: Annotated[float, Field(ge=0, le=1)] = 1.0,
    units: Annotated[int, Field(ge=0)] | None = None,
) -> None:
    """Put metal cations back on empty lattice sites next to surface anions; the ligands of each follow.

    The rule ``balance`` then adds the two ligands of each MX2 unit. Sites bonded to most anions come first.

    :param metal: element of the units; by default the cation of the outermost material.
    :param min_bonds: fewest anions that a site must touch: 2 refills vacancies, 1 also binds on top of single
        3c anions.
    :param fraction: share of those sites, rounded to whole units.
    :param units: number of units instead of a fraction.
    """
    if metal and element(metal).oxidation_state <= 0:
        raise InputError("not a cation", field="surface.metal", value=metal)
    anions = draft.anions[draft.framework_anions]
    around = (anions[:, None, :] - TETRAHEDRAL[None]).reshape(-1, 3)
    known = find(draft.cations, around)
    empty = around[(known < 0) | (draft.cation_z[known] == 0)]
    _, first, bonds = np.unique(keys(empty), return_index=True, return_counts=True)
    sites = empty[first]
    n_available = int((bonds >= min_bonds).sum())
    n = round(fraction * n_available) if units is None else units
    if n > n_available or n_available == 0:
        raise InputError(
            f"{n_available} empty sites touch at least {min_bonds} surface anions",
            field="surface.units",
            value=units,
            remedy="Lower min_bonds or units, or remove cations first: surface: [vacancies-2x2, z-type].",
        )
    chosen = []
    for count in range(4, min_bonds - 1, -1):
        group = sites[bonds == count]
        chosen.append(group[spread(group, min(n, len(group)))])
        n -= len(chosen[-1])
    draft.add_cations(np.concatenate(chosen), metal or draft.layers[-1].cation)
