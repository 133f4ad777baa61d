"""Find the zinc-blende lattice under a relaxed structure, in any orientation."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import InputError
from .geometry import Floats
from .lattice import TETRAHEDRAL, Integers, Mask, Polyhedron

#: A bond that points further than this from every lattice direction does not carry the lattice on.
_LARGEST_ANGLE_DEG = 35.0


@dataclass(frozen=True)
class LatticeFit:
    """The lattice of a structure.

    :param sites: lattice site of each atom, in units of a/4 from the origin atom, shape (n_atoms, 3).
    :param reached: which atoms the fit reached through bonds, shape (n_atoms,).
    :param is_cation: shape (n_atoms,).
    :param lattice_constant_ang: that fits best, in Å.
    :param rms_ang: root mean square distance of the atoms from their sites, in Å.
    """

    sites: Integers
    reached: Mask
    is_cation: Mask
    lattice_constant_ang: float
    rms_ang: float

    def inside(self, polyhedron: Polyhedron) -> Mask:
        """Return which atoms are sites of ``polyhedron``, placed where it holds most atoms.

        The centre may be any site of the species of the polyhedron's centre within 2 units of the mean.
        """
        best = np.zeros(len(self.sites), dtype=bool)
        for origin in self._origins(polyhedron):
            found = self._members(polyhedron, self.sites - origin)
            if found.sum() > best.sum():
                best = found
        return best

    def _origins(self, polyhedron: Polyhedron) -> Integers:
        wanted = self.is_cation == (polyhedron.centre == "cation")
        candidates = self.sites[wanted & self.reached]
        mean = self.sites[self.reached].mean(axis=0)
        order = np.argsort(((candidates - mean) ** 2).sum(axis=1), kind="stable")
        nearest: Integers = candidates[order[:8]]
        return nearest

    def _members(self, polyhedron: Polyhedron, sites: Integers) -> Mask:
        cations = self.is_cation & self.reached
        inside = np.zeros(len(sites), dtype=bool)
        inside[cations] = polyhedron.contains(sites[cations])
        around = sites[:, None, :] - TETRAHEDRAL[None]
        held = polyhedron.contains(around.reshape(-1, 3)).reshape(-1, 4).sum(axis=1) >= 3
        members: Mask = inside | (held & ~self.is_cation & self.reached)
        return members


def fit_lattice(positions_ang: Floats, bonds: Integers, charges: Integers) -> LatticeFit:
    """Find the lattice by walking the bonds outwards from the most regular atom near the centre.

    :param positions_ang: shape (n_atoms, 3), Å.
    :param bonds: between cations and anions or ligands, shape (n_bonds, 2).
    :param charges: formal charges; the sign tells cations, shape (n_atoms,).
    :raises InputError: no atom has four bonds in tetrahedral directions.
    """
    neighbours: list[list[int]] = [[] for _ in positions_ang]
    for i, j in bonds.tolist():
        neighbours[i].append(j)
        neighbours[j].append(i)
    is_cation = charges > 0
    origin, rotation = _orientation(positions_ang, neighbours, is_cation)
    aligned = rotation.apply(positions_ang - positions_ang[origin])
    sites, reached = _walk(aligned, neighbours, is_cation, origin)
    shift = aligned[reached].mean(axis=0), sites[reached].mean(axis=0)
    x, s = aligned[reached] - shift[0], sites[reached] - shift[1]
    unit = float((x * s).sum() / (s * s).sum())
    rms = float(np.sqrt(((x - unit * s) ** 2).sum(axis=1).mean()))
    return LatticeFit(sites, reached, is_cation, 4 * unit, rms)


def _orientation(positions: Floats, neighbours: list[list[int]], is_cation: Mask) -> tuple[int, Rotation]:
    """Return the most tetrahedral 4-coordinate atom near the centre and the rotation onto the axes."""
    distance = np.linalg.norm(positions - positions.mean(axis=0), axis=1)
    found = []
    for atom in np.argsort(distance, kind="stable")[:60].tolist():
        if len(neighbours[atom]) == 4:
            vectors = positions[neighbours[atom]] - positions[atom]
            rotation, error = _align(vectors if is_cation[atom] else -vectors)
            found.append((error, atom, rotation))
    if not found:
        raise InputError(
            "no 4-coordinate atom near the centre: this is not a zinc-blende particle",
            remedy="Give the regions by a column or by elements.",
        )
    _, atom, rotation = min(found, key=lambda item: item[:2])
    return atom, rotation


def _align(vectors: Floats) -> tuple[Rotation, float]:
    """Rotate four bond vectors onto the tetrahedral directions, over both handed assignments.

    Of the equivalent rotations the one nearest to none is taken, so that aligned structures stay as they are.
    """
    units = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    target = TETRAHEDRAL / np.sqrt(3)
    best: tuple[float, float, Rotation] | None = None
    for order in _even_and_odd():
        rotation, error = Rotation.align_vectors(target[list(order)], units)
        key = round(float(error), 6), round(float(rotation.magnitude()), 6)
        if best is None or key < best[:2]:
            best = (*key, rotation)
    assert best is not None
    return best[2], best[0]


def _even_and_odd() -> list[tuple[int, ...]]:
    from itertools import permutations

    return list(permutations(range(4)))


def _walk(
    aligned: Floats, neighbours: list[list[int]], is_cation: Mask, origin: int
) -> tuple[Integers, Mask]:
    """Give every atom reached through regular bonds its site, breadth first."""
    sites = np.zeros((len(aligned), 3), dtype=np.int64)
    reached = np.zeros(len(aligned), dtype=bool)
    reached[origin] = True
    taken = {(bool(is_cation[origin]), 0, 0, 0)}
    queue = deque([origin])
    least = np.cos(np.radians(_LARGEST_ANGLE_DEG)) * np.sqrt(3)
    while queue:
        atom = queue.popleft()
        sign = 1 if is_cation[atom] else -1
        for other in neighbours[atom]:
            vector = sign * (aligned[other] - aligned[atom])
            cosines = TETRAHEDRAL @ (vector / np.linalg.norm(vector))
            k = int(np.argmax(cosines))
            site = sites[atom] + sign * TETRAHEDRAL[k]
            key = (bool(is_cation[other]), *site.tolist())
            if reached[other] or cosines[k] < least or key in taken:
                continue
            sites[other], reached[other] = site, True
            taken.add(key)
            queue.append(other)
    return sites, reached
