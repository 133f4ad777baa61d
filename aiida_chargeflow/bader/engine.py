"""Partition a density: find the maxima, gather what flows to them, hand it to the atoms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..science.errors import InputError
from .atoms import Maxima, nearest_atoms, surface_distances
from .cube import Cube, CubeHeader
from .jit import Report, available_threads, over_slabs
from .lattice import voronoi_neighbours
from .result import NonNuclearMaximum, Partition
from .weight import accumulate, find_flat, label_steepest

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Method = Literal["weight"]

NON_NUCLEAR_REACH_BOHR = 2.5
NON_NUCLEAR_POPULATION = 1e-3
_EMPTY = np.empty(0)


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

    def charge(self, start: int, stop: int) -> FloatArray:
        """Return the density to be integrated at the points of the planes start to stop."""
        plane = self.header.shape[1] * self.header.shape[2]
        part = slice(start * plane, stop * plane)
        return self.flux[part] - self.excess[part] if self.excess.size else self.flux[part]


def find_maxima(grid: Grid, offsets: IntArray) -> IntArray:
    """Return the flat indices, ascending, of the points above the cut without a higher neighbour."""

    def task(start: int, stop: int) -> IntArray:
        found = np.empty(1024, dtype=np.int64)
        while True:
            listed, _ = find_flat(grid.flux, grid.cut, offsets, grid.shape, grid.periodic, found, start, stop)
            if listed <= found.size:
                return found[:listed].copy()
            found = np.empty(listed, dtype=np.int64)

    return np.concatenate(over_slabs(task, grid.header.shape[0], grid.threads))


def totals(grid: Grid) -> tuple[float, float, int]:
    """Return the sum of the density over all points, over the vacuum, and the number of vacuum points."""
    plane = grid.header.shape[1] * grid.header.shape[2]

    def task(start: int, stop: int) -> tuple[float, float, int]:
        charge = grid.charge(start, stop)
        outside = ~(grid.flux[start * plane : stop * plane] > grid.cut)
        return float(charge.sum()), float(charge[outside].sum()), int(np.count_nonzero(outside))

    parts = over_slabs(task, grid.header.shape[0], grid.threads)
    return sum(part[0] for part in parts), sum(part[1] for part in parts), sum(part[2] for part in parts)


def partition(
    cube: Cube,
    *,
    method: Method = "weight",
    vacuum: float | None = 1e-6,
    periodic: bool = True,
    threads: int | None = None,
    report: Report | None = None,
) -> Partition:
    """Partition the density of a cube among its atoms.

    :param method: ``weight`` (Yu and Trinkle 2011).
    :param vacuum: points at or below this density, in e/bohr³, belong to no atom; None keeps all points.
    :param periodic: whether the grid continues at its faces, as the reference program takes it.
    :param report: called with the fraction of the work that is done.
    """
    if method != "weight":
        raise InputError("unknown method", field="method", value=method, remedy="Use weight.")
    cut = -np.inf if vacuum is None else float(vacuum)
    grid = Grid(cube.header, cube.density.reshape(-1), _EMPTY, cut, periodic, threads or available_threads())
    offsets, weights = voronoi_neighbours(grid.header.voxel_bohr)
    maxima = nearest_atoms(grid.header, find_maxima(grid, offsets), periodic=periodic)
    gathered = _gather(grid, offsets, weights, maxima, report)
    label = np.zeros(grid.header.n_points, dtype=np.int32)
    label[maxima.points] = maxima.atoms + 1
    shape = grid.shape
    over_slabs(
        lambda start, stop: label_steepest(
            grid.flux, grid.cut, offsets, weights, shape, periodic, label, start, stop
        ),
        grid.header.shape[0],
        grid.threads,
    )
    distances = surface_distances(grid.header, label, offsets, periodic=periodic, threads=grid.threads)
    return _collect(grid, maxima, gathered, distances)


def _gather(
    grid: Grid, offsets: IntArray, weights: FloatArray, maxima: Maxima, report: Report | None
) -> FloatArray:
    """Return (n_maxima, 2) electrons and volume of the basin of each maximum, by the weight method."""
    # Pages of a zeroed array cost no memory until touched: the vacuum stays free.
    held = np.zeros((grid.header.n_points, 2))
    shape = grid.shape
    over_slabs(
        lambda start, stop: accumulate(
            grid.flux, grid.excess, grid.cut, offsets, weights, shape, grid.periodic, held, start, stop
        ),
        grid.header.shape[0],
        grid.threads,
        report,
    )
    return held[maxima.points] * grid.header.voxel_volume_bohr3


def _collect(grid: Grid, maxima: Maxima, gathered: FloatArray, distances: FloatArray) -> Partition:
    n_atoms = len(grid.header.numbers)
    far = (maxima.distances_bohr > NON_NUCLEAR_REACH_BOHR) & (gathered[:, 0] > NON_NUCLEAR_POPULATION)
    sums = [
        np.bincount(maxima.atoms[~far], gathered[~far, n], minlength=n_atoms).astype(np.float64)
        for n in range(2)
    ]
    non_nuclear = [
        NonNuclearMaximum(
            position_bohr=tuple(maxima.positions_bohr[n].tolist()),
            distance_bohr=float(maxima.distances_bohr[n]),
            nearest_atom=int(maxima.atoms[n]),
            population=float(gathered[n, 0]),
            volume_bohr3=float(gathered[n, 1]),
        )
        for n in np.flatnonzero(far)
    ]
    total, vacuum_charge, vacuum_points = totals(grid)
    volume = grid.header.voxel_volume_bohr3
    return Partition(
        positions_bohr=grid.header.positions_bohr,
        populations=sums[0],
        min_distances_bohr=distances,
        volumes_bohr3=sums[1],
        vacuum_charge=vacuum_charge * volume,
        vacuum_volume_bohr3=vacuum_points * volume,
        n_electrons=total * volume,
        n_maxima=len(maxima.points),
        non_nuclear=tuple(sorted(non_nuclear, key=lambda maximum: -maximum.population)),
    )
