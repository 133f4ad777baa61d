"""Where atoms start in the geometry v1: ideal lengths of every bond, and positions of ligands around their cations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from ..elements import covalent_radius_ang
from .lattice import Integers, Mask
from .materials import Material, bulk_bond_length_ang
from .start_parameters import start_parameters

Floats = NDArray[np.float64]

#: A multiply bonded ligand never starts closer than this to the plane or line of its cations, in Å.
_LEAST_HEIGHT_ANG = 0.4


def ligand_length_ang(cation: str, ligand: str, coordination: int) -> float:
    """Return the distance in Å at which a ligand of this coordination starts from a cation."""
    n = min(max(coordination, 1), 3) - 1
    measured = start_parameters().v1.ligand_ang.get(f"{cation}-{ligand}")
    if measured is not None:
        return measured[n]
    return _over_covalent_radii()[n] * (covalent_radius_ang(cation) + covalent_radius_ang(ligand))


@cache
def _over_covalent_radii() -> tuple[float, ...]:
    """Return the measured ligand lengths over the sums of covalent radii, averaged, by coordination."""
    ratios = []
    for pair, lengths in start_parameters().v1.ligand_ang.items():
        cation, ligand = pair.split("-")
        radii_ang = covalent_radius_ang(cation) + covalent_radius_ang(ligand)
        ratios.append([length / radii_ang for length in lengths])
    return tuple(np.mean(ratios, axis=0).tolist())


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
    factor = 1.0
    if coordination == 3:
        measured = {name: at / bulk for name, (at, bulk) in start_parameters().v1.surface_anion_ang.items()}
        factor = measured.get("-".join(pair), float(np.mean(list(measured.values()))))
    return factor * bulk_bond_length_ang(*pair, extra)
