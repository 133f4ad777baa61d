"""Eigenvalues and occupations in a CP2K output, and the frontier levels that follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..units import HARTREE_EV

INTEGER_TOLERANCE_E = 0.01


@dataclass(frozen=True)
class SpinLevels:
    """Eigenvalues of one spin channel.

    :param spin: ``both`` in a restricted calculation, otherwise ``alpha`` or ``beta``.
    :param first_index: CP2K's number of the first orbital, 1 unless only a range was printed.
    :param eigenvalues_ev: (n_states,) ascending, absolute (not relative to the Fermi level), in eV.
    :param occupations: (n_states,) electrons, up to 2 in a restricted calculation.
    """

    spin: str
    first_index: int
    eigenvalues_ev: NDArray[np.float64]
    occupations: NDArray[np.float64]

    @property
    def max_occupation(self) -> float:
        """Return 2 for a restricted calculation, 1 for a spin channel."""
        return 2.0 if self.spin == "both" else 1.0


@dataclass(frozen=True)
class Frontier:
    """Levels around the gap, both spins together.

    :param homo_index: CP2K's number of the HOMO in its own spin channel (the channel of the higher HOMO).
    :param lumo_ev: None where no unoccupied state was printed.
    :param max_occupation_deviation_e: the largest distance of an occupation from empty or full, in electrons;
        above ``INTEGER_TOLERANCE_E`` the gap belongs to a smeared ensemble and not to a ground state.
    """

    homo_ev: float
    homo_index: int
    lumo_ev: float | None
    max_occupation_deviation_e: float

    @property
    def gap_ev(self) -> float | None:
        """Return LUMO minus HOMO in eV, None without a LUMO."""
        return None if self.lumo_ev is None else self.lumo_ev - self.homo_ev

    @property
    def has_integer_occupations(self) -> bool:
        """Return whether every state is empty or full to ``INTEGER_TOLERANCE_E``."""
        return self.max_occupation_deviation_e <= INTEGER_TOLERANCE_E


_BLOCK = re.compile(
    r"^ MO\| (?P<spin>ALPHA |BETA )?EIGENVALUES AND OCCUPATION NUMBERS(?P<early> AFTER SCF STEP +\d+)? *$",
    re.MULTILINE,
)
_ROW = re.compile(r"^ MO\| +(\d+) +(-?\d+\.\d+) +(-?\d+\.\d+) +(-?\d+\.\d+) *$")
_UNOCCUPIED = re.compile(r"^ +Lowest Eigenvalues of the unoccupied subspace spin +(?P<spin>\d)", re.MULTILINE)
_SPINS = {"": "both", "ALPHA": "alpha", "BETA": "beta"}


def _rows(text: str, start: int) -> Iterator[tuple[float, ...]]:
    """Yield (index, eigenvalue_ev, occupation) of the block that begins at ``start``."""
    lines = _lines(text, start)
    next(lines, None)
    for line in lines:
        row = _ROW.match(line)
        if row:
            yield float(row[1]), float(row[3]), float(row[4])
        elif not line.startswith(" MO|") or "Sum" in line:
            return


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _final_blocks(text: str) -> dict[str, SpinLevels]:
    """Return the last complete block of each spin, those of a running SCF left out."""
    blocks = {}
    for match in _BLOCK.finditer(text):
        if match["early"]:
            continue
        rows = np.array(list(_rows(text, match.start())))
        if rows.size:
            spin = _SPINS[(match["spin"] or "").strip()]
            blocks[spin] = SpinLevels(spin, int(rows[0, 0]), rows[:, 1], rows[:, 2])
    return blocks


def _ot_unoccupied_ev(text: str) -> dict[int, NDArray[np.float64]]:
    """Return spin number → eigenvalues in eV that CP2K's OT eigensolver found after the SCF."""
    found = {}
    for match in _UNOCCUPIED.finditer(text):
        values: list[float] = []
        lines = _lines(text, match.end())
        next(lines, None)
        for line in lines:
            if set(line.strip()) == {"-"} or line.startswith(" OT|"):
                continue
            fields = line.split()
            if not fields or not all(re.fullmatch(r"-?\d+\.\d+", part) for part in fields):
                break
            values += [float(part) * HARTREE_EV for part in fields]
        found[int(match["spin"])] = np.array(values)
    return found


def _solver(text: str, levels: Sequence[SpinLevels], after_ot: bool) -> str | None:
    if after_ot:
        return "OT eigensolver"
    if not any((channel.occupations < 0.5 * channel.max_occupation).any() for channel in levels):
        return None
    library = re.findall(r"^ GLOBAL\| Diagonalization library +(\S+)", text, re.MULTILINE)
    return f"diagonalisation ({library[-1]})" if library else "diagonalisation"


def read_levels(text: str) -> tuple[tuple[SpinLevels, ...], str | None]:
    """Return the final eigenvalues per spin and the name of the solver that made the unoccupied ones.

    Needs ``&DFT/&PRINT/&MO`` with ``EIGENVALUES`` and ``OCCUPATION_NUMBERS``. After OT the unoccupied states
    come from ``&MO_CUBES`` with ``NLUMO`` and are appended with occupation 0.
    """
    blocks = _final_blocks(text)
    virtual = _ot_unoccupied_ev(text)
    levels, after_ot = [], False
    for number, spin in ((1, "both"), (1, "alpha"), (2, "beta")):
        channel = blocks.get(spin)
        if channel is None:
            continue
        extra = virtual.get(number, np.empty(0))
        if extra.size and (channel.occupations > 0).all():
            after_ot = True
            channel = SpinLevels(
                spin,
                channel.first_index,
                np.concatenate([channel.eigenvalues_ev, extra]),
                np.concatenate([channel.occupations, np.zeros(extra.size)]),
            )
        levels.append(channel)
    return tuple(levels), _solver(text, levels, after_ot)


def _n_occupied(channel: SpinLevels, n_electrons: int | None, n_channels: int) -> int:
    """Return how many printed states lie at or below the HOMO.

    In a complete restricted list the electron count decides, since smearing need not put the half-filled
    level there; otherwise states more than half full count as occupied.
    """
    if n_channels == 1 and channel.first_index == 1 and n_electrons is not None:
        return min(-(-n_electrons // 2), channel.eigenvalues_ev.size)
    return int(np.count_nonzero(channel.occupations > 0.5 * channel.max_occupation))


def frontier(levels: Sequence[SpinLevels], n_electrons: int | None) -> Frontier | None:
    """Return HOMO, LUMO and the honesty of the occupations; None without eigenvalues.

    :param n_electrons: all electrons of the calculation.
    """
    homos: list[tuple[float, int]] = []
    lumos: list[float] = []
    deviation = 0.0
    for channel in levels:
        n_occupied = _n_occupied(channel, n_electrons, len(levels))
        if n_occupied:
            index = channel.first_index + n_occupied - 1
            homos.append((float(channel.eigenvalues_ev[n_occupied - 1]), index))
        if n_occupied < channel.eigenvalues_ev.size:
            lumos.append(float(channel.eigenvalues_ev[n_occupied]))
        full = channel.max_occupation
        distance = np.minimum(np.abs(channel.occupations), np.abs(full - channel.occupations))
        deviation = max(deviation, float(distance.max()))
    if not homos:
        return None
    homo_ev, homo_index = max(homos)
    return Frontier(homo_ev, homo_index, min(lumos) if lumos else None, deviation)
