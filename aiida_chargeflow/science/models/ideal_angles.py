"""The ideal angle between two bonds, by what the atom at its centre and those at its ends are."""

from __future__ import annotations

from functools import cache

import numpy as np

from .geometry import Floats
from .lattice import Integers, Mask
from .start_parameters import start_parameters

_BEND = 3.0
_REGULAR_DEG = {2: 180.0, 3: 120.0}
_TETRAHEDRAL_DEG = float(np.degrees(np.arccos(-1 / 3)))
_MOST_CATIONS = 3  # of a ligand that has an entry of its own


class IdealAngles:
    """Ideal cosines and force constants for the angles of one model.

    :param charges: formal charges, shape (n_atoms,).
    :param is_ligand: which atoms are ligands, shape (n_atoms,).
    :param bonds: the cation first, shape (n_bonds, 2).
    """

    def __init__(self, charges: Integers, is_ligand: Mask, bonds: Integers) -> None:
        n_atoms = len(charges)
        self._charges = charges
        self._coordination = np.bincount(bonds.ravel(), minlength=n_atoms)
        self._n_anions = np.bincount(bonds[~is_ligand[bonds[:, 1]], 0], minlength=n_atoms)
        # 0 a cation or framework anion, 1 to 3 a ligand by the number of its cations
        self._end = np.where(is_ligand, np.minimum(self._coordination, _MOST_CATIONS), 0)
        self._is_ligand = is_ligand

    def __call__(self, centre: Integers, ends: Integers) -> tuple[Floats, Floats]:
        """Return cosine and force constant of each angle, shapes (n_angles,).

        :param centre: the atom at the vertex, shape (n_angles,).
        :param ends: the two others, shape (n_angles, 2).
        """
        is_cation = self._charges[centre] > 0
        cation = np.where(is_cation, centre, ends[:, 0])
        low, high = np.sort(self._end[ends] * is_cation[:, None], axis=1).T
        anions = np.where(is_cation, self._n_anions[centre], 0)
        role = np.where(is_cation, 0, np.where(self._is_ligand[centre], 2, 1))
        rows = np.stack([self._charges[cation], role, self._coordination[centre], anions, low, high], axis=1)
        unique, inverse = np.unique(rows, axis=0, return_inverse=True)
        degrees = np.array([_angle_deg(*row) for row in unique.tolist()])
        return np.cos(np.radians(degrees))[inverse.ravel()], np.full(len(centre), _BEND)


@cache
def _angle_deg(charge: int, role: int, coordination: int, n_anions: int, low: int, high: int) -> float:
    families = start_parameters().angles
    family = families[min(families, key=lambda known: abs(known - charge))]
    regular = _REGULAR_DEG.get(coordination, _TETRAHEDRAL_DEG)
    if role:
        return (family.anion if role == 1 else family.ligand).get(coordination, regular)
    ends = "-".join(f"L{end}" if end else "A" for end in (low, high))
    return family.cation.get(coordination, {}).get(n_anions, {}).get(ends, regular)
