"""The geometry that a trajectory of an optimisation ends with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import text_of
from ..fortran import parse_number

_ENERGY = re.compile(r"\bE *= *(\S+?),? *$|\bE *= *(\S+?),? ")
_LABEL = re.compile(r"[A-Z][a-z]?")
_REMEDY = (
    "Fetch the trajectory again; CP2K appends to one that exists, so begin each run in a folder of its own."
)


@dataclass(frozen=True)
class Frame:
    """One geometry.

    :param symbols: (n_atoms,) element of each atom.
    :param positions_ang: (n_atoms, 3).
    :param energy_hartree: of the comment line, None if it names none.
    """

    symbols: tuple[str, ...]
    positions_ang: NDArray[np.float64]
    energy_hartree: float | None


def last_frame(trajectory: str | Path, symbols: Sequence[str] | None = None) -> Frame:
    """Return the last whole frame of an XYZ trajectory in Å.

    :param trajectory: the text, or the path of the file.
    :param symbols: the elements that every frame must have, in their order.
    :raises InputError: no whole frame, a line too much or too few between frames, other elements, or a coordinate
        that is no finite number.
    """
    file = trajectory if isinstance(trajectory, Path) else None
    text = trajectory if isinstance(trajectory, str) else text_of(trajectory.read_bytes(), "replace")
    try:
        return _last_frame(text, symbols)
    except InputError as error:
        raise error if file is None else error.in_file(file) from None


def _last_frame(text: str, symbols: Sequence[str] | None) -> Frame:
    whole, _, _ = text.rpartition("\n")  # a line without an end may have been cut within a number
    lines = whole.splitlines()
    head = lines[0].strip() if lines else ""
    n_atoms = int(head) if re.fullmatch(r"[1-9]\d{0,8}", head) else 0
    if n_atoms == 0 or (symbols is not None and n_atoms != len(symbols)):
        wanted = "" if symbols is None else f" for {len(symbols)} atoms"
        raise InputError(f"no trajectory{wanted}", field="line 1", value=head, remedy=_REMEDY)
    size = n_atoms + 2
    for at in range(0, len(lines), size):
        if lines[at].split() != [str(n_atoms)]:
            raise InputError(
                f"a new frame of the trajectory was expected: the number of atoms, {n_atoms}",
                field=f"line {at + 1}",
                value=lines[at],
                remedy=_REMEDY,
            )
    n_frames = len(lines) // size
    if n_frames == 0:
        raise InputError("no whole frame in the trajectory", value=f"{len(lines)} lines", remedy=_REMEDY)
    first = (n_frames - 1) * size
    rows = [_row(line, first + 3 + k, symbols, k) for k, line in enumerate(lines[first + 2 : first + size])]
    positions = np.array([row[1] for row in rows])
    return Frame(tuple(row[0] for row in rows), positions, _energy(lines[first + 1]))


def _row(line: str, number: int, symbols: Sequence[str] | None, atom: int) -> tuple[str, list[float]]:
    words = line.split()
    label = _LABEL.match(words[0]) if words else None
    try:
        place = [parse_number(word) for word in words[1:4]]
    except ValueError:
        place = []
    if label is None or len(place) != 3:
        problem = "a line of the trajectory needs an element and three coordinates"
        raise InputError(problem, field=f"line {number}", value=line.strip(), remedy=_REMEDY)
    if symbols is not None and label[0] != symbols[atom]:
        problem = f"atom {atom + 1} of the trajectory is no {symbols[atom]}"
        raise InputError(
            problem, field=f"line {number}", value=words[0], remedy="Give the trajectory of this run."
        )
    return label[0], place


def _energy(comment: str) -> float | None:
    match = _ENERGY.search(comment)
    if match is None:
        return None
    try:
        return parse_number(match[1] or match[2])
    except ValueError:
        return None
