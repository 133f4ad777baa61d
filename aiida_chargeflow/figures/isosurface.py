"""Orbitals as isosurfaces around the atoms, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LightSource
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection
from numpy.typing import NDArray
from skimage.measure import marching_cubes

PHASES = ("#d8392b", "#2b6fd8")


def isosurface(
    values: NDArray[np.float64],
    level: float,
    origin_ang: NDArray[np.float64],
    voxel_ang: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the triangles of ``values = level``, shape (n_triangles, 3, 3), in Å; none if it is not reached.

    :param values: (nx, ny, nz).
    :param origin_ang: (3,) position of voxel (0, 0, 0).
    :param voxel_ang: (3, 3) step vectors, one a row.
    """
    # A rim of zeros closes surfaces that leave a cropped box.
    padded = np.pad(values, 1)
    if not padded.min() < level < padded.max():
        return np.empty((0, 3, 3))
    vertices, faces, _, _ = marching_cubes(padded, level)
    points = origin_ang + (vertices - 1) @ voxel_ang
    triangles: NDArray[np.float64] = points[faces]
    return triangles


def orbital_figure(
    values: NDArray[np.float64],
    level: float,
    origin_ang: NDArray[np.float64],
    voxel_ang: NDArray[np.float64],
    positions_ang: NDArray[np.float64],
    atom_colours: Sequence[str],
    *,
    bonds: NDArray[np.int64] | None = None,
    title: str = "",
    elevation_deg: float = 12.0,
    azimuth_deg: float = -60.0,
) -> Figure:
    """Draw both phases of an orbital over the atoms.

    :param values: (nx, ny, nz) orbital; ``level`` is drawn at plus and minus.
    :param positions_ang: (n_atoms, 3).
    :param atom_colours: (n_atoms,) colours, by element or by region.
    :param bonds: (n_bonds, 2) pairs of atoms to join, or None.
    """
    figure = Figure(figsize=(4.6, 4.6))
    ax = figure.add_axes((0, 0, 1, 0.94), projection="3d", computed_zorder=False)
    assert isinstance(ax, Axes3D)
    if bonds is not None and len(bonds):
        ax.add_collection3d(
            Line3DCollection(list(positions_ang[bonds]), colors="#909090", linewidths=0.8, zorder=1)
        )
    size = 1500.0 / max(np.ptp(positions_ang, axis=0).max(), 4.0) ** 1.3
    ax.scatter(*positions_ang.T, s=size, c=list(atom_colours), edgecolors="#404040", lw=0.3, zorder=2)
    for sign, colour in zip((1, -1), PHASES, strict=True):
        triangles = isosurface(sign * values, level, origin_ang, voxel_ang)
        if len(triangles):
            ax.add_collection3d(
                Poly3DCollection(
                    list(triangles),
                    facecolors=colour,
                    alpha=0.55,
                    shade=True,
                    lightsource=LightSource(azdeg=-45, altdeg=40),
                    lw=0,
                    zorder=3,
                )
            )
    _frame(ax, positions_ang)
    ax.view_init(elevation_deg, azimuth_deg)
    figure.suptitle(title, y=0.98)
    return figure


def _frame(ax: Axes3D, positions_ang: NDArray[np.float64]) -> None:
    """Give the three axes one scale around the atoms, and hide them."""
    centre = (positions_ang.max(axis=0) + positions_ang.min(axis=0)) / 2
    half = np.ptp(positions_ang, axis=0).max() / 2 + 1.0
    for axis, middle in zip("xyz", centre, strict=True):
        getattr(ax, f"set_{axis}lim")(middle - half, middle + half)
    ax.set_box_aspect((1, 1, 1), zoom=1.6)
    ax.set_axis_off()
