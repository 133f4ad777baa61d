"""Where atoms start: ideal lengths of every bond, and positions of ligands around their cations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ..elements import covalent_radius_ang
from .lattice import Integers, Mask
from .materials import Material, bulk_bond_length_ang

Floats = NDArray[np.float64]

#: Cation-ligand distance in Å on top (1), bridging (2) and on a 3-coordinate anion site (3), from relaxed
#: HLE17 structures of published dots.
_MEASURED_ANG = {
    ("In", "Cl"): (2.30, 2.54, 2.72),
    ("Cd", "Cl"): (2.36, 2.51, 2.67),
}

#: Length in Å of the bonds of 3-coordinate anions over the bulk length, from the same structures.
_SURFACE_ANION = {("In", "As"): 2.57 / 2.61, ("Cd", "Se"): 2.58 / 2.66}
_SURFACE_ANION_MEAN = float(np.mean(list(_SURFACE_ANION.values())))

#: The measured cation-ligand distances over the sum of covalent radii, averaged, for all other pairs.
_SCALE = tuple(
    float(
        np.mean(
            [
                lengths[n] / (covalent_radius_ang(cation) + covalent_radius_ang(ligand))
                for (cation, ligand), lengths in _MEASURED_ANG.items()
            ]
        )
    )
    for n in range(3)
)

#: A multiply bonded ligand never starts closer than this to the plane or line of its cations, in Å.
_LEAST_HEIGHT_ANG = 0.4


def ligand_length_ang(cation: str, ligand: str, coordination: int) -> float:
    """Return the distance in Å at which a ligand of this coordination starts from a cation."""
    n = min(max(coordination, 1), 3) - 1
    if (cation, ligand) in _MEASURED_ANG:
        return _MEASURED_ANG[cation, ligand][n]
    return _SCALE[n] * (covalent_radius_ang(cation) + covalent_radius_ang(ligand))


def ligand_positions(
    sites: Integers | Floats, numbers: Integers, neighbours: Integers | Floats, unit_ang: float
) -> Floats:
    """Return start positions of ligands, shape (n, 3), in Å.

    An on-top ligand sits on the bond axis of its cation. A bridging one and one on an anion site sit on the
    line from the centroid of their cations through the lattice site, at the mean of the wanted distances.

    :param sites: the anion lattice sites, or for ligands between sites their mean, shape (n, 3).
    :param numbers: atomic numbers of sites and of cations: ligand first, then its four neighbours, 0 for
        none; shape (n, 5).
    :param neighbours: the lattice sites of the four neighbours, shape (n, 4, 3).
    :param unit_ang: a/4 in Å.
    """
    occupied = numbers[:, 1:] > 0
    count = occupied.sum(1)
    centroid = (neighbours * occupied[:, :, None]).sum(1) / count[:, None]
    direction = sites - centroid
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    spread = np.where(occupied, ((neighbours - centroid[:, None, :]) ** 2).sum(2), 0.0).sum(1) / count
    wanted = _wanted_lengths(numbers, count)
    squared = wanted**2 - spread * unit_ang**2
    height = np.sqrt(np.maximum(squared, _LEAST_HEIGHT_ANG**2))
    result: Floats = centroid * unit_ang + direction * height[:, None]
    return result


def _wanted_lengths(numbers: Integers, count: Integers) -> Floats:
    """Return the mean wanted cation-ligand distance of each ligand, shape (n,), in Å."""
    total = np.zeros(len(numbers))
    for column in range(1, numbers.shape[1]):
        rows = np.flatnonzero(numbers[:, column])
        combined = np.stack([numbers[rows, column], numbers[rows, 0], count[rows]], axis=1)
        unique, inverse = np.unique(combined, axis=0, return_inverse=True)
        lengths = np.array(
            [ligand_length_ang(chemical_symbols[c], chemical_symbols[x], int(n)) for c, x, n in unique]
        )
        total[rows] += lengths[inverse.ravel()] if len(rows) else 0.0
    result: Floats = total / count
    return result


def bond_lengths_ang(
    numbers: Integers,
    coordination: Integers,
    is_ligand: Mask,
    bonds: Integers,
    extra: Mapping[str, Material] | None = None,
) -> Floats:
    """Return the ideal length of each bond, shape (n_bonds,), in Å.

    Framework bonds have the bulk length, shortened by 1.5-3 % at a 3-coordinate anion as in relaxed dots.

    :param numbers: atomic numbers, shape (n_atoms,).
    :param coordination: number of bonds of each atom, shape (n_atoms,).
    :param is_ligand: which atoms are ligands, shape (n_atoms,).
    :param bonds: a cation and an anion or ligand each, in this order, shape (n_bonds, 2).
    :param extra: materials of the user.
    """
    cation, anion = bonds.T
    rows = np.stack([numbers[cation], numbers[anion], coordination[anion], is_ligand[anion]], axis=1)
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    lengths = []
    for c, x, n, ligand in unique.tolist():
        pair = chemical_symbols[c], chemical_symbols[x]
        lengths.append(ligand_length_ang(*pair, n) if ligand else _framework_length_ang(pair, n, extra))
    result: Floats = np.array(lengths, dtype=float)[inverse.ravel()]
    return result


def _framework_length_ang(
    pair: tuple[str, str], coordination: int, extra: Mapping[str, Material] | None
) -> float:
    factor = _SURFACE_ANION.get(pair, _SURFACE_ANION_MEAN) if coordination == 3 else 1.0
    return factor * bulk_bond_length_ang(*pair, extra)
