"""Drawings of structures: whole dots from one side, and the layers that a pattern has edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from .ball_stick import BallStick, Floats, paint, view_axes
from .plane import outline
from .style import paper_style, width_in

__all__ = ["Layer", "StructureView", "draw_pattern", "draw_structures", "draw_view", "view_axes"]

_MARGIN_ANG = 3.2
_LABEL_OFFSET_ANG = 2.8
_OUTLINE_MARGIN_ANG = 1.2
_SCALE_BAR_ANG = 10.0
DIRECTION = (1.0, -2.0, 0.6)


@dataclass(frozen=True)
class StructureView:
    """One panel: a structure, its title, the facets to label and the parts to outline.

    :param facets: (label, outward normal, centre of the facet's atoms in Å), the last two of shape (3,).
    :param outlines: (positions in Å of the atoms inside, shape (n, 3), colour) of each dashed line.
    """

    dot: BallStick
    title: str = ""
    facets: Sequence[tuple[str, Floats, Floats]] = ()
    outlines: Sequence[tuple[Floats, str]] = ()


@dataclass(frozen=True)
class Layer:
    """One panel of a pattern view.

    :param positions: atoms in the plane of the panel, shape (n, 2), Å.
    :param depths: height of each above the panel's lowest layer, shape (n,), Å.
    :param rings: (position, colour, dashed) of each ring.
    """

    title: str
    positions: Floats
    depths: Floats
    radii: Floats
    colours: Sequence[str]
    rings: Sequence[tuple[Floats, str, bool]]


@paper_style()
def draw_structures(
    views: Sequence[StructureView],
    *,
    direction: ArrayLike = DIRECTION,
    legend: Sequence[tuple[str, str]] = (),
) -> Figure:
    """Draw structures side by side on one scale, seen from ``direction``, fading with depth.

    :param legend: pairs (text, colour).
    """
    width = width_in(len(views))
    extent = max(reach(view.dot, view_axes(direction)) for view in views)
    figure = Figure(figsize=(width, width / len(views) + 0.5), layout="constrained")
    for number, view in enumerate(views):
        ax = figure.add_subplot(1, len(views), number + 1)
        draw_view(ax, view, direction=direction, extent_ang=extent, scale_bar=number == len(views) - 1)
    _legend(figure, legend)
    return figure


def reach(dot: BallStick, axes: Floats) -> float:
    """Return half the edge in Å of a square that holds a structure, seen along ``axes``, with a margin."""
    seen = dot.positions_ang @ axes[:2].T
    return float(np.ptp(seen, axis=0).max(initial=2.0)) / 2 + _MARGIN_ANG


def draw_view(
    ax: Axes,
    view: StructureView,
    *,
    direction: ArrayLike = DIRECTION,
    extent_ang: float | None = None,
    scale_bar: bool = True,
) -> None:
    """Draw one structure on ``ax``.

    :param extent_ang: half the edge of what is shown; by default what the structure needs.
    """
    axes = view_axes(direction)
    extent = reach(view.dot, axes) if extent_ang is None else extent_ang
    frame(ax, view.dot.positions_ang @ axes[:2].T, extent)
    paint(ax, view.dot, axes)
    for text, normal, centre in view.facets:
        _label_facet(ax, text, axes @ normal, axes @ centre)
    for positions, colour in view.outlines:
        draw_outline(ax, positions @ axes[:2].T, colour)
    if view.title:
        ax.set_title(view.title)
    if scale_bar:
        draw_scale_bar(ax, extent)


def draw_outline(ax: Axes, points_ang: Floats, colour: str) -> None:
    """Draw a dashed line around points, shape (n, 2)."""
    corners = outline(points_ang, _OUTLINE_MARGIN_ANG)
    ax.fill(*corners.T, fill=False, edgecolor=colour, linestyle="--", linewidth=1.1, zorder=900)


def frame(ax: Axes, points_ang: Floats, extent_ang: float) -> None:
    """Show a square around the middle of points, shape (n, 2), without ticks."""
    x, y = (points_ang.max(axis=0) + points_ang.min(axis=0)) / 2
    ax.set(xlim=(x - extent_ang, x + extent_ang), ylim=(y - extent_ang, y + extent_ang))
    # Anchored at the top, so that the title stays where the layout has room for it.
    ax.set_aspect("equal", anchor="N")
    ax.set_axis_off()


def _label_facet(ax: Axes, text: str, normal: Floats, centre: Floats) -> None:
    """Write the label of a facet that faces the viewer or is seen edge-on."""
    if normal[2] < -0.05:
        return
    at = centre[:2] + _LABEL_OFFSET_ANG * normal[:2]
    label = ax.text(at[0], at[1], text, ha="center", va="center", zorder=1000)
    label.set_path_effects([patheffects.withStroke(linewidth=2.2, foreground="white")])


@paper_style()
def draw_pattern(
    layers: Sequence[Layer],
    *,
    title: str = "",
    legend: Sequence[tuple[str, str]] = (),
    ring_legend: Sequence[tuple[str, str, bool]] = (),
) -> Figure:
    """Draw the layers that a pattern has edited, seen from outside, with every edited site ringed.

    :param legend: pairs (text, colour) of the atoms.
    :param ring_legend: (text, colour, dashed) of the rings.
    """
    n_columns = min(len(layers), 2)
    n_rows = -(-len(layers) // n_columns)
    width = width_in(n_columns)
    figure = Figure(figsize=(width, 0.9 * width / n_columns * n_rows + 0.7), layout="constrained")
    for number, layer in enumerate(layers):
        draw_layer(figure.add_subplot(n_rows, n_columns, number + 1), layer, layer_reach(layers))
    if title:
        figure.suptitle(title)
    handles = [dot_handle(text, colour) for text, colour in legend]
    handles += [ring_handle(text, colour) for text, colour, _ in ring_legend]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
    return figure


def layer_reach(layers: Sequence[Layer]) -> float:
    """Return half the edge in Å of a square that holds any of the layers."""
    return max(float(np.ptp(layer.positions, axis=0).max(initial=8.0)) for layer in layers) / 2 + _MARGIN_ANG


def draw_layer(ax: Axes, layer: Layer, extent_ang: float) -> None:
    """Draw one layer with its edited sites ringed on ``ax``."""
    frame(ax, layer.positions, extent_ang)
    ax.set_title(layer.title)
    seen = np.column_stack([layer.positions, layer.depths])
    paint(ax, BallStick(seen, layer.radii, layer.colours), np.eye(3), fog=0.35)
    for at, colour, dashed in layer.rings:
        ring = EllipseCollection([3.0], [3.0], [0.0], units="xy", offsets=[at], offset_transform=ax.transData)
        style = (0, (2.2, 1.4)) if dashed else "-"
        ring.set(facecolor="none", edgecolor=colour, linewidth=1.3, linestyle=style, zorder=5000)
        ax.add_collection(ring)


def draw_scale_bar(ax: Axes, extent_ang: float) -> None:
    """Draw a bar of 1 nm in the lower right corner."""
    x, y = ax.get_xlim()[1] - 1 - _SCALE_BAR_ANG, ax.get_ylim()[0] + 1
    ax.plot([x, x + _SCALE_BAR_ANG], [y, y], color="black", lw=1.8, solid_capstyle="butt", zorder=1000)
    ax.text(x + _SCALE_BAR_ANG / 2, y + 0.03 * extent_ang, "1 nm", ha="center", va="bottom", zorder=1000)


def dot_handle(text: str, colour: str) -> Line2D:
    """Return the legend entry of an atom."""
    return Line2D([], [], marker="o", ls="", mfc=colour, mec="black", mew=0.4, ms=5, label=text)


def ring_handle(text: str, colour: str) -> Line2D:
    """Return the legend entry of a ring."""
    return Line2D([], [], marker="o", ls="", mfc="none", mec=colour, mew=1.3, ms=7, label=text)


def _legend(figure: Figure, legend: Sequence[tuple[str, str]]) -> None:
    if legend:
        handles = [dot_handle(text, colour) for text, colour in legend]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
