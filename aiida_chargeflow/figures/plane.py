"""Cut a structure with a plane: axes in the plane, the atoms of a slab, the outline, the facets seen edge-on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from ..science.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """A plane through ``origin`` with orthonormal axes: right, up and towards the reader.

    :param origin_ang: shape (3,), in Å.
    :param right: shape (3,), unit vector, abscissa of the figure.
    :param up: shape (3,), unit vector, ordinate.
    :param normal: shape (3,), unit vector towards the reader.
    """

    origin_ang: Array
    right: Array
    up: Array
    normal: Array

    def project(self, vectors: Array) -> Array:
        """Return the in-plane components of ``vectors``, shape (n, 2)."""
        return np.column_stack([vectors @ self.right, vectors @ self.up])

    def coordinates(self, positions_ang: Array) -> Array:
        """Return the in-plane coordinates of positions, shape (n, 2), in Å."""
        return self.project(positions_ang - self.origin_ang)

    def slab(self, positions_ang: Array, thickness_ang: float) -> NDArray[np.bool_]:
        """Return which atoms lie within half the thickness of the plane, shape (n,)."""
        height = (positions_ang - self.origin_ang) @ self.normal
        inside: NDArray[np.bool_] = np.abs(height) <= thickness_ang / 2 + 1e-9
        return inside


@dataclass(frozen=True)
class Slice:
    """The atoms of one map, projected on its plane.

    :param view: the plane.
    :param points_ang: shape (n, 2), the selected atoms.
    :param arrows: shape (n, 2), in-plane part of their flow vectors, in e.
    :param magnitude: shape (n,), in e.
    :param atoms: shape (n,), their indices in the structure.
    :param outline_ang: shape (m, 2), outline of all atoms of the slab, of any species.
    :param title: title of the map.
    :param coordination: shape (n,); 3-coordinate atoms are marked if given.
    :param labels: text beside each atom, or nothing.
    """

    view: Plane
    points_ang: Array
    arrows: Array
    magnitude: Array
    atoms: NDArray[np.int64]
    outline_ang: Array
    title: str = ""
    coordination: NDArray[np.int64] | None = None
    labels: Sequence[str] = ()


def plane(normal: Sequence[float], origin_ang: Sequence[float] | Array) -> Plane:
    """Return the plane with the given normal, z up in the figure (y up when the normal is z).

    :param normal: components of the normal along the Cartesian axes, of any length: the Miller indices in a
        cubic crystal that lies along the axes.
    :raises InputError: the normal is zero or has not three components.
    """
    direction = np.asarray(normal, dtype=float)
    if direction.shape != (3,) or not np.isfinite(direction).all() or not np.any(direction):
        raise InputError("a normal needs three components, not all zero", field="plane", value=tuple(normal))
    direction = direction / np.linalg.norm(direction)
    upward = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.99 else np.array([0.0, 1.0, 0.0])
    up = upward - (upward @ direction) * direction
    up /= np.linalg.norm(up)
    return Plane(np.asarray(origin_ang, dtype=float), np.cross(up, direction), up, direction)


def outline(points_ang: Array, margin_ang: float) -> Array:
    """Return the corners of the convex outline of points of a plane, moved outwards by ``margin_ang``.

    :param points_ang: shape (n, 2).
    :returns: shape (m, 2), in order around the outline.
    """
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = margin_ang * np.column_stack([np.cos(angle), np.sin(angle)])
    grown = (points_ang[:, None, :] + ring[None, :, :]).reshape(-1, 2)
    return np.asarray(grown[ConvexHull(grown).vertices])


def facets_edge_on(view: Plane, families: Sequence[tuple[int, int, int]]) -> list[tuple[str, Array]]:
    """Return label and in-plane direction of the facets whose normals lie in the plane.

    :param families: one member of each family, such as (1, 1, 1) and (-1, -1, -1) in a zinc-blende crystal;
        all cyclic and sign variants with the same product of signs are taken.
    """
    seen: list[tuple[str, Array]] = []
    for family in families:
        for hkl in zinc_blende_variants(family):
            direction = np.array(hkl, dtype=float) / np.linalg.norm(hkl)
            if abs(direction @ view.normal) < 1e-6:
                seen.append((facet_label(hkl), view.project(direction[None])[0]))
    return seen


def zinc_blende_variants(hkl: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """Return the directions equivalent to ``hkl`` in the point group Td, sorted in descending order."""
    found: set[tuple[int, int, int]] = set()
    h, k, m = hkl
    orders = [(h, k, m), (h, m, k), (k, h, m), (k, m, h), (m, h, k), (m, k, h)]
    for order, signs in product(orders, [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]):
        a, b, c = (value * sign for value, sign in zip(order, signs, strict=True))
        found.add((a, b, c))
    return sorted(found, reverse=True)


def facet_label(hkl: tuple[int, int, int]) -> str:
    """Return the label of a facet for matplotlib, with bars over negative indices."""
    return f"$({_digits(hkl)})$"


def family_label(hkl: tuple[int, int, int]) -> str:
    """Return the label of all facets equivalent to one, in angle brackets."""
    return rf"$\langle{_digits(hkl)}\rangle$"


def _digits(hkl: tuple[int, int, int]) -> str:
    return "".join(rf"\bar{{{-index}}}" if index < 0 else str(index) for index in hkl)
