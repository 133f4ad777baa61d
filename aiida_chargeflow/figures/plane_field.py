"""Fields on a plane, interpolated between the atoms of a slice: values, streamlines, divergence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import TwoSlopeNorm
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from .colours import DIVERGING
from .plane import Slice

Array = NDArray[np.float64]

_GRID = 240
_NEIGHBOURS = 40


def interpolate(points_ang: Array, values: Array, targets_ang: Array) -> Array:
    """Interpolate values given at points of a plane, exact at the points.

    Points closer than 0.2 Å in projection count as one with their mean value; between points the result
    never leaves the range of the values.

    :param points_ang: shape (n, 2).
    :param values: shape (n,) or (n, k).
    :param targets_ang: shape (m, 2).
    """
    cells = np.round(points_ang / 0.2).astype(np.int64)
    _, group, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    group = group.ravel()
    table = values.reshape(len(values), -1)

    def mean(column: Array) -> Array:
        averaged: Array = np.bincount(group, weights=column) / count
        return averaged

    places = np.column_stack([mean(column) for column in points_ang.T])
    means = np.column_stack([mean(column) for column in table.T])
    surface = RBFInterpolator(places, means, kernel="linear", neighbors=min(_NEIGHBOURS, len(places)))
    result = np.clip(surface(targets_ang), means.min(axis=0), means.max(axis=0))
    return np.asarray(result.reshape((len(targets_ang), *values.shape[1:])))


def grid_over(corners_ang: Array) -> tuple[Array, Array, Array]:
    """Return abscissae, ordinates and all points, shape (g · g, 2), of a grid over an outline."""
    low, high = corners_ang.min(axis=0), corners_ang.max(axis=0)
    x, y = np.linspace(low[0], high[0], _GRID), np.linspace(low[1], high[1], _GRID)
    return x, y, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def clip_to_outline(ax: Axes, artist: Any, corners_ang: Array) -> None:
    """Hide what ``artist`` draws outside the outline."""
    patch = PathPatch(Path(corners_ang, closed=False), transform=ax.transData)
    artist.set_clip_path(patch)


def draw_streamlines(ax: Axes, cut: Slice) -> None:
    """Draw streamlines of the in-plane flow, interpolated between the atoms, inside the outline."""
    x, y, u, v = _field(cut)
    inside = Path(cut.outline_ang).contains_points(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2))
    outside = ~inside.reshape(len(y), len(x))
    lines = ax.streamplot(
        x,
        y,
        np.where(outside, np.nan, u),
        np.where(outside, np.nan, v),
        density=1.1,
        color="#9ad8ff",
        linewidth=0.7,
        arrowsize=0.7,
        zorder=2,
    )
    lines.lines.set_alpha(0.9)


def draw_divergence(panels: Sequence[Axes], maps: Sequence[Axes], slices: Sequence[Slice]) -> None:
    """Draw the divergence of the in-plane flow of each slice with one colour bar, in e/Å.

    :param maps: the axes of the maps above, whose limits are taken over.
    """
    fields = []
    for cut in slices:
        x, y, u, v = _field(cut)
        fields.append(np.gradient(u, x, axis=1) + np.gradient(v, y, axis=0))
    top = max(float(np.quantile(np.abs(values), 0.99)) for values in fields) or 1.0
    scale = TwoSlopeNorm(0.0, -top, top)
    for ax, above, cut, values in zip(panels, maps, slices, fields, strict=True):
        x, y, _ = grid_over(cut.outline_ang)
        extent = (x[0], x[-1], y[0], y[-1])
        image = ax.imshow(values, extent=extent, origin="lower", norm=scale, cmap=DIVERGING)
        clip_to_outline(ax, image, cut.outline_ang)
        border = np.vstack([cut.outline_ang, cut.outline_ang[:1]])
        ax.plot(*border.T, linestyle="--", linewidth=1.0, color="0.25")
        ax.scatter(
            cut.points_ang[:, 0], cut.points_ang[:, 1], s=7, color="white", edgecolors="black", linewidths=0.4
        )
        ax.set_xlim(above.get_xlim())
        ax.set_ylim(above.get_ylim())
        ax.set_xlabel("Å")
        ax.spines[["top", "right"]].set_visible(False)
    figure = panels[0].get_figure()
    assert figure is not None
    bar = figure.colorbar(
        ScalarMappable(scale, DIVERGING), ax=list(panels), shrink=0.85, pad=0.02, extend="both"
    )
    bar.set_label("divergence of the in-plane flow (e/Å)")


def _field(cut: Slice) -> tuple[Array, Array, Array, Array]:
    x, y, targets = grid_over(cut.outline_ang)
    values = interpolate(cut.points_ang, cut.arrows, targets)
    return x, y, values[:, 0].reshape(len(y), len(x)), values[:, 1].reshape(len(y), len(x))
