"""Drawings of structures: the whole dot from one side, and the layers that a pattern has edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_SLABS = 60
_FOG = 0.55
_SCALE_BAR_ANG = 10.0


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


def view_axes(direction: ArrayLike) -> Floats:
    """Return the rows right, up and towards the viewer, shape (3, 3), of a view along ``direction``."""
    towards = np.asarray(direction, dtype=float)
    towards = towards / np.linalg.norm(towards)
    up = np.array([0.0, 0.0, 1.0]) if abs(towards[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, towards)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards])


def draw_structure(
    positions: ArrayLike,
    radii: ArrayLike,
    colours: Sequence[str],
    bonds: ArrayLike,
    *,
    direction: ArrayLike = (1.0, -2.0, 0.6),
    title: str = "",
    legend: Sequence[tuple[str, str]] = (),
) -> Figure:
    """Draw balls and sticks seen from ``direction``, fading with depth.

    :param positions: shape (n, 3), Å.
    :param radii: shape (n,), Å.
    :param colours: one for each atom.
    :param bonds: pairs of atoms, shape (k, 2).
    :param legend: pairs (text, colour).
    """
    seen = np.asarray(positions, dtype=float) @ view_axes(direction).T
    figure = Figure(figsize=(7.2, 6.4), layout="constrained")
    axes = figure.add_subplot()
    extent = float(np.abs(seen[:, :2]).max(initial=1.0)) + 2.5
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    axes.set_axis_off()
    if title:
        axes.set_title(title)
    _paint(axes, seen, np.asarray(radii, dtype=float), colours, np.asarray(bonds, dtype=int).reshape(-1, 2))
    _scale_bar(axes, extent)
    _legend(figure, legend)
    return figure


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
    figure = Figure(figsize=(5.4 * n_columns, 4.8 * n_rows + 0.9), layout="constrained")
    extent = max(float(np.ptp(layer.positions, axis=0).max(initial=8.0)) for layer in layers) / 2 + 2.5
    for number, layer in enumerate(layers):
        axes = figure.add_subplot(n_rows, n_columns, number + 1)
        x, y = (layer.positions.max(axis=0) + layer.positions.min(axis=0)) / 2
        axes.set(xlim=(x - extent, x + extent), ylim=(y - extent, y + extent), aspect="equal")
        axes.set_title(layer.title)
        axes.set_axis_off()
        seen = np.column_stack([layer.positions, layer.depths])
        _paint(axes, seen, layer.radii, layer.colours, np.empty((0, 2), dtype=int), fog=0.35)
        for at, colour, dashed in layer.rings:
            style = (0, (2.2, 1.4)) if dashed else "-"
            ring = EllipseCollection(
                [3.0], [3.0], [0.0], units="xy", offsets=[at], offset_transform=axes.transData
            )
            ring.set(facecolor="none", edgecolor=colour, linewidth=2.2, linestyle=style, zorder=5000)
            axes.add_collection(ring)
    if title:
        figure.suptitle(title)
    handles = [_dot(text, colour) for text, colour in legend]
    handles += [
        Line2D([], [], marker="o", ls="", mfc="none", mec=colour, mew=2, ms=12, label=text)
        for text, colour, _ in ring_legend
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, frameon=False)
    return figure


def _paint(  # type: ignore[no-untyped-def]
    axes, seen: Floats, radii: Floats, colours: Sequence[str], bonds: NDArray[np.int64], fog: float = _FOG
) -> None:
    """Paint balls and half sticks in slabs from the back to the front."""
    if not len(seen):
        return
    shades = _faded(np.array([to_rgb(colour) for colour in colours]), seen[:, 2], fog)
    slab = np.digitize(seen[:, 2], np.linspace(seen[:, 2].min(), seen[:, 2].max() + 1e-9, _SLABS + 1))
    own = np.concatenate([bonds[:, 0], bonds[:, 1]])
    other = np.concatenate([bonds[:, 1], bonds[:, 0]])
    halves = np.stack([seen[own, :2], (seen[own, :2] + seen[other, :2]) / 2], axis=1)
    points_per_ang = _points_per_ang(axes)
    for level in np.unique(slab):
        sticks = slab[own] == level
        axes.add_collection(
            LineCollection(
                halves[sticks],
                colors=0.75 * shades[own[sticks]],
                linewidths=0.3 * points_per_ang,
                zorder=2 * level,
            )
        )
        balls = np.flatnonzero(slab == level)
        size = 2 * radii[balls]
        disc = EllipseCollection(
            size,
            size,
            np.zeros(len(balls)),
            units="xy",
            offsets=seen[balls, :2],
            offset_transform=axes.transData,
        )
        disc.set(facecolor=shades[balls], edgecolor=0.45 * shades[balls], linewidth=0.05 * points_per_ang)
        disc.set_zorder(2 * level + 1)
        axes.add_collection(disc)
        gleam = EllipseCollection(
            0.35 * size,
            0.35 * size,
            np.zeros(len(balls)),
            units="xy",
            offsets=seen[balls, :2] + 0.3 * np.outer(radii[balls], [-1, 1]),
            offset_transform=axes.transData,
        )
        gleam.set(facecolor=0.45 + 0.55 * shades[balls], edgecolor="none", zorder=2 * level + 1)
        axes.add_collection(gleam)


def _points_per_ang(axes) -> float:  # type: ignore[no-untyped-def]
    """Return the length of 1 Å on paper in points, before the layout shifts the axes a little."""
    width = axes.figure.get_figwidth() * 72 * axes.get_position().width
    left, right = axes.get_xlim()
    return float(width / (right - left))


def _faded(colours: Floats, depth: Floats, fog: float) -> Floats:
    """Return the colours mixed with white the further back they are."""
    span = float(np.ptp(depth)) or 1.0
    whiteness = fog * (depth.max() - depth)[:, None] / span
    faded: Floats = colours + (1 - colours) * whiteness
    return faded


def _scale_bar(axes, extent: float) -> None:  # type: ignore[no-untyped-def]
    x, y = extent - 1 - _SCALE_BAR_ANG, -extent + 1
    axes.plot([x, x + _SCALE_BAR_ANG], [y, y], color="black", lw=2.5, solid_capstyle="butt", zorder=1000)
    axes.text(x + _SCALE_BAR_ANG / 2, y + 0.02 * extent, "1 nm", ha="center", va="bottom", zorder=1000)


def _dot(text: str, colour: str) -> Line2D:
    return Line2D([], [], marker="o", ls="", mfc=colour, mec="black", mew=0.6, ms=9, label=text)


def _legend(figure: Figure, legend: Sequence[tuple[str, str]]) -> None:
    if legend:
        handles = [_dot(text, colour) for text, colour in legend]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
