"""One ``.pdos`` file of CP2K, the format up to 2026.1 and that of 2026.2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..fortran import parse_number, parse_numbers
from ..units import energy_ev, known_energies

_HEADER = re.compile(
    r"^# *Projected DOS for (?:atomic kind (?P<kind>[^\s,]+)|list (?P<list>\d+) of (?P<n_atoms>\d+) atoms)[^\n]*"
    r"(?:\n#[^\n]*)*",
    re.MULTILINE,
)
_ITERATION = re.compile(r"iteration step i = +(\d+)")
_FERMI = re.compile(r"E\(Fermi\) *= +(?P<value>\S+) +(?P<unit>[A-Za-z.]+)")
_TITLES = re.compile(
    r"^# +MO +(?:Eigenvalue|Energy) *\[(?P<unit>[^\]]*)\] +Occupation(?P<shares>[^\n]*)$", re.MULTILINE
)
_TOTAL_TOLERANCE = 1e-5
_RETRIEVE = "The file is cut short or garbled: retrieve it again."


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
    if fermi is None or (fermi_unit_ev := energy_ev(fermi["unit"])) is None:
        raise InputError("no E(Fermi) in the header", file=file, remedy="Was the run still writing?")
    titles, unit_ev = _titles(header[0], file)
    table = _table(text[header.end() :].splitlines(), 3 + len(titles), file)
    if titles[0] == "Total":  # CP2K 2026.2 and later
        _check_totals(table, file)
        titles, table = titles[1:], np.delete(table, 3, axis=1)
    _check_numbers(table, file)
    return PdosFile(
        name=header["kind"] or header["list"],
        is_list=header["list"] is not None,
        list_n_atoms=int(header["n_atoms"] or 0),
        spin=_spin_of(file),
        iteration=int(iteration[1]) if iteration else 0,
        fermi_level_ev=_number(fermi["value"], file) * fermi_unit_ev,
        index=table[:, 0].astype(np.int64),
        eigenvalues_ev=table[:, 1] * unit_ev,
        occupations=table[:, 2],
        components=tuple(titles),
        weights=table[:, 3:],
    )


def _titles(header: str, file: str | Path | None) -> tuple[list[str], float]:
    """Return the titles of the columns with shares, and the unit of the eigenvalues in eV."""
    match = _TITLES.search(header)
    if match is None or not match["shares"].split():
        raise InputError("no column titles under the header", file=file, remedy="Was the run still writing?")
    unit_ev = energy_ev(match["unit"])
    if unit_ev is None:
        known = ", ".join(known_energies())
        raise InputError(
            "unknown unit of the eigenvalues", file=file, value=match["unit"], remedy=f"Known: {known}."
        )
    return match["shares"].split(), unit_ev


def _check_totals(table: NDArray[np.float64], file: str | Path | None) -> None:
    """Refuse rows whose column Total is not the sum of the columns behind it."""
    off = np.abs(table[:, 4:].sum(axis=1) - table[:, 3])
    if off.max() > _TOTAL_TOLERANCE:
        raise InputError(
            "the shares of a state do not add up to its column Total",
            file=file,
            field=f"orbital {int(table[off.argmax(), 0])}",
            remedy=_RETRIEVE,
        )


def _check_numbers(table: NDArray[np.float64], file: str | Path | None) -> None:
    """Refuse a list of states that does not run on by one, as where a line was lost."""
    wrong = np.flatnonzero(np.diff(table[:, 0]) != 1)
    if wrong.size:
        raise InputError(
            f"orbital {int(table[wrong[0], 0]) + 1} was expected",
            file=file,
            field="column MO",
            value=int(table[wrong[0] + 1, 0]),
            remedy=_RETRIEVE,
        )


def _spin_of(file: str | Path | None) -> str:
    """Return the spin that CP2K puts into the file's name and nowhere in the file."""
    name = "" if file is None else Path(file).name
    return next((spin for spin in ("alpha", "beta") if f"-{spin.upper()}_" in name), "both")


def _number(word: str, file: str | Path | None) -> float:
    try:
        return parse_number(word)
    except ValueError as error:
        raise InputError(str(error), file=file, field="E(Fermi)", remedy=_RETRIEVE) from None


def _table(lines: Sequence[str], n_columns: int, file: str | Path | None) -> NDArray[np.float64]:
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise InputError("no states", file=file, remedy="Was the run still writing?")
    try:
        table = np.array([parse_numbers(row) for row in rows])
    except ValueError:
        table = np.empty((0, 0))
    if table.ndim != 2 or table.shape[1] != n_columns:
        bad = next((row for row in rows if not _is_row(row, n_columns)), rows[-1])
        raise InputError(
            f"a state needs {n_columns} numbers",
            file=file,
            value=" ".join(bad.split()[:6]),
            remedy=_RETRIEVE,
        )
    return table


def _is_row(row: str, n_columns: int) -> bool:
    try:
        return len(parse_numbers(row)) == n_columns
    except ValueError:
        return False
