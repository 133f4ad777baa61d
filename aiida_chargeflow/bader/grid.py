"""A density prepared for the kernels, and the kernels every method needs: neighbours, maxima, totals."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .cube import CubeHeader
from .jit import compiled, over_slabs
from .lattice import voronoi_neighbours

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]

EMPTY = np.empty(0)


@dataclass(frozen=True)
class Stencil:
    """The neighbours of a grid point.

    :param offsets: (m, 3) in grid steps.
    :param weights: (m,) of the flux to each, in bohr.
    :param steps: (m,) differences of the flat index, valid for points that are not on a face.
    :param reach: (3,) greatest offset along each axis: points closer than that to a face are on the face.
    """

    offsets: IntArray
    weights: FloatArray
    steps: IntArray
    reach: IntArray

    @classmethod
    def of(cls, header: CubeHeader) -> Stencil:
        """Return the Voronoi neighbours of a point of the grid."""
        offsets, weights = voronoi_neighbours(header.voxel_bohr)
        steps = offsets @ np.array([header.shape[1] * header.shape[2], header.shape[2], 1])
        return cls(offsets, weights, steps, np.abs(offsets).max(axis=0))


@dataclass(frozen=True)
class Grid:
    """A density prepared for the kernels.

    :param header: geometry.
    :param flux: (n,) density that defines the basins.
    :param excess: (n,) what ``flux`` has above the density to be integrated, or empty.
    :param cut: points with flux <= cut are vacuum.
    :param periodic: whether the grid continues at its faces.
    :param threads: number of threads.
    """

    header: CubeHeader
    flux: FloatArray
    excess: FloatArray
    cut: float
    periodic: bool
    threads: int

    @property
    def shape(self) -> IntArray:
        """Return the grid shape as an array, as the kernels take it."""
        return np.array(self.header.shape)

    @property
    def plane(self) -> int:
        """Return the number of points in a plane of the first axis."""
        return self.header.shape[1] * self.header.shape[2]

    def charge(self, start: int, stop: int) -> FloatArray:
        """Return the density to be integrated at the points of the planes start to stop."""
        part = slice(start * self.plane, stop * self.plane)
        return self.flux[part] - self.excess[part] if self.excess.size else self.flux[part]


def untouched_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
    """Return an array of zeros whose small pages take no memory until they are written.

    NumPy asks for huge pages, which would make the vacuum between the rows of a dot resident.
    """
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, n_bytes), dtype=dtype).reshape(shape)


@compiled
def is_on_face(i: int, j: int, k: int, reach: IntArray, shape: IntArray) -> bool:
    """Return whether a neighbour of (i, j, k) lies beyond the faces of the grid.

    :param reach: (3,) greatest offset along each axis.
    """
    return bool(
        i < reach[0]
        or j < reach[1]
        or k < reach[2]
        or i >= shape[0] - reach[0]
        or j >= shape[1] - reach[1]
        or k >= shape[2] - reach[2]
    )


@compiled
def wrapped_neighbours(point: int, offsets: IntArray, shape: IntArray, periodic: bool, out: IntArray) -> None:
    """Fill ``out`` with the flat indices of the neighbours of a point on a face; -1 beyond the grid."""
    rest = point // shape[2]
    here = (rest // shape[1], rest % shape[1], point % shape[2])
    for n in range(out.size):
        index = 0
        for axis in range(3):
            at = here[axis] + offsets[n, axis]
            if not 0 <= at < shape[axis]:
                if not periodic:
                    index = -1
                    break
                at %= shape[axis]
            index = index * shape[axis] + at
        out[n] = index


@compiled
def survey(
    flux: FloatArray,
    cut: float,
    steps: IntArray,
    reach: IntArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    flat: IntArray,
    first: int,
    last: int,
) -> tuple[int, int]:
    """List the points above ``cut`` without a higher neighbour in the planes from first to last.

    :param flat: (capacity,) filled from its start; points beyond the capacity are counted, not stored.
    :return: (number of such points, number of points above the cut).
    """
    others = np.empty(steps.size, dtype=np.int64)
    listed = 0
    inside = 0
    for i in range(first, last):
        for j in range(shape[1]):
            for k in range(shape[2]):
                point = (i * shape[1] + j) * shape[2] + k
                here = flux[point]
                if not here > cut:
                    continue
                inside += 1
                on_face = is_on_face(i, j, k, reach, shape)
                if on_face:
                    wrapped_neighbours(point, offsets, shape, periodic, others)
                highest = True
                for n in range(steps.size):
                    other = others[n] if on_face else point + steps[n]
                    if other >= 0 and flux[other] > here:
                        highest = False
                        break
                if highest:
                    if listed < flat.size:
                        flat[listed] = point
                    listed += 1
    return listed, inside


def without_higher_neighbour(grid: Grid, stencil: Stencil) -> tuple[IntArray, int]:
    """Return the points above the cut without a higher neighbour, ascending; and how many are above it."""

    def task(start: int, stop: int) -> tuple[IntArray, int]:
        capacity = 1024
        while True:
            flat = np.empty(capacity, dtype=np.int64)
            listed, inside = survey(
                grid.flux,
                grid.cut,
                stencil.steps,
                stencil.reach,
                stencil.offsets,
                grid.shape,
                grid.periodic,
                flat,
                start,
                stop,
            )
            if listed <= capacity:
                return flat[:listed].copy(), inside
            capacity = listed

    parts = over_slabs(task, grid.header.shape[0], grid.threads)
    return np.concatenate([part[0] for part in parts]), sum(part[1] for part in parts)


def totals(grid: Grid) -> tuple[float, float, int]:
    """Return the sum of the density over all points, over the vacuum, and the number of vacuum points."""

    def task(start: int, stop: int) -> tuple[float, float, int]:
        charge = grid.charge(start, stop)
        outside = ~(grid.flux[start * grid.plane : stop * grid.plane] > grid.cut)
        return float(charge.sum()), float(charge[outside].sum()), int(np.count_nonzero(outside))

    parts = over_slabs(task, grid.header.shape[0], grid.threads)
    return sum(part[0] for part in parts), sum(part[1] for part in parts), sum(part[2] for part in parts)
