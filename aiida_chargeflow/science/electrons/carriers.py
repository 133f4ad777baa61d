"""Which atoms carry an orbital, as a mean of any property of atoms over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .pdos import Pdos


def carrier_mean(pdos: Pdos, atom_kinds: Sequence[str], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of a property of atoms over those that carry each orbital, shape (n_states,).

    Each atom counts by its share in the orbital. Where the run printed shares of kinds only, the atoms of a kind
    count alike, so that an orbital on one of many atoms of a kind gets the mean of the kind.

    :param atom_kinds: (n_atoms,) kind name of each atom.
    :param value: (n_atoms,) the property, in its unit.
    :raises InputError: the orbitals are of another structure.
    """
    if pdos.atom_weights is not None:
        if len(pdos.atom_weights) != len(value):
            raise InputError(
                f"the orbitals are of {len(pdos.atom_weights)} atoms, the structure has {len(value)}"
            )
        by_atom: NDArray[np.float64] = value @ pdos.atom_weights
        return by_atom
    labels = np.asarray(atom_kinds)
    missing = sorted(set(pdos.kind_names) - set(labels.tolist()))
    if missing:
        raise InputError("kinds of the orbitals are not in the structure", value=missing)
    means = np.array([value[labels == name].mean() for name in pdos.kind_names])
    by_kind: NDArray[np.float64] = means @ pdos.kind_weights
    return by_kind
