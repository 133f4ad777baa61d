"""Read ACF.dat, the table that Bader programs write: one row an atom, then the vacuum and the total."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import text_of
from ..fortran import parse_number
from ..units import BOHR_ANG

Array = NDArray[np.float64]

_UNITS_ANG = {"bohr": BOHR_ANG, "ang": 1.0}
_FOOTERS = {
    "VACUUM CHARGE": "vacuum_charge",
    "VACUUM VOLUME": "vacuum_volume",
    "NON-NUCLEAR CHARGE": "non_nuclear_charge",
    "NON-NUCLEAR VOLUME": "non_nuclear_volume",
    "NUMBER OF ELECTRONS": "n_electrons",
}
# A number that fills its field touches the one before with its sign; exponents have no point.
_TOUCHING = re.compile(r"(?<=\d)-(?=\d*\.)")
_RERUN = "Run the Bader program again, in an empty directory."


@dataclass(frozen=True)
class Acf:
    """A Bader partition.

    :param positions_ang: shape (n_atoms, 3), in Å, in the frame of the density.
    :param bader_population: shape (n_atoms,), electrons in each basin (column CHARGE).
    :param min_distance_ang: shape (n_atoms,), distance to the surface of the basin.
    :param volume_ang3: shape (n_atoms,), volume of the basin.
    :param vacuum_charge_e: electrons below the vacuum cut, in no basin.
    :param vacuum_volume_ang3: volume below the vacuum cut.
    :param n_electrons: total that the program reported.
    :param non_nuclear_charge_e: electrons in basins that belong to no atom; the reference program gives such
        basins to the nearest atom and has no such line.
    """

    positions_ang: Array
    bader_population: Array
    min_distance_ang: Array
    volume_ang3: Array
    vacuum_charge_e: float
    vacuum_volume_ang3: float
    n_electrons: float
    non_nuclear_charge_e: float = 0.0

    @property
    def n_atoms(self) -> int:
        """Return the number of atoms."""
        return len(self.bader_population)


def read_acf(path: str | Path, length_unit: str = "bohr") -> Acf:
    """Read an ACF.dat.

    :param path: the file.
    :param length_unit: ``bohr`` (densities from cube files) or ``ang`` (densities from VASP).
    :raises InputError: anything that is not a complete table: no rows, a missing or broken column, numbers
        that are not finite, rows out of order, no total, a total that the rows do not add up to.
    :raises OSError: the file cannot be read.
    """
    if length_unit not in _UNITS_ANG:
        raise InputError("unknown unit", field="length_unit", value=length_unit, remedy="Use bohr or ang.")
    data = Path(path).read_bytes()
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        raise InputError("this is not a text file", file=path, remedy="Give the ACF.dat itself.") from None
    try:
        return parse_acf(text, _UNITS_ANG[length_unit])
    except InputError as error:
        raise error.in_file(path) from None


def parse_acf(text: str, unit_ang: float = BOHR_ANG) -> Acf:
    """Parse the text of an ACF.dat whose lengths are in units of ``unit_ang`` Å (see ``read_acf``)."""
    if not text.strip():
        raise InputError("the file is empty", remedy=_RERUN)
    rows: list[list[float]] = []
    footer: dict[str, float] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#") or set(stripped) <= set("-+ "):
            continue
        if stripped[0].isalpha():
            _read_footer(stripped, number, footer)
        elif footer:
            raise InputError(
                "a row of numbers after the totals", field=f"line {number}", value=stripped, remedy=_RERUN
            )
        else:
            rows.append(_read_row(stripped, number, len(rows) + 1))
    if not rows:
        raise InputError("the file has no atoms", remedy=_RERUN)
    if "n_electrons" not in footer:
        raise InputError("the file ends before NUMBER OF ELECTRONS: it was cut off", remedy=_RERUN)
    table = np.array(rows)
    _check_total(table[:, 3], footer)
    return Acf(
        positions_ang=table[:, :3] * unit_ang,
        bader_population=table[:, 3].copy(),
        min_distance_ang=table[:, 4] * unit_ang,
        volume_ang3=table[:, 5] * unit_ang**3,
        vacuum_charge_e=footer.get("vacuum_charge", 0.0),
        vacuum_volume_ang3=footer.get("vacuum_volume", 0.0) * unit_ang**3,
        n_electrons=footer["n_electrons"],
        non_nuclear_charge_e=footer.get("non_nuclear_charge", 0.0),
    )


def _read_row(line: str, number: int, expected: int) -> list[float]:
    field = f"line {number}"
    words = _TOUCHING.sub(" -", line).split()
    if len(words) != 7:
        raise InputError(
            f"a row needs 7 columns (number, x, y, z, charge, distance, volume), this one has {len(words)}",
            field=field,
            value=line,
            remedy=_RERUN,
        )
    # Fortran prints asterisks when the row number outgrows its field
    if set(words[0]) != {"*"} and words[0] != str(expected):
        raise InputError(f"row {expected} was expected", field=field, value=words[0], remedy=_RERUN)
    values = [_number(word, field) for word in words[1:]]
    if values[3] < 0:
        raise InputError("a population cannot be negative", field=field, value=words[4], remedy=_RERUN)
    return values


def _read_footer(line: str, number: int, footer: dict[str, float]) -> None:
    field = f"line {number}"
    match = re.fullmatch(r"([A-Z -]+?):\s*(\S+)", line)
    if match is None or match.group(1) not in _FOOTERS:
        raise InputError("this line belongs to no ACF.dat", field=field, value=line, remedy=_RERUN)
    key = _FOOTERS[match.group(1)]
    if key in footer:
        raise InputError(f"{match.group(1)} is given twice", field=field, remedy=_RERUN)
    footer[key] = _number(match.group(2), field)


def _number(word: str, field: str) -> float:
    try:
        return parse_number(word)
    except ValueError:
        raise InputError("a finite number was expected", field=field, value=word, remedy=_RERUN) from None


def _check_total(population: Array, footer: dict[str, float]) -> None:
    total, n_electrons = float(population.sum()), footer["n_electrons"]
    tolerance = 0.01 + 1e-4 * len(population)
    total += footer.get("non_nuclear_charge", 0.0)
    with_vacuum = total + footer.get("vacuum_charge", 0.0)
    if min(abs(total - n_electrons), abs(with_vacuum - n_electrons)) > tolerance:
        raise InputError(
            f"the rows add up to {total:.4f} electrons, the last line says {n_electrons:.4f}",
            field="NUMBER OF ELECTRONS",
            remedy="Rows are missing or were edited. " + _RERUN,
        )
