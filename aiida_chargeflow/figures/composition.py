"""Bars of where an orbital lives: its share in core, interlayer, shell and ligands."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from .style import SINGLE_COLUMN_IN, paper_style

MIN_LABELLED = 0.06
_OTHER = "#b0b0b0"


@paper_style()
def composition_figure(
    orbitals: Mapping[str, Mapping[str, float]], colours: Mapping[str, str], *, title: str = ""
) -> Figure:
    """Draw one stacked bar for each orbital, percentages inside where they fit.

    :param orbitals: orbital name → label → share, shares of one orbital summing to 1; the first on top.
    :param colours: label → colour.
    """
    figure = Figure(figsize=(SINGLE_COLUMN_IN, 0.85 + 0.26 * len(orbitals)), layout="constrained")
    ax = figure.subplots()
    draw_bars(ax, orbitals, colours)
    ax.set_title(title)
    labels = list(dict.fromkeys(label for shares in orbitals.values() for label in shares))
    handles = [Patch(color=colours.get(label, _OTHER), label=label) for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(labels), 4), frameon=False)
    return figure


def draw_bars(ax: Axes, orbitals: Mapping[str, Mapping[str, float]], colours: Mapping[str, str]) -> None:
    """Draw the bars on ``ax``, the first orbital on top."""
    labels = list(dict.fromkeys(label for shares in orbitals.values() for label in shares))
    for row, shares in enumerate(orbitals.values()):
        left = 0.0
        for label in labels:
            share = shares.get(label, 0.0)
            ax.barh(row, share, left=left, height=0.62, color=colours.get(label, _OTHER))
            if share >= MIN_LABELLED:
                ax.text(
                    left + share / 2,
                    row,
                    f"{100 * share:.0f}",
                    ha="center",
                    va="center_baseline",
                    color="white",
                )
            left += share
    ax.set(
        yticks=range(len(orbitals)),
        yticklabels=list(orbitals),
        xlim=(0, 1),
        xticks=[0, 0.25, 0.5, 0.75, 1],
        xlabel="Share of the orbital (%)",
    )
    ax.set_xticklabels(["0", "25", "50", "75", "100"])
    ax.invert_yaxis()
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
