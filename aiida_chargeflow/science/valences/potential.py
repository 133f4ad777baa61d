"""Electrostatics of point charges: the mean potential of each region and the dipole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ..kinds import REGIONS
from ..units import BOHR_ANG, HARTREE_EV

Array = NDArray[np.float64]

#: e²/(4πε0) in eV·Å.
COULOMB_EV_ANG = HARTREE_EV * BOHR_ANG

_BLOCK = 500
_SAME_PLACE_ANG = 1e-6


def site_potential_v(positions_ang: Array, charge: Array) -> Array:
    """Return the potential at each atom of all other atoms' point charges, shape (n_atoms,), in V."""
    result = np.empty(len(charge))
    for start in range(0, len(charge), _BLOCK):
        rows = slice(start, start + _BLOCK)
        distance = cdist(positions_ang[rows], positions_ang)
        distance[distance < _SAME_PLACE_ANG] = np.inf
        result[rows] = (1 / distance) @ charge
    return COULOMB_EV_ANG * result


def region_weights(regions: NDArray[np.int64], formal_charge: NDArray[np.int64], region: int) -> Array:
    """Return how much each atom counts in the mean of a region, shape (n_atoms,), sum 1.

    The mean over its cations and the mean over its anions count half each, so that the Madelung potentials of the two
    sublattices cancel in a perfect crystal, whatever the numbers of both.
    """
    parts = [(regions == region) & (formal_charge * sign > 0) for sign in (1, -1)]
    parts = [part for part in parts if part.any()]
    total = np.zeros(len(regions))
    for part in parts:
        total += part / (len(parts) * part.sum())
    return total


def region_potential_v(
    positions_ang: Array, charge: Array, regions: NDArray[np.int64], formal_charge: NDArray[np.int64]
) -> dict[str, float]:
    """Return region → mean potential in V; only differences between regions of the framework mean anything."""
    site = site_potential_v(positions_ang, charge)
    return {
        name: float(region_weights(regions, formal_charge, number) @ site)
        for number, name in REGIONS.items()
        if (regions == number).any()
    }
