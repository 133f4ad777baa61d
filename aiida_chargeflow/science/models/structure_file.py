"""Models as extended XYZ: every atom with its tag, region, coordination, facet and lattice site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io.extxyz import write_extxyz

from ..files import whole_file
from .build import QDModel


def annotated_atoms(model: QDModel) -> Atoms:
    """Return a copy of the atoms that carries what the model knows of each as arrays."""
    atoms: Atoms = model.atoms.copy()
    atoms.new_array("region", model.regions.astype(int))
    atoms.new_array("coordination", model.coordination.astype(int))
    atoms.new_array("formal_charge", model.formal_charges.astype(int))
    atoms.new_array("facet", np.array(model.facets))
    atoms.new_array("site", model.sites.astype(int))
    atoms.info = {"formula": model.formula, "lattice_constant_ang": round(model.lattice_constant_ang, 6)}
    if model.spec is not None:
        atoms.info |= {"label": model.spec.label, "digest": model.spec.digest}
    return atoms


def write_model(model: QDModel, path: str | Path) -> None:
    """Write the model as extended XYZ; the file appears complete or not at all.

    :raises InputError: the folder does not exist or cannot be written to.
    """
    path = Path(path)
    atoms = annotated_atoms(model)
    columns = ["symbols", "positions", "tags", "region", "coordination", "formal_charge", "facet", "site"]
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        write_extxyz(stream, [atoms], columns=columns)
