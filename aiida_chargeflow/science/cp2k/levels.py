"""Eigenvalues and occupations in a CP2K output, and the frontier levels that follow from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..electrons.pdos import INTEGER_TOLERANCE_E
from ..units import HARTREE_EV
from .appended import RunText
from .failures import Cp2kOutputError


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
_SUM = re.compile(r"^ MO\| Sum: +(-?\d+\.\d+) *$")
_NO_ELECTRONS = re.compile(r"^ Number of electrons: +0 *$", re.MULTILINE)  # of one spin
_HEADING = re.compile(r"^ MO\|(?: *| +Index +Eigenvalue.*)$")
_UNOCCUPIED = re.compile(r"^ +Lowest Eigenvalues of the unoccupied subspace spin +(?P<spin>\d)", re.MULTILINE)
_PRINTED_GAP = re.compile(r"^ HOMO - LUMO gap \[eV\] : +(-?\d+\.\d+)", re.MULTILINE)
_SPINS = {"": "both", "ALPHA": "alpha", "BETA": "beta"}


def _read_block(run: RunText, header: re.Match[str], file: Path | None) -> SpinLevels | None:
    """Return the levels below a header, None where the text ends before their sum.

    Lines of other programs between the rows are passed over. What is lost that way shows: the numbers of the
    orbitals run on, and the occupations add up to CP2K's own sum.
    """
    spin = _SPINS[(header["spin"] or "").strip()]
    channel = "" if spin == "both" else f" of spin {spin}"
    rows: list[tuple[int, float, float]] = []
    for at, line in _lines(run.text, header.end() + 1):
        if row := _ROW.match(line):
            hartree, energy_ev = float(row[2]), float(row[3])
            if abs(hartree * HARTREE_EV - energy_ev) > 1e-3:
                raise run.damaged("the eigenvalue differs between a.u. and eV", at, file)
            rows.append((int(row[1]), energy_ev, float(row[4])))
            if rows[-1][0] != rows[0][0] + len(rows) - 1:
                problem = f"orbital {rows[0][0] + len(rows) - 1}{channel} was expected here"
                raise run.damaged(problem, at, file)
        elif total := _SUM.match(line):
            if not rows:
                return None
            found = sum(row[2] for row in rows)
            if abs(found - float(total[1])) > 1e-6 * len(rows) + 1e-4:
                raise run.damaged(f"the occupations{channel} add up to {found:.6f}", at, file)
            index, energies, occupations = zip(*rows, strict=True)
            return SpinLevels(spin, index[0], np.array(energies), np.array(occupations))
        elif line.startswith(" MO|") and not _HEADING.match(line):
            raise run.damaged("this row of the list of levels is damaged", at, file)
        elif _BLOCK.match(line):
            return None
    return None


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield (position, line) from a position on."""
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, text[start:end]
        start = end + 1


def _final_blocks(run: RunText, file: Path | None) -> dict[str, SpinLevels]:
    """Return the last block of each spin, those of a running SCF left out.

    :raises Cp2kOutputError: a damaged block, or one that ends before its sum although the run went on.
    """
    blocks: dict[str, SpinLevels] = {}
    finished = "PROGRAM ENDED AT" in run.text
    for header in _BLOCK.finditer(run.text):
        if header["early"]:
            continue
        try:
            block = _read_block(run, header, file)
        except Cp2kOutputError:
            if finished:
                raise
            continue  # still being written
        if block is not None:
            blocks[block.spin] = block
        elif finished:
            raise run.damaged("the list of levels under this title has no end", header.start(), file)
    return blocks


def _check_spins(run: RunText, blocks: Mapping[str, SpinLevels], file: Path | None) -> None:
    """Refuse the levels of one spin where a finished run has two, whose HOMO and LUMO may be the other's."""
    found = set(blocks) & {"alpha", "beta"}
    if len(found) == 1 and "PROGRAM ENDED AT" in run.text and not _NO_ELECTRONS.search(run.text):
        (present,) = found
        missing = "beta" if present == "alpha" else "alpha"
        last = list(_BLOCK.finditer(run.text))[-1]
        raise run.damaged(
            f"levels of spin {present} only, those of {missing} are missing", last.start(), file
        )


def _ot_unoccupied_ev(text: str) -> dict[int, NDArray[np.float64]]:
    """Return spin number → eigenvalues in eV that CP2K's OT eigensolver found after the SCF."""
    found = {}
    for match in _UNOCCUPIED.finditer(text):
        values: list[float] = []
        lines = _lines(text, match.end())
        next(lines, None)
        for _, line in lines:
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


def read_levels(run: RunText, file: Path | None = None) -> tuple[tuple[SpinLevels, ...], str | None]:
    """Return the final eigenvalues per spin and the name of the solver that made the unoccupied ones.

    Needs ``&DFT/&PRINT/&MO`` with ``EIGENVALUES`` and ``OCCUPATION_NUMBERS``. After OT the unoccupied states
    come from ``&MO_CUBES`` with ``NLUMO`` and are appended with occupation 0.

    :raises Cp2kOutputError: an orbital is missing from a list, or a row of it is damaged.
    """
    text = run.text
    blocks = _final_blocks(run, file)
    _check_spins(run, blocks, file)
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
    if after_ot:
        _check_printed_gaps(run, levels, file)
    return tuple(levels), _solver(text, levels, after_ot)


def _check_printed_gaps(run: RunText, levels: Sequence[SpinLevels], file: Path | None) -> None:
    """Compare the gap of each spin with the one that CP2K prints below its unoccupied levels.

    :raises Cp2kOutputError: they differ, so that a line of levels is missing.
    """
    printed = list(_PRINTED_GAP.finditer(run.text))[-len(levels) :]
    for match, channel in zip(printed, levels, strict=False):
        n_occupied = int(np.count_nonzero(channel.occupations > 0.5 * channel.max_occupation))
        gap = float(channel.eigenvalues_ev[n_occupied] - channel.eigenvalues_ev[n_occupied - 1])
        if abs(gap - float(match[1])) > 2e-3:
            problem = f"the levels above give a gap of {gap:.3f} eV"
            raise run.damaged(problem, match.start(), file)


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
