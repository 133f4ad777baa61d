"""Fit the charge transfer to finished models as a calcfunction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from aiida import orm
from aiida.engine import calcfunction
from ase import Atoms
from ase.data import atomic_numbers

from ..science.elements import formula
from ..science.errors import InputError
from ..science.valences.assessment import (
    compared,
    coverage,
    dot_row,
    environment_rows,
    rank_rows,
    region_rows,
    trap_rows,
)
from ..science.valences.dot import Dot, dot_of_atoms
from ..science.valences.fit import ComputedDot, Fit, Orbitals, fit
from ..science.valences.parameters import CHARGE_FACTOR
from .failures import exit_on_input_error
from .structures import to_atoms


@calcfunction
@exit_on_input_error
def learn_transfer(labels: orm.Dict, **dots: Any) -> dict[str, orm.Node]:
    """Return the ``parameters`` that later screenings can name, and how dots were predicted that were left out.

    ``errors`` holds the tables of ``science.valences.assessment``; ``atoms`` the predicted and computed charge and
    flow magnitude of every atom, shape (n,), with its ``atomic_number`` and the number of its ``dot`` in the table.

    Charges in a minimal basis are taken to the full one first (``CHARGE_FACTOR``).

    :param labels: ``labels``: key → label of the dot; ``bases``: key → its basis set, where that is known; and
        ``source``: a line of text.
    :param dots: ``structure_KEY`` and ``charges_KEY`` (array ``bader_charge``) of each dot, and its ``summary_KEY``
        where it has one.
    """
    computed = []
    bases = labels.get_dict().get("bases", {})
    for key, label in labels["labels"].items():
        atoms = to_atoms(dots[f"structure_{key}"])
        factor = CHARGE_FACTOR.get(bases.get(key), 1.0)
        charges = factor * dots[f"charges_{key}"].get_array("bader_charge")
        summary = dots.get(f"summary_{key}")
        computed.append(
            ComputedDot(
                label,
                formula(atoms.get_chemical_symbols()),
                _dot(atoms, label),
                charges,
                None if summary is None else _orbitals(summary.get_dict()),
            )
        )
    found = fit(computed, labels.get_dict().get("source", ""))
    return {
        "parameters": orm.Dict(found.parameters.model_dump(mode="json"), label="charge transfer, learnt"),
        "errors": orm.Dict(_tables(found, computed)),
        "atoms": _atoms(found),
    }


def _dot(atoms: Atoms, label: str) -> Dot:
    try:
        return dot_of_atoms(atoms)
    except InputError as error:
        raise InputError(
            error.problem, field=label, value=error.value, remedy="Leave this model out."
        ) from None


def _orbitals(summary: Mapping[str, Any]) -> Orbitals:
    traps = [trap for trap in summary.get("traps") or [] if trap["atoms"]]
    return Orbitals(
        summary.get("gap_ev"),
        summary.get("band_edge_gap_ev"),
        tuple((bool(trap["occupied"]), int(trap["atoms"][0][0])) for trap in traps),
    )


def _tables(found: Fit, given: list[ComputedDot]) -> dict[str, Any]:
    """Return the tables; the order of the dots is that in which they were left out, ranks go by the given order."""
    rows = [dot_row(one) for one in found.left_out]
    age = {id(item): n for n, item in enumerate(given)}
    by_age = sorted(zip(found.left_out, rows, strict=True), key=lambda pair: age[id(pair[0].computed)])
    return {
        "dots": rows,
        "environments": environment_rows(found.left_out),
        "regions": region_rows(found.left_out),
        "coverage": coverage(found.left_out),
        "ranks": rank_rows([row for _, row in by_age]),
        "traps": trap_rows(found.left_out),
    }


def _atoms(found: Fit) -> orm.ArrayData:
    node = orm.ArrayData()
    for name, array in compared(found.left_out).items():
        node.set_array(name, array)
    numbers = [one.computed.dot.symbols for one in found.left_out]
    node.set_array("atomic_number", np.array([atomic_numbers[s] for part in numbers for s in part.tolist()]))
    return node
