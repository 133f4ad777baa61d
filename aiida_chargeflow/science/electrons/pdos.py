"""Projected density of states: CP2K's ``.pdos`` files → share of every kind (or atom) in every orbital.

CP2K projects with Löwdin's orthogonalised basis, so that the shares of an orbital sum to one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..elements import element
from ..errors import InputError
from ..kinds import LIGAND, Kind, decode
from ..units import HARTREE_EV

SUM_TOLERANCE = 1e-3
_HEADER = re.compile(
    r"^# *Projected DOS for (?:atomic kind (?P<kind>[^\s,]+)|list (?P<list>\d+) of (?P<n_atoms>\d+) atoms)[^\n]*"
    r"(?:\n#[^\n]*)*",
    re.MULTILINE,
)
_ITERATION = re.compile(r"iteration step i = +(\d+)")
_FERMI = re.compile(r"E\(Fermi\) *= +(?P<value>-?\d+\.\d+) +(?P<unit>a\.u\.|eV)")


@dataclass(frozen=True)
class PdosFile:
    """The last block of one ``.pdos`` file.

    :param name: kind name, or the number of the LDOS list as text.
    :param is_list: whether the file belongs to an LDOS list of atoms instead of a kind.
    :param list_n_atoms: atoms in the list, 0 for a kind.
    :param spin: ``both``, ``alpha`` or ``beta``, from the file's name.
    :param index: (n_states,) CP2K's orbital numbers, from 1.
    :param components: names of the columns, such as ``s``, ``p``, ``d`` or ``py``, ``d-2``.
    :param weights: (n_states, n_components).
    """

    name: str
    is_list: bool
    list_n_atoms: int
    spin: str
    iteration: int
    fermi_level_ev: float
    index: NDArray[np.int64]
    eigenvalues_ev: NDArray[np.float64]
    occupations: NDArray[np.float64]
    components: tuple[str, ...]
    weights: NDArray[np.float64]

    def by_angular_momentum(self) -> dict[str, NDArray[np.float64]]:
        """Return ``s``, ``p``, ``d``, ``f`` → (n_states,), components of one shell added up."""
        result: dict[str, NDArray[np.float64]] = {}
        for name, column in zip(self.components, self.weights.T, strict=True):
            result[name[0]] = result.get(name[0], np.zeros(len(column))) + column
        return result


@dataclass(frozen=True)
class Pdos:
    """Shares of kinds, and of atoms where the run printed them, in the orbitals of one spin.

    :param spin: ``both``, ``alpha`` or ``beta``.
    :param fermi_level_ev: as CP2K prints it.
    :param eigenvalues_ev: (n_states,) ascending, absolute.
    :param occupations: (n_states,) electrons.
    :param kind_names: CP2K's kinds, sorted by name.
    :param kind_weights: (n_kinds, n_states); each column sums to 1.
    :param kind_counts: (n_kinds,) atoms of each kind; empty if the caller did not give them.
    :param atom_weights: (n_atoms, n_states) or None without one LDOS list for each atom.
    """

    spin: str
    fermi_level_ev: float
    index: NDArray[np.int64]
    eigenvalues_ev: NDArray[np.float64]
    occupations: NDArray[np.float64]
    kind_names: tuple[str, ...]
    kind_weights: NDArray[np.float64]
    kind_counts: NDArray[np.int64]
    atom_weights: NDArray[np.float64] | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return the decoded kinds."""
        return tuple(decode(name) for name in self.kind_names)

    @property
    def n_occupied(self) -> int:
        """Return how many states lie at or below the HOMO.

        A complete list is filled from below with all its electrons, so that smearing does not move the HOMO.
        """
        full = 2.0 if self.spin == "both" else 1.0
        if self.index[0] == 1:
            return round(float(self.occupations.sum()) / full)
        return int(np.count_nonzero(self.occupations > full / 2))

    def grouped(self, label: Callable[[Kind], str]) -> dict[str, NDArray[np.float64]]:
        """Return label → (n_states,) share, for any rule that labels a kind.

        Labels come in the order of figures: crystal before ligands, from the core out, cations before
        anions, bulk coordination first.
        """
        result: dict[str, NDArray[np.float64]] = {}
        rows = sorted(zip(self.kinds, self.kind_weights, strict=True), key=lambda row: _figure_order(row[0]))
        for kind, weights in rows:
            key = label(kind)
            result[key] = result.get(key, np.zeros(weights.size)) + weights
        return result

    def by_element(self) -> dict[str, NDArray[np.float64]]:
        """Return element → (n_states,) share."""
        return self.grouped(lambda kind: kind.symbol)

    def by_region(self) -> dict[str, NDArray[np.float64]]:
        """Return region name → (n_states,) share: the bars of an orbital's composition."""
        return self.grouped(lambda kind: kind.region_name)

    def by_coordination(self) -> dict[str, NDArray[np.float64]]:
        """Return ``In``, ``4c As``, ``3c As``, ``Cl`` … → (n_states,) share; only crystal anions split."""
        return self.grouped(coordination_label)


def _figure_order(kind: Kind) -> tuple[bool, int, bool, str, int]:
    is_anion = element(kind.symbol).oxidation_state < 0
    return kind.region == LIGAND, kind.region, is_anion, kind.symbol, -kind.coordination


def coordination_label(kind: Kind) -> str:
    """Return ``3c As`` for an anion of the crystal, the bare symbol for cations, ligands and bare kinds."""
    in_crystal = kind.region not in (0, LIGAND)
    is_anion = element(kind.symbol).oxidation_state < 0
    return f"{kind.coordination}c {kind.symbol}" if in_crystal and is_anion else kind.symbol


def read_pdos_file(text: str, *, file: str | Path | None = None) -> PdosFile:
    """Read one ``.pdos`` file; of several blocks (a geometry optimisation) the last.

    :param file: name for messages, and the only place where CP2K tells the spin.

    :raises InputError: no header, no states, a line with too few numbers or one that is not a number.
    """
    headers = list(_HEADER.finditer(text))
    if not headers:
        raise InputError(
            "no header of a CP2K projected DOS",
            file=file,
            remedy="Expected '# Projected DOS for atomic kind …': give CP2K's .pdos files, undamaged.",
        )
    header = headers[-1]
    fermi, iteration = _FERMI.search(header[0]), _ITERATION.search(header[0])
    if fermi is None:
        raise InputError("no E(Fermi) in the header", file=file, remedy="Was the run still writing?")
    titles, unit_ev = _titles(header[0], file)
    table = _table(text[header.end() :].splitlines(), 3 + len(titles), file)
    return PdosFile(
        name=header["kind"] or header["list"],
        is_list=header["list"] is not None,
        list_n_atoms=int(header["n_atoms"] or 0),
        spin=_spin_of(file),
        iteration=int(iteration[1]) if iteration else 0,
        fermi_level_ev=float(fermi["value"]) * (1.0 if fermi["unit"] == "eV" else HARTREE_EV),
        index=table[:, 0].astype(np.int64),
        eigenvalues_ev=table[:, 1] * unit_ev,
        occupations=table[:, 2],
        components=tuple(titles),
        weights=table[:, 3:],
    )


def _titles(header: str, file: str | Path | None) -> tuple[list[str], float]:
    """Return the titles of the columns with shares, and the unit of the eigenvalues in eV."""
    line = next((line for line in header.splitlines() if re.search(r"Eigenvalue .*Occupation", line)), None)
    if line is None:
        raise InputError("no column titles under the header", file=file, remedy="Was the run still writing?")
    before, after = line.split("Occupation", 1)
    to_ev = {"Eigenvalue [a.u.]": HARTREE_EV, "Eigenvalue [eV]": 1.0}
    unit_ev = next((factor for title, factor in to_ev.items() if title in before), None)
    if unit_ev is None:
        remedy = "Expected [a.u.] or [eV]."
        raise InputError("unknown unit of the eigenvalues", file=file, value=before.strip(), remedy=remedy)
    return after.split(), unit_ev


def _spin_of(file: str | Path | None) -> str:
    """Return the spin that CP2K puts into the file's name and nowhere in the file."""
    name = "" if file is None else Path(file).name
    return next((spin for spin in ("alpha", "beta") if f"-{spin.upper()}_" in name), "both")


def _table(lines: Sequence[str], n_columns: int, file: str | Path | None) -> NDArray[np.float64]:
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise InputError("no states", file=file, remedy="Was the run still writing?")
    try:
        table = np.array([row.split() for row in rows], dtype=np.float64)
    except ValueError:
        table = np.empty((0, 0))
    if table.ndim != 2 or table.shape[1] != n_columns or not np.isfinite(table).all():
        bad = next((row for row in rows if not _is_row(row, n_columns)), rows[-1])
        raise InputError(
            f"a state needs {n_columns} numbers",
            file=file,
            value=" ".join(bad.split()[:6]),
            remedy="The file is cut short or garbled: retrieve it again.",
        )
    return table


def _is_row(row: str, n_columns: int) -> bool:
    fields = row.split()
    return len(fields) == n_columns and all(re.fullmatch(r"-?\d+(?:\.\d*)?(?:E[-+]\d+)?", f) for f in fields)


def _check_same_run(files: Sequence[PdosFile]) -> None:
    first = files[0]
    for other in files[1:]:
        what = None
        if other.index.size != first.index.size:
            what = f"{first.index.size} and {other.index.size} states"
        elif other.iteration != first.iteration:
            what = f"iterations {first.iteration} and {other.iteration}"
        elif np.abs(other.eigenvalues_ev - first.eigenvalues_ev).max() > 1e-4:
            what = "different eigenvalues"
        if what:
            raise InputError(
                f"{first.name} and {other.name} are not from the same run: {what}",
                field="pdos",
                remedy="Give the .pdos files of one run only.",
            )


def _check_sums(weights: NDArray[np.float64], what: str) -> None:
    sums = weights.sum(axis=0)
    worst = int(np.argmax(np.abs(sums - 1)))
    if abs(sums[worst] - 1) > SUM_TOLERANCE:
        raise InputError(
            f"the shares of {what} in orbital {worst + 1} sum to {sums[worst]:.4f} instead of 1",
            field="pdos",
            remedy="A file is missing or belongs to another run: give those of all kinds.",
        )


def _texts(files: Mapping[str, str] | Sequence[str | Path]) -> dict[str, str]:
    if isinstance(files, Mapping):
        return dict(files)
    try:
        return {str(path): Path(path).read_text(encoding="utf-8", errors="replace") for path in files}
    except OSError as error:
        raise InputError(
            f"cannot read: {error.strerror}", file=error.filename, remedy="Check the path."
        ) from None


def read_pdos(
    files: Mapping[str, str] | Sequence[str | Path],
    *,
    kind_counts: Mapping[str, int] | None = None,
    atom_kinds: Sequence[str] | None = None,
    spin: str = "both",
) -> Pdos:
    """Read all ``.pdos`` files of one run.

    :param files: paths, or file name → text.
    :param kind_counts: atoms of each kind, needed for participation numbers; counted from ``atom_kinds`` if
        that is given.
    :param atom_kinds: (n_atoms,) kind name of each atom. If the run printed one LDOS list for each atom, in
        order, the result is atom-resolved and checked against the kinds.
    :param spin: which channel of an open-shell run.
    :raises InputError: unreadable or damaged files, files of different runs, a kind that is missing.
    """
    parsed = [read_pdos_file(text, file=name) for name, text in sorted(_texts(files).items())]
    channel = [file for file in parsed if file.spin == spin]
    by_kind = sorted((file for file in channel if not file.is_list), key=lambda file: file.name)
    if not by_kind:
        spins = sorted({file.spin for file in parsed})
        raise InputError(
            f"no projected DOS by kind for spin {spin!r}",
            field="pdos",
            value=spins,
            remedy="Give the files -k1-1.pdos, -k2-1.pdos … and, for an open shell, choose alpha or beta.",
        )
    _check_same_run(channel)
    weights = np.array([file.weights.sum(axis=1) for file in by_kind])
    _check_sums(weights, "the kinds")
    names = tuple(file.name for file in by_kind)
    if atom_kinds is not None:
        kind_counts = {name: list(atom_kinds).count(name) for name in names}
    atoms = _atom_weights(channel, atom_kinds)
    if atoms is not None and atom_kinds is not None:
        _check_atoms_against_kinds(atoms, atom_kinds, names, weights)
    return Pdos(
        spin=spin,
        fermi_level_ev=by_kind[0].fermi_level_ev,
        index=by_kind[0].index,
        eigenvalues_ev=by_kind[0].eigenvalues_ev,
        occupations=by_kind[0].occupations,
        kind_names=names,
        kind_weights=weights / weights.sum(axis=0),
        kind_counts=_counts(names, kind_counts),
        atom_weights=None if atoms is None else atoms / atoms.sum(axis=0),
    )


def _counts(names: Sequence[str], kind_counts: Mapping[str, int] | None) -> NDArray[np.int64]:
    if kind_counts is None:
        return np.empty(0, dtype=np.int64)
    missing = [name for name in names if not kind_counts.get(name)]
    if missing or set(kind_counts) - set(names):
        raise InputError(
            "the kinds of the projected DOS are not those of the structure",
            field="pdos",
            value=missing or sorted(set(kind_counts) - set(names)),
            remedy="Give the structure that the run used.",
        )
    return np.array([kind_counts[name] for name in names], dtype=np.int64)


def _atom_weights(files: Sequence[PdosFile], atom_kinds: Sequence[str] | None) -> NDArray[np.float64] | None:
    """Return (n_atoms, n_states) if there is exactly one single-atom list for each atom."""
    lists = sorted((file for file in files if file.is_list), key=lambda file: int(file.name))
    if not lists or any(file.list_n_atoms != 1 for file in lists):
        return None
    if atom_kinds is None or len(lists) != len(atom_kinds):
        return None
    weights = np.array([file.weights.sum(axis=1) for file in lists])
    _check_sums(weights, "the atoms")
    return weights


def _check_atoms_against_kinds(
    atoms: NDArray[np.float64], atom_kinds: Sequence[str], names: Sequence[str], kinds: NDArray[np.float64]
) -> None:
    labels = np.asarray(atom_kinds)
    for name, expected in zip(names, kinds, strict=True):
        if np.abs(atoms[labels == name].sum(axis=0) - expected).max() > SUM_TOLERANCE:
            raise InputError(
                f"the LDOS lists do not add up to kind {name}",
                field="pdos",
                remedy="List k must hold atom k alone, for every atom in the order of the structure.",
            )
