"""One calculation that was run elsewhere: find its files in a folder, read them, and see that they belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from ..charges import analysis
from ..charges.acf import read_acf
from ..charges.partition import SAME_PLACE_ANG, AtomicCharges, accept_partition
from ..electrons.cube import Cube, read_cube
from ..electrons.pdos import Pdos, read_pdos
from ..errors import InputError, naming_file
from ..kinds import decode, encode
from ..models.from_atoms import Source, model_from_atoms
from ..settings import Settings
from ..xyz import read_xyz
from .output import Cp2kOutput, read_output

_HOMO_TOLERANCE_EV = 0.02
_PLACE = re.compile(
    r"^ +\d+ +(\d+) +([A-Z][a-z]?) +\d+ +(-?\d+\.\d+) +(-?\d+\.\d+) +(-?\d+\.\d+) +\d+\.\d+ +\d+\.\d+ *$",
    re.M,
)


class ImportSettings(Settings):
    """What the files do not tell.

    :param structure: name of the XYZ file; needed where the folder holds several.
    :param output: name of the CP2K output; needed where the folder holds several.
    :param regions: where the regions come from if the XYZ has no kind names (see ``import_model``).
    :param core_elements: elements of the core, for ``regions: elements``.
    :param core_planes: planes of the core, for ``regions: lattice``.
    :param n_valence: element → valence electrons, for outputs that do not list them.
    """

    structure: str | None = None
    output: str | None = None
    regions: str = Field("auto", pattern="^(auto|column|elements|lattice)$")
    core_elements: tuple[str, ...] | None = None
    core_planes: tuple[int, int, int] | None = None
    n_valence: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True)
class RunFiles:
    """The files of one calculation; what is optional may be missing."""

    structure: Path
    output: Path
    inputs: tuple[Path, ...]  # and the log of the Bader program
    pdos: tuple[Path, ...]
    cubes: tuple[Path, ...]
    acf: Path | None

    @property
    def all(self) -> tuple[Path, ...]:
        """Return every file, the structure first."""
        table = () if self.acf is None else (self.acf,)
        return (self.structure, self.output, *self.inputs, *self.pdos, *table, *self.cubes)


@dataclass(frozen=True)
class ImportedStructure:
    """The atoms with their regions.

    :param atoms: tags 10·region + coordination.
    :param run_kinds: (n_atoms,) the names that the run itself gave to the atoms: kind names or bare symbols.
    :param regions_from: ``labels`` of the XYZ file, or the rule that assigned them.
    """

    atoms: Atoms
    run_kinds: tuple[str, ...]
    regions_from: str

    @property
    def kinds(self) -> list[str]:
        """Return the kind name of each atom."""
        return [
            encode(str(s), t // 10, t % 10)
            for s, t in zip(self.atoms.symbols, self.atoms.get_tags(), strict=True)
        ]


def find_files(folder: Path, settings: ImportSettings) -> RunFiles:
    """Return the files of the calculation in a folder, its subfolders not looked at.

    :raises InputError: no such folder, no structure, no CP2K output, or several of them.
    """
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    structure = _one(
        folder, settings.structure, [p for p in files if p.suffix in (".xyz", ".extxyz")], "structure"
    )
    output = _one(folder, settings.output, [p for p in files if _is_output(p)], "output")
    return RunFiles(
        structure=structure,
        output=output,
        inputs=tuple(path for path in files if path.suffix == ".inp" or path.name == "bader.out"),
        pdos=tuple(path for path in files if path.suffix == ".pdos"),
        cubes=tuple(path for path in files if re.search(r"WFN.*\.cube(\.gz)?$", path.name)),
        acf=next((path for path in files if path.name == "ACF.dat"), None),
    )


def _one(folder: Path, name: str | None, found: Sequence[Path], what: str) -> Path:
    if name is not None:
        path = folder / name
        if path.parent != folder or not path.is_file():
            raise InputError("no such file in the folder", file=folder, field=what, value=name)
        return path
    if len(found) == 1:
        return found[0]
    wanted = {"structure": "the XYZ file of the run", "output": "the main output of CP2K"}[what]
    if not found:
        raise InputError(f"{wanted} is missing", file=folder, remedy="Put it into the folder.")
    raise InputError(
        f"which of these is {wanted}",
        file=folder,
        value=", ".join(path.name for path in found),
        remedy=f"Say so with --{what} NAME, or give each calculation a folder of its own.",
    )


def _is_output(path: Path) -> bool:
    if path.suffix in (".gz", ".cube", ".pdos", ".inp", ".xyz", ".wfn", ".restart"):
        return False
    with path.open("rb") as stream:
        return b" CP2K| version string" in stream.read(100_000)


def read_structure(files: RunFiles, settings: ImportSettings) -> ImportedStructure:
    """Read the atoms; regions and coordination from kind names, else by the rule of the settings.

    The kinds of the run are those of the XYZ or, if it has bare symbols, those that the output lists.

    :raises InputError: no sound XYZ, or no rule assigns the regions.
    """
    atoms = read_xyz(files.structure)
    symbols = atoms.get_chemical_symbols()
    run_kinds = tuple(
        encode(symbol, tag // 10, tag % 10)
        for symbol, tag in zip(symbols, atoms.get_tags().tolist(), strict=True)
    )
    if not atoms.get_tags().all():
        run_kinds = _listed_kinds(files.output, symbols) or run_kinds
        atoms.set_tags([_tag(name) for name in run_kinds])
    if atoms.get_tags().all():
        return ImportedStructure(atoms, run_kinds, "labels")
    atoms.set_tags(0)
    try:
        model = model_from_atoms(
            atoms, cast(Source, settings.regions), settings.core_elements, settings.core_planes
        )
    except InputError as error:
        raise error.in_file(files.structure) from None
    atoms.set_tags(model.atoms.get_tags())
    rule = "elements" if settings.regions == "auto" else settings.regions
    return ImportedStructure(atoms, run_kinds, "lattice" if settings.core_planes else rule)


def _listed_kinds(output: Path, symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the kind of each atom as the output lists them, empty if it does not list these atoms."""
    text = output.read_text(encoding="utf-8", errors="replace")
    names = list(read_output(text, require_finished=False).kinds) if "CP2K|" in text else []
    rows = _PLACE.findall(text)[: len(symbols)]
    if [row[1] for row in rows] != list(symbols) or any(int(row[0]) > len(names) for row in rows):
        return ()
    return tuple(names[int(row[0]) - 1] for row in rows)


def _tag(kind: str) -> int:
    """Return the tag of a kind name, 0 for names that follow another rule."""
    try:
        decoded = decode(kind)
    except InputError:
        return 0
    return 10 * decoded.region + decoded.coordination


def read_ground_state(path: Path, structure: ImportedStructure) -> Cp2kOutput:
    """Read the CP2K output of a converged run of these atoms.

    :raises InputError: CP2K did not end well, the SCF or the geometry did not converge, or the atoms differ.
    """
    output = read_output(path)
    if not output.scf_converged:
        raise InputError("the SCF did not converge", file=path, remedy="Only converged runs have results.")
    if output.geometry_converged is False or output.time_limit_reached:
        raise InputError("the run was stopped before its end", file=path, remedy="Give the run that ended.")
    n_atoms = len(structure.atoms)
    if output.n_atoms not in (None, n_atoms):
        raise InputError(
            f"the output is of {output.n_atoms} atoms, the structure has {n_atoms}",
            file=path,
            remedy=_ONE_RUN,
        )
    counts: dict[str, int] = {}
    for name, n in output.kinds.items():
        symbol = _element_of(name)
        counts[symbol] = counts.get(symbol, 0) + n
    present = {str(s): structure.atoms.get_chemical_symbols().count(s) for s in set(structure.atoms.symbols)}
    if counts and counts != present:
        formula = "".join(f"{symbol}{counts[symbol]}" for symbol in sorted(counts))
        raise InputError(f"the output is of {formula}, the structure is not", file=path, remedy=_ONE_RUN)
    if len(output.energies_hartree) == 1:
        _check_places(path, structure.atoms)
    return output


_ONE_RUN = "Give the files of one calculation only."


def _element_of(kind: str) -> str:
    match = re.match(r"[A-Z][a-z]?", kind)
    return match.group(0) if match else kind


def _check_places(path: Path, atoms: Atoms) -> None:
    """Compare with the coordinates that a single-point run prints, up to a shift of the box."""
    rows = _PLACE.findall(path.read_text(encoding="utf-8", errors="replace"))
    if len(rows) != len(atoms):
        return  # not printed at this print level
    _compare(np.array([row[2:] for row in rows], dtype=float), [row[1] for row in rows], atoms, path)


def _compare(positions: NDArray[np.float64], symbols: Sequence[str], atoms: Atoms, path: Path) -> None:
    shift = positions - atoms.positions
    away = np.linalg.norm(shift - np.median(shift, axis=0), axis=1)
    worst = int(away.argmax())
    if list(symbols) != atoms.get_chemical_symbols() or away[worst] > SAME_PLACE_ANG:
        raise InputError(
            f"its atoms are not those of the structure in their order (atom {worst + 1} lies {away[worst]:.2f} Å off)",
            file=path,
            remedy=_ONE_RUN,
        )


def valences(output: Cp2kOutput, structure: ImportedStructure, settings: ImportSettings) -> dict[str, float]:
    """Return element → valence electrons: as the run printed them, else of the settings, else of the table."""
    symbols = structure.atoms.get_chemical_symbols()
    if len(output.n_valence) == len(symbols):
        return dict(sorted(zip(symbols, output.n_valence.tolist(), strict=True)))
    return analysis.valences(symbols, settings.n_valence)


def read_orbitals(paths: Sequence[Path], structure: ImportedStructure, output: Cp2kOutput) -> Pdos:
    """Read the projected density of states, resolved by the kinds of the structure where the run allows it.

    A run with bare symbols as kinds is regrouped if it printed a list for every atom; otherwise its shares
    stay those of the elements.

    :raises InputError: damaged files, or those of another run.
    """
    try:
        pdos = read_pdos(list(paths), atom_kinds=list(structure.run_kinds))
    except InputError as error:
        raise error if error.file else error.in_file(paths[0].parent) from None
    frontier = output.frontier
    if frontier is not None and 0 < pdos.n_occupied <= pdos.eigenvalues_ev.size:
        homo_ev = float(pdos.eigenvalues_ev[pdos.n_occupied - 1])
        if abs(homo_ev - frontier.homo_ev) > _HOMO_TOLERANCE_EV:
            raise InputError(
                f"its HOMO lies at {homo_ev:.3f} eV, that of the output at {frontier.homo_ev:.3f} eV",
                file=paths[0],
                remedy=_ONE_RUN,
            )
    return _regrouped(pdos, structure)


def _regrouped(pdos: Pdos, structure: ImportedStructure) -> Pdos:
    kinds = np.array(structure.kinds)
    if set(pdos.kind_names) == set(kinds.tolist()):
        return pdos
    names = tuple(sorted(set(kinds.tolist())))
    counts = np.array([int((kinds == name).sum()) for name in names], dtype=np.int64)
    if pdos.atom_weights is None:
        return pdos
    weights = np.array([pdos.atom_weights[kinds == name].sum(axis=0) for name in names])
    return replace(pdos, kind_names=names, kind_weights=weights, kind_counts=counts)


def has_regions(pdos: Pdos) -> bool:
    """Return whether every kind of a projected density of states carries a region."""
    return all(decode(name).region for name in pdos.kind_names)


def read_partition(
    path: Path, structure: ImportedStructure, output: Cp2kOutput, n_valence: Mapping[str, float]
) -> AtomicCharges:
    """Read an ACF.dat of the run.

    :raises InputError: another number of atoms, other places, electrons lost, or an atom without a basin.
    """
    with naming_file(path):
        return accept_partition(read_acf(path), structure.atoms, n_valence, n_electrons=output.n_electrons)


def read_orbital_cube(path: Path, structure: ImportedStructure) -> Cube:
    """Read an orbital cube of these atoms.

    :raises InputError: damaged, or of another structure.
    """
    cube = read_cube(path)
    if len(cube.numbers) != len(structure.atoms):
        raise InputError(
            f"the cube is of {len(cube.numbers)} atoms, the structure has {len(structure.atoms)}",
            file=path,
            remedy=_ONE_RUN,
        )
    _compare(cube.positions_ang, structure.atoms.get_chemical_symbols(), structure.atoms, path)
    return cube
