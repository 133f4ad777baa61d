"""Projected density of states: CP2K's ``.pdos`` files → share of every kind (or atom) in every orbital.

CP2K projects with Löwdin's orthogonalised basis, so that the shares of an orbital sum to one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..elements import element
from ..errors import InputError
from ..files import text_of
from ..kinds import LIGAND, Kind, decode
from .pdos_file import PdosFile, read_pdos_file

SUM_TOLERANCE = 1e-3
INTEGER_TOLERANCE_E = 0.01
"""An occupation further than this from empty and full belongs to a smeared ensemble, not to a ground state."""


@dataclass(frozen=True)
class Pdos:
    """Shares of kinds, and of atoms where the run printed them, in the orbitals of one spin.

    :param spin: ``both``: an orbital holds two electrons; ``alpha`` or ``beta``; ``alpha and beta``: the orbitals of
        both channels in one list, one electron each.
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
        return {str(path): text_of(Path(path).read_bytes(), "replace") for path in files}
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


def merge_spins(alpha: Pdos, beta: Pdos) -> Pdos:
    """Return the orbitals of an open shell as one list: the occupied ones of both spins, then the empty ones.

    So the last occupied orbital is the higher HOMO and the first empty one the lower LUMO. ``index`` stays CP2K's
    number within the channel.

    :raises InputError: the channels are of different runs.
    """
    if alpha.kind_names != beta.kind_names or (alpha.atom_weights is None) != (beta.atom_weights is None):
        raise InputError(
            "the spins are not projected on the same kinds",
            field="pdos",
            remedy="Give the files of one run only.",
        )
    energies = np.concatenate([alpha.eigenvalues_ev, beta.eigenvalues_ev])
    occupations = np.concatenate([alpha.occupations, beta.occupations])
    order = np.lexsort((energies, occupations <= 0.5))
    atoms = None
    if alpha.atom_weights is not None and beta.atom_weights is not None:
        atoms = np.hstack([alpha.atom_weights, beta.atom_weights])[:, order]
    return Pdos(
        spin="alpha and beta",
        fermi_level_ev=max(alpha.fermi_level_ev, beta.fermi_level_ev),
        index=np.concatenate([alpha.index, beta.index])[order],
        eigenvalues_ev=energies[order],
        occupations=occupations[order],
        kind_names=alpha.kind_names,
        kind_weights=np.hstack([alpha.kind_weights, beta.kind_weights])[:, order],
        kind_counts=alpha.kind_counts,
        atom_weights=atoms,
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
