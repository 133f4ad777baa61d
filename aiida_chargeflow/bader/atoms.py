"""Maxima of the density to atoms, and the distance from each atom to the surface of its region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from .cube import CubeHeader
from .grid import Stencil, is_on_face, wrapped_neighbours
from .jit import compiled, over_slabs
from .lattice import cell_heights, covering_radius, lattice_images

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LabelArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Maxima:
    """Local maxima of the density and the atoms they belong to.

    :param points: (n,) flat grid indices.
    :param positions_bohr: (n, 3) in the frame of the cube.
    :param atoms: (n,) index of the nearest atom, the lowest index on a tie.
    :param distances_bohr: (n,) to that atom.
    """

    points: IntArray
    positions_bohr: FloatArray
    atoms: IntArray
    distances_bohr: FloatArray


def cell_of(header: CubeHeader) -> FloatArray:
    """Return the (3, 3) cell vectors in bohr, one a row."""
    cell: FloatArray = header.voxel_bohr * np.array(header.shape)[:, None]
    return cell


def nearest_atoms(header: CubeHeader, points: IntArray, *, periodic: bool) -> Maxima:
    """Assign each maximum to the nearest atom, over periodic images if ``periodic``."""
    positions = np.stack(np.unravel_index(points, header.shape), axis=1) @ header.voxel_bohr
    sites = header.positions_bohr - header.origin_bohr
    owners = np.arange(len(sites))
    if periodic:
        cell = cell_of(header)
        sites, owners = images_around_cell(cell, sites, covering_radius(cell) / cell_heights(cell))
    k = min(8, len(sites))
    distance, index = cKDTree(sites).query(positions, k=k)
    distance, index = distance.reshape(len(points), k), index.reshape(len(points), k)
    tied = distance <= distance[:, :1] + 1e-6
    owner = np.where(tied, owners[index], len(owners)).min(axis=1)
    return Maxima(points, positions + header.origin_bohr, owner.astype(np.int64), distance[:, 0])


def images_around_cell(
    cell: FloatArray, positions: FloatArray, margin: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Return the periodic images inside the cell or within ``margin`` (3,) cells of it, and their atoms."""
    fractions = positions @ np.linalg.inv(cell)
    fractions = fractions - np.floor(fractions)
    images = lattice_images(margin + 1)
    everywhere = (fractions[None] + images[:, None]).reshape(-1, 3)
    owners = np.tile(np.arange(len(positions)), len(images))
    near = np.all((everywhere >= -margin - 1e-9) & (everywhere <= 1 + margin + 1e-9), axis=1)
    return everywhere[near] @ cell, owners[near]


@compiled
def _closest_surface(
    label: LabelArray,
    atoms: FloatArray,
    images: FloatArray,
    voxel: FloatArray,
    inverse: FloatArray,
    steps: IntArray,
    reach: IntArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    start: int,
    stop: int,
) -> FloatArray:
    """Return (n_atoms,) the squared distance of each atom to the nearest point on the edge of its label."""
    best = np.full(atoms.shape[0], np.inf)
    others = np.empty(steps.size, dtype=np.int64)
    for i in range(start, stop):
        for j in range(shape[1]):
            for k in range(shape[2]):
                point = (i * shape[1] + j) * shape[2] + k
                mine = label[point]
                if mine <= 0:
                    continue
                on_face = is_on_face(i, j, k, reach, shape)
                if on_face:
                    wrapped_neighbours(point, offsets, shape, periodic, others)
                edge = False
                for n in range(steps.size):
                    other = others[n] if on_face else point + steps[n]
                    if other < 0 or label[other] != mine:
                        edge = True
                        break
                if not edge:
                    continue
                atom = mine - 1
                x = i * voxel[0, 0] + j * voxel[1, 0] + k * voxel[2, 0] - atoms[atom, 0]
                y = i * voxel[0, 1] + j * voxel[1, 1] + k * voxel[2, 1] - atoms[atom, 1]
                z = i * voxel[0, 2] + j * voxel[1, 2] + k * voxel[2, 2] - atoms[atom, 2]
                if periodic:
                    a = np.rint(x * inverse[0, 0] + y * inverse[1, 0] + z * inverse[2, 0])
                    b = np.rint(x * inverse[0, 1] + y * inverse[1, 1] + z * inverse[2, 1])
                    c = np.rint(x * inverse[0, 2] + y * inverse[1, 2] + z * inverse[2, 2])
                    x -= a * shape[0] * voxel[0, 0] + b * shape[1] * voxel[1, 0] + c * shape[2] * voxel[2, 0]
                    y -= a * shape[0] * voxel[0, 1] + b * shape[1] * voxel[1, 1] + c * shape[2] * voxel[2, 1]
                    z -= a * shape[0] * voxel[0, 2] + b * shape[1] * voxel[1, 2] + c * shape[2] * voxel[2, 2]
                for m in range(images.shape[0]):
                    dx, dy, dz = x + images[m, 0], y + images[m, 1], z + images[m, 2]
                    distance = dx * dx + dy * dy + dz * dz
                    if distance < best[atom]:
                        best[atom] = distance
    return best


def surface_distances(
    header: CubeHeader, label: LabelArray, stencil: Stencil, *, periodic: bool, threads: int
) -> FloatArray:
    """Return (n_atoms,) the distance in bohr from each atom to the nearest edge point of its region.

    A point is on the edge where a neighbour has another label; vacuum counts as another label. An atom
    without a region has distance 0.

    :param label: (n,) 1 + index of the atom that owns the point, 0 in the vacuum.
    """
    cell = cell_of(header)
    atoms = header.positions_bohr - header.origin_bohr
    shape = np.array(header.shape)
    # For an orthorhombic cell the reduced displacement is the shortest one; else look at its neighbours too.
    gram = cell @ cell.T
    skewed = periodic and bool(np.abs(gram - np.diag(gram.diagonal())).max() > 1e-9 * gram.max())
    images = np.zeros((1, 3))
    if skewed:
        half_diagonal = 0.5 * float(np.linalg.norm(cell, axis=1).sum())
        images = lattice_images((half_diagonal + covering_radius(cell)) / cell_heights(cell)) @ cell
    inverse = np.linalg.inv(cell)

    def task(start: int, stop: int) -> FloatArray:
        result: FloatArray = _closest_surface(
            label,
            atoms,
            images,
            header.voxel_bohr,
            inverse,
            stencil.steps,
            stencil.reach,
            stencil.offsets,
            shape,
            periodic,
            start,
            stop,
        )
        return result

    squared = np.min(over_slabs(task, header.shape[0], threads), axis=0)
    return np.where(np.isfinite(squared), np.sqrt(squared), 0.0)
