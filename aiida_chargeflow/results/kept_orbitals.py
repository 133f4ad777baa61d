"""The orbitals that a model run kept as cubes, found by name and read."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from aiida import orm

from ..calculations.structures import to_atoms
from ..science.cp2k.orbital_cubes import orbital_number
from ..science.electrons.orbital_cube import Cube, read_cube
from ..science.errors import InputError
from .orbitals import orbital_cubes

_SHORT = {"vb": "valence_edge", "cb": "conduction_edge"}
_LABELS = {"valence_edge": "VB edge", "conduction_edge": "CB edge"}


def wanted(node: orm.WorkChainNode, names: list[str]) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Return name → (label, file) of the orbitals that a run kept, and a note for each that it did not.

    :param names: ``homo``, ``lumo``, ``homo-1``, …, ``vb`` and ``cb`` (the delocalised edges), or CP2K's numbers.
    """
    files = orbital_cubes(node)
    by_number = {str(orbital_number(file)): file for file in files.values()}
    found: dict[str, tuple[str, str]] = {}
    notes = []
    for name in names:
        key = _SHORT.get(name.lower(), name.lower())
        file = by_number.get(key) or files.get(key)
        label = _LABELS.get(key, key.upper())
        if file is None:
            there = (
                ", ".join(f"{other.upper()} ({orbital_number(f)})" for other, f in files.items()) or "none"
            )
            notes.append(f"{node.label or node.pk}: no cube of the {label}; kept: {there}")
            continue
        plain = next((other.upper() for other, f in files.items() if f == file and other not in _LABELS), "")
        found[name] = (f"{label} ({plain})" if plain and plain != label else label, file)
    return found, notes


def read_orbital(node: orm.WorkChainNode, file: str) -> Cube:
    """Return an orbital, its grid moved to where the stored structure lies.

    :param file: in the run's output ``orbital_cubes``.
    :raises InputError: the file holds other atoms than the structure.
    """
    content = node.outputs.scf.orbital_cubes.base.repository.get_object_content(file, mode="rb")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file
        path.write_bytes(content)
        cube = read_cube(path)
    atoms = to_atoms(node.outputs.structure)
    if cube.numbers.tolist() != atoms.numbers.tolist():
        raise InputError("the cube holds other atoms than the structure", field="PK", value=node.pk)
    shift = atoms.positions.mean(axis=0) - cube.positions_ang.mean(axis=0)
    return replace(cube, origin_ang=cube.origin_ang + shift, positions_ang=cube.positions_ang + shift)
