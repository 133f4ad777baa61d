"""What a model is made of, in numbers: stoichiometry, bonds, coordination, ligand density."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase.data import chemical_symbols

from ..charges.ligand_density import ligand_density
from ..elements import element
from ..errors import InputError
from ..kinds import LIGAND, REGIONS, Kind
from .build import QDModel
from .strain import strain_of


def describe(model: QDModel) -> dict[str, Any]:
    """Return the summary of a model and what follows from its bonds and surface.

    Beyond :meth:`QDModel.summary`: ``formula``, ``label`` and ``digest``, ``formal_charge_by_region`` in e,
    ``bonds`` (pair → number), ``bond_lengths_ang`` (pair → mean, shortest, longest), ``ligands``,
    ``surface_nm2`` and ``ligands_per_nm2``. The surface is the convex hull of the atoms that are not ligands.
    ``strained_ligands`` and ``bare_cations`` are the numbers of :func:`~.strain.strain_of`.
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
    data |= _bonds(model) | _ligands(model)
    return data


def _ligands(model: QDModel) -> dict[str, Any]:
    """Return the ligands, the hull and their density; no hull where the framework spans no volume."""
    mask = model.regions == LIGAND
    data: dict[str, Any] = {"ligands": int(mask.sum()), "surface_nm2": None, "ligands_per_nm2": None}
    strain = strain_of(model)
    data |= {"strained_ligands": int(strain.strained.sum()), "bare_cations": int(strain.bare.sum())}
    try:
        density = ligand_density(model.atoms.positions, mask)
    except InputError:
        return data
    return data | {"surface_nm2": density.area_nm2, "ligands_per_nm2": density.ligands_per_nm2}


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


def element_ratios(kinds: Sequence[Kind]) -> dict[tuple[str, str], float]:
    """Return the ratios that an elemental analysis compares, of the kinds of all atoms.

    Atoms of each cation per atom of each anion of opposite formal charge (In per As, Cd per Se), and atoms of each
    ligand per cation (the key is ``("Cl", "cation")``). Elements that the table lacks are left out.
    """
    ligands = Counter(kind.symbol for kind in kinds if kind.region == LIGAND)
    crystal = Counter(kind.symbol for kind in kinds if kind.region != LIGAND)
    charges = {symbol: charge for symbol in crystal if (charge := _formal_charge(symbol)) is not None}
    cations = sorted(symbol for symbol, charge in charges.items() if charge > 0)
    ratios = {
        (cation, anion): crystal[cation] / crystal[anion]
        for cation in cations
        for anion in sorted(charges)
        if charges[anion] == -charges[cation]
    }
    n_cations = sum(crystal[cation] for cation in cations)
    if n_cations:
        ratios |= {(ligand, "cation"): ligands[ligand] / n_cations for ligand in sorted(ligands)}
    return ratios


def _formal_charge(symbol: str) -> int | None:
    try:
        return element(symbol).oxidation_state
    except InputError:
        return None


def count_edits(model: QDModel) -> dict[str, dict[str, int]]:
    """Return pattern → what was done → number of sites, in the order in which it was done.

    >>> from .build import build
    >>> from .spec import ModelSpec
    >>> core = {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}
    >>> count_edits(build(ModelSpec.from_mapping({"core": core, "surface": {"pattern": "exchange", "fraction": 0.34}})))
    {'exchange': {'As → Cl': 4}}
    """
    counts: dict[str, Counter[str]] = {}
    for edit in model.edits:
        before, after = (chemical_symbols[number] if number else "" for number in (edit.before, edit.after))
        words = (
            f"{before} → {after}" if before and after else f"{before} removed" if before else f"{after} added"
        )
        counts.setdefault(edit.pattern, Counter())[words] += 1
    return {pattern: dict(found) for pattern, found in counts.items()}
