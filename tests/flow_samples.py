"""Structures and Bader tables for the tests of the charge flow."""

from __future__ import annotations

from functools import cache

import numpy as np
from ase.units import Bohr

from aiida_chargeflow.science.models.build import QDModel, build
from aiida_chargeflow.science.models.spec import ModelSpec

SPECS = {
    "core": {"core": {"material": "InAs", "centre": "anion", "planes": [5, 8, 5]}},
    "shell": {
        "core": {"material": "InAs", "centre": "anion", "planes": [5, 8, 5]},
        "shells": [{"material": "CdSe", "n_monolayers": 1}],
    },
}


@cache
def dot(name: str) -> QDModel:
    return build(ModelSpec.from_mapping(SPECS[name] | {"passivation": {"ligand": "Cl", "rule": "balance"}}))


def charges(model: QDModel, seed: int = 1) -> np.ndarray:
    """Return neutral charges: a third of the formal ones, with noise."""
    rng = np.random.default_rng(seed)
    charge = model.formal_charges / 3 + rng.normal(0, 0.05, len(model.formal_charges))
    return charge - charge.mean()


def acf_text(positions_ang, population, total=None) -> str:
    """Return an ACF.dat as Bader programs write it."""
    lines = [
        "    #         X           Y           Z       CHARGE      MIN DIST   ATOMIC VOL",
        " " + "-" * 80,
    ]
    for i, (row, electrons) in enumerate(zip(np.asarray(positions_ang) / Bohr, population, strict=True)):
        x, y, z = row
        lines.append(f"{i + 1:5d} {x:12.6f} {y:12.6f} {z:12.6f} {electrons:12.6f} {1.5:12.6f} {100.0:12.6f}")
    lines.append(" " + "-" * 80)
    lines += ["    VACUUM CHARGE:  0.0", "    VACUUM VOLUME:  0.0"]
    lines.append(f"    NUMBER OF ELECTRONS: {sum(population) if total is None else total:.6f}")
    return "\n".join(lines) + "\n"
