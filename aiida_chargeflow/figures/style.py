"""One look for every figure: fonts, line widths and the two column widths of a journal page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

SINGLE_COLUMN_IN = 3.33
DOUBLE_COLUMN_IN = 7.0
DPI = 300

_SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.handletextpad": 0.4,
    "legend.columnspacing": 1.2,
    "figure.titlesize": 8,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.titlepad": 4,
    "axes.labelpad": 2,
    "pdf.fonttype": 42,
    # Element identifiers in an SVG are random numbers without it.
    "svg.hashsalt": "aiida-chargeflow",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Set the paper's look, as a context or decorator; a figure must be made and saved inside of it."""
    with rc_context(_SETTINGS):
        yield


def mark_unfit(figure: Figure, text: str) -> None:
    """Write on a figure why it is not for results, above its panels."""
    if figure.get_suptitle():
        text = f"{figure.get_suptitle()}\n{text}"
    figure.suptitle(text, x=0.99, ha="right", fontsize=6, color="#b00020")


def width_in(n_panels: int) -> float:
    """Return the width of a figure with so many panels side by side: one or two columns of a page."""
    return SINGLE_COLUMN_IN if n_panels == 1 else DOUBLE_COLUMN_IN


def formula_text(formula: str) -> str:
    """Return a formula with its numbers as subscripts, for matplotlib: ``In16As13`` → In₁₆As₁₃."""
    return re.sub(r"(?<=[A-Za-z])(\d+)", r"$_{\1}$", formula)
