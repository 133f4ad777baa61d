"""One calculation that was run elsewhere: find its files in a folder, read them, and see that they belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ..charges import analysis
from ..charges.acf import read_acf
from ..charges.bonds import bond_graph
from ..charges.partition import SAME_PLACE_ANG, AtomicCharges, accept_partition
from ..electrons.orbital_cube import Cube, read_cube
from ..electrons.pdos import Pdos, merge_spins, read_pdos
from ..elements import formula as chemical_formula
from ..errors import InputError, naming_file
from ..kinds import decode, kind_names, tag
from ..models.from_atoms import Source, model_from_atoms
from ..xyz import read_xyz
from .output import Cp2kOutput, read_output
from .relaxation import TRAJECTORY
from .run_files import ImportSettings, RunFiles
from .trajectory import last_frame

_HOMO_TOLERANCE_EV = 0.02
_MISSING_ELECTRONS = 0.01  # hot smearing leaves some in orbitals that were not printed


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
        return kind_names(self.atoms.symbols, self.atoms.get_tags())


def read_structure(files: RunFiles, settings: ImportSettings) -> ImportedStructure:
    """Read the atoms; regions and coordination from kind names, else by the rule of the settings.

    The kinds of the run are those of the XYZ or, if it has bare symbols, those that the output lists.

    :raises InputError: no sound XYZ, or no rule assigns the regions.
    """
    atoms = _read_atoms(files)
    run_kinds = tuple(kind_names(atoms.symbols, atoms.get_tags()))
    if not atoms.get_tags().all():
        run_kinds = _listed_kinds(files.output, settings, atoms) or run_kinds
        atoms.set_tags(_tags(atoms, run_kinds))
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


def _read_atoms(files: RunFiles) -> Atoms:
    if files.structure != files.trajectory:
        return read_xyz(files.structure)
    frame = last_frame(files.structure)
    return Atoms(frame.symbols, positions=frame.positions_ang)


def _listed_kinds(output: Path, settings: ImportSettings, atoms: Atoms) -> tuple[str, ...]:
    """Return the kind of each atom as the output lists them, empty if it does not list these atoms."""
    read = read_output(output, require_finished=False, run=settings.run)
    names = list(read.kinds)
    if list(read.places.symbols) != atoms.get_chemical_symbols() or not all(
        1 <= kind <= len(names) for kind in read.places.kinds
    ):
        return ()
    return tuple(names[kind - 1] for kind in read.places.kinds)


def _tags(atoms: Atoms, run_kinds: Sequence[str]) -> NDArray[np.int64]:
    """Return the tags that kind names carry; zeros unless all are such names and tell the coordination.

    ``In12`` may as well be the twelfth kind of somebody who counts: where the names are right, most atoms have
    as many bonds as their name says.
    """
    try:
        kinds = [decode(name) for name in run_kinds]
    except InputError:
        return np.zeros(len(atoms), dtype=np.int64)
    tags = np.array([tag(kind.region, kind.coordination) if kind.region else 0 for kind in kinds])
    degrees = bond_graph(atoms).degrees()
    told = np.array([kind.coordination for kind in kinds])
    agree = (degrees == told) | (tags == 0)
    return tags if agree.mean() > 0.5 else np.zeros_like(tags)


def read_ground_state(files: RunFiles, structure: ImportedStructure, settings: ImportSettings) -> Cp2kOutput:
    """Read the CP2K output of a converged run of these atoms.

    :raises InputError: CP2K did not end well, the SCF or the geometry did not converge, the run is none of a
        ground state, or the atoms differ.
    """
    path, atoms = files.output, structure.atoms
    output = read_output(path, run=settings.run)
    if output.run_type not in (None, *_GROUND_STATES):
        raise InputError(
            "this run has no single ground state",
            file=path,
            field="run type",
            value=output.run_type,
            remedy="Run a single point (RUN_TYPE ENERGY) on the geometry that is wanted, and import that.",
        )
    if not output.scf_converged:
        raise InputError("the SCF did not converge", file=path, remedy="Only converged runs have results.")
    if output.geometry_converged is False or output.time_limit_reached:
        raise InputError("the run was stopped before its end", file=path, remedy="Give the run that ended.")
    _check_elements(path, output, atoms)
    if output.run_type in _OPTIMISATIONS or len(output.energies_hartree) > 1:
        _check_last_geometry(files, output, atoms)
    elif len(output.places):
        compare_places(output.places.positions_ang, output.places.symbols, atoms, path)
    return output


def _check_elements(path: Path, output: Cp2kOutput, atoms: Atoms) -> None:
    if output.n_atoms not in (None, len(atoms)):
        raise InputError(
            f"the output is of {output.n_atoms} atoms, the structure has {len(atoms)}",
            file=path,
            remedy=_ONE_RUN,
        )
    counts: dict[str, int] = {}
    if len(output.places) == len(atoms):
        counts = dict(Counter(output.places.symbols))
    elif all(_element_of(name) in atoms.get_chemical_symbols() for name in output.kinds):
        for name, n in output.kinds.items():
            counts[_element_of(name)] = counts.get(_element_of(name), 0) + n
    if counts and counts != dict(Counter(atoms.get_chemical_symbols())):
        found = chemical_formula(Counter(counts).elements())
        raise InputError(f"the output is of {found}, the structure is not", file=path, remedy=_ONE_RUN)


def _check_last_geometry(files: RunFiles, output: Cp2kOutput, atoms: Atoms) -> None:
    """See that the structure is the last of an optimisation, of which the output prints the first only."""
    if files.trajectory is None:
        raise InputError(
            "an optimisation, and no trajectory says which geometry its results belong to",
            file=files.output,
            remedy=f"Put the trajectory {TRAJECTORY} (any …-pos-1.xyz of the run) beside it.",
        )
    frame = last_frame(files.trajectory)
    told, printed = frame.energy_hartree, output.energy_hartree
    if told is not None and printed is not None and abs(told - printed) > _SAME_ENERGY_HARTREE:
        raise InputError(
            f"its last energy is {told:.6f} hartree, that of the output {printed:.6f}",
            file=files.trajectory,
            remedy=_ONE_RUN,
        )
    compare_places(frame.positions_ang, frame.symbols, atoms, files.trajectory)


_ONE_RUN = "Give the files of one calculation only."
_GROUND_STATES = (
    "ENERGY",
    "ENERGY_FORCE",
    "WAVEFUNCTION_OPTIMIZATION",
    "WFN_OPT",
    "GEO_OPT",
    "GEOMETRY_OPTIMIZATION",
)
_OPTIMISATIONS = ("GEO_OPT", "GEOMETRY_OPTIMIZATION")
_SAME_ENERGY_HARTREE = 1e-5


def _element_of(kind: str) -> str:
    match = re.match(r"[A-Z][a-z]?", kind)
    return match.group(0) if match else kind


def compare_places(
    positions_ang: NDArray[np.float64], symbols: Sequence[str], atoms: Atoms, path: Path
) -> None:
    """Refuse positions of a file that are not those of the atoms, up to a shift of the box.

    :raises InputError: other elements or places, or another order.
    """
    if len(symbols) != len(atoms):
        raise InputError(
            f"it lists {len(symbols)} atoms, the structure has {len(atoms)}", file=path, remedy=_ONE_RUN
        )
    if list(symbols) != atoms.get_chemical_symbols():
        raise InputError(
            "its elements are not those of the structure in their order", file=path, remedy=_ONE_RUN
        )
    shift = positions_ang - atoms.positions
    away = np.linalg.norm(shift - np.median(shift, axis=0), axis=1)
    worst = int(away.argmax())
    if away[worst] > SAME_PLACE_ANG:
        raise InputError(
            f"its atoms are not those of the structure in their order (atom {worst + 1} lies {away[worst]:.2f} Å off)",
            file=path,
            remedy=_ONE_RUN,
        )


def valences(output: Cp2kOutput, structure: ImportedStructure, settings: ImportSettings) -> dict[str, float]:
    """Return element → valence electrons: as the run printed them, else of the settings, else of the table.

    :raises InputError: the settings contradict the run.
    """
    symbols = structure.atoms.get_chemical_symbols()
    if len(output.n_valence) == len(symbols):
        printed = dict(sorted(zip(symbols, output.n_valence.tolist(), strict=True)))
        for symbol, number in settings.n_valence.items():
            if printed.get(symbol, number) != number:
                raise InputError(
                    f"the run used a potential with {printed[symbol]:g} valence electrons of {symbol}",
                    field=f"valence {symbol}",
                    value=number,
                    remedy="Leave it out: the output lists them.",
                )
        return printed
    return analysis.valences(symbols, settings.n_valence)


def read_orbitals(paths: Sequence[Path], structure: ImportedStructure, output: Cp2kOutput) -> Pdos:
    """Read the projected density of states, resolved by the kinds of the structure where the run allows it.

    A run with bare symbols as kinds is regrouped if it printed a list for every atom; otherwise its shares
    stay those of the elements.

    :raises InputError: damaged files, or those of another run.
    """
    with naming_file(paths[0].parent):
        spins = ("alpha", "beta") if any("-ALPHA_" in path.name for path in paths) else ("both",)
        kinds = list(structure.run_kinds)
        channels = [read_pdos(list(paths), atom_kinds=kinds, spin=spin) for spin in spins]
        pdos = merge_spins(*channels) if len(channels) > 1 else channels[0]
    _check_electrons(pdos, output, paths[0])
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


def _check_electrons(pdos: Pdos, output: Cp2kOutput, path: Path) -> None:
    """Refuse a complete list of orbitals whose occupations do not add up to the electrons of the run.

    So it is where the files of one spin lost their names, or belong to another run.
    """
    found = float(pdos.occupations.sum())
    if output.n_electrons is None or pdos.index.min() != 1:
        return
    if abs(found - output.n_electrons) > _MISSING_ELECTRONS:
        raise InputError(
            f"the occupations of its orbitals add up to {found:.3f}, the output is of {output.n_electrons} electrons",
            file=path,
            remedy="Give all .pdos files of this run, named as by CP2K: -ALPHA_k and -BETA_k tell the spin.",
        )


def _regrouped(pdos: Pdos, structure: ImportedStructure) -> Pdos:
    """Return the shares by the kinds of the structure; by its elements where only the run's own kinds are known."""
    if list(structure.run_kinds) == structure.kinds:
        return pdos
    if pdos.atom_weights is not None:
        labels, weights = np.array(structure.kinds), pdos.atom_weights
    else:
        element_of = dict(zip(structure.run_kinds, map(str, structure.atoms.symbols), strict=True))
        labels, weights = np.array([element_of[name] for name in pdos.kind_names]), pdos.kind_weights
    names = tuple(sorted(set(labels.tolist())))
    counts = structure.kinds if pdos.atom_weights is not None else structure.atoms.get_chemical_symbols()
    return replace(
        pdos,
        kind_names=names,
        kind_weights=np.array([weights[labels == name].sum(axis=0) for name in names]),
        kind_counts=np.array([counts.count(name) for name in names], dtype=np.int64),
    )


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


def usable_cubes(files: RunFiles, output: Cp2kOutput) -> tuple[Path, ...]:
    """Return the orbital cubes, none of an open shell: an orbital of each spin has the same number."""
    is_open = (
        any(levels.spin != "both" for levels in output.levels)
        or any("-ALPHA_" in path.name for path in files.pdos)
        or any(re.search(r"-WFN_\d+_2-", path.name) for path in files.cubes)
    )
    return () if is_open else files.cubes


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
    compare_places(cube.positions_ang, structure.atoms.get_chemical_symbols(), structure.atoms, path)
    return cube
