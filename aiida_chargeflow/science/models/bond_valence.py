"""Bond valences of the formal charges, and the bond lengths that follow from them.

The valences of the bonds of an atom add up to its formal charge; of all such solutions the one without loops is taken
(Kirchhoff's equations; Brown, The Chemical Bond in Inorganic Chemistry, Oxford (2002)). A bond of valence x has the
length r0 - b ln x (Brown and Altermatt, Acta Cryst. B 41, 244 (1985)).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from ase.data import chemical_symbols

from ..charges.laplacian import components, incidence, remove_means, solve_potential
from ..elements import covalent_radius_ang
from .geometry import Floats
from .lattice import Integers, Mask
from .materials import Material, bulk_bond_length_ang
from .start_parameters import BondValence, start_parameters

#: The halide whose bonds were measured.
_MEASURED_LIGAND = "Cl"


def bond_valences(charges: Integers, bonds: Integers) -> Floats:
    """Return the valence of each bond, shape (n_bonds,), in e.

    :param charges: formal charges, which should sum to zero over each connected part, shape (n_atoms,).
    :param bonds: the cation first, shape (n_bonds, 2).
    """
    labels = components(len(charges), bonds)
    balanced = remove_means(charges.astype(float), labels)
    A = incidence(len(charges), bonds)
    result: Floats = A.T @ solve_potential(A, balanced, labels)
    return result


def bond_lengths_ang(
    numbers: Integers,
    charges: Integers,
    is_ligand: Mask,
    bonds: Integers,
    extra: Mapping[str, Material] | None = None,
) -> Floats:
    """Return the length of each bond by its valence, shape (n_bonds,), in Å.

    :param numbers: atomic numbers, shape (n_atoms,).
    :param charges: formal charges, shape (n_atoms,).
    :param is_ligand: which atoms are ligands, shape (n_atoms,).
    :param bonds: the cation first, shape (n_bonds, 2).
    :param extra: materials of the user.
    """
    valences = np.maximum(bond_valences(charges, bonds), start_parameters().least_valence)
    cation, anion = bonds.T
    rows = np.stack([numbers[cation], numbers[anion], charges[cation], is_ligand[anion]], axis=1)
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    found = [
        _parameters(chemical_symbols[c], chemical_symbols[x], q, ligand, extra) for c, x, q, ligand in unique
    ]
    r0 = np.array([item.r0_ang for item in found])[inverse.ravel()]
    b = np.array([item.b_ang for item in found])[inverse.ravel()]
    lengths: Floats = r0 - b * np.log(valences)
    return lengths


def _parameters(
    cation: str, anion: str, charge: int, ligand: bool, extra: Mapping[str, Material] | None
) -> BondValence:
    """Return what was fitted, or for any other pair what its bulk length or its chloride implies."""
    given = start_parameters()
    if (known := given.bonds.get(f"{cation}-{anion}")) is not None:
        return known
    if ligand:
        radius = covalent_radius_ang(anion) - covalent_radius_ang(_MEASURED_LIGAND)
        chloride = given.bonds.get(f"{cation}-{_MEASURED_LIGAND}")
        if chloride is not None:
            return BondValence(r0_ang=chloride.r0_ang + radius, b_ang=chloride.b_ang)
        total = covalent_radius_ang(cation) + covalent_radius_ang(anion)
        return BondValence(r0_ang=_ligand_share() * total, b_ang=given.other_ligand_b_ang)
    b_ang = given.other_framework_b_ang
    bulk = bulk_bond_length_ang(cation, anion, extra)
    return BondValence(r0_ang=bulk + b_ang * float(np.log(charge / 4)), b_ang=b_ang)


def _ligand_share() -> float:
    """Return the mean of r0 over the sum of covalent radii, of all cations whose chloride was measured."""
    shares = []
    for pair, item in start_parameters().bonds.items():
        cation, anion = pair.split("-")
        if anion == _MEASURED_LIGAND:
            shares.append(item.r0_ang / (covalent_radius_ang(cation) + covalent_radius_ang(anion)))
    return float(np.mean(shares))
