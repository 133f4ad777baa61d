"""Colour and legend of the atoms of a structure, by element, region or coordination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray

from ..science.charges.bonds import formal_sign
from ..science.kinds import REGIONS
from .ball_stick import BallStick, Floats
from .colours import REGIONS as REGION_COLOURS
from .colours import element_colour

Colouring = Literal["element", "region", "coordination"]
Legend = list[tuple[str, str]]

BALL = 0.55
_COORDINATION = {1: "#d73027", 2: "#fc8d59", 3: "#fee090", 4: "#91bfdb"}
_OTHER = "#b0b0b0"


def ball_stick(
    positions_ang: Floats,
    symbols: Sequence[str],
    regions: NDArray[np.int64],
    coordination: NDArray[np.int64],
    bonds: NDArray[np.int64],
    colouring: Colouring,
) -> BallStick:
    """Return what is drawn of a structure: balls of 0.55 covalent radii.

    :param positions_ang: shape (n_atoms, 3).
    :param regions: shape (n_atoms,).
    :param coordination: shape (n_atoms,).
    :param bonds: shape (n_bonds, 2).
    """
    radii = BALL * covalent_radii[[atomic_numbers[symbol] for symbol in symbols]]
    return BallStick(positions_ang, radii, colours(symbols, regions, coordination, colouring), bonds)


def colours(
    symbols: Sequence[str],
    regions: NDArray[np.int64],
    coordination: NDArray[np.int64],
    colouring: Colouring,
) -> list[str]:
    """Return the colour of each atom."""
    if colouring == "region":
        return [REGION_COLOURS.get(REGIONS.get(region, ""), _OTHER) for region in regions.tolist()]
    if colouring == "coordination":
        return [_COORDINATION.get(n, "#4575b4") for n in coordination.tolist()]
    return [element_colour(s, n) for s, n in zip(symbols, coordination.tolist(), strict=True)]


def legend(
    symbols: Sequence[str],
    regions: NDArray[np.int64],
    coordination: NDArray[np.int64],
    colouring: Colouring,
) -> Legend:
    """Return (text, colour) of everything that is present: cations, anions, ligands; bulk coordination first."""
    if colouring == "region":
        present = [name for region, name in REGIONS.items() if (regions == region).any()]
        unknown = [("unknown", _OTHER)] if not np.isin(regions, list(REGIONS)).all() else []
        return [(name, REGION_COLOURS[name]) for name in present] + unknown
    if colouring == "coordination":
        return [
            (f"{n}-coordinate", _COORDINATION.get(n, "#4575b4")) for n in np.unique(coordination).tolist()
        ]
    atoms = zip(symbols, regions.tolist(), coordination.tolist(), strict=True)
    order = sorted({(r == 4, formal_sign(s) < 0, s, -n) for s, r, n in atoms})
    entries: dict[str, str] = {}
    for _, _, symbol, negative in order:
        colour = element_colour(symbol, -negative)
        special = colour != element_colour(symbol)
        entries[f"{-negative}c {symbol}" if special else symbol] = colour
    return list(entries.items())


def choices(
    symbols: Sequence[str], regions: NDArray[np.int64], coordination: NDArray[np.int64]
) -> dict[str, tuple[list[str], Legend]]:
    """Return ``element`` and ``region`` → (colour of each atom, legend), for a page that offers both."""
    ways: tuple[Colouring, ...] = ("element", "region")
    atoms = symbols, regions, coordination
    return {way: (colours(*atoms, way), legend(*atoms, way)) for way in ways}
