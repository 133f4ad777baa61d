"""Where the atoms stood, as CP2K lists them with kind, element, place and valence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..units import length_ang
from .appended import RunText

_TITLE = re.compile(
    r"^ MODULE QUICKSTEP: ATOMIC COORDINATES IN (?P<unit>\S+) *$", re.MULTILINE | re.IGNORECASE
)
_ROW = re.compile(
    r"^ +(?P<number>\d+) +(?P<kind>\d+|\*+) +(?P<symbol>[A-Z][a-z]?) +\d+"
    r" +(?P<place>-?\d+\.\d+ +-?\d+\.\d+ +-?\d+\.\d+) +(?P<valence>\d+\.\d+) +\d+\.\d+ *$"
)
_BLANK_LINES = 3  # between the title and the first row: a blank one and the heading


@dataclass(frozen=True)
class Places:
    """The last list of atoms of a run; empty where none was printed.

    :param kinds: (n_atoms,) number of the kind, from 1; 0 where CP2K printed stars.
    :param symbols: (n_atoms,) element.
    :param positions_ang: (n_atoms, 3), in the frame of the run's box.
    :param n_valence: (n_atoms,) valence electrons of the potential.
    """

    kinds: tuple[int, ...]
    symbols: tuple[str, ...]
    positions_ang: NDArray[np.float64]
    n_valence: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.symbols)


def no_places() -> Places:
    """Return an empty list."""
    return Places((), (), np.empty((0, 3)), np.empty(0))


def read_places(run: RunText, file: Path | None = None) -> Places:
    """Return the last list of atoms, its positions in Å whatever the unit of its title.

    Lines of other programs between the rows are passed over; the numbers of the atoms must run on.

    :raises Cp2kOutputError: an unknown unit, or an atom that is missing from the list.
    """
    titles = list(_TITLE.finditer(run.text))
    if not titles:
        return no_places()
    title = titles[-1]
    unit = length_ang(title["unit"])
    if unit is None:
        raise run.damaged(f"unknown unit of length {title['unit']!r}", title.start(), file)
    rows: list[re.Match[str]] = []
    at, since = title.end() + 1, 0
    while at < len(run.text) and since <= _BLANK_LINES:
        end = run.text.find("\n", at)
        end = len(run.text) if end < 0 else end
        if row := _ROW.match(run.text[at:end]):
            rows.append(row)
            since = 0
            if int(row["number"]) != len(rows):
                raise run.damaged(f"atom {len(rows)} was expected here", at, file)
        else:
            since += 1
        at = end + 1
    return Places(
        kinds=tuple(int(row["kind"]) if row["kind"].isdigit() else 0 for row in rows),
        symbols=tuple(row["symbol"] for row in rows),
        positions_ang=unit
        * np.array([row["place"].split() for row in rows], dtype=np.float64).reshape(-1, 3),
        n_valence=np.array([float(row["valence"]) for row in rows]),
    )
