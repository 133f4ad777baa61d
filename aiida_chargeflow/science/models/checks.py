"""What every finished model must satisfy: neutral, no loose framework atoms, nothing overlapping."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..errors import InputError
from .draft import Draft
from .geometry import Floats
from .lattice import Integers

#: No two atoms may start closer than this share of the shortest ideal bond.
OVERLAP_SHARE = 0.75


def check_not_empty(draft: Draft) -> None:
    """Check that cations and anions are left.

    :raises InputError: one of them is missing.
    """
    if not draft.cation_z.any() or not draft.framework_anions.any():
        raise InputError(
            "the model has no cations or no anions",
            field="core.planes",
            value=list(draft.polyhedra[0].planes),
            remedy="Choose larger planes, or patterns that remove less.",
        )


def check_framework(draft: Draft) -> None:
    """Check, before ligands are placed, that every framework atom has at least two bonds.

    :raises InputError: some cation has fewer than two anions, or some anion fewer than two cations.
    """
    anions = draft.anion_z > 0
    low_cations = (draft.cation_z > 0) & (anions[draft.cation_neighbours].sum(1) < 2)
    low_anions = anions & (draft.anion_coordination < 2)
    for name, low, sites in (("cations", low_cations, draft.cations), ("anions", low_anions, draft.anions)):
        if low.any():
            raise InputError(
                f"{int(low.sum())} {name} have fewer than two framework bonds, the first at lattice site "
                f"{tuple(int(x) for x in sites[low][0])}",
                field="core.planes",
                remedy="Choose planes that cut off such corners (smaller A or B, larger C), or a pattern "
                "with fewer vacancies.",
            )


def check_passivated(draft: Draft) -> None:
    """Check, with ligands in place, that every cation has at least two bonds.

    :raises InputError: some cation has fewer.
    """
    low = (draft.cation_z > 0) & (draft.cation_coordination < 2)
    if low.any():
        raise InputError(
            f"{int(low.sum())} cations keep fewer than two bonds with all ligands placed, the first at "
            f"lattice site {draft.cations[low][0].tolist()}",
            field="surface",
            remedy="Choose planes that cut off such corners, or a pattern that removes fewer anions.",
        )


def check_neutral(draft: Draft) -> None:
    """Check that the formal charges sum to zero.

    :raises InputError: they do not.
    """
    charge = draft.formal_charge()
    if charge:
        raise InputError(
            f"the model keeps a formal charge of {charge:+d}",
            field="passivation",
            remedy="Use the rule balance, or let the rule saturate exchange another number of anions.",
        )


def check_overlaps(positions_ang: Floats, sites: Integers, bond_ang: float) -> None:
    """Check that no two atoms start closer than 0.75 of ``bond_ang``, the shortest ideal bond in Å.

    :raises InputError: some pair does.
    """
    limit = OVERLAP_SHARE * bond_ang
    pairs = cKDTree(positions_ang).query_pairs(limit, output_type="ndarray")
    if len(pairs):
        i, j = (int(index) for index in pairs[np.lexsort(pairs.T[::-1])][0])
        distance = float(np.linalg.norm(positions_ang[i] - positions_ang[j]))
        raise InputError(
            f"{len(pairs)} pairs of atoms overlap; the first, at lattice sites {sites[i].tolist()} and "
            f"{sites[j].tolist()}, is {distance:.2f} Å apart",
            remedy="Choose another pattern or other planes.",
        )
