"""Structures of other programs as models: bonds from distances, regions from a column, elements or the lattice."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import ase.io
import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from ..charges.bonds import bond_graph
from ..elements import element, is_ligand
from ..errors import InputError, naming_file
from ..files import text_of
from ..kinds import CORE, INTERLAYER, LIGAND, REGIONS, SHELL, tag, tag_regions
from ..stated_energy import StatedEnergy, stated_energy
from ..units import BOHR_ANG
from ..xyz import check_comment, frame_comments, parse_xyz, tags_are_ours
from .build import QDModel
from .lattice import Integers, Mask, Polyhedron, centre_of
from .lattice_fit import LatticeFit, fit_lattice

Source = Literal["auto", "column", "elements", "lattice"]

_XYZ = (".xyz", ".extxyz")
_LONGEST_COMMENT = 100_000


def import_model(
    path: str | Path,
    regions: Source = "auto",
    core_elements: Sequence[str] | None = None,
    core_planes: tuple[int, int, int] | None = None,
) -> QDModel:
    """Read an XYZ file as a model.

    Bonds join cations with anions or halides nearer than 1.2 times the sum of their covalent radii.

    :param regions: ``column`` takes a column ``region`` or ``tags``; ``elements`` calls the core the atoms of
        ``core_elements`` (by default of the group III-V compound, if there is also a II-VI compound), the
        interlayer the other atoms bonded to it, and the shell the rest; ``lattice`` fits the zinc-blende
        lattice and calls core what lies within ``core_planes``; ``auto`` takes the first of these that the
        file and the arguments allow. Halides are ligands.
    :raises InputError: not readable, an element without a known charge, or no way to assign regions.
    """
    atoms = _read(Path(path))
    try:
        return model_from_atoms(atoms, regions, core_elements, core_planes)
    except InputError as error:
        raise error.in_file(path) from None


def model_from_atoms(
    atoms: Atoms,
    regions: Source = "auto",
    core_elements: Sequence[str] | None = None,
    core_planes: tuple[int, int, int] | None = None,
) -> QDModel:
    """Return the model of a structure; see :func:`import_model`."""
    charges = np.array([element(symbol).oxidation_state for symbol in atoms.symbols], dtype=np.int64)
    bonds = bond_graph(atoms, exclude_like_charges=True).bonds
    _check_bonds(atoms, bonds)
    if regions == "auto":
        regions = _available(atoms, core_planes)
    fit = fit_lattice(atoms.positions, bonds, charges) if regions == "lattice" or core_planes else None
    if regions == "column":
        labels = _from_column(atoms)
    elif regions == "elements":
        labels = _from_elements(atoms, bonds, core_elements)
    else:
        labels = _from_lattice(atoms, fit, core_planes)
    coordination = np.bincount(bonds.ravel(), minlength=len(atoms))
    centred = Atoms(numbers=atoms.numbers, positions=atoms.positions - atoms.positions.mean(axis=0))
    centred.set_tags([tag(r, c) for r, c in zip(labels.tolist(), coordination.tolist(), strict=True)])
    return QDModel(
        atoms=centred,
        regions=labels,
        coordination=coordination,
        formal_charges=charges,
        bonds=bonds,
        facets=_facet_column(atoms),
        sites=_site_column(atoms, fit),
        lattice_constant_ang=_lattice_constant(atoms, fit),
    )


def energy_in_file(path: Path) -> StatedEnergy | None:
    """Return what the comment of the last frame of an XYZ file says of the energy; None if nothing, or another file."""
    comments = _comments(path)
    return stated_energy(comments[-1]) if comments else None


def frames_in_file(path: Path) -> int:
    """Return how many structures an XYZ file holds, of which the last is read; 1 for another file."""
    return len(_comments(path)) or 1


def _comments(path: Path) -> list[str]:
    """Return the comment of every frame of an XYZ file, none of another file."""
    if path.suffix not in _XYZ:
        return []
    return frame_comments(text_of(path.read_bytes(), "replace").split("\n"))


def _read(path: Path) -> Atoms:
    text = None
    if path.suffix in _XYZ and path.is_file():
        text = text_of(path.read_bytes(), "replace")
        lines = text.split("\n")
        with naming_file(path):
            check_comment(frame_comments(lines)[-1][:_LONGEST_COMMENT])
    try:
        atoms = ase.io.read(path) if text is None else ase.io.read(io.StringIO(text), format="extxyz")
    except FileNotFoundError:
        raise InputError("No such file or directory", file=path) from None
    except Exception as error:  # ASE raises whatever its readers meet in a malformed file
        if text is None:
            raise InputError(f"not a readable structure ({error})", file=path) from None
        with naming_file(path):  # kind names, which ASE does not know; or what is wrong, with its line
            atoms = parse_xyz(text)
    if not isinstance(atoms, Atoms) or len(atoms) < 2:
        raise InputError("holds no structure of two atoms or more", file=path)
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell[:]).all():
        raise InputError("a coordinate or a lattice vector is not a finite number", file=path)
    if not atoms.cell[:].any():
        atoms.pbc = False
    return atoms


def _check_bonds(atoms: Atoms, bonds: Integers) -> None:
    """Refuse a structure of which most atoms have no bond, as where its lengths are in another unit.

    :raises InputError: too few bonds; names the unit in which there would be enough.
    """
    if _bonded_share(len(atoms), bonds) > 0.5:
        return
    hint = "Lengths must be in Å."
    for unit, factor in (("bohr", BOHR_ANG), ("nm", 10.0), ("pm", 0.01)):
        scaled = Atoms(atoms.symbols, positions=atoms.positions * factor)
        try:
            graph = bond_graph(scaled, exclude_like_charges=True)
        except InputError:
            continue
        if _bonded_share(len(atoms), graph.bonds) > 0.9:
            hint = f"Its lengths seem to be in {unit}; they must be in Å."
            break
    raise InputError(
        "most atoms have no bond", value=f"{len(bonds)} bonds of {len(atoms)} atoms", remedy=hint
    )


def _bonded_share(n_atoms: int, bonds: Integers) -> float:
    return len(np.unique(bonds)) / n_atoms


def _available(atoms: Atoms, core_planes: tuple[int, int, int] | None) -> Source:
    if core_planes is not None:
        return "lattice"
    return "column" if "region" in atoms.arrays or tags_are_ours(atoms) else "elements"


def _from_column(atoms: Atoms) -> Integers:
    if "region" in atoms.arrays:
        labels = np.asarray(atoms.arrays["region"])
        if labels.dtype.kind in "US":
            codes = {name: code for code, name in REGIONS.items()}
            labels = np.array([codes.get(str(name), 0) for name in labels])
    else:
        labels = tag_regions(atoms.get_tags())
    if not np.isin(labels, list(REGIONS)).all():
        raise InputError(
            "the column holds other values than regions",
            field="region",
            value=sorted(set(labels.tolist()))[:6],
            remedy="Use 1 core, 2 interlayer, 3 shell, 4 ligand in a column region, or choose other --regions.",
        )
    result: Integers = labels.astype(np.int64)
    return result


def _from_elements(atoms: Atoms, bonds: Integers, core: Sequence[str] | None) -> Integers:
    """Core by element, interlayer the framework atoms bonded to it, shell the rest, halides ligands."""
    symbols = np.array(atoms.get_chemical_symbols())
    ligand = _are_ligands(symbols)
    wanted = list(core) if core else _default_core(symbols[~ligand])
    unknown = [symbol for symbol in wanted if symbol not in atomic_numbers or symbol not in symbols]
    if unknown:
        raise InputError("the structure has no such element", field="--core", value=", ".join(unknown))
    inside: Mask = np.isin(symbols, wanted)
    labels = np.full(len(atoms), SHELL, dtype=np.int64)
    labels[inside] = CORE
    across = bonds[inside[bonds[:, 0]] != inside[bonds[:, 1]]].ravel()
    labels[across[~inside[across]]] = INTERLAYER
    labels[ligand] = LIGAND
    return labels


def _are_ligands(symbols: Iterable[str]) -> Mask:
    return np.array([is_ligand(symbol) for symbol in symbols], dtype=bool)


def _default_core(symbols: np.ndarray[Any, Any]) -> list[str]:
    """Return the III-V elements if there are II-VI elements too, else all."""
    present = sorted(set(symbols.tolist()))
    three_five = [symbol for symbol in present if abs(element(symbol).oxidation_state) == 3]
    return three_five or present


def _from_lattice(atoms: Atoms, fit: LatticeFit | None, planes: tuple[int, int, int] | None) -> Integers:
    """Core within the polyhedron of ``planes``, else everything; halides ligands."""
    assert fit is not None
    ligand = _are_ligands(atoms.get_chemical_symbols())
    labels = np.full(len(atoms), SHELL, dtype=np.int64)
    if planes is None:
        labels[:] = CORE
    else:
        centre = centre_of(planes)
        core = Polyhedron(centre, *planes)
        labels[fit.inside(core)] = CORE
        shell = fit.inside(core.grow(1)) & (labels != CORE)
        labels[shell] = INTERLAYER
    labels[ligand] = LIGAND
    return labels


def _facet_column(atoms: Atoms) -> tuple[str, ...]:
    column = atoms.arrays.get("facet")
    return ("-",) * len(atoms) if column is None else tuple(str(name) for name in column)


def _site_column(atoms: Atoms, fit: LatticeFit | None) -> Integers:
    if fit is not None:
        return fit.sites
    column = atoms.arrays.get("site")
    sites: Integers = np.zeros((len(atoms), 3), dtype=np.int64) if column is None else column.astype(np.int64)
    return sites


def _lattice_constant(atoms: Atoms, fit: LatticeFit | None) -> float:
    return float(atoms.info.get("lattice_constant_ang", 0.0)) if fit is None else fit.lattice_constant_ang
