"""Orbitals as isosurfaces around the atoms, drawn without a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray
from skimage.measure import marching_cubes

from .ball_stick import BallStick, Floats, paint, view_axes
from .structure import DIRECTION, draw_outline, draw_scale_bar, frame, reach
from .style import DOUBLE_COLUMN_IN, paper_style, width_in
from .surface_image import Surface, render

PHASES = ("#f2a900", "#0aa5c9")
_BALL = 0.5


@dataclass(frozen=True)
class OrbitalView:
    """One orbital over its atoms.

    :param surfaces: what ``phase_surfaces`` returns.
    :param boundaries: name → (positions in Å of the atoms that the line encloses, colour).
    """

    dot: BallStick
    surfaces: Sequence[Surface]
    title: str = ""
    boundaries: Mapping[str, tuple[Floats, str]] = field(default_factory=dict)


def isosurface(
    values: NDArray[np.float64],
    level: float,
    origin_ang: NDArray[np.float64],
    voxel_ang: NDArray[np.float64],
    colour: str = PHASES[0],
) -> Surface:
    """Return the surface ``values = level``, in Å; without triangles if it is not reached.

    :param values: (nx, ny, nz).
    :param origin_ang: (3,) position of voxel (0, 0, 0).
    :param voxel_ang: (3, 3) step vectors, one a row.
    """
    # A rim of zeros closes surfaces that leave a cropped box.
    padded = np.pad(values, 1)
    if not padded.min() < level < padded.max():
        return Surface(np.empty((0, 3, 3)), np.empty((0, 3, 3)), colour)
    vertices, faces, gradients, _ = marching_cubes(padded, level)
    points = origin_ang + (vertices - 1) @ voxel_ang
    normals = gradients @ np.linalg.inv(voxel_ang).T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return Surface(points[faces], normals[faces], colour)


def phase_surfaces(
    values: NDArray[np.float64],
    level: float,
    origin_ang: NDArray[np.float64],
    voxel_ang: NDArray[np.float64],
) -> list[Surface]:
    """Return the surfaces of both phases of an orbital, at plus and minus ``level``."""
    return [
        isosurface(sign * values, level, origin_ang, voxel_ang, colour)
        for sign, colour in zip((1, -1), PHASES, strict=True)
    ]


@paper_style()
def orbital_figure(
    rows: Sequence[Sequence[OrbitalView | None]], *, direction: ArrayLike = DIRECTION
) -> Figure:
    """Draw orbitals over their atoms on one scale, such as one row for each model.

    :param rows: all of one length; an orbital that is not there is left out.
    """
    n_columns = max(len(row) for row in rows)
    axes = view_axes(direction)
    extent = max(reach(view.dot, axes) for row in rows for view in row if view)
    width = min(width_in(n_columns), DOUBLE_COLUMN_IN * n_columns / 3 if n_columns > 1 else 7)
    figure = Figure(figsize=(width, len(rows) * (width / n_columns + 0.2)), layout="constrained")
    grid = figure.subplots(len(rows), n_columns, squeeze=False)
    for row, line in zip(rows, grid, strict=True):
        for view, ax in zip(row, line, strict=True):
            if view is None:
                ax.set_axis_off()
            else:
                draw_orbital(ax, view, direction=direction, extent_ang=extent)
                last = ax
    draw_scale_bar(last, extent)
    return figure


def draw_orbital(
    ax: Axes, view: OrbitalView, *, direction: ArrayLike = DIRECTION, extent_ang: float | None = None
) -> None:
    """Draw one orbital over its atoms on ``ax``, the outline of every region dashed."""
    axes = view_axes(direction)
    frame(
        ax,
        view.dot.positions_ang @ axes[:2].T,
        reach(view.dot, axes) if extent_ang is None else extent_ang,
    )
    small = replace(view.dot, radii_ang=_BALL * view.dot.radii_ang)
    paint(ax, small, axes, fog=0.7)
    limits = (*ax.get_xlim(), *ax.get_ylim())
    image = render(view.surfaces, small, axes, limits)
    ax.imshow(image, extent=limits, origin="lower", interpolation="bilinear", zorder=800)
    for positions, colour in view.boundaries.values():
        draw_outline(ax, positions @ axes[:2].T, colour)
    if view.title:
        ax.set_title(view.title)
