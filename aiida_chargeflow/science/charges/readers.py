"""Readers of atomic charges, by name: Bader's ACF.dat, and those that other packages bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ..errors import InputError, one_of
from .acf import read_acf
from .partition import accept_partition

#: Entry points of this group name a `ChargeReader`.
ENTRY_POINT_GROUP = "aiida_chargeflow.charges"

#: (file, its structure, valence electrons by element, tolerance in e or None) → charges in e, shape (n_atoms,),
#: positive: electrons lost. A reader refuses with `InputError` what does not belong to the structure.
ChargeReader = Callable[[Path, Atoms, Mapping[str, float], float | None], NDArray[np.float64]]


def _bader(
    path: Path, atoms: Atoms, n_valence: Mapping[str, float], tolerance_e: float | None
) -> NDArray[np.float64]:
    return accept_partition(read_acf(path), atoms, n_valence, tolerance_e=tolerance_e).bader_charge


def charge_reader(name: str) -> ChargeReader:
    """Return the reader of a charge method.

    :raises InputError: no installed package has a method of this name.
    """
    others = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name == "bader":
        return _bader
    if name not in others:
        raise InputError(
            "unknown charge method",
            field="charges",
            value=name,
            remedy=one_of(name, ["bader", *sorted(others)]),
        )
    reader: ChargeReader = others[name].load()
    return reader


def read_charges(
    name: str, path: Path, atoms: Atoms, n_valence: Mapping[str, float], tolerance_e: float | None = None
) -> NDArray[np.float64]:
    """Read the charges of ``atoms`` in e, shape (n_atoms,), with a method of this name.

    :raises InputError: no such method, a file that it refuses, or not one finite number for each atom.
    """
    charges = np.asarray(charge_reader(name)(path, atoms, n_valence, tolerance_e), dtype=np.float64)
    if charges.shape != (len(atoms),) or not np.isfinite(charges).all():
        raise InputError(
            f"the charge method {name} gives shape {charges.shape}, the structure has {len(atoms)} atoms",
            remedy="It must return one finite number in e for each atom.",
        )
    return charges
