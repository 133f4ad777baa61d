"""Balls and sticks painted on plain 2D axes from the back to the front: no 3D axes, no display."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, PolyCollection
from matplotlib.colors import to_rgb
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_SLABS = 60
_STICK_ANG = 0.34


@dataclass(frozen=True)
class BallStick:
    """What is drawn of a structure.

    :param positions_ang: shape (n, 3).
    :param radii_ang: shape (n,), as drawn.
    :param colours: one for each atom.
    :param bonds: pairs of atoms, shape (k, 2).
    """

    positions_ang: Floats
    radii_ang: Floats
    colours: Sequence[str]
    bonds: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))


def view_axes(direction: ArrayLike) -> Floats:
    """Return the rows right, up and towards the viewer, shape (3, 3), of a view along ``direction``."""
    towards = np.asarray(direction, dtype=float)
    towards = towards / np.linalg.norm(towards)
    up = np.array([0.0, 0.0, 1.0]) if abs(towards[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(up, towards)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards])


def paint(ax: Axes, dot: BallStick, axes: Floats, *, fog: float = 0.55) -> None:
    """Paint a structure, seen along ``axes``, in Å on the coordinates of ``ax``.

    :param axes: what ``view_axes`` returns.
    :param fog: how much of the colour the farthest atoms lose.
    """
    seen = dot.positions_ang @ axes.T
    if not len(seen):
        return
    shades = _faded(np.array([to_rgb(colour) for colour in dot.colours]), seen[:, 2], fog)
    slab = np.digitize(seen[:, 2], np.linspace(seen[:, 2].min(), seen[:, 2].max() + 1e-9, _SLABS + 1))
    own = np.concatenate([dot.bonds[:, 0], dot.bonds[:, 1]])
    other = np.concatenate([dot.bonds[:, 1], dot.bonds[:, 0]])
    sticks = _half_sticks(seen[own, :2], seen[other, :2])
    for level in np.unique(slab):
        mine = slab[own] == level
        colours = 0.75 * shades[own[mine]]
        ax.add_collection(
            PolyCollection(list(sticks[mine]), facecolors=colours, edgecolors="none", zorder=2 * level)
        )
        balls = np.flatnonzero(slab == level)
        size, at = 2 * dot.radii_ang[balls], seen[balls, :2]
        _discs(ax, at, size, shades[balls], 0.45 * shades[balls], 2 * level + 1)
        gleam_at = at + 0.15 * np.outer(size, [-1, 1])
        _discs(ax, gleam_at, 0.35 * size, 0.45 + 0.55 * shades[balls], None, 2 * level + 1)


def _discs(
    ax: Axes, at: Floats, size: Floats, colours: Floats, outline: Floats | None, zorder: float
) -> None:
    discs = EllipseCollection(
        size, size, np.zeros(len(size)), units="xy", offsets=at, offset_transform=ax.transData
    )
    discs.set(
        facecolor=colours, edgecolor="none" if outline is None else outline, linewidth=0.25, zorder=zorder
    )
    ax.add_collection(discs)


def _half_sticks(start: Floats, end: Floats) -> Floats:
    """Return the quadrilaterals from each start to the middle of its bond, shape (n, 4, 2)."""
    along = end - start
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = _STICK_ANG / 2 * np.column_stack([-along[:, 1], along[:, 0]]) / length
    middle = start + along / 2
    return np.stack([start - across, start + across, middle + across, middle - across], axis=1)


def _faded(colours: Floats, depth: Floats, fog: float) -> Floats:
    """Return the colours mixed with white the further back they are."""
    span = float(np.ptp(depth)) or 1.0
    whiteness = fog * (depth.max() - depth)[:, None] / span
    faded: Floats = colours + (1 - colours) * whiteness
    return faded
