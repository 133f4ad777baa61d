"""Orbital cubes: read, crop, compress, and turn into shares of atoms.

Made for orbitals at a coarse stride, which fit into memory; the density cube of the Bader analysis is read
by the engine in ``bader``.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..errors import InputError
from ..files import write_whole
from ..fortran import parse_numbers
from ..units import BOHR_ANG

_REDO = "Retrieve or write the cube again."


@dataclass(frozen=True)
class Cube:
    """A scalar field on a regular grid.

    :param title: the two comment lines.
    :param numbers: (n_atoms,) atomic numbers.
    :param charges: (n_atoms,) the second column of the atom lines; CP2K may leave it 0.
    :param positions_ang: (n_atoms, 3).
    :param origin_ang: (3,) position of the first voxel.
    :param voxel_ang: (3, 3) step vectors, one a row.
    :param values: (nx, ny, nz) in atomic units: bohr^-3/2 for an orbital.
    """

    title: tuple[str, str]
    numbers: NDArray[np.int64]
    charges: NDArray[np.float64]
    positions_ang: NDArray[np.float64]
    origin_ang: NDArray[np.float64]
    voxel_ang: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def voxel_volume_bohr3(self) -> float:
        """Return the volume of one voxel in bohr³."""
        return float(abs(np.linalg.det(self.voxel_ang / BOHR_ANG)))

    @property
    def norm(self) -> float:
        """Return ``∫|ψ|²``, 1 for a whole orbital up to the error of the grid."""
        return float((self.values**2).sum() * self.voxel_volume_bohr3)

    def grid_ang(self) -> NDArray[np.float64]:
        """Return the voxel positions, shape (nx, ny, nz, 3)."""
        indices = np.stack(np.meshgrid(*map(np.arange, self.values.shape), indexing="ij"), axis=-1)
        points: NDArray[np.float64] = self.origin_ang + indices @ self.voxel_ang
        return points


def read_cube(path: str | Path) -> Cube:
    """Read a Gaussian cube file, also gzipped.

    :raises InputError: unreadable, damaged or cut short, or with several fields.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("ascii", errors="replace")
    except OSError as error:
        raise InputError(f"cannot read the cube: {error}", file=path, remedy="Check the path.") from None
    except (EOFError, zlib.error) as error:
        raise InputError(f"cannot be unpacked: {error}", file=path, remedy=_REDO) from None
    try:
        return _parse(text)
    except (ValueError, IndexError) as error:
        problem = error.problem if isinstance(error, InputError) else "not a cube file, or cut short"
        raise InputError(problem, file=path, remedy=_REDO) from None


def _parse(text: str) -> Cube:
    lines = text.split("\n", 6)
    first, *rest = lines[2].split()
    n_atoms = _whole(first)
    if n_atoms < 0 or (len(rest) == 4 and _whole(rest[3]) != 1):
        raise InputError("cubes with several fields are not supported")
    scale = BOHR_ANG
    shape = [_whole(lines[k].split()[0]) for k in (3, 4, 5)]
    if min(shape) < 0:
        raise InputError("cubes in Å (negative grid numbers) are not supported")
    voxel = np.array([_vector(lines[k]) for k in (3, 4, 5)]) * scale
    if 0 in shape or not abs(np.linalg.det(voxel)) > 0:
        raise InputError("its grid spans no volume")
    *atom_lines, body = lines[6].split("\n", n_atoms)
    atoms = np.array([parse_numbers(line) for line in atom_lines]).reshape(n_atoms, 5)
    try:
        values = parse_numbers(body)
    except ValueError as error:
        raise InputError(f"a value is {error}") from None
    if values.size != math.prod(shape):
        raise InputError(f"the grid needs {math.prod(shape)} values, the file holds {values.size}")
    return Cube(
        title=(lines[0].rstrip("\r"), lines[1].rstrip("\r")),
        numbers=atoms[:, 0].astype(np.int64),
        charges=atoms[:, 1],
        positions_ang=atoms[:, 2:] * scale,
        origin_ang=_vector(lines[2]) * scale,
        voxel_ang=voxel,
        values=values.reshape(shape),
    )


def _whole(word: str) -> int:
    """Return a whole number of the header; what Python writes as 1_000 is none to other programs."""
    if not re.fullmatch(r"[-+]?[0-9]+", word):
        raise ValueError(f"not a whole number: {word!r}")
    return int(word)


def _vector(line: str) -> NDArray[np.float64]:
    """Return the three numbers after the count of a header line."""
    return parse_numbers(" ".join(line.split()[1:4])).reshape(3)


def write_cube(cube: Cube, path: str | Path) -> None:
    """Write a cube file, gzipped if the name ends with ``.gz``; ASE and most viewers read both.

    Values keep five digits. The file appears complete or not at all.

    :raises InputError: it cannot be written.
    """
    path = Path(path)
    header = [*cube.title, _line(len(cube.numbers), cube.origin_ang)]
    header += [_line(n, step) for n, step in zip(cube.values.shape, cube.voxel_ang, strict=True)]
    for number, charge, position in zip(cube.numbers, cube.charges, cube.positions_ang, strict=True):
        x, y, z = position / BOHR_ANG
        header.append(f"{number:5d} {charge:11.6f} {x:11.6f} {y:11.6f} {z:11.6f}")
    columns = cube.values.reshape(-1, cube.values.shape[2])
    body = []
    for column in columns:
        texts = ["0" if value == 0 else f"{value:.4e}" for value in column]
        body += [" ".join(texts[k : k + 6]) for k in range(0, len(texts), 6)]
    data = ("\n".join(header + body) + "\n").encode("ascii")
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    write_whole(path, data)


def _line(n: int, vector_ang: NDArray[np.float64]) -> str:
    x, y, z = vector_ang / BOHR_ANG
    return f"{n:5d} {x:11.6f} {y:11.6f} {z:11.6f}"


def isovalue(cube: Cube, fraction: float = 0.9) -> float:
    """Return the ``|ψ|`` whose isosurface encloses ``fraction`` of the orbital's density on this grid.

    :raises InputError: ``fraction`` outside of (0, 1), or an empty field.
    """
    if not 0 < fraction < 1:
        raise InputError("out of range", field="fraction", value=fraction, remedy="Choose between 0 and 1.")
    magnitude = np.sort(np.abs(cube.values), axis=None)[::-1]
    enclosed = np.cumsum(magnitude**2)
    if enclosed[-1] == 0:
        raise InputError("the orbital is zero everywhere", remedy="Check the cube.")
    return float(magnitude[np.searchsorted(enclosed, fraction * enclosed[-1])])


def crop(cube: Cube, *, threshold: float | None = None, fraction: float = 0.999) -> Cube:
    """Cut the grid down to the box where ``|ψ|`` reaches a threshold, and blank what lies below it.

    :param threshold: in bohr^-3/2; by default the one that keeps ``fraction`` of the density.
    :return: a cube with the same voxels on a smaller grid, one voxel of margin where there was one; values
        below the threshold are 0, so that the file compresses.
    :raises InputError: no voxel reaches the threshold.
    """
    limit = isovalue(cube, fraction) if threshold is None else threshold
    inside = np.abs(cube.values) >= limit
    if not inside.any():
        raise InputError(
            "no voxel reaches the threshold", field="threshold", value=limit, remedy="Choose a lower one."
        )
    slices, start = [], []
    for axis in range(3):
        filled = np.flatnonzero(inside.any(axis=tuple(k for k in range(3) if k != axis)))
        low, high = max(int(filled[0]) - 1, 0), min(int(filled[-1]) + 2, cube.values.shape[axis])
        slices.append(slice(low, high))
        start.append(low)
    box = tuple(slices)
    return replace(
        cube,
        origin_ang=cube.origin_ang + np.array(start) @ cube.voxel_ang,
        values=np.where(inside, cube.values, 0.0)[box],
    )


def atom_shares(cube: Cube, positions_ang: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the share of every atom in an orbital: ``|ψ|²`` of the voxels nearest to it, shape (n_atoms,).

    The way to atom-resolved participation numbers for dots that are too large for one LDOS list per atom.

    :param positions_ang: (n_atoms, 3); those of the cube by default.
    """
    positions = cube.positions_ang if positions_ang is None else positions_ang
    density = (cube.values**2).ravel()
    filled = density > 0
    _, owner = cKDTree(positions).query(cube.grid_ang().reshape(-1, 3)[filled])
    shares = np.bincount(owner, weights=density[filled], minlength=len(positions))
    result: NDArray[np.float64] = shares / shares.sum()
    return result
