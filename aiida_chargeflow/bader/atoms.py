"""Maxima of the density to atoms, and the distance from each atom to the surface of its region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .cube import CubeHeader
from .grid import ByteArray, Grid, Stencil, wrapped_neighbours
from .jit import compiled, over_slabs
from .lattice import cell_heights, covering_radius, lattice_images
from .slopes import inner_range

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LabelArray = npt.NDArray[np.int32]

_TIE_BOHR = 1e-6


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


@compiled
def _nearest(
    positions: FloatArray,
    sites: FloatArray,
    owners: IntArray,
    start: IntArray,
    owner: IntArray,
    distance: FloatArray,
) -> None:
    """Set the nearest of the ``sites``, ascending in x, of each position; the lowest owner on a tie.

    :param start: (n,) the first site whose x is not less than that of the position.
    """
    for n in range(positions.shape[0]):
        x, y, z = positions[n]
        nearest = np.inf
        lowest = np.int64(1 << 60)
        for tied in (False, True):
            limit = (np.sqrt(nearest) + _TIE_BOHR) ** 2 if tied else np.inf
            for direction in (-1, 1):
                site = start[n] - (direction < 0)
                while 0 <= site < owners.size:
                    along = (sites[site, 0] - x) ** 2
                    if along > (limit if tied else nearest):
                        break
                    square = along + (sites[site, 1] - y) ** 2 + (sites[site, 2] - z) ** 2
                    nearest = min(nearest, square)
                    if tied and square <= limit:
                        lowest = min(lowest, owners[site])
                    site += direction
        owner[n] = lowest
        distance[n] = np.sqrt(nearest)


def nearest_atoms(grid: Grid, points: IntArray) -> Maxima:
    """Assign each maximum to the nearest atom, over periodic images if the grid is periodic."""
    header = grid.header
    positions = grid.places(points)
    sites = header.positions_bohr - header.origin_bohr
    owners = np.arange(len(sites))
    if grid.periodic:
        cell = cell_of(header)
        sites, owners = images_around_cell(cell, sites, covering_radius(cell) / cell_heights(cell))
    order = np.argsort(sites[:, 0], kind="stable")
    sites, owners = sites[order], owners[order]
    owner = np.empty(len(points), dtype=np.int64)
    distance = np.empty(len(points))
    start = np.searchsorted(sites[:, 0], positions[:, 0])
    _nearest(positions, sites, owners, start, owner, distance)
    return Maxima(points, positions + header.origin_bohr, owner, distance)


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
def _edges_of_rows(label: LabelArray, steps: IntArray, start: int, stop: int, edge: ByteArray) -> None:
    """Note which of the points start to stop, none of them on a face, have a neighbour of another label."""
    mine = label[start:stop]
    for n in range(steps.size):
        other = label[start + steps[n] : stop + steps[n]]
        for k in range(mine.size):
            edge[k] |= other[k] != mine[k]


@compiled
def _edge_on_face(point: int, label: LabelArray, offsets: IntArray, shape: IntArray, periodic: bool) -> bool:
    """Return the same for a point on a face; beyond the faces of an isolated grid there is another label."""
    others = np.empty(offsets.shape[0], dtype=np.int64)
    wrapped_neighbours(point, offsets, shape, periodic, others)
    edge = False
    for n in range(others.size):
        edge |= others[n] < 0 or label[others[n]] != label[point]
    return edge


@compiled
def _square_distance(
    x: float, y: float, z: float, cell: FloatArray, inverse: FloatArray, images: FloatArray
) -> float:
    """Return the smallest squared length of (x, y, z) and of its periodic images, see ``surface_distances``."""
    a = np.rint(x * inverse[0, 0] + y * inverse[1, 0] + z * inverse[2, 0])
    b = np.rint(x * inverse[0, 1] + y * inverse[1, 1] + z * inverse[2, 1])
    c = np.rint(x * inverse[0, 2] + y * inverse[1, 2] + z * inverse[2, 2])
    x -= a * cell[0, 0] + b * cell[1, 0] + c * cell[2, 0]
    y -= a * cell[0, 1] + b * cell[1, 1] + c * cell[2, 1]
    z -= a * cell[0, 2] + b * cell[1, 2] + c * cell[2, 2]
    best = x * x + y * y + z * z
    for m in range(images.shape[0]):
        dx, dy, dz = x + images[m, 0], y + images[m, 1], z + images[m, 2]
        best = min(best, dx * dx + dy * dy + dz * dz)
    return best


@compiled
def _closest_surface(
    label: LabelArray,
    atoms: FloatArray,
    images: FloatArray,
    voxel: FloatArray,
    cell: FloatArray,
    inverse: FloatArray,
    unwrapped: float,
    stencil: tuple[IntArray, IntArray, IntArray],
    shape: IntArray,
    periodic: bool,
    start: int,
    stop: int,
) -> FloatArray:
    """Return (n_atoms,) the squared distance of each atom to the nearest point on the edge of its label.

    :param unwrapped: a displacement of at most this squared length is shorter than its periodic images.
    """
    steps, reach, offsets = stencil
    best = np.full(atoms.shape[0], np.inf)
    edge = np.empty(shape[2], dtype=np.uint8)
    for row in range(start * shape[1], stop * shape[1]):
        i, j = row // shape[1], row % shape[1]
        base = row * shape[2]
        begin, end = inner_range(i, j, 0, shape[2], reach, shape)
        edge[begin:end] = 0
        _edges_of_rows(label, steps, base + begin, base + end, edge[begin:end])
        for k in range(shape[2]):
            atom = label[base + k] - 1
            if atom < 0:
                continue
            if begin <= k < end:
                if edge[k] == 0:
                    continue
            elif not _edge_on_face(base + k, label, offsets, shape, periodic):
                continue
            x = i * voxel[0, 0] + j * voxel[1, 0] + k * voxel[2, 0] - atoms[atom, 0]
            y = i * voxel[0, 1] + j * voxel[1, 1] + k * voxel[2, 1] - atoms[atom, 1]
            z = i * voxel[0, 2] + j * voxel[1, 2] + k * voxel[2, 2] - atoms[atom, 2]
            square = x * x + y * y + z * z
            if square > unwrapped:
                square = _square_distance(x, y, z, cell, inverse, images)
            best[atom] = min(best[atom], square)
    return best


def surface_distances(grid: Grid, label: LabelArray, stencil: Stencil) -> FloatArray:
    """Return (n_atoms,) the distance in bohr from each atom to the nearest edge point of its region.

    A point is on the edge where a neighbour has another label; vacuum counts as another label. An atom
    without a region has distance 0.

    :param label: (n,) 1 + index of the atom that owns the point, 0 in the vacuum.
    """
    header = grid.header
    cell = cell_of(header)
    atoms = header.positions_bohr - header.origin_bohr - np.array(grid.corner) @ header.voxel_bohr
    shape = grid.shape
    # For an orthorhombic cell the reduced displacement is the shortest one; else look at its neighbours too.
    gram = cell @ cell.T
    images = np.zeros((1, 3))
    if grid.periodic and bool(np.abs(gram - np.diag(gram.diagonal())).max() > 1e-9 * gram.max()):
        half_diagonal = 0.5 * float(np.linalg.norm(cell, axis=1).sum())
        images = lattice_images((half_diagonal + covering_radius(cell)) / cell_heights(cell)) @ cell
    inverse = np.linalg.inv(cell)
    unwrapped = float(cell_heights(cell).min() / 2) ** 2 if grid.periodic else np.inf
    geometry = (stencil.steps, stencil.reach, stencil.offsets)

    def task(start: int, stop: int) -> FloatArray:
        result: FloatArray = _closest_surface(
            label,
            atoms,
            images,
            header.voxel_bohr,
            cell,
            inverse,
            unwrapped,
            geometry,
            shape,
            grid.periodic,
            start,
            stop,
        )
        return result

    squared = np.min(over_slabs(task, grid.counts[0], grid.threads), axis=0)
    return np.where(np.isfinite(squared), np.sqrt(squared), 0.0)
