"""Densities made of spheres around nuclei, in cubes as large as those of the paper: for trying the Bader engine.

No DFT is behind any of these numbers.
"""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid

Array = NDArray[np.float64]

_TABLE_STEP_BOHR = 0.005
_REACH_BOHR = 9.5
_NOISE = 1e-13  # e/bohr³; the vacuum of a real density is not zero


def density_of(
    sites_bohr: Array, tables: Array, kinds: NDArray[np.int64], edges_bohr: Array, n: int
) -> Array:
    """Return the sum of spherical densities, and some noise, on n³ points of a rectangular cell.

    :param tables: (n_kinds, n_radii) in e/bohr³ at :func:`radii_bohr`; ``kinds`` (n_sites,) says which is whose.
    """
    density = np.zeros((n, n, n))
    _superpose(density, sites_bohr, kinds, tables, edges_bohr / n)
    density += _NOISE * np.random.default_rng(1).standard_normal((n, n))
    return density


def radii_bohr() -> Array:
    """Return the radii of a table."""
    return np.arange(0, _REACH_BOHR, _TABLE_STEP_BOHR)


def electrons_in(table: Array) -> float:
    """Return the integral of a spherical density."""
    return float(trapezoid(4 * np.pi * radii_bohr() ** 2 * table, radii_bohr()))


def write_cube(
    path: Path, density: Array, numbers: list[int], sites_bohr: Array, edges_bohr: Array, title: str
) -> None:
    """Write a density as CP2K does, in lines of six numbers."""
    n = len(density)
    lines = [title, " ELECTRON DENSITY", f"{len(sites_bohr):5d}" + 3 * f"{0:12.6f}"]
    lines += [f"{n:5d}" + "".join(f"{x:12.6f}" for x in row) for row in np.diag(edges_bohr / n)]
    lines += [
        f"{number:5d}{0:12.6f}" + "".join(f"{x:12.6f}" for x in site)
        for number, site in zip(numbers, sites_bohr, strict=True)
    ]
    out = np.empty(n * n * 14 + n + 16, dtype=np.uint8)
    with path.open("wb") as stream:
        stream.write(("\n".join(lines) + "\n").encode())
        for plane in density:
            stream.write(out[: _format_plane(plane, out)].tobytes())


@numba.njit(nogil=True)
def _superpose(density, sites, kinds, tables, spacing):  # type: ignore[no-untyped-def]
    reach = (tables.shape[1] - 2) * _TABLE_STEP_BOHR
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for site in range(sites.shape[0]):
        x, y, z = sites[site]
        for axis in range(3):
            first[axis] = max(0, int((sites[site, axis] - reach) / spacing[axis]))
            last[axis] = min(density.shape[axis], int((sites[site, axis] + reach) / spacing[axis]) + 1)
        table = tables[kinds[site]]
        for i in range(first[0], last[0]):
            for j in range(first[1], last[1]):
                for k in range(first[2], last[2]):
                    dx, dy, dz = i * spacing[0] - x, j * spacing[1] - y, k * spacing[2] - z
                    at = np.sqrt(dx * dx + dy * dy + dz * dz) / _TABLE_STEP_BOHR
                    entry = int(at)
                    if entry + 1 < table.shape[0]:
                        density[i, j, k] += table[entry] + (at - entry) * (table[entry + 1] - table[entry])


@numba.njit(nogil=True)
def _format_plane(plane, out):  # type: ignore[no-untyped-def]
    # as Fortran's 6E13.5, every row of the plane on lines of its own
    at = 0
    for row in plane:
        for column, value in enumerate(row):
            at = _format_value(value, out, at)
            if column % 6 == 5 or column == len(row) - 1:
                out[at] = 10
                at += 1
    return at


@numba.njit(nogil=True)
def _format_value(value, out, at):  # type: ignore[no-untyped-def]
    magnitude = abs(value)
    exponent = digits = 0
    if magnitude > 0:
        exponent = int(np.floor(np.log10(magnitude))) + 1
        digits = int(np.rint(magnitude / 10.0**exponent * 1e5))
        if digits == 100000:
            digits = 10000
            exponent += 1
    out[at] = 32
    out[at + 1] = 45 if value < 0 else 32
    out[at + 2] = 48
    out[at + 3] = 46
    for place in range(5):
        out[at + 8 - place] = 48 + digits % 10
        digits //= 10
    out[at + 9] = 69
    out[at + 10] = 45 if exponent < 0 else 43
    out[at + 11] = 48 + abs(exponent) // 10
    out[at + 12] = 48 + abs(exponent) % 10
    return at + 13
