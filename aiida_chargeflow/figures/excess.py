"""Gaps, traps and charge flow of a series of dots against their electrons in excess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from .style import SINGLE_COLUMN_IN, paper_style

_ABREAST = 0.6  # how much of the room between two values dots of the same excess share

#: Blue and orange that all kinds of colour vision tell apart; the marker says the same again.
_FIRST, _SECOND = "#0072b2", "#d55e00"


@dataclass(frozen=True)
class ExcessPoint:
    """One model; flows are mean magnitudes in e, None where a dot has no such atoms.

    :param excess_e: N(III) - N(V).
    :param interface_flow_e: of the atoms of the interlayer.
    :param surface_flow_e: of ligands and what binds one.
    :param predicted_interface_flow_e: as bond valences foresee it; likewise ``predicted_surface_flow_e``.
    """

    label: str
    uuid: str
    excess_e: int
    gap_ev: float | None
    band_edge_gap_ev: float | None
    n_traps: int | None
    interface_flow_e: float | None
    surface_flow_e: float | None
    predicted_interface_flow_e: float | None
    predicted_surface_flow_e: float | None


Value = Callable[[ExcessPoint], float | None]


@paper_style()
def excess_figure(points: Sequence[ExcessPoint]) -> Figure:
    """Draw three panels above each other: gaps, number of traps, flow at interface and surface.

    Dots of the same excess stand abreast, each under its label.
    """
    own = sorted(points, key=lambda point: (point.excess_e, point.label))
    figure = Figure(figsize=(max(SINGLE_COLUMN_IN, 0.9 + 0.42 * len(own)), 4.6), layout="constrained")
    gaps, traps, flows = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1.2, 3))
    x = _abreast(own)
    look = {"marker": "o", "color": _FIRST}
    other = {"marker": "s", "color": _SECOND, "mfc": "none"}
    _draw(gaps, x, own, lambda p: p.gap_ev, label="HOMO–LUMO", **look)
    _draw(gaps, x, own, lambda p: p.band_edge_gap_ev, label="between delocalised edges", **other)
    _draw(traps, x, own, lambda p: p.n_traps, marker="D", color="black")
    _draw(flows, x, own, lambda p: p.interface_flow_e, label="interface", **look)
    _draw(flows, x, own, lambda p: p.surface_flow_e, label="surface", **other)
    predicted = {"marker": "_", "ms": 9, "mew": 1.2}
    _draw(flows, x, own, lambda p: p.predicted_interface_flow_e, **predicted, color=_FIRST)
    _draw(flows, x, own, lambda p: p.predicted_surface_flow_e, **predicted, color=_SECOND)
    flows.plot([], [], **predicted, color="#555555", ls="", label="predicted")
    for ax, name in ((gaps, "Gap (eV)"), (traps, "Traps"), (flows, "Mean flow (e)")):
        ax.set(ylabel=name, ylim=(0, max(1.15 * ax.dataLim.y1, 1.0 if ax is traps else 0.1)))
        ax.spines[["top", "right"]].set_visible(False)
    traps.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
    gaps.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2)
    flows.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    flows.set_xlabel("Electrons in excess, N(III) − N(V)")
    flows.set_xticks(sorted({point.excess_e for point in own}))
    above = gaps.secondary_xaxis("top")
    above.set_xticks(x, [point.label for point in own], rotation=45, ha="left")
    above.spines["top"].set_visible(False)
    return figure


def _draw(ax: Axes, x: NDArray[np.float64], points: Sequence[ExcessPoint], value: Value, **look: Any) -> None:
    y = np.array([np.nan if (found := value(point)) is None else found for point in points])
    usual: dict[str, Any] = {"ls": "", "ms": 4.5, "clip_on": False}
    ax.plot(x, y, **usual | look)


def _abreast(points: Sequence[ExcessPoint]) -> NDArray[np.float64]:
    """Return where each point stands: at its excess, those of the same one beside each other."""
    excess = np.array([float(point.excess_e) for point in points])
    values = np.unique(excess)
    room = float(np.diff(values).min()) if len(values) > 1 else 1.0
    x = excess.copy()
    for value in values:
        same = excess == value
        n = int(same.sum())
        x[same] += (np.arange(n) - (n - 1) / 2) * _ABREAST * room / max(n - 1, 1)
    return x
