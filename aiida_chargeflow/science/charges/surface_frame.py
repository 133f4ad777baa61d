"""Facet, depth and outward normal of each atom of a zinc-blende dot whose cubic axes lie along x, y, z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from .bonds import BondGraph, formal_sign

Array = NDArray[np.float64]

_LAYER_ANG = 1.75


@dataclass(frozen=True)
class SurfaceFrame:
    """Where each atom lies with respect to the facets of the dot.

    :param facets: Miller indices of the facets, such as (1, 1, 1); ⟨111⟩ are terminated by cations and
        ⟨-1-1-1⟩ by anions.
    :param facet: shape (n_atoms,), index of the nearest facet.
    :param depth_ang: shape (n_atoms,), distance below its plane; the planes touch the outermost atoms that
        are no ligands, so ligands have negative depths.
    :param outward: shape (n_atoms, 3), unit normal of that facet.
    :param polarity: mean over the cation-anion bonds of the sign of the product of their components: 1 or
        -1 in a crystal along the axes, near 0 in one that is turned, where facets mean little.
    """

    facets: tuple[tuple[int, int, int], ...]
    facet: NDArray[np.int64]
    depth_ang: Array
    outward: Array
    polarity: float

    @property
    def layer(self) -> NDArray[np.int64]:
        """Return the layer of each atom counted from the surface: 0 the outermost 1.75 Å, -1 the ligands."""
        layers: NDArray[np.int64] = np.floor(self.depth_ang / _LAYER_ANG + 1e-9).astype(np.int64)
        return np.maximum(layers, -1)

    def facet_name(self, index: int) -> str:
        """Return the Miller indices of a facet as text, such as ``(-1-1-1)``."""
        return "(" + "".join(str(h) for h in self.facets[index]) + ")"


def surface_frame(
    positions_ang: Array, symbols: Sequence[str], graph: BondGraph, is_ligand: NDArray[np.bool_]
) -> SurfaceFrame:
    """Assign each atom to the facet plane that is nearest to it.

    The planes are the supporting planes of the non-ligand atoms along the eight ⟨111⟩ and six ⟨100⟩.
    """
    polarity = _polarity(positions_ang, symbols, graph)
    sign = -1 if polarity < 0 else 1
    facets = _facets()
    normals, depths = _facet_depths(positions_ang, is_ligand)
    nearest = depths.round(6).argmin(axis=1)
    if sign < 0:
        facets = tuple((-h, -k, -m) if abs(h * k * m) else (h, k, m) for h, k, m in facets)
    return SurfaceFrame(
        facets=facets,
        facet=nearest.astype(np.int64),
        depth_ang=depths[np.arange(len(nearest)), nearest],
        outward=normals[nearest],
        polarity=polarity,
    )


def depth_below_surface_ang(positions_ang: Array, is_ligand: NDArray[np.bool_]) -> Array:
    """Return the ``depth_ang`` of a :class:`SurfaceFrame` alone, shape (n_atoms,), for which no bonds are needed."""
    depths: Array = _facet_depths(positions_ang, is_ligand)[1].min(axis=1)
    return depths


def _facet_depths(positions_ang: Array, is_ligand: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the normals of the 14 facets, and how deep each atom lies below each, shape (n_atoms, 14)."""
    normals = np.array(_facets(), dtype=float)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    framework = positions_ang if is_ligand.all() else positions_ang[~is_ligand]
    heights = (framework @ normals.T).max(axis=0)
    return normals, heights[None, :] - positions_ang @ normals.T


def _facets() -> tuple[tuple[int, int, int], ...]:
    corners = [(h, k, m) for h, k, m in product((1, -1), repeat=3)]
    faces = sorted(set(permutations((1, 0, 0))) | set(permutations((-1, 0, 0))), reverse=True)
    positive = [c for c in corners if c[0] * c[1] * c[2] > 0]
    negative = [c for c in corners if c[0] * c[1] * c[2] < 0]
    return (*positive, *negative, *((h, k, m) for h, k, m in faces))


def family(facet: tuple[int, int, int]) -> str:
    """Return the family of a facet: ``111`` (cations outermost), ``-1-1-1`` (anions) or ``100``."""
    product_of_signs = facet[0] * facet[1] * facet[2]
    return "111" if product_of_signs > 0 else "-1-1-1" if product_of_signs < 0 else "100"


def _polarity(positions_ang: Array, symbols: Sequence[str], graph: BondGraph) -> float:
    signs = np.array([formal_sign(symbol) for symbol in symbols])
    i, j = graph.bonds.T
    mixed = signs[i] * signs[j] < 0
    steps = (positions_ang[j] - positions_ang[i])[mixed] * signs[i][mixed][:, None]
    lengths = np.linalg.norm(steps, axis=1) if len(steps) else np.empty(0)
    if not len(lengths):
        return 0.0
    products = steps.prod(axis=1) / lengths**3 * 3.0**1.5
    return float(np.clip(products.mean(), -1, 1))
