"""Recorded runs as objects, shared by several test modules."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from ase import Atoms
from ase.io import read

from aiida_chargeflow.science.electrons.pdos import Pdos, read_pdos

CP2K = Path(__file__).parent / "fixtures" / "cp2k"


def archive(name: str) -> tuple[dict[str, str], Atoms]:
    """Return file name → text of the ``.pdos`` files of a recorded run, and its atoms."""
    with zipfile.ZipFile(CP2K / f"{name}_pdos.zip") as zipped:
        texts = {entry: zipped.read(entry).decode() for entry in zipped.namelist()}
    return texts, read(io.StringIO(texts.pop("dot.extxyz")), format="extxyz")


def kind_names(atoms: Atoms) -> list[str]:
    return [f"{symbol}{tag}" for symbol, tag in zip(atoms.symbols, atoms.get_tags(), strict=True)]


def recorded_pdos(name: str, *, atom_resolved: bool = True) -> Pdos:
    texts, atoms = archive(name)
    if not atom_resolved:
        texts = {entry: text for entry, text in texts.items() if "-list" not in entry}
    return read_pdos(texts, atom_kinds=kind_names(atoms))
