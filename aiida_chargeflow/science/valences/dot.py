"""A dot as the prediction sees it: atoms with formal charges, and bonds from cation to anion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ..charges.analysis import regions_of
from ..charges.bonds import DEFAULT_SCALE, bond_graph
from ..elements import element, known_elements
from ..errors import InputError
from ..kinds import LIGAND
from ..models.bond_valence import bond_valences
from ..models.build import QDModel

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Dot:
    """Atoms and bonds, without any electron counted.

    :param symbols: shape (n_atoms,).
    :param positions_ang: shape (n_atoms, 3).
    :param formal_charge: in e, shape (n_atoms,).
    :param bonds: the cation first, shape (n_bonds, 2).
    :param regions: 1 core, 2 interlayer, 3 shell, 4 ligand, 0 unknown, shape (n_atoms,).
    """

    symbols: NDArray[np.str_]
    positions_ang: Array
    formal_charge: Integers
    bonds: Integers
    regions: Integers

    @property
    def n_atoms(self) -> int:
        """Return the number of atoms."""
        return len(self.formal_charge)

    @property
    def coordination(self) -> Integers:
        """Return the number of bonds of each atom, shape (n_atoms,)."""
        return np.bincount(self.bonds.ravel(), minlength=self.n_atoms).astype(np.int64)

    @property
    def is_ligand(self) -> NDArray[np.bool_]:
        """Return which atoms are ligands, by region or, where that is unknown, by a formal charge of -1."""
        result: NDArray[np.bool_] = (self.regions == LIGAND) | (
            (self.regions == 0) & (self.formal_charge == -1)
        )
        return result

    def valences(self) -> Array:
        """Return the valence of each bond, shape (n_bonds,), in e."""
        return bond_valences(self.formal_charge, self.bonds)

    def shares(self) -> Array:
        """Return Pauling's strength of each bond, shape (n_bonds,), in e: what its two ends give it, averaged.

        Each atom shares its formal charge equally among its bonds; in a perfect crystal that is the valence.
        """
        share = np.abs(self.formal_charge) / np.maximum(self.coordination, 1)
        result: Array = share[self.bonds].mean(axis=1)
        return result


def dot_of_model(model: QDModel) -> Dot:
    """Return the dot of a model."""
    return dot_of_bonds(
        np.array(model.symbols), model.atoms.positions, model.formal_charges, model.bonds, model.regions
    )


def dot_of_atoms(atoms: Atoms, scale: float = DEFAULT_SCALE) -> Dot:
    """Return the dot of a structure: formal charges by element, bonds by distance, regions by tag.

    Pairs whose formal charges have the same sign are no bonds here, whatever their distance.

    :param scale: factor on the covalent radii.
    :raises InputError: an element without a formal charge, or no bonds.
    """
    symbols = np.array(atoms.get_chemical_symbols())
    for symbol in sorted(set(symbols.tolist())):
        if symbol not in known_elements():
            raise InputError(
                "this element has no formal charge, so nothing can be predicted",
                field="element",
                value=symbol,
                remedy=f"Known: {', '.join(sorted(known_elements()))}. In a model file, give it "
                "oxidation_states under materials.",
            )
    charges = np.array([element(symbol).oxidation_state for symbol in symbols.tolist()], dtype=np.int64)
    graph = bond_graph(atoms, scale, exclude_like_charges=True)
    if not graph.n_bonds:
        raise InputError("no cation is bonded to an anion, so nothing can be predicted", field="structure")
    return dot_of_bonds(symbols, atoms.positions, charges, graph.bonds, regions_of(atoms)[0])


def dot_of_bonds(
    symbols: NDArray[np.str_], positions: Array, charges: Integers, pairs: Integers, regions: Integers
) -> Dot:
    """Return a dot of known bonds, each turned so that the cation comes first.

    :param charges: formal charges; the two ends of a pair must differ in sign.
    :param pairs: shape (n_bonds, 2), in any order.
    """
    turned = charges[pairs[:, 0]] < charges[pairs[:, 1]]
    bonds = np.where(turned[:, None], pairs[:, ::-1], pairs)
    return Dot(symbols, positions, charges, bonds, regions)
