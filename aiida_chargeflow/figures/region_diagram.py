"""Who hands how many electrons to whom: regions as boxes, flows as arrows."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from ..science.charges.region_flow import GroupFlow
from .colours import REGIONS
from .style import paper_style

_WIDTH, _HEIGHT, _STEP = 1.5, 0.8, 2.6
_SHOWN_E = 5e-4


@paper_style()
def region_diagram(table: GroupFlow) -> Figure:
    """Draw the regions in a row and an arrow for every pair that exchanges electrons.

    Neighbours in the row are joined straight, others by arcs; the width of an arrow grows with the flow.

    :param table: flow between the regions.
    """
    n = len(table.names)
    figure = Figure(figsize=(0.6 + 1.5 * n, 1.3 + 0.6 * _farthest_pair(table)), layout="constrained")
    ax = figure.subplots()
    for index, name in enumerate(table.names):
        _box(ax, index, name, float(table.charge_e[index]), int(table.n_atoms[index]))
    largest = float(np.abs(table.matrix_e).max()) or 1.0
    for a in range(n):
        for b in range(n):
            if table.matrix_e[a, b] > _SHOWN_E:
                _arrow(ax, a, b, float(table.matrix_e[a, b]), largest)
    ax.set_xlim(-_WIDTH, (n - 1) * _STEP + _WIDTH)
    reach = 0.8 + _farthest_pair(table) * 0.25 * _STEP
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title("electrons handed over, summed over bonds")
    return figure


def _farthest_pair(table: GroupFlow) -> int:
    """Return how many steps the longest arc spans, 0 if only neighbours exchange electrons."""
    a, b = np.nonzero(np.abs(table.matrix_e) > _SHOWN_E)
    steps = np.abs(a - b)
    return int(steps[steps > 1].max(initial=0))


def _box(ax: Axes, index: int, name: str, charge_e: float, n_atoms: int) -> None:
    colour = REGIONS.get(name, "0.5")
    corner = (index * _STEP - _WIDTH / 2, -_HEIGHT / 2)
    ax.add_patch(
        FancyBboxPatch(
            corner, _WIDTH, _HEIGHT, boxstyle="round,pad=0.06", facecolor=colour, alpha=0.85, edgecolor="none"
        )
    )
    text = f"{name}\n{charge_e:+.2f} e\n{n_atoms} atoms"
    ax.text(index * _STEP, 0, text, ha="center", va="center", color="white")


def _arrow(ax: Axes, a: int, b: int, flow_e: float, largest_e: float) -> None:
    near = abs(a - b) == 1
    side = 1.0 if b > a else -1.0
    edge = _WIDTH / 2 + 0.12 if near else 0.0
    height = 0.0 if near else _HEIGHT / 2 + 0.12
    start = (a * _STEP + side * edge, side * height)
    end = (b * _STEP - side * edge, side * height)
    bend = 0.0 if near else -0.35
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            connectionstyle=f"arc3,rad={bend}",
            arrowstyle="-|>",
            mutation_scale=14,
            linewidth=0.8 + 4.0 * flow_e / largest_e,
            color="0.25",
            shrinkA=0,
            shrinkB=0,
        )
    )
    middle = (a + b) / 2 * _STEP
    lift = 0.24 if near else side * (height + 0.35 * abs(a - b) * _STEP / 2 + 0.22)
    ax.text(middle, lift, f"{flow_e:.2f} e", ha="center", va="center")
