"""Partition a density: find the maxima, gather what flows to them, hand it to the atoms."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..science.errors import InputError
from .atoms import Maxima, nearest_atoms, surface_distances
from .box import Survey, cut_out, survey
from .core import Core, add_cores, wants_core
from .cube import Cube
from .grid import EMPTY, ByteArray, FloatArray, Grid, Stencil
from .jit import Report, available_threads
from .lattice import voronoi_neighbours
from .neargrid import LabelArray, box_stencil, near_grid_labels
from .result import NonNuclearMaximum, Partition
from .slopes import find_maxima
from .weight import CHARGE, VOLUME, flow_uphill, follow

Method = Literal["weight", "neargrid"]

# A maximum further than this from every atom, with more electrons than that, is reported as non-nuclear.
NON_NUCLEAR_REACH_BOHR = 2.5
NON_NUCLEAR_POPULATION = 1e-3

_DENSE = 0.6
# What no ion has: electrons beyond its protons, the larger of a number and a share.
_MOST_EXTRA_E, _MOST_EXTRA_SHARE = 4.0, 0.05

# The part of the work that is done when the box is cut out, the maxima are known, all is gathered at them.
_CUT, _MAXIMA, _GATHERED = 0.1, 0.25, 0.85


def partition(
    cube: Cube,
    *,
    method: Method = "weight",
    vacuum: float | None = 1e-6,
    reference: Cube | None = None,
    core: Core = "off",
    periodic: bool = True,
    threads: int | None = None,
    overwrite: bool = False,
    report: Report | None = None,
) -> Partition:
    """Partition the density of a cube among its atoms.

    :param method: ``weight`` (Yu and Trinkle 2011) or ``neargrid`` (Tang, Sanville and Henkelman 2009).
    :param vacuum: points where the reference is at or below this, in e/bohr³, belong to no atom; None keeps
        all points.
    :param reference: density on the same grid that defines the basins; by default the density itself.
    :param core: whether atomic cores are added to define the basins: ``on``, ``off``, or ``auto``, which is
        on where H, C, N or O are present. Not together with ``reference``.
    :param periodic: whether the grid continues at its faces, as the reference program takes it.
    :param overwrite: use the arrays of ``cube`` and ``reference`` as work space, which saves a copy.
    :param report: called with the fraction of the work that is done.
    :raises InputError: unknown method, a reference on another grid, or an element without a core.
    """
    if method not in ("weight", "neargrid"):
        raise InputError("unknown method", field="method", value=method, remedy="Use weight or neargrid.")
    threads = threads or available_threads()
    tell = report or _ignore
    flux, excess = _basin_density(cube, reference, core, periodic, threads, overwrite)
    cut = -np.inf if vacuum is None else float(vacuum)
    grid = Grid(cube.header, flux, excess, cut, periodic, threads, cube.header.shape)
    del cube, reference, flux, excess
    sums = survey(grid)
    volume = grid.header.voxel_volume_bohr3
    _check_density(sums.total * volume, sums.vacuum * volume, int(grid.header.numbers.sum()))
    offsets, weights = voronoi_neighbours(grid.header.voxel_bohr)
    # A step of the near-grid method and its correction may lead two points away.
    grid = cut_out(grid, sums, np.maximum(np.abs(offsets).max(axis=0), 2))
    tell(_CUT)
    box = box_stencil(grid)
    stencil = Stencil.of(offsets, weights, grid.counts) if method == "weight" else box
    points, state = find_maxima(grid, stencil)
    tell(_MAXIMA)
    maxima = nearest_atoms(grid, points)
    gather = _by_weight if method == "weight" else _by_near_grid
    gathered, label = gather(
        grid, stencil, maxima, state, sums.n_inside, lambda part: tell(_MAXIMA + part * (_GATHERED - _MAXIMA))
    )
    distances = surface_distances(grid, label, box)
    tell(1.0)
    return _collect(grid, maxima, gathered, distances, sums)


def _check_density(n_electrons: float, in_vacuum: float, n_protons: int) -> None:
    """Refuse a field that is no electron density: a spin or difference density, a potential, an orbital.

    All negative values lie below the vacuum cut, where a density leaves a little noise about zero. A density in
    e/Å³, or one that was multiplied by the volume of the cell as in a CHGCAR, has more electrons than any ion.

    :raises InputError: no electrons in all, many negative ones, or many more than there are protons.
    """
    if n_electrons > n_protons + max(_MOST_EXTRA_E, _MOST_EXTRA_SHARE * n_protons):
        raise InputError(
            f"the cube holds {n_electrons:.3f} electrons, its atoms have {n_protons} protons",
            field="density",
            remedy="A cube is in e/bohr³ and bohr: is this one in e/Å³, or times the volume of its cell (CHGCAR)?",
        )
    if n_electrons > 0 and in_vacuum > -(0.01 + 1e-3 * n_electrons):
        return
    raise InputError(
        f"this is no electron density: it holds {n_electrons:.3f} electrons in all, {in_vacuum:.3f} of them below the "
        "vacuum cut",
        field="density",
        remedy="Give the total valence density (CP2K: E_DENSITY_CUBE), not a spin or difference density or an orbital.",
    )


def _ignore(_fraction: float) -> None:
    pass


def _basin_density(
    cube: Cube, reference: Cube | None, core: Core, periodic: bool, threads: int, overwrite: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the density that defines the basins and its excess over the density to be integrated."""
    density = cube.density.reshape(-1)
    if reference is None:
        flux = density if overwrite else density.copy()
        if not wants_core(cube.header.numbers, core):
            return flux, EMPTY
        return flux, add_cores(cube.header, flux, periodic=periodic, threads=threads)
    same = reference.header.shape == cube.header.shape
    if not same or not np.allclose(reference.header.voxel_bohr, cube.header.voxel_bohr, atol=1e-5):
        raise InputError(
            "the reference lies on another grid",
            field="reference",
            value=reference.header.shape,
            remedy=f"Give one on the grid of the density, {cube.header.shape}.",
        )
    flux = reference.density.reshape(-1)
    excess = np.subtract(flux, density, out=density if overwrite else None)
    return flux if overwrite else flux.copy(), excess


def _by_weight(
    grid: Grid, stencil: Stencil, maxima: Maxima, state: ByteArray, n_inside: int, report: Report
) -> tuple[FloatArray, LabelArray]:
    """Return (n_maxima, 2) electrons and volume of each basin, and the points' labels: 1 + atom."""
    quantities: list[tuple[int, ...]] = [(CHARGE, VOLUME)]
    if grid.flux.size > _DENSE * grid.header.n_points:
        # With little vacuum two sums a point would be twice the density's memory: one after the other.
        quantities = [(CHARGE,), (VOLUME,)]
    columns = []
    for number, wanted in enumerate(quantities):

        def part(fraction: float, before: int = number) -> None:
            report((before + fraction) / len(quantities))

        before = state.copy() if number + 1 < len(quantities) else state
        held = flow_uphill(grid, stencil, wanted, before, n_inside, part)
        columns.append(held[maxima.points])
        del held
    label = follow(grid, stencil, state, maxima.points, maxima.atoms + 1)
    return np.concatenate(columns, axis=1) * grid.header.voxel_volume_bohr3, label


def _by_near_grid(
    grid: Grid, stencil: Stencil, maxima: Maxima, _state: ByteArray, _n_inside: int, report: Report
) -> tuple[FloatArray, LabelArray]:
    """Return (n_maxima, 2) electrons and volume of each basin, and the points' labels: 1 + atom."""
    # Maxima of one atom share the number of the first of them: no edges between them have to be refined.
    numbers = np.arange(len(maxima.points))
    near = maxima.distances_bohr <= NON_NUCLEAR_REACH_BOHR
    _, first, of_atom = np.unique(maxima.atoms[near], return_index=True, return_inverse=True)
    numbers[near] = np.flatnonzero(near)[first][of_atom]
    label = near_grid_labels(grid, stencil, maxima.points, numbers + 1)
    owners = np.concatenate([[0], maxima.atoms + 1]).astype(np.int32)
    sums = np.zeros((len(owners), 2))
    for plane in range(grid.counts[0]):
        mine = label[plane * grid.plane : (plane + 1) * grid.plane]
        sums[:, 0] += np.bincount(mine, grid.charge(plane, plane + 1), minlength=len(sums))
        sums[:, 1] += np.bincount(mine, minlength=len(sums))
        mine[:] = owners[mine]
    report(1.0)
    return sums[1:] * grid.header.voxel_volume_bohr3, label


def _collect(
    grid: Grid, maxima: Maxima, gathered: FloatArray, distances: FloatArray, sums: Survey
) -> Partition:
    n_atoms = len(grid.header.numbers)
    far = (maxima.distances_bohr > NON_NUCLEAR_REACH_BOHR) & (gathered[:, 0] > NON_NUCLEAR_POPULATION)
    of_atoms = [
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
    volume = grid.header.voxel_volume_bohr3
    return Partition(
        positions_bohr=grid.header.positions_bohr,
        populations=of_atoms[0],
        min_distances_bohr=distances,
        volumes_bohr3=of_atoms[1],
        vacuum_charge=sums.vacuum * volume,
        vacuum_volume_bohr3=(grid.header.n_points - sums.n_inside) * volume,
        n_electrons=sums.total * volume,
        n_maxima=len(maxima.points),
        non_nuclear=tuple(sorted(non_nuclear, key=lambda maximum: -maximum.population)),
    )
