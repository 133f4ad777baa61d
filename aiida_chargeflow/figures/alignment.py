"""Band-alignment diagrams: the edges of core, interlayer and shell as steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import DOUBLE_COLUMN_IN, SINGLE_COLUMN_IN, paper_style

Step = tuple[str, float, float]

MARGIN_EV = 0.7
_OTHER = "#b0b0b0"


@paper_style()
def alignment_figure(
    diagrams: Mapping[str, Sequence[Step]], colours: Mapping[str, str], *, margin_ev: float = MARGIN_EV
) -> Figure:
    """Draw one diagram for each title, on a common energy axis.

    :param diagrams: title → (region, valence_edge_ev, conduction_edge_ev), from the middle of the dot out;
        energies relative to the Fermi level.
    :param colours: region → colour.
    :param margin_ev: how far the bands are drawn beyond the outermost edges.
    """
    limits = energy_limits(list(diagrams.values()), margin_ev)
    n_steps = sum(len(regions) for regions in diagrams.values())
    width = min(max(SINGLE_COLUMN_IN, 0.6 + 0.85 * n_steps), DOUBLE_COLUMN_IN)
    figure = Figure(figsize=(width, 2.8), layout="constrained")
    ratios = [len(regions) for regions in diagrams.values()]
    axes = figure.subplots(1, len(diagrams), sharey=True, squeeze=False, width_ratios=ratios)[0]
    for ax, (title, regions) in zip(axes, diagrams.items(), strict=True):
        draw_alignment(ax, regions, colours, limits)
        ax.set_title(title)
    axes[0].set_ylabel("Energy relative to the Fermi level (eV)")
    return figure


def energy_limits(diagrams: Sequence[Sequence[Step]], margin_ev: float = MARGIN_EV) -> tuple[float, float]:
    """Return the lowest and highest energy in eV that diagrams on one axis need."""
    edges = [edge for regions in diagrams for _, *pair in regions for edge in pair]
    return min(edges) - margin_ev, max(edges) + margin_ev


def draw_alignment(
    ax: Axes, regions: Sequence[Step], colours: Mapping[str, str], limits_ev: tuple[float, float]
) -> None:
    """Draw one diagram on ``ax``."""
    for k, (region, valence, conduction) in enumerate(regions):
        _step(ax, k, valence, conduction, limits_ev, colours.get(region, _OTHER))
    ax.axhline(0, color="black", ls="--", lw=0.8)
    ax.set(xlim=(-0.1, len(regions) + 0.0), ylim=limits_ev)
    ax.set_xticks([k + 0.45 for k in range(len(regions))], [region for region, *_ in regions])
    ax.tick_params(axis="x", length=0, labelrotation=25 if len(regions) > 2 else 0)
    ax.spines[["top", "right", "bottom"]].set_visible(False)


def _step(
    ax: Axes, column: int, valence: float, conduction: float, limits: tuple[float, float], colour: str
) -> None:
    for bottom, top, edge in ((limits[0], valence, valence), (conduction, limits[1], conduction)):
        ax.fill_between([column, column + 0.9], bottom, top, color=colour, alpha=0.25, lw=0)
        ax.plot([column, column + 0.9], [edge, edge], color=colour, lw=2.2)
    middle = column + 0.45
    plain = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
    offset = 0.02 * (limits[1] - limits[0])
    ax.text(middle, valence - offset, f"{valence:.2f}", ha="center", va="top", zorder=4, bbox=plain)
    ax.text(middle, conduction + offset, f"{conduction:.2f}", ha="center", va="bottom", zorder=4, bbox=plain)
    if conduction <= valence:
        return
    if conduction - valence < 0.12 * (limits[1] - limits[0]):  # no room between the two numbers
        text = f"{conduction - valence:.2f} eV"
        ax.text(
            middle,
            conduction + 4 * offset,
            text,
            color=colour,
            ha="center",
            va="bottom",
            bbox=plain,
            zorder=4,
        )
        return
    arrow = {"arrowstyle": "<->", "color": colour, "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=(middle, conduction), xytext=(middle, valence), arrowprops=arrow)
    ax.text(
        middle,
        valence + 0.62 * (conduction - valence),
        f"{conduction - valence:.2f} eV",
        color=colour,
        ha="center",
        va="center",
        bbox=plain,
        zorder=4,
    )
