"""A density prepared for the kernels, and the kernels every method needs: neighbours, maxima, totals."""

from __future__ import annotations

import contextlib
import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .cube import CubeHeader
from .jit import compiled

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
    def of(cls, offsets: IntArray, weights: FloatArray, counts: tuple[int, int, int]) -> Stencil:
        """Return the stencil of these offsets and weights on a grid of ``counts`` points."""
        steps = offsets @ np.array([counts[1] * counts[2], counts[2], 1])
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
    :param counts: points along the axes: those of the cube, or of a box cut out of it.
    :param corner: where in the cube the first point lies.
    """

    header: CubeHeader
    flux: FloatArray
    excess: FloatArray
    cut: float
    periodic: bool
    threads: int
    counts: tuple[int, int, int]
    corner: tuple[int, int, int] = (0, 0, 0)

    @property
    def shape(self) -> IntArray:
        """Return the grid shape as an array, as the kernels take it."""
        return np.array(self.counts)

    @property
    def plane(self) -> int:
        """Return the number of points in a plane of the first axis."""
        return self.counts[1] * self.counts[2]

    def places(self, points: IntArray) -> FloatArray:
        """Return (n, 3) the positions in bohr of flat indices, from the first point of the cube."""
        steps = np.stack(np.unravel_index(points, self.counts), axis=1) + np.array(self.corner)
        places: FloatArray = steps @ self.header.voxel_bohr
        return places

    def charge(self, start: int, stop: int) -> FloatArray:
        """Return the density to be integrated at the points of the planes start to stop."""
        part = slice(start * self.plane, stop * self.plane)
        return self.flux[part] - self.excess[part] if self.excess.size else self.flux[part]


def untouched_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
    """Return an array of zeros whose small pages take no memory until they are written.

    Huge pages would make points resident that nothing is ever written to.
    """
    return np.frombuffer(_private(shape, dtype), dtype=dtype).reshape(shape)


def zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
    """Return an array of zeros in huge pages, for what is written nearly everywhere."""
    pages = _private(shape, dtype)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):
            pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=dtype).reshape(shape)


def _private(shape: tuple[int, ...], dtype: npt.DTypeLike) -> mmap.mmap:
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


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
