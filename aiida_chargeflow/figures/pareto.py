"""All candidates of a screening by two objectives each: what can be had together and what cannot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .style import DOUBLE_COLUMN_IN, paper_style

_MOST_PANELS = 6
_COLUMNS = 3


@paper_style()
def pareto_figure(
    names: Sequence[str],
    values: NDArray[np.float64],
    on_front: NDArray[np.bool_],
    reference: Sequence[float | None],
    ranked: NDArray[np.float64],
) -> Figure:
    """Draw every objective against the first one.

    :param names: objectives.
    :param values: shape (n_candidates, n_objectives).
    :param on_front: shape (n_candidates,).
    :param reference: the values of the model without edits, None where there are none.
    :param ranked: values of the best, the first one first, shape (n, n_objectives); drawn as their ranks.
    """
    others = list(range(1, len(names)))[:_MOST_PANELS] or [0]
    n_columns = min(len(others), _COLUMNS)
    n_rows = -(-len(others) // n_columns)
    figure = Figure(
        figsize=(DOUBLE_COLUMN_IN * n_columns / _COLUMNS, 2.3 * n_rows + 0.3), layout="constrained"
    )
    axes = np.atleast_1d(np.asarray(figure.subplots(n_rows, n_columns, squeeze=False))).ravel()
    for ax, k in zip(axes, others, strict=False):
        _draw(ax, values[:, [0, k]], on_front, (reference[0], reference[k]), ranked[:, [0, k]])
        ax.set(xlabel=names[0].replace("_", " "), ylabel=names[k].replace("_", " "))
    for ax in axes[len(others) :]:
        ax.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return figure


def _draw(
    ax: Axes,
    values: NDArray[np.float64],
    on_front: NDArray[np.bool_],
    reference: tuple[float | None, float | None],
    ranked: NDArray[np.float64],
) -> None:
    ax.plot(*values[~on_front].T, "o", color="#bbbbbb", markersize=1.5, label="candidates", rasterized=True)
    ax.plot(*values[on_front].T, "o", color="#2b6cb0", markersize=2.5, label="on the Pareto front")
    x, y = reference
    if x is not None and y is not None:
        ax.plot(x, y, "*", color="black", markersize=7, label="without edits")
    ax.plot(
        *ranked.T, "o", markerfacecolor="none", color="#d9480f", markersize=5, label="best, by rank as built"
    )
    for number, point in enumerate(ranked[:3], 1):
        ax.annotate(
            str(number), point, textcoords="offset points", xytext=(4, 2), color="#d9480f", fontsize=7
        )
    ax.margins(0.08)
    ax.spines[["top", "right"]].set_visible(False)
