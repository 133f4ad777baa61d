"""Geometry of the grid: Voronoi faces between neighbouring points, periodic images of the atoms."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from ..science.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_REACH = 3


def voronoi_neighbours(voxel_bohr: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the neighbours of a grid point and the weight of the flux to each.

    The weight is a/l, the area of the shared face of the Voronoi cells over the distance of the two points:
    eq. 6 of Yu and Trinkle, J. Chem. Phys. 134, 064111 (2011).

    :param voxel_bohr: (3, 3) grid vectors, one a row.
    :return: offsets (n, 3) in grid steps, in lexicographic order, and weights (n,) in bohr.
    :raises InputError: the grid vectors are so skewed that a neighbour lies more than three steps away.
    """
    gram = voxel_bohr @ voxel_bohr.T
    if not np.any(gram - np.diag(gram.diagonal())):
        # A box has six faces of area volume / l; there the import of scipy is spared.
        offsets = np.concatenate([-np.eye(3, dtype=np.int64), np.eye(3, dtype=np.int64)[::-1]])
        squares = np.abs(offsets) @ gram.diagonal()
        return offsets, abs(float(np.linalg.det(voxel_bohr))) / squares
    from scipy.spatial import Voronoi

    steps = np.array(list(product(range(-_REACH, _REACH + 1), repeat=3)))
    scale = abs(np.linalg.det(voxel_bohr)) ** (1 / 3)
    points = steps @ (voxel_bohr / scale)
    centre = len(steps) // 2
    diagram = Voronoi(points)
    faces = []
    for pair, ridge in zip(diagram.ridge_points, diagram.ridge_vertices, strict=True):
        if centre not in pair or -1 in ridge:
            continue
        other = int(pair[0] if pair[1] == centre else pair[1])
        area = _polygon_area(diagram.vertices[ridge])
        if area > 1e-7:
            faces.append((*map(int, steps[other]), area, float(np.linalg.norm(points[other]))))
    faces.sort()
    volume = sum(area * length for *_, area, length in faces) / 6
    if abs(volume - 1) > 1e-5:
        raise InputError(
            "the grid vectors are too skewed", field="grid", remedy="Write the cube for a reduced cell."
        )
    offsets = np.array([face[:3] for face in faces], dtype=np.int64)
    return offsets, np.array([scale * area / length for *_, area, length in faces])


def _polygon_area(vertices: FloatArray) -> float:
    """Return the area of a convex polygon in space, its vertices in any order, by fanning sorted corners."""
    centred = vertices - vertices.mean(axis=0)
    _, _, axes = np.linalg.svd(centred)
    plane = centred @ axes[:2].T
    x, y = plane[np.argsort(np.arctan2(plane[:, 1], plane[:, 0]))].T
    return 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def cell_heights(cell_bohr: FloatArray) -> FloatArray:
    """Return (3,) the distances between opposite faces of the cell."""
    heights: FloatArray = 1 / np.linalg.norm(np.linalg.inv(cell_bohr), axis=0)
    return heights


def lattice_images(reach: FloatArray) -> IntArray:
    """Return the translations (n, 3) of at most ``reach`` (3,) cells along each axis, lexicographic."""
    ranges = (range(-n, n + 1) for n in np.ceil(reach).astype(int).tolist())
    return np.array(list(product(*ranges)), dtype=np.int64)


def covering_radius(cell_bohr: FloatArray) -> float:
    """Return an upper bound in bohr of the distance between any point and its nearest lattice point."""
    reduced = np.linalg.qr(cell_bohr.T)[1].diagonal()
    return 0.5 * float(np.sqrt(np.sum(reduced**2)))
