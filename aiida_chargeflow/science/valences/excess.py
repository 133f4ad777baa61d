"""Electrons in excess at an interface, bond by bond, with an exact sum rule.

Every III-VI bond of four-coordinate atoms holds a quarter of an electron more than two, every II-V bond a quarter
less (Pashley's electron counting, Phys. Rev. B 40, 10481 (1989)). An atom shares its part equally among its bonds, so
that the sum over all bonds is N(III) - N(V), whatever the coordination.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kinds import REGIONS
from .dot import Dot

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Excess:
    """Where electrons are in excess.

    :param bond_e: of each bond, shape (n_bonds,), in e.
    :param total_e: their sum, N(III) - N(V).
    :param by_region: a bond within a region belongs to it; of one between two regions each has half.
    :param depth_ang: edges of the depth bins below the framework's outermost atoms, from the surface inwards,
        shape (n_bins + 1,).
    :param below_e: excess of the bonds deeper than each inner edge, shape (n_bins,): what must be carried outwards
        through that depth; the first is the total.
    """

    bond_e: Array
    total_e: int
    by_region: dict[str, float]
    depth_ang: Array
    below_e: Array

    @property
    def worst_below_e(self) -> float:
        """Return the largest absolute excess that lies below any depth."""
        return float(np.abs(self.below_e).max(initial=0.0))


def excess(dot: Dot, depth_ang: Array, step_ang: float = 1.75) -> Excess:
    """Count the electrons in excess.

    Cations of charge q bring q - 2, framework anions of charge -q bring 2 - q, ligands nothing.

    :param depth_ang: depth of each atom below the surface, shape (n_atoms,); see ``surface_frame``.
    :param step_ang: width of the depth bins.
    """
    brings = atom_excess(dot)
    share = brings / np.maximum(dot.coordination, 1)
    bond_e: Array = share[dot.bonds].sum(axis=1)
    regions = dot.regions[dot.bonds]
    by_region = {}
    for number in (*REGIONS, 0):
        part = (regions == number).mean(axis=1)
        if (dot.regions == number).any():
            by_region[REGIONS.get(number, "unknown")] = float(bond_e @ part)
    middle = np.asarray(depth_ang)[dot.bonds].mean(axis=1)
    deepest = float(middle.max(initial=0.0))
    edges = np.arange(0.0, deepest + step_ang, step_ang)
    below = [float(bond_e.sum()), *(float(bond_e[middle >= edge].sum()) for edge in edges[1:-1])]
    return Excess(bond_e, int(brings[dot.coordination > 0].sum()), by_region, edges, np.array(below))


def atom_excess(dot: Dot) -> NDArray[np.int64]:
    """Return what each atom brings: +1 for a trivalent cation, -1 for a trivalent anion, 0 for the pair of both."""
    charge = dot.formal_charge
    brings = np.where(charge > 0, charge - 2, np.where(dot.is_ligand, 0, charge + 2))
    return brings.astype(np.int64)
