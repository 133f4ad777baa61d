"""Orbitals as horizontal segments on an energy axis, each split by what carries it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Rectangle
from numpy.typing import NDArray

from .colours import REGIONS, THREE_COORDINATE_ANION, element_colour
from .style import DOUBLE_COLUMN_IN, SINGLE_COLUMN_IN, paper_style

GAP_COLOUR = "#1f3fd4"
TRAP_COLOUR = "#e3000f"
TWO_COORDINATE_ANION = "#7b1fa2"
#: Traps closer than this share one dashed ring.
RING_DISTANCE_EV = 0.35
#: Gaps narrower than this share of the window have their label outside.
NARROW_GAP = 0.06
#: Lines of 1.1 pt that find room one above the other in a panel of 2.6 inches.
_N_LINES = 170
_COORDINATION = re.compile(r"^(\d)c ([A-Z][a-z]?)$")


@dataclass(frozen=True)
class OrbitalLadder:
    """One panel.

    :param energies_ev: (n_states,) relative to the energy zero that the figure draws as the Fermi level.
    :param shares: label → (n_states,) share; drawn from left to right in this order.
    :param gap_ev: lower and upper edge of the gap to mark, or None.
    :param traps_ev: energies of the traps to ring.
    """

    title: str
    energies_ev: NDArray[np.float64]
    shares: Mapping[str, NDArray[np.float64]]
    gap_ev: tuple[float, float] | None = None
    traps_ev: Sequence[float] = ()


def label_colours(labels: Iterable[str]) -> dict[str, str]:
    """Return the colour of each label: a region, an element, or an anion such as ``3c As``."""
    colours = {}
    for label in labels:
        match = _COORDINATION.match(label)
        if label in REGIONS:
            colours[label] = REGIONS[label]
        elif match and int(match[1]) < 4:
            colours[label] = THREE_COORDINATE_ANION if match[1] == "3" else TWO_COORDINATE_ANION
        else:
            colours[label] = element_colour(match[2] if match else label)
    return colours


@paper_style()
def orbital_figure(
    ladders: Sequence[OrbitalLadder],
    *,
    colours: Mapping[str, str] | None = None,
    window_ev: tuple[float, float] = (-2.0, 3.0),
    zoom_ev: tuple[float, float] | None = None,
) -> Figure:
    """Draw one panel for each ladder on a common energy axis.

    :param colours: label → colour; by default those of ``label_colours``.
    :param window_ev: energies shown.
    :param zoom_ev: energies to frame with a dotted box and to show again, enlarged, in a panel beside.
    """
    labels = list(dict.fromkeys(label for ladder in ladders for label in ladder.shares))
    colours = label_colours(labels) if colours is None else colours
    n_panels = len(ladders) * (1 if zoom_ev is None else 2)
    width = min(max(SINGLE_COLUMN_IN, 0.5 + 1.55 * n_panels), DOUBLE_COLUMN_IN)
    figure = Figure(figsize=(width, 3.3), layout="constrained")
    axes = figure.subplots(1, n_panels, squeeze=False)[0]
    mains = axes[:: n_panels // len(ladders)]
    for ax, ladder in zip(mains, ladders, strict=True):
        draw_ladder(ax, ladder, colours, window_ev)
        ax.tick_params(labelleft=ax is axes[0])
    if zoom_ev is not None:
        for ax, main, ladder in zip(axes[1::2], mains, ladders, strict=True):
            draw_zoom(main, ax, ladder, colours, zoom_ev)
    axes[0].set_ylabel("Energy relative to the Fermi level (eV)")
    handles = share_handles(labels, colours)
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False)
    return figure


def share_handles(labels: Iterable[str], colours: Mapping[str, str]) -> list[Line2D]:
    """Return the legend entries of labels."""
    return [Line2D([], [], color=colours[label], lw=3, label=label) for label in labels]


def draw_ladder(
    ax: Axes, ladder: OrbitalLadder, colours: Mapping[str, str], window_ev: tuple[float, float]
) -> None:
    """Draw the orbitals of one model on ``ax``: segments, Fermi level, gap and rings around traps."""
    _draw_segments(ax, ladder, colours, window_ev)
    ax.axhline(0, color="black", ls="--", lw=0.8)
    if ladder.gap_ev is not None:
        _mark_gap(ax, *ladder.gap_ev, [0.0, *ladder.traps_ev])
    visible = [energy for energy in ladder.traps_ev if window_ev[0] <= energy <= window_ev[1]]
    for low, high in _clusters(visible, RING_DISTANCE_EV):
        _ring(ax, low, high)
    ax.set_title(ladder.title)


def draw_zoom(
    main: Axes,
    ax: Axes,
    ladder: OrbitalLadder,
    colours: Mapping[str, str],
    zoom_ev: tuple[float, float],
) -> None:
    """Draw the orbitals between two energies on ``ax``, and a dotted box around them on ``main``."""
    low, high = zoom_ev
    main.add_patch(Rectangle((-0.06, low), 1.12, high - low, fill=False, ls=":", lw=1.0, zorder=5))
    _draw_segments(ax, ladder, colours, zoom_ev)
    ax.axhline(0, color="black", ls="--", lw=0.8)
    ax.set_title("enlarged")
    for side in ax.spines.values():
        side.set(visible=True, linestyle=":", linewidth=1.0)


def _draw_segments(
    ax: Axes, ladder: OrbitalLadder, colours: Mapping[str, str], window_ev: tuple[float, float]
) -> None:
    energies, shares = merged(ladder, window_ev)
    start = np.zeros(energies.size)
    for label, share in shares.items():
        end = start + share
        segments = np.stack([np.column_stack([start, energies]), np.column_stack([end, energies])], axis=1)
        ax.add_collection(LineCollection(list(segments), colors=colours[label], linewidths=1.1))
        start = end
    ax.set(xlim=(-0.1, 1.1), ylim=window_ev, xticks=[0, 0.5, 1])
    ax.set_xticklabels(["0", "50", "100"])
    ax.set_xlabel("Share (%)")
    ax.spines[["top", "right"]].set_visible(False)


def merged(
    ladder: OrbitalLadder, window_ev: tuple[float, float]
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return energies and shares of what is drawn: orbitals closer than a line is thick become their mean.

    In a dot of thousands of orbitals lines would cover each other, and whatever is painted last would seem to prevail.
    """
    shown = (ladder.energies_ev >= window_ev[0]) & (ladder.energies_ev <= window_ev[1])
    energies = ladder.energies_ev[shown]
    height_ev = (window_ev[1] - window_ev[0]) / _N_LINES
    row = np.floor((energies - window_ev[0]) / height_ev).astype(np.int64)
    _, row, n = np.unique(row, return_inverse=True, return_counts=True)

    def mean(value: NDArray[np.float64]) -> NDArray[np.float64]:
        means: NDArray[np.float64] = np.bincount(row, weights=value, minlength=len(n)) / n
        return means

    return mean(energies), {label: mean(share[shown]) for label, share in ladder.shares.items()}


def _mark_gap(ax: Axes, low: float, high: float, levels_ev: Sequence[float]) -> None:
    """Draw the arrow, and its length where the label is farthest from edges, traps and Fermi level.

    A gap too narrow for that has its label above, with an arrow that points into it.
    """
    text: dict[str, Any] = {"color": GAP_COLOUR, "va": "center"}
    plain = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8}
    arrow = {"color": GAP_COLOUR, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    span = float(np.ptp(ax.get_ylim()))
    if high - low < NARROW_GAP * span:
        ax.annotate(
            f"{high - low:.2f} eV",
            xy=(0.5, (low + high) / 2),
            xytext=(0.5, high + 0.09 * span),
            ha="center",
            bbox=plain,
            arrowprops={**arrow, "arrowstyle": "->"},
            zorder=6,
            **text,
        )
        return
    places = np.linspace(low, high, 41)
    taken = np.array([low, high, *levels_ev])
    height = places[np.abs(places[:, None] - taken).min(axis=1).argmax()]
    ax.annotate("", xy=(0.5, high), xytext=(0.5, low), arrowprops={**arrow, "arrowstyle": "<->"})
    ax.text(0.54, height, f"{high - low:.2f} eV", bbox=plain, **text)


def _clusters(energies_ev: Sequence[float], distance_ev: float) -> list[tuple[float, float]]:
    """Return (lowest, highest) of each run of energies with neighbours closer than the distance."""
    clusters: list[tuple[float, float]] = []
    for energy in sorted(energies_ev):
        if clusters and energy - clusters[-1][1] <= distance_ev:
            clusters[-1] = (clusters[-1][0], energy)
        else:
            clusters.append((energy, energy))
    return clusters


def _ring(ax: Axes, low: float, high: float) -> None:
    margin = 0.07
    ax.add_patch(
        FancyBboxPatch(
            (-0.03, low - margin),
            1.06,
            high - low + 2 * margin,
            boxstyle="round,pad=0,rounding_size=0.06",
            fill=False,
            edgecolor=TRAP_COLOUR,
            linestyle="--",
            linewidth=1.1,
        )
    )
