"""Pick atoms by what they are: anions, cations or chemical symbols."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .bonds import formal_sign

_SIGNS = {"anion": -1, "cation": 1}


def species_mask(symbols: Sequence[str], species: str) -> NDArray[np.bool_]:
    """Return which atoms belong to ``species``, shape (n_atoms,).

    :param symbols: chemical symbol of each atom.
    :param species: ``anion`` or ``cation`` (sign of the formal charge), ``all``, or symbols with commas
        between them (``As,Se``).
    :raises InputError: the words name no atom of the structure.
    """
    present = sorted(set(symbols))
    names: set[str] = set()
    for word in (part.strip() for part in species.split(",")):
        if word in _SIGNS:
            names.update(name for name in present if formal_sign(name) == _SIGNS[word])
        elif word == "all":
            names.update(present)
        elif word in present:
            names.add(word)
        else:
            raise InputError(
                "no such species in the structure",
                field="species",
                value=word,
                remedy=f"Use anion, cation, all, or elements of the structure: {', '.join(present)}.",
            )
    mask = np.array([symbol in names for symbol in symbols], dtype=bool)
    if not mask.any():
        raise InputError("the structure has no such atoms", field="species", value=species)
    return mask
