"""Cut the box that holds all points above the vacuum cut out of a grid: a dot fills a part of its cell only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import EMPTY, FloatArray, Grid, IntArray
from .jit import compiled, over_slabs, reassociated

# What is left out has to be worth the copy.
_WORTHWHILE = 0.8
_BEYOND = 1 << 40


@dataclass(frozen=True)
class Survey:
    """Sums over a grid, and where its points above the cut lie.

    :param total: of the density over all points.
    :param vacuum: of the density over the points at or below the cut.
    :param n_inside: number of points above the cut.
    :param low: (3,) lowest indices of points above the cut along each axis.
    :param high: (3,) highest of these.
    """

    total: float
    vacuum: float
    n_inside: int
    low: IntArray
    high: IntArray


@reassociated
def _survey_row(
    flux: FloatArray, excess: FloatArray, cut: float, start: int, stop: int
) -> tuple[float, float, int, int, int]:
    """Return the sums over a row, and number, first and last of its points above the cut."""
    total = vacuum = 0.0
    inside = 0
    first, last = _BEYOND, -1
    row = flux[start:stop]
    more = excess[start:stop]
    for k in range(row.size):
        above = row[k] > cut
        own = row[k] - more[k] if more.size else row[k]
        total += own
        vacuum += 0.0 if above else own
        inside += above
        first = min(first, k if above else _BEYOND)
        last = max(last, k if above else -1)
    return total, vacuum, inside, first, last


@compiled
def _survey_planes(
    flux: FloatArray, excess: FloatArray, cut: float, shape: IntArray, start: int, stop: int
) -> tuple[float, float, int, IntArray]:
    """Return the sums over the planes, the number of points above the cut, and (6,) their bounds."""
    bounds = np.array([_BEYOND, _BEYOND, _BEYOND, -1, -1, -1])
    total = vacuum = 0.0
    n_inside = 0
    for i in range(start, stop):
        plane_total = plane_vacuum = 0.0
        for j in range(shape[1]):
            row = (i * shape[1] + j) * shape[2]
            own, outside, inside, first, last = _survey_row(flux, excess, cut, row, row + shape[2])
            plane_total += own
            plane_vacuum += outside
            if inside > 0:
                n_inside += inside
                bounds[0], bounds[3] = min(bounds[0], i), max(bounds[3], i)
                bounds[1], bounds[4] = min(bounds[1], j), max(bounds[4], j)
                bounds[2], bounds[5] = min(bounds[2], first), max(bounds[5], last)
        total += plane_total
        vacuum += plane_vacuum
    return total, vacuum, n_inside, bounds


def survey(grid: Grid) -> Survey:
    """Go once through all points of a grid."""

    def task(start: int, stop: int) -> tuple[float, float, int, IntArray]:
        part: tuple[float, float, int, IntArray] = _survey_planes(
            grid.flux, grid.excess, grid.cut, grid.shape, start, stop
        )
        return part

    parts = over_slabs(task, grid.counts[0], grid.threads)
    bounds = np.array([part[3] for part in parts])
    return Survey(
        total=sum(part[0] for part in parts),
        vacuum=sum(part[1] for part in parts),
        n_inside=sum(part[2] for part in parts),
        low=bounds[:, :3].min(axis=0),
        high=bounds[:, 3:].max(axis=0),
    )


def cut_out(grid: Grid, found: Survey, margin: IntArray) -> Grid:
    """Return the box of a grid that holds all points above the cut, and ``margin`` (3,) points around them.

    An axis along which there is no room for the margin keeps all its points, so that it still may be
    periodic; along the others no neighbour of a point above the cut lies beyond the faces of the box.
    """
    counts = np.array(grid.counts)
    low, high = found.low - margin, found.high + margin + 1
    whole = (low < 0) | (high > counts)
    low, high = np.where(whole, 0, low), np.where(whole, counts, high)
    size = high - low
    if found.n_inside == 0 or np.prod(size / counts) > _WORTHWHILE:
        return grid

    def part(values: FloatArray) -> FloatArray:
        if values.size == 0:
            return EMPTY
        box = np.empty(tuple(size))
        source = values.reshape(grid.counts)[low[0] : high[0]]

        def task(start: int, stop: int) -> None:
            box[start:stop] = source[start:stop, low[1] : high[1], low[2] : high[2]]

        over_slabs(task, int(size[0]), grid.threads)
        return box.reshape(-1)

    return Grid(
        grid.header,
        part(grid.flux),
        part(grid.excess),
        grid.cut,
        grid.periodic,
        grid.threads,
        counts=(int(size[0]), int(size[1]), int(size[2])),
        corner=(int(low[0]), int(low[1]), int(low[2])),
    )
