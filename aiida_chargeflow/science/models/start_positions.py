"""Where the atoms of a model start: on the lattice, or relaxed in the force field."""

from __future__ import annotations

import numpy as np

from . import bond_valence, geometry
from .force_field import AngleRule, Role, relax
from .geometry import Floats, ligand_positions
from .ideal_angles import IdealAngles
from .lattice import Integers, Mask
from .spec import ModelSpec

#: Positions in Å are rounded so that they do not depend on the last bits of a machine's arithmetic.
_DECIMALS = 6


def start_positions(
    spec: ModelSpec,
    numbers: Integers,
    charges: Integers,
    is_ligand: Mask,
    points: Floats,
    bonds: Integers,
    lattice_constant_ang: float,
) -> Floats:
    """Return the positions at which the atoms of a model start, shape (n_atoms, 3), in Å.

    :param numbers: atomic numbers, shape (n_atoms,).
    :param charges: formal charges, shape (n_atoms,).
    :param is_ligand: which atoms are ligands, shape (n_atoms,).
    :param points: lattice sites, for ligands the mean of those they cover, in a/4, shape (n_atoms, 3).
    :param bonds: the cation first, shape (n_bonds, 2).
    """
    unit_ang = lattice_constant_ang / 4
    positions = points * unit_ang
    ligands = np.flatnonzero(is_ligand)
    hosts, around = _hosts(numbers, points, ligands, bonds)
    positions[ligands] = ligand_positions(points[ligands], hosts, around, unit_ang)
    if spec.start_geometry == "lattice":
        return positions
    roles: list[Role] = np.where(is_ligand, "ligand", np.where(charges < 0, "anion", "cation")).tolist()
    angles: AngleRule | None = None
    if spec.start == "v1":
        coordination = np.bincount(bonds.ravel(), minlength=len(numbers))
        lengths = geometry.bond_lengths_ang(numbers, coordination, is_ligand, bonds, spec.materials)
    else:
        lengths = bond_valence.bond_lengths_ang(numbers, charges, is_ligand, bonds, spec.materials)
        angles = IdealAngles(charges, is_ligand, bonds)
    pairs = np.sort(bonds, axis=1)
    return relax(positions, pairs, lengths, roles, angles=angles).round(_DECIMALS)


def _hosts(numbers: Integers, points: Floats, ligands: Integers, bonds: Integers) -> tuple[Integers, Floats]:
    """Return for each ligand the atomic numbers of itself and up to four cations, and where these are.

    The order of the cations is that of the tetrahedral directions to them, as far as the lattice has them.
    """
    number = np.full(len(numbers), -1)
    number[ligands] = np.arange(len(ligands))
    own = bonds[number[bonds[:, 1]] >= 0]
    row = number[own[:, 1]]
    order = np.lexsort([own[:, 0], row])
    own, row = own[order], row[order]
    column = np.arange(len(row)) - np.searchsorted(row, row)
    hosts = np.zeros((len(ligands), 5), dtype=np.int64)
    around = np.zeros((len(ligands), 4, 3))
    hosts[:, 0] = numbers[ligands]
    hosts[row, 1 + column] = numbers[own[:, 0]]
    around[row, column] = points[own[:, 0]]
    return hosts, around
