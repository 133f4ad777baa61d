"""Gap and ligand density of many models, against shell thickness and each other, by family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import SINGLE_COLUMN_IN, paper_style

_INTERFACES = {
    "none": ("#555555", "core only"),
    "pure": ("#6a3d9a", "abrupt"),
    "recon": ("#f28e1c", "alloyed"),
}
_SURFACES = {"pure": ("o", "none", "pure"), "recon": ("s", None, "reconstructed")}


@dataclass(frozen=True)
class TrendPoint:
    """One model.

    :param interface: ``none`` without a shell, ``pure`` (abrupt) or ``recon``.
    :param surface: ``pure`` or ``recon``.
    """

    label: str
    uuid: str
    core: str
    n_monolayers: int
    interface: str
    surface: str
    gap_ev: float | None
    band_edge_gap_ev: float | None
    ligands_per_nm2: float | None

    @property
    def family(self) -> str:
        """Return ``<interface>-<surface>``."""
        return f"{self.interface}-{self.surface}"


Value = Callable[[TrendPoint], float | None]


@paper_style()
def trend_figure(
    points: Sequence[TrendPoint],
    x: Value,
    y: Value,
    *,
    xlabel: str,
    ylabel: str,
    join: bool = False,
    whole_x: bool = False,
) -> Figure:
    """Draw one marker for each model, colour by interface, filled where the surface is reconstructed.

    :param points: those for which ``x`` and ``y`` are numbers.
    :param join: draw a line through each family, in the order of x.
    :param whole_x: the abscissa counts something.
    """
    figure = Figure(figsize=(SINGLE_COLUMN_IN, 2.7), layout="constrained")
    ax = figure.subplots()
    families = sorted({point.family for point in points}, key=_order)
    for family in families:
        own = sorted((p for p in points if p.family == family), key=lambda p: (x(p) or 0.0, p.label))
        _draw_family(ax, [x(p) or 0.0 for p in own], [y(p) or 0.0 for p in own], family, join)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.margins(0.12)
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    if whole_x:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        values = [x(p) or 0.0 for p in points]
        ax.set_xlim(min(values) - 0.5, max(values) + 0.5)
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, title="interface, surface")
    return figure


def _draw_family(ax: Axes, x: list[float], y: list[float], family: str, join: bool) -> None:
    interface, surface = family.split("-")
    colour, interface_name = _INTERFACES[interface]
    marker, fill, surface_name = _SURFACES[surface]
    ax.plot(
        x,
        y,
        marker=marker,
        color=colour,
        markerfacecolor=fill or colour,
        linestyle=("-" if surface == "recon" else "--") if join else "none",
        linewidth=1.0,
        markersize=5,
        label=f"{interface_name}, {surface_name}",
        clip_on=False,
    )


def _order(family: str) -> tuple[int, int]:
    interface, surface = family.split("-")
    return list(_INTERFACES).index(interface), list(_SURFACES).index(surface)
