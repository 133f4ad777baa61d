"""Densities of atomic cores that a pseudopotential has left out, added for the partition only.

A valence density has its maxima on shells around the nuclei, and where hydrogen sits on a pnictogen or
chalcogen it may have none that is the heavy atom's own. With the core added each nucleus is a maximum again.
The partition needs no accurate core: the shells are those of Slater's rules, Phys. Rev. 36, 57 (1930).
"""

from __future__ import annotations

from math import gamma, pi
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..science.elements import element
from ..science.errors import InputError
from .atoms import cell_of, images_around_cell
from .cube import CubeHeader
from .grid import FloatArray, untouched_zeros
from .jit import compiled, over_slabs
from .lattice import cell_heights

Core = Literal["auto", "on", "off"]

# Slater's groups from the inside out: name, principal quantum number, electrons; and the order in which the
# cores of the potentials fill them ([Xe] has no 4f).
_GROUPS = {
    "1s": (1, 2),
    "2sp": (2, 8),
    "3sp": (3, 8),
    "3d": (3, 10),
    "4sp": (4, 8),
    "4d": (4, 10),
    "4f": (4, 14),
    "5sp": (5, 8),
    "5d": (5, 10),
}
_FILLING = ("1s", "2sp", "3sp", "3d", "4sp", "4d", "5sp", "4f", "5d")
_EFFECTIVE_N = {1: 1.0, 2: 2.0, 3: 3.0, 4: 3.7, 5: 4.0}
_LIGHT = frozenset({1, 6, 7, 8})
_NEGLIGIBLE = 1e-10
_TABLE_STEP_BOHR = 1e-3


def wants_core(numbers: npt.NDArray[np.int64], core: Core) -> bool:
    """Return whether a core is to be added: ``auto`` says so where H, C, N or O are present."""
    return core == "on" or (core == "auto" and bool(_LIGHT.intersection(numbers.tolist())))


def core_shells(number: int) -> list[tuple[float, float, int]]:
    """Return (effective quantum number, exponent in 1/bohr, electrons) of the core shells of an element.

    :raises InputError: the element has no potential in the table, or no closed core.
    """
    from ase.data import chemical_symbols

    symbol = chemical_symbols[number]
    try:
        left = number - element(symbol).n_valence
    except InputError as error:
        raise InputError(
            "no core is known for this element", value=symbol, remedy="Use --core off."
        ) from error
    filled = []
    for name in _FILLING:
        if left >= _GROUPS[name][1]:
            filled.append(name)
            left -= _GROUPS[name][1]
    if left:
        raise InputError("the core has no closed shells", field=symbol, value=left, remedy="Use --core off.")
    shells = []
    within: list[str] = []
    for name in [name for name in _GROUPS if name in filled]:
        n, electrons = _GROUPS[name]
        screening = (electrons - 1) * (0.30 if name == "1s" else 0.35)
        for inner in within:
            close = name.endswith("sp") and _GROUPS[inner][0] == n - 1
            screening += _GROUPS[inner][1] * (0.85 if close else 1.0)
        within.append(name)
        shells.append((_EFFECTIVE_N[n], (number - screening) / _EFFECTIVE_N[n], electrons))
    return shells


def core_density(number: int, radii_bohr: FloatArray) -> FloatArray:
    """Return the core density in e/bohr³ at the given distances from the nucleus."""
    density = np.zeros_like(radii_bohr)
    for n, exponent, electrons in core_shells(number):
        norm = electrons * (2 * exponent) ** (2 * n + 1) / (4 * pi * gamma(2 * n + 1))
        density += norm * radii_bohr ** (2 * n - 2) * np.exp(-2 * exponent * radii_bohr)
    return density


@compiled
def _add_cores(
    sites: FloatArray,
    kinds: npt.NDArray[np.int64],
    tables: FloatArray,
    radii: FloatArray,
    voxel: FloatArray,
    inverse: FloatArray,
    spans: FloatArray,
    shape: npt.NDArray[np.int64],
    flux: FloatArray,
    excess: FloatArray,
    start: int,
    stop: int,
) -> None:
    """Add the tabulated cores of all sites to the points of the planes from start to stop."""
    low = np.empty(3, dtype=np.int64)
    high = np.empty(3, dtype=np.int64)
    for site in range(sites.shape[0]):
        table = tables[kinds[site]]
        radius = radii[kinds[site]]
        for axis in range(3):
            middle = 0.0
            for n in range(3):
                middle += sites[site, n] * inverse[n, axis]
            low[axis] = max(0, int(np.ceil(middle - radius * spans[axis])))
            high[axis] = min(shape[axis] - 1, int(np.floor(middle + radius * spans[axis])))
        for i in range(max(low[0], start), min(high[0], stop - 1) + 1):
            for j in range(low[1], high[1] + 1):
                for k in range(low[2], high[2] + 1):
                    square = 0.0
                    for n in range(3):
                        away = i * voxel[0, n] + j * voxel[1, n] + k * voxel[2, n] - sites[site, n]
                        square += away * away
                    at = np.sqrt(square) / _TABLE_STEP_BOHR
                    entry = int(at)
                    if entry + 1 >= table.size:
                        continue
                    value = table[entry] + (at - entry) * (table[entry + 1] - table[entry])
                    point = (i * shape[1] + j) * shape[2] + k
                    flux[point] += value
                    excess[point] += value


def add_cores(header: CubeHeader, flux: FloatArray, *, periodic: bool, threads: int) -> FloatArray:
    """Add the cores of all atoms to ``flux`` (n,) in place and return what was added, (n,).

    :raises InputError: an element has no potential in the table.
    """
    excess: FloatArray = untouched_zeros((flux.size,), np.float64)
    elements = sorted(set(header.numbers.tolist()))
    radii_bohr = np.arange(0.0, 6.0, _TABLE_STEP_BOHR)
    tables = np.array([core_density(number, radii_bohr) for number in elements])
    reach = np.array([radii_bohr[np.flatnonzero(table > _NEGLIGIBLE).max(initial=0)] for table in tables])
    sites = header.positions_bohr - header.origin_bohr
    owners = np.arange(len(sites))
    if periodic:
        cell = cell_of(header)
        sites, owners = images_around_cell(cell, sites, float(reach.max()) / cell_heights(cell))
    kinds = np.searchsorted(elements, header.numbers[owners])
    inverse = np.linalg.inv(header.voxel_bohr)
    spans = 1 / cell_heights(header.voxel_bohr)
    shape = np.array(header.shape)

    def task(start: int, stop: int) -> None:
        _add_cores(
            sites,
            kinds,
            tables,
            reach,
            header.voxel_bohr,
            inverse,
            spans,
            shape,
            flux,
            excess,
            start,
            stop,
        )

    over_slabs(task, header.shape[0], threads)
    return excess
