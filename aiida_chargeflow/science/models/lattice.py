"""The integer zinc-blende lattice: coordinates in units of a/4, origin at the centre of the particle.

Each cation has its four anion neighbours at +t and each anion its four cation neighbours at -t, for the four
``TETRAHEDRAL`` vectors t. The directions +t are the cation-terminated ⟨111⟩, the directions -t the
anion-terminated ⟨-1-1-1⟩. The plane spacing unit along ⟨111⟩ is a/(4√3), along ⟨100⟩ it is a/4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Centre = Literal["anion", "cation"]

TETRAHEDRAL: Integers = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)], dtype=np.int64)

#: Diagonals of the identity and of the three two-fold axes; number k maps facet 0 onto facet k.
TWO_FOLD: Integers = TETRAHEDRAL

#: Outermost plane that is accepted, in units of a/4; such a dot has about a million atoms.
_LARGEST_PLANE = 400

_PARITY = {"anion": (1, 0, 1), "cation": (0, 1, 0)}


@dataclass(frozen=True)
class Polyhedron:
    """The truncated tetrahedron P(centre; A, B, C) of cations, with t over ``TETRAHEDRAL``.

    A cation r is inside when t·r ≤ A and -t·r ≤ B - 1 for all t, and |x|, |y|, |z| ≤ C. Its anion sites are
    the anion sites of the lattice with at least three cation neighbours inside; those with two are bridging
    ligand sites, those with one are on-top ligand sites.

    :param centre: the species at the origin.
    :param A: outermost cation plane on the ⟨111⟩ facets.
    :param B: outermost anion plane on the ⟨-1-1-1⟩ facets.
    :param C: outermost cation plane on the {100} facets.
    :raises InputError: the planes do not have the parity of the centre, or are not positive.
    """

    centre: Centre
    A: int
    B: int
    C: int

    def __post_init__(self) -> None:
        if min(self.A, self.B) < 1 or self.C < 1:
            raise InputError("planes must be positive", field="planes", value=self.planes)
        if max(self.planes) > _LARGEST_PLANE:
            raise InputError(
                f"planes beyond {_LARGEST_PLANE} make millions of atoms",
                field="planes",
                value=list(self.planes),
            )
        a, b, c = _PARITY[self.centre]
        if _parity(self.planes) != (a, b, c):
            raise InputError(
                f"planes do not fit a particle centred on a {self.centre}",
                field="planes",
                value=list(self.planes),
                remedy=f"For this centre A = {a} (mod 4), B = {b} (mod 4) and C is {'odd' if c else 'even'}.",
            )

    @property
    def planes(self) -> tuple[int, int, int]:
        """Return (A, B, C)."""
        return self.A, self.B, self.C

    def __str__(self) -> str:
        return f"P({self.centre}; {self.A},{self.B},{self.C})"

    def grow(self, n_monolayers: int) -> Polyhedron:
        """Return the polyhedron with monolayers added: (A+4, B+4, C+2) each."""
        n = n_monolayers
        return Polyhedron(self.centre, self.A + 4 * n, self.B + 4 * n, self.C + 2 * n)

    def cations(self) -> Integers:
        """Return the cation sites inside, shape (n, 3), in lexicographic order."""
        axis = np.arange(-self.C, self.C + 1, 2, dtype=np.int64)
        x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
        on_lattice = (x + y + z) % 4 == (1 if self.centre == "anion" else 0)
        sites: Integers = np.stack([x[on_lattice], y[on_lattice], z[on_lattice]], axis=1)
        inside: Integers = sites[self.contains(sites)]
        return inside

    def contains(self, cations: Integers) -> Mask:
        """Return for each cation site, shape (n, 3), whether it is inside."""
        heights = cations @ TETRAHEDRAL.T
        inside: Mask = (heights <= self.A).all(1) & (-heights <= self.B - 1).all(1)
        inside &= (np.abs(cations) <= self.C).all(1)
        return inside

    def height_ang(self, lattice_constant_ang: float, with_ligands: bool = False) -> float:
        """Return the height along ⟨111⟩ in Å; on-top ligands add three planes."""
        return (self.A + self.B + 3 * with_ligands) * lattice_constant_ang / (4 * math.sqrt(3))

    def width_ang(self, lattice_constant_ang: float, with_ligands: bool = False) -> float:
        """Return the width along ⟨100⟩ in Å; bridging ligands add one plane on each side."""
        return 2 * (self.C + with_ligands) * lattice_constant_ang / 4


def _parity(planes: tuple[int, int, int]) -> tuple[int, int, int]:
    a, b, c = planes
    return a % 4, b % 4, c % 2


def centre_of(planes: tuple[int, int, int]) -> Centre:
    """Return the centre that has the parity of ``planes``.

    :raises InputError: neither centre has it.
    """
    for centre in ("anion", "cation"):
        if _parity(planes) == _PARITY[centre]:
            return "anion" if centre == "anion" else "cation"
    raise InputError(
        "planes fit neither centre",
        field="planes",
        value=list(planes),
        remedy="Anion centre: A = 1, B = 0 (mod 4), C odd. Cation centre: A = 0, B = 1 (mod 4), C even.",
    )


def keys(sites: Integers) -> Integers:
    """Return one integer per site, shape (n,), that sorts as the coordinates do lexicographically."""
    offset, span = 1 << 19, 1 << 20
    shifted = sites.astype(np.int64) + offset
    result: Integers = (shifted[..., 0] * span + shifted[..., 1]) * span + shifted[..., 2]
    return result


def find(sites: Integers, wanted: Integers) -> Integers:
    """Return the index in ``sites`` of each wanted site, -1 where it is absent.

    :param sites: shape (n, 3), in lexicographic order.
    :param wanted: shape (..., 3); the result has shape (...).
    """
    if not len(sites):
        return np.full(wanted.shape[:-1], -1, dtype=np.int64)
    known, asked = keys(sites), keys(wanted)
    index = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[index] == asked, index, -1).astype(np.int64)


def anion_sites_around(cations: Integers) -> Integers:
    """Return every anion site with at least one of ``cations`` as neighbour, in lexicographic order."""
    every = (cations[:, None, :] + TETRAHEDRAL[None, :, :]).reshape(-1, 3)
    _, first = np.unique(keys(every), return_index=True)
    return every[first]
