"""Break ties: give every level stretch of the density one way up, without moving a digit that was read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .grid import ByteArray, FloatArray, Grid, IntArray, Stencil, untouched_zeros, wrapped_neighbours
from .jit import compiled

_RELATIVE_STEP = 2.3e-16
_SMALLEST_STEP = 1e-200
_FOUND, _LOWERED = 1, 2


@compiled
def _fill(
    seed: int,
    flux: FloatArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    mark: ByteArray,
    queue: IntArray,
    places: npt.NDArray[np.int32],
) -> int:
    """Put the points that connect to ``seed`` at the same density into ``queue``; return their number.

    :param places: (capacity, 3) grid coordinates relative to the seed, not folded back at the faces.
    """
    others = np.empty(offsets.shape[0], dtype=np.int64)
    mark[seed] = _FOUND
    queue[0] = seed
    places[0] = 0
    size = 1
    head = 0
    while head < size:
        wrapped_neighbours(queue[head], offsets, shape, periodic, others)
        for n in range(others.size):
            other = others[n]
            if other >= 0 and mark[other] == 0 and flux[other] == flux[seed]:
                mark[other] = _FOUND
                queue[size] = other
                for axis in range(3):
                    places[size, axis] = places[head, axis] + offsets[n, axis]
                size += 1
        head += 1
    return size


@compiled
def _lower(
    members: IntArray,
    starts: IntArray,
    flux: FloatArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    mark: ByteArray,
) -> None:
    """Lower the members of a plateau by one rounding error for each step away from ``starts``."""
    level = flux[members[0]]
    step = max(abs(level) * _RELATIVE_STEP, _SMALLEST_STEP)
    others = np.empty(offsets.shape[0], dtype=np.int64)
    queue = np.empty(members.size, dtype=np.int64)
    distance = np.zeros(members.size, dtype=np.int64)
    size = starts.size
    queue[:size] = starts
    for n in range(size):
        mark[starts[n]] = _LOWERED
    head = 0
    while head < size:
        wrapped_neighbours(queue[head], offsets, shape, periodic, others)
        for n in range(others.size):
            other = others[n]
            if other >= 0 and mark[other] == _FOUND and flux[other] == level:
                mark[other] = _LOWERED
                queue[size] = other
                distance[size] = distance[head] + 1
                size += 1
        head += 1
    for n in range(size):
        flux[queue[n]] = level - distance[n] * step


@compiled
def _exits(
    members: IntArray, flux: FloatArray, offsets: IntArray, shape: IntArray, periodic: bool, out: IntArray
) -> int:
    """List the members that have a higher neighbour and return their number."""
    others = np.empty(offsets.shape[0], dtype=np.int64)
    listed = 0
    for n in range(members.size):
        wrapped_neighbours(members[n], offsets, shape, periodic, others)
        for m in range(others.size):
            if others[m] >= 0 and flux[others[m]] > flux[members[n]]:
                out[listed] = members[n]
                listed += 1
                break
    return listed


def break_ties(grid: Grid, stencil: Stencil, flat: IntArray) -> bool:
    """Let plateaus drain: each becomes a slope of rounding errors towards its exits, or towards its middle.

    The exits are the points with a higher neighbour. A plateau without exits is one maximum; it is put at
    the point closest to its centroid, of several at that with the lowest index. ``grid.flux`` is changed.

    :param flat: the points without a higher neighbour.
    :return: whether there was a plateau.
    """
    mark: ByteArray = untouched_zeros((grid.flux.size,), np.uint8)
    queue: IntArray = untouched_zeros((grid.flux.size,), np.int64)
    places: npt.NDArray[np.int32] = untouched_zeros((grid.flux.size, 3), np.int32)
    geometry = (stencil.offsets, grid.shape, grid.periodic)
    changed = False
    for seed in flat.tolist():
        if mark[seed]:
            continue
        size = _fill(seed, grid.flux, *geometry, mark, queue, places)
        if size == 1:
            continue
        members = queue[:size].copy()
        starts = np.empty(size, dtype=np.int64)
        starts = starts[: _exits(members, grid.flux, *geometry, starts)]
        if starts.size == 0:
            away = (places[:size] - places[:size].mean(axis=0)) @ grid.header.voxel_bohr
            distance = np.round(np.linalg.norm(away, axis=1), 9)
            starts = members[distance == distance.min()].min(keepdims=True)
        _lower(members, starts, grid.flux, *geometry, mark)
        changed = True
    return changed
