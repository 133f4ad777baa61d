"""Ligands per surface area of a dot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull, QhullError

from ..errors import InputError


@dataclass(frozen=True)
class LigandDensity:
    """Ligands on the surface of the crystal.

    :param area_nm2: surface of the convex hull through the centres of the crystal atoms.
    :param volume_nm3: volume inside that hull.
    """

    n_ligands: int
    area_nm2: float
    volume_nm3: float

    @property
    def ligands_per_nm2(self) -> float:
        """Return the ligand density in nm⁻²."""
        return self.n_ligands / self.area_nm2


def ligand_density(
    positions_ang: NDArray[np.float64], is_ligand: ArrayLike, *, n_ligands: int | None = None
) -> LigandDensity:
    """Count ligands and measure the surface that they cover.

    The hull runs through atom centres, so areas of small dots are lower bounds; compare dots with each other
    rather than with a density on a flat surface.

    :param positions_ang: (n_atoms, 3).
    :param is_ligand: (n_atoms,) whether an atom belongs to a ligand (region 4, halides on anion sites
        included).
    :param n_ligands: number of ligands where they have several atoms; by default every ligand atom is one.
    :raises InputError: fewer than four crystal atoms, or all in a plane.
    """
    mask = np.asarray(is_ligand, dtype=bool)
    try:
        hull = ConvexHull(np.asarray(positions_ang)[~mask])
    except (QhullError, ValueError):
        raise InputError(
            "the crystal atoms span no volume",
            field="positions",
            value=int((~mask).sum()),
            remedy="At least four crystal atoms that are not in a plane are needed.",
        ) from None
    count = int(mask.sum()) if n_ligands is None else n_ligands
    return LigandDensity(count, float(hull.area) / 100, float(hull.volume) / 1000)
