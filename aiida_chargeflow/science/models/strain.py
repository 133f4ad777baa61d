"""Where ligands are strained: too much charge on all cations they bind, or too little on a cation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kinds import LIGAND
from .build import QDModel
from .geometry import Floats
from .lattice import Integers, Mask

#: A cation that receives this much more or less than its charge is over- or underserved, in e. Relaxed HLE17 dots of
#: 31 to 477 cations have at most 2 ligands on overserved cations alone.
LARGEST_ERROR_E = 0.4


@dataclass(frozen=True)
class Strain:
    """The valences of a model by Pauling's bond strengths.

    :param excess_e: what each cation receives beyond its charge, 0 for other atoms, shape (n_atoms,).
    :param strained: which ligands bind only cations with 0.4 e or more too much, shape (n_atoms,).
    :param bare: which cations receive 0.4 e or more too little, shape (n_atoms,).
    """

    excess_e: Floats
    strained: Mask
    bare: Mask


def strain_of(model: QDModel) -> Strain:
    """Return where the ligands of a model are strained, before any DFT.

    Lone pairs of such ligands tend to be the highest occupied orbitals, and empty orbitals of bare cations the lowest.
    """
    charges = model.formal_charges
    bonds = model.bonds
    oriented = np.where(charges[bonds[:, :1]] > 0, bonds, bonds[:, ::-1])
    cation, anion = oriented.T
    excess = excess_e(charges, model.coordination, oriented)
    served = np.full(len(charges), np.inf)
    np.minimum.at(served, anion, excess[cation])
    bound = np.isfinite(served)
    strained = (model.regions == LIGAND) & bound & (np.where(bound, served, 0.0) >= LARGEST_ERROR_E)
    return Strain(excess, strained, (charges > 0) & (excess <= -LARGEST_ERROR_E))


def excess_e(charges: Integers, coordination: Integers, bonds: Integers) -> Floats:
    """Return what each cation receives beyond its charge if every atom shares its charge equally, in e.

    :param charges: formal charges, shape (n_atoms,).
    :param coordination: number of bonds, shape (n_atoms,).
    :param bonds: the cation first, shape (n_bonds, 2).
    """
    strength = np.abs(charges) / np.maximum(coordination, 1)
    received = np.bincount(bonds[:, 0], weights=strength[bonds[:, 1]], minlength=len(charges))
    excess: Floats = np.where(charges > 0, received - charges, 0.0)
    return excess
