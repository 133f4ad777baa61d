"""Predicted against computed charge and charge flow, one point for each atom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .colours import element_colour
from .style import DOUBLE_COLUMN_IN, paper_style

Array = NDArray[np.float64]

_ROOM = 0.06


@paper_style()
def prediction_figure(
    symbols: Sequence[str], charge: tuple[Array, Array], flow: tuple[Array, Array], title: str = ""
) -> Figure:
    """Draw both quantities side by side; on the line they agree.

    :param symbols: element of each atom.
    :param charge: predicted and computed, each of shape (n_atoms,), in e.
    :param flow: the same of the flow magnitude.
    """
    figure = Figure(figsize=(DOUBLE_COLUMN_IN, 3.5), layout="constrained")
    axes = figure.subplots(1, 2)
    names = np.array(symbols)
    for ax, what, (predicted, computed) in zip(
        axes, ("charge", "flow magnitude"), (charge, flow), strict=True
    ):
        _draw(ax, names, predicted, computed)
        ax.set(xlabel=f"computed {what} (e)", ylabel=f"predicted {what} (e)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, markerscale=2
    )
    if title:
        figure.suptitle(title)
    return figure


def _draw(ax: Axes, names: NDArray[np.str_], predicted: Array, computed: Array) -> None:
    both = np.concatenate([predicted, computed])
    room = _ROOM * float(np.ptp(both)) or _ROOM
    low, high = float(both.min()) - room, float(both.max()) + room
    ax.plot([low, high], [low, high], color="black", linewidth=0.6, zorder=1)
    for name in sorted(set(names.tolist())):
        own = names == name
        ax.plot(
            computed[own],
            predicted[own],
            "o",
            color=element_colour(name),
            markersize=2.5,
            markeredgewidth=0,
            alpha=0.7,
            label=name,
            rasterized=True,
        )
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    ax.spines[["top", "right"]].set_visible(False)
