"""Small cubes with known basins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aiida_chargeflow.bader.cube import Cube, CubeHeader


def make_header(cell, shape, numbers, positions, origin=(0.0, 0.0, 0.0)) -> CubeHeader:
    """Return a header for a grid that fills ``cell`` (3, 3) in bohr."""
    voxel = np.asarray(cell, dtype=float) / np.asarray(shape)[:, None]
    return CubeHeader(
        comments=("test", "density"),
        origin_bohr=np.asarray(origin, dtype=float),
        shape=tuple(int(n) for n in shape),
        voxel_bohr=voxel,
        numbers=np.asarray(numbers, dtype=np.int64),
        nuclear_charges=np.zeros(len(numbers)),
        positions_bohr=np.asarray(positions, dtype=float).reshape(-1, 3),
    )


def distances(header: CubeHeader, centre, images: int = 0) -> list[np.ndarray]:
    """Return the distance of every grid point to ``centre`` and to its periodic images."""
    points = np.stack(np.meshgrid(*map(np.arange, header.shape), indexing="ij"), axis=-1) @ header.voxel_bohr
    cell = header.voxel_bohr * np.array(header.shape)[:, None]
    shifts = np.stack(np.meshgrid(*[np.arange(-images, images + 1)] * 3, indexing="ij"), axis=-1).reshape(
        -1, 3
    )
    return [np.linalg.norm(points + header.origin_bohr - centre - shift @ cell, axis=-1) for shift in shifts]


def gaussians(header: CubeHeader, populations, exponents, images: int = 0) -> Cube:
    """Return a density of normalised Gaussians exp(-a r²) at the atoms."""
    density = np.zeros(header.shape)
    for centre, population, exponent in zip(header.positions_bohr, populations, exponents, strict=True):
        for r in distances(header, centre, images):
            density += population * (exponent / np.pi) ** 1.5 * np.exp(-exponent * r**2)
    return Cube(header, density)


def cube_text(cube: Cube, columns: int = 6, form: str = "%13.5E") -> str:
    """Return the cube as text, each (x, y) row of values on lines of its own as CP2K writes it."""
    header = cube.header
    lines = [*header.comments]
    lines.append(f"{len(header.numbers):5d}" + "".join(f"{x:12.6f}" for x in header.origin_bohr))
    for n, vector in zip(header.shape, header.voxel_bohr, strict=True):
        lines.append(f"{n:5d}" + "".join(f"{x:12.6f}" for x in vector))
    for number, position in zip(header.numbers, header.positions_bohr, strict=True):
        lines.append(f"{number:5d}    0.000000" + "".join(f"{x:12.6f}" for x in position))
    for row in cube.density.reshape(-1, header.shape[2]):
        for start in range(0, len(row), columns):
            lines.append("".join(form % value for value in row[start : start + columns]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def dimer() -> Cube:
    """Two Gaussians of 3 and 5 electrons in an orthorhombic box, overlapping a little."""
    header = make_header(
        np.diag([9.0, 8.0, 14.0]),
        (27, 25, 41),
        [17, 49],
        [[4.5, 4.0, 4.5], [4.5, 4.0, 9.5]],
        origin=(0.5, 0, -1),
    )
    header = CubeHeader(**{**vars(header), "positions_bohr": header.positions_bohr + header.origin_bohr})
    return gaussians(header, [3.0, 5.0], [1.0, 1.0])


@pytest.fixture
def write_cube(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a cube into the test's directory."""

    def write(cube: Cube, name: str = "rho.cube", **options) -> Path:
        path = tmp_path / name
        path.write_text(cube_text(cube, **options))
        return path

    return write
