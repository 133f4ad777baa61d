"""Orbitals on two axes: their energy, and the charge flow of the atoms that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .style import DOUBLE_COLUMN_IN, SINGLE_COLUMN_IN, paper_style

#: Blue and orange that all kinds of colour vision tell apart; filling and shape say the same again.
OCCUPIED, EMPTY, TRAP = "#0072b2", "#d55e00", "#000000"


@dataclass(frozen=True)
class FlowOfOrbitals:
    """One panel.

    :param energies_ev: (n_states,) relative to the Fermi level.
    :param flow_e: (n_states,) mean flow magnitude of the atoms that carry each orbital.
    :param is_occupied: (n_states,)
    :param is_trap: (n_states,)
    :param mean_flow_e: of all atoms alike: where an orbital spread evenly over the dot stands.
    """

    title: str
    energies_ev: NDArray[np.float64]
    flow_e: NDArray[np.float64]
    is_occupied: NDArray[np.bool_]
    is_trap: NDArray[np.bool_]
    mean_flow_e: float


@paper_style()
def traps_flow_figure(
    panels: Sequence[FlowOfOrbitals], *, window_ev: tuple[float, float] = (-2.0, 3.0)
) -> Figure:
    """Draw one panel for each model on common axes.

    :param window_ev: energies shown.
    """
    width = min(max(SINGLE_COLUMN_IN, 0.5 + 1.9 * len(panels)), DOUBLE_COLUMN_IN)
    figure = Figure(figsize=(width, 3.3), layout="constrained")
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        _draw(ax, panel, window_ev)
    axes[0].set_ylabel("Energy relative to the Fermi level (eV)")
    handles = [axes[0].plot([], [], **look, label=label)[0] for label, look in _LOOKS.items()]
    handles.append(axes[0].plot([], [], color="#808080", ls=":", lw=1.0, label="spread evenly")[0])
    figure.legend(
        handles=handles, loc="outside lower center", ncols=4 if len(panels) > 1 else 2, frameon=False
    )
    return figure


_LOOKS: dict[str, dict[str, Any]] = {
    "occupied": {"marker": "o", "ls": "", "ms": 3, "mfc": OCCUPIED, "mec": OCCUPIED, "mew": 0.6},
    "empty": {"marker": "o", "ls": "", "ms": 3, "mfc": "white", "mec": EMPTY, "mew": 0.9},
    "trap": {"marker": "D", "ls": "", "ms": 6.5, "mfc": "none", "mec": TRAP, "mew": 0.9},
}


def _draw(ax: Axes, panel: FlowOfOrbitals, window_ev: tuple[float, float]) -> None:
    shown = (panel.energies_ev >= window_ev[0]) & (panel.energies_ev <= window_ev[1])
    groups = {"occupied": panel.is_occupied, "empty": ~panel.is_occupied, "trap": panel.is_trap}
    for name, members in groups.items():
        chosen = shown & members
        ax.plot(panel.flow_e[chosen], panel.energies_ev[chosen], **_LOOKS[name], gid=name)
    ax.axhline(0, color="black", ls="--", lw=0.8)
    ax.axvline(panel.mean_flow_e, color="#808080", ls=":", lw=1.0, zorder=0)
    ax.set(ylim=window_ev, title=panel.title)
    ax.set_xlabel("Flow magnitude of\nthe atoms that carry it (e)")
    ax.margins(x=0.08)
    ax.spines[["top", "right"]].set_visible(False)
