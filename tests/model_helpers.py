"""Shared by the tests of models."""

from __future__ import annotations

from collections import Counter

from aiida_chargeflow.science.models.build import QDModel


def bonds_by_pair(model: QDModel) -> dict[str, int]:
    """Count bonds by their cation-anion pair."""
    counts: Counter[str] = Counter()
    for i, j in model.bonds:
        pair = sorted((i, j), key=lambda atom: -model.formal_charges[atom])
        counts["-".join(model.symbols[atom] for atom in pair)] += 1
    return dict(counts)
