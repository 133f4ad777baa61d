"""Compare every point above the vacuum cut with its neighbours: which are maxima, and how many lie below it."""

from __future__ import annotations

import numpy as np

from .grid import ByteArray, FloatArray, Grid, IntArray, Stencil, wrapped_neighbours, zeros
from .jit import compiled, over_slabs
from .plateaus import break_ties

# The state of a point before anything flows: the number of its lower neighbours, and whether it is on a face.
ON_FACE, COUNT = 64, 63

_TIE_ROUNDS = 10


@compiled
def inner_range(i: int, j: int, first: int, last: int, reach: IntArray, shape: IntArray) -> tuple[int, int]:
    """Return the part of first to last, on the row (i, j), that has all its neighbours within the grid."""
    if i < reach[0] or i >= shape[0] - reach[0] or j < reach[1] or j >= shape[1] - reach[1]:
        return last, last
    start = min(max(first, reach[2]), last)
    return start, max(start, min(last, shape[2] - reach[2]))


@compiled
def _compare_rows(
    flux: FloatArray, cut: float, steps: IntArray, start: int, stop: int, lower: ByteArray, higher: ByteArray
) -> None:
    """Count the lower neighbours above the cut, and note whether there are higher ones, start to stop."""
    here = flux[start:stop]
    for n in range(steps.size):
        there = flux[start + steps[n] : stop + steps[n]]
        for k in range(here.size):
            lower[k] += (there[k] > cut) & (there[k] < here[k])
            higher[k] |= there[k] > here[k]


@compiled
def _compare_point(
    point: int,
    flux: FloatArray,
    cut: float,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    others: IntArray,
) -> tuple[int, bool]:
    """Return the same for a point on a face."""
    wrapped_neighbours(point, offsets, shape, periodic, others)
    lower = 0
    higher = False
    for n in range(others.size):
        if others[n] >= 0:
            there = flux[others[n]]
            lower += (there > cut) & (there < flux[point])
            higher |= there > flux[point]
    return lower, higher


@compiled
def _compare_planes(
    flux: FloatArray,
    cut: float,
    steps: IntArray,
    reach: IntArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    state: ByteArray,
    peaks: IntArray,
    start: int,
    stop: int,
) -> int:
    """Set the state of the points above the cut; list those without a higher neighbour.

    :param peaks: (capacity,) filled from its start; points beyond the capacity are counted, not stored.
    :return: the number of points without a higher neighbour.
    """
    others = np.empty(steps.size, dtype=np.int64)
    lower = np.empty(shape[2], dtype=np.uint8)
    higher = np.empty(shape[2], dtype=np.uint8)
    listed = 0
    for row in range(start * shape[1], stop * shape[1]):
        base = row * shape[2]
        first, last = 0, shape[2]
        while first < last and not flux[base + first] > cut:
            first += 1
        while first < last and not flux[base + last - 1] > cut:
            last -= 1
        begin, end = inner_range(row // shape[1], row % shape[1], first, last, reach, shape)
        lower[first:last] = 0
        higher[first:last] = 0
        _compare_rows(flux, cut, steps, base + begin, base + end, lower[begin:end], higher[begin:end])
        for k in range(first, last):
            if not flux[base + k] > cut:
                continue
            if begin <= k < end:
                state[base + k] = lower[k]
            else:
                lower[k], higher[k] = _compare_point(base + k, flux, cut, offsets, shape, periodic, others)
                state[base + k] = lower[k] + ON_FACE
            if higher[k] == 0:
                if listed < peaks.size:
                    peaks[listed] = base + k
                listed += 1
    return listed


def _compare(grid: Grid, stencil: Stencil, state: ByteArray) -> IntArray:
    """Set the state of all points; return those above the cut without a higher neighbour, ascending."""

    def task(start: int, stop: int) -> IntArray:
        capacity = 1024
        while True:
            peaks = np.empty(capacity, dtype=np.int64)
            listed = _compare_planes(
                grid.flux,
                grid.cut,
                stencil.steps,
                stencil.reach,
                stencil.offsets,
                grid.shape,
                grid.periodic,
                state,
                peaks,
                start,
                stop,
            )
            if listed <= capacity:
                return peaks[:listed].copy()
            capacity = listed

    return np.concatenate(over_slabs(task, grid.counts[0], grid.threads))


def find_maxima(grid: Grid, stencil: Stencil) -> tuple[IntArray, ByteArray]:
    """Make plateaus into slopes; return the maxima, ascending, and (n,) the state of the points."""
    state: ByteArray = zeros((grid.flux.size,), np.uint8)
    for _ in range(_TIE_ROUNDS):
        points = _compare(grid, stencil, state)
        if not break_ties(grid, stencil, points):
            break
    return points, state
