"""Band-alignment diagrams: the edges of core, interlayer and shell as steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def alignment_figure(
    diagrams: Mapping[str, Sequence[tuple[str, float, float]]],
    colours: Mapping[str, str],
    *,
    margin_ev: float = 0.7,
) -> Figure:
    """Draw one diagram for each title, on a common energy axis.

    :param diagrams: title → (region, valence_edge_ev, conduction_edge_ev), from the middle of the dot out;
        energies relative to the Fermi level.
    :param colours: region → colour.
    :param margin_ev: how far the bands are drawn beyond the outermost edges.
    """
    edges = [edge for regions in diagrams.values() for _, *pair in regions for edge in pair]
    low, high = min(edges) - margin_ev, max(edges) + margin_ev
    width = sum(len(regions) for regions in diagrams.values())
    figure = Figure(figsize=(1.4 + 1.35 * width, 4.0), layout="constrained")
    axes = figure.subplots(1, len(diagrams), sharey=True, squeeze=False)[0]
    for ax, (title, regions) in zip(axes, diagrams.items(), strict=True):
        for k, (region, valence, conduction) in enumerate(regions):
            _step(ax, k, valence, conduction, (low, high), colours.get(region, "#b0b0b0"))
        ax.axhline(0, color="black", ls="--", lw=1)
        ax.set(title=title, xlim=(-0.1, len(regions) + 0.0), ylim=(low, high))
        ax.set_xticks([k + 0.45 for k in range(len(regions))], [region for region, *_ in regions])
        ax.tick_params(axis="x", length=0)
        ax.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].set_ylabel("Energy relative to the Fermi level (eV)")
    return figure


def _step(
    ax: Axes, column: int, valence: float, conduction: float, limits: tuple[float, float], colour: str
) -> None:
    for bottom, top, edge in ((limits[0], valence, valence), (conduction, limits[1], conduction)):
        ax.fill_between([column, column + 0.9], bottom, top, color=colour, alpha=0.25, lw=0)
        ax.plot([column, column + 0.9], [edge, edge], color=colour, lw=2.5)
    middle = column + 0.45
    text = {"ha": "center", "fontsize": 8, "zorder": 4}
    plain = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85}
    ax.text(middle, valence - 0.08, f"{valence:.2f}", va="top", bbox=plain, **text)
    ax.text(middle, conduction + 0.08, f"{conduction:.2f}", va="bottom", bbox=plain, **text)
    if conduction > valence:
        ax.annotate(
            "",
            xy=(middle, conduction),
            xytext=(middle, valence),
            arrowprops={"arrowstyle": "<->", "color": colour, "lw": 1, "shrinkA": 0, "shrinkB": 0},
        )
        ax.text(
            middle + 0.05,
            valence + 0.62 * (conduction - valence),
            f"{conduction - valence:.2f} eV",
            color=colour,
            va="center",
            fontsize=8,
            bbox=plain,
            zorder=4,
        )
