"""What a model is made of, in numbers: stoichiometry, bonds, coordination, ligand density."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from .kinds import LIGAND, REGIONS
from .model import QDModel


def describe(model: QDModel) -> dict[str, Any]:
    """Return the summary of a model and what follows from its bonds and surface.

    Beyond :meth:`QDModel.summary`: ``formula``, ``label`` and ``digest``, ``formal_charge_by_region`` in e,
    ``bonds`` (pair → number), ``bond_lengths_ang`` (pair → mean, shortest, longest), ``ligands``,
    ``surface_nm2`` and ``ligands_per_nm2``. The surface is the convex hull of the atoms that are not ligands.
    """
    data: dict[str, Any] = {"formula": model.formula}
    if model.spec is not None:
        data |= {"label": model.spec.label, "digest": model.spec.digest}
    data |= model.summary()
    data["formal_charge_by_region"] = {
        name: int(model.formal_charges[model.regions == region].sum())
        for region, name in REGIONS.items()
        if (model.regions == region).any()
    }
    data |= _bonds(model)
    n_ligands = int((model.regions == LIGAND).sum())
    area = surface_nm2(model)
    data |= {"ligands": n_ligands, "surface_nm2": area}
    data["ligands_per_nm2"] = n_ligands / area if area else None
    return data


def surface_nm2(model: QDModel) -> float:
    """Return the area of the convex hull of the framework, in nm²; 0 where it has no volume."""
    framework = model.atoms.positions[model.regions != LIGAND]
    try:
        return float(ConvexHull(framework).area) / 100
    except (QhullError, ValueError):
        return 0.0


def _bonds(model: QDModel) -> dict[str, Any]:
    """Count bonds by pair, cation first, and give the range of their lengths in Å."""
    symbols, charges = model.symbols, model.formal_charges.tolist()
    positions = model.atoms.positions
    lengths = np.linalg.norm(positions[model.bonds[:, 0]] - positions[model.bonds[:, 1]], axis=1)
    names = []
    for i, j in model.bonds.tolist():
        first, second = (i, j) if charges[i] >= charges[j] else (j, i)
        names.append(f"{symbols[first]}-{symbols[second]}")
    counts = Counter(names)
    labels = np.array(names)
    ranges = {}
    for name in sorted(counts):
        chosen = lengths[labels == name]
        ranges[name] = [round(float(x), 4) for x in (chosen.mean(), chosen.min(), chosen.max())]
    return {"bonds": {name: counts[name] for name in sorted(counts)}, "bond_lengths_ang": ranges}
