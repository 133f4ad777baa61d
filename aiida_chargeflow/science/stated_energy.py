"""The total energy that the comment line of an XYZ file states, where it says in which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .fortran import parse_number
from .units import HARTREE_EV, energy_ev

_WORD = r"[^\s,;=\"]+"
# CP2K's trajectories: "i = 8, E = -988.6853803306", with "time = " in between in dynamics; hartree by its manual
# (MOTION/PRINT/TRAJECTORY), whatever the unit of the coordinates.
_CP2K = re.compile(rf"^\s*i\s*=\s*\d+,(?:\s*time\s*=\s*{_WORD},)?\s*E\s*=\s*(?P<value>{_WORD})\s*$")
# Extended XYZ, where ASE and those who read it count in eV.
_EXTENDED = re.compile(rf"(?:^|\s)energy=\"?(?P<value>{_WORD})\"?(?=\s|$)")
_NAMED = re.compile(
    rf"\b(?:total\s+)?(?:energy|E)\s*[:=]\s*(?P<value>{_WORD})(?:\s*\[?(?P<unit>[A-Za-z_.]+)\]?)?", re.I
)
_ALSO = {"ha": "hartree", "eh": "hartree"}
_MENTIONED = re.compile(r"energy|heat of formation|\bE\s*[:=]", re.IGNORECASE)


@dataclass(frozen=True)
class StatedEnergy:
    """What the comment line of a structure says of its energy.

    :param energy_ev: None where no number, or no unit, can be told for certain.
    :param origin: how the unit is known, or why there is no energy.
    """

    energy_ev: float | None
    origin: str


def stated_energy(comment: str) -> StatedEnergy | None:
    """Return the energy that a comment line states, None where it speaks of none.

    The line may have been copied from another structure: it is what the file says, and nothing else confirms it.

    >>> stated_energy(" i =       27, E =     -1.0000000000").energy_ev
    -27.211386245988
    """
    if match := _CP2K.match(comment):
        return _read(match["value"], HARTREE_EV, "hartree, as CP2K writes its trajectories")
    if "Properties=" in comment and (match := _EXTENDED.search(comment)):
        return _read(match["value"], 1.0, "eV, as in extended XYZ")
    if match := _NAMED.search(comment):
        name = (match["unit"] or "").strip(".").lower()
        factor = energy_ev(_ALSO.get(name, name)) or energy_ev(match["unit"] or "")
        if factor is None:
            return StatedEnergy(None, f"{match[0].strip()!r} names no unit that is known: not taken")
        return _read(match["value"], factor, f"{match['unit']}, as the line says")
    return (
        StatedEnergy(None, f"{comment.strip()[:60]!r} cannot be read: not taken")
        if _MENTIONED.search(comment)
        else None
    )


def _read(word: str, factor: float, origin: str) -> StatedEnergy:
    try:
        return StatedEnergy(parse_number(word) * factor, origin)
    except ValueError:
        return StatedEnergy(None, f"{word!r} is no number: not taken")
