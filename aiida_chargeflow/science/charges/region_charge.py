"""Charge of core, interlayer, shell and ligands, from Bader charges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from ..kinds import REGIONS


def charge_by_region(regions: ArrayLike, bader_charge: ArrayLike) -> dict[str, float]:
    """Return region name → total charge in e: positive where the region as a whole lost electrons.

    :param regions: (n_atoms,) 1 core, 2 interlayer, 3 shell, 4 ligand; 0 counts as ``unknown``.
    :param bader_charge: (n_atoms,) in e.
    :raises InputError: the two have different lengths.
    """
    numbers, charges = np.asarray(regions, dtype=int), np.asarray(bader_charge, dtype=float)
    if numbers.shape != charges.shape:
        raise InputError(
            "regions and charges do not belong together",
            field="bader_charge",
            value=(numbers.size, charges.size),
            remedy="Give one charge for each atom.",
        )
    present = [number for number in (*REGIONS, 0) if (numbers == number).any()]
    return {REGIONS.get(number, "unknown"): float(charges[numbers == number].sum()) for number in present}
