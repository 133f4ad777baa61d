"""Partition a density: find the maxima, gather what flows to them, hand it to the atoms."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ..science.errors import InputError
from .atoms import Maxima, nearest_atoms, surface_distances
from .cube import Cube
from .grid import EMPTY, Grid, Stencil, totals, without_higher_neighbour
from .jit import Report, available_threads
from .result import NonNuclearMaximum, Partition
from .weight import CHARGE, VOLUME, flow_uphill, follow

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Method = Literal["weight"]

NON_NUCLEAR_REACH_BOHR = 2.5
NON_NUCLEAR_POPULATION = 1e-3


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
    grid = Grid(cube.header, cube.density.reshape(-1), EMPTY, cut, periodic, threads or available_threads())
    stencil = Stencil.of(cube.header)
    points, n_inside = without_higher_neighbour(grid, stencil)
    maxima = nearest_atoms(grid.header, points, periodic=periodic)
    held, state = flow_uphill(grid, stencil, (CHARGE, VOLUME), n_inside, report)
    gathered = held[points] * grid.header.voxel_volume_bohr3
    del held
    label = follow(grid, stencil, state, points, maxima.atoms + 1)
    distances = surface_distances(grid.header, label, stencil, periodic=periodic, threads=grid.threads)
    return _collect(grid, maxima, gathered, distances)


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
