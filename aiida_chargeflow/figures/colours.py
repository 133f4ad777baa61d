"""The colours of every figure, in one place."""

from __future__ import annotations

REGIONS = {
    "core": "#1f5fb4",
    "interlayer": "#f28e1c",
    "shell": "#d62728",
    "ligand": "#35b779",
}
"""Colour of each region; the green is bluish, so that those who see red and green alike tell it from the shell."""

ELEMENTS = {
    "In": "#9c9c9c",
    "As": "#f2c318",
    "Cl": "#2ca02c",
    "Cd": "#c9a26b",
    "Se": "#e07b39",
    "Zn": "#7d80b0",
    "Ga": "#c28f8f",
    "P": "#ff8000",
    "S": "#d9c400",
    "Te": "#b5651d",
    "Sb": "#9e63b5",
    "Br": "#a62929",
    "I": "#940094",
    "Hg": "#b8b8d0",
}
"""Colour of each element; anions with full coordination."""

THREE_COORDINATE_ANION = "#c2149a"
"""Colour of 3-coordinate anions, whose 4-coordinate ones have the colour of their element."""

FLOW_MAP = "inferno"
"""Colour map of charge-flow magnitudes."""

DIVERGING = "RdBu_r"
"""Colour map of signed quantities; white is zero."""

_OTHER = "#b0b0b0"


def element_colour(symbol: str, coordination: int | None = None) -> str:
    """Return the colour of an atom: its element's, or that of 3-coordinate pnictogens."""
    if symbol in ("As", "P", "Sb") and coordination == 3:
        return THREE_COORDINATE_ANION
    return ELEMENTS.get(symbol, _OTHER)
