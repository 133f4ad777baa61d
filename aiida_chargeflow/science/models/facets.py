"""Facets of the polyhedra: their layers, terraces, (2×2) sublattices, and choices that keep the symmetry.

Facet k lies along +``TETRAHEDRAL[k]`` (⟨111⟩, cations outermost) or along the opposite (⟨-1-1-1⟩, anions
outermost). Sites are chosen in the frame of facet 0 and copied with the three two-fold axes.
"""

from __future__ import annotations

import numpy as np

from .lattice import TETRAHEDRAL, TWO_FOLD, Integers, Mask, Polyhedron, find

#: In-plane modulus of each class of a p(2×2) sublattice.
_N_CLASSES = 4


def facet_count(cations: Integers, polyhedron: Polyhedron) -> Integers:
    """Return on how many facet planes of ``polyhedron`` each cation lies, shape (n,).

    Counted are the outermost cation plane of ⟨111⟩ and {100} and the cation plane directly under the
    outermost anions of ⟨-1-1-1⟩.
    """
    heights = cations @ TETRAHEDRAL.T
    on = (heights == polyhedron.A).sum(1) + (-heights == polyhedron.B - 1).sum(1)
    result: Integers = on + (np.abs(cations) == polyhedron.C).sum(1)
    return result


def terrace(cations: Integers, polyhedron: Polyhedron) -> Mask:
    """Return which cations lie on exactly one facet plane."""
    result: Mask = facet_count(cations, polyhedron) == 1
    return result


def sublattice(sites: Integers, spacing: int = 2) -> Integers:
    """Return the class 0-3 of each site of one (111) layer in the p(2×2) supercell, shape (n,).

    :param sites: shape (n, 3), all in one layer of facet 0.
    :param spacing: the primitive in-plane vectors are (spacing, -spacing, 0) and its permutations.
    """
    steps = (sites - np.array([sites[0]]))[:, :2] // spacing
    result: Integers = 2 * (steps[:, 0] % 2) + steps[:, 1] % 2
    return result


def rotation_invariant(sites: Integers) -> bool:
    """Return whether the three-fold axis of facet 0, a cyclic permutation of x, y, z, maps sites to sites."""
    rotated = sites[:, [1, 2, 0]]
    ordered = sites[np.lexsort(sites.T[::-1])]
    return bool((find(ordered, rotated) >= 0).all())


def _groups(sites: Integers) -> list[Integers]:
    """Return the non-empty p(2×2) sublattices of one layer of facet 0, each in lexicographic order."""
    ordered = sites[np.lexsort(sites.T[::-1])]
    labels = sublattice(ordered)
    return [ordered[labels == label] for label in range(_N_CLASSES) if (labels == label).any()]


def quarter(sites: Integers) -> Integers:
    """Return the p(2×2) sublattice of ``sites`` whose size is nearest to their quarter, never an empty one.

    Ties go to a sublattice that the three-fold axis maps onto itself, then to the lexicographically first.

    :param sites: shape (n, 3), one layer of facet 0.
    """
    if not len(sites):
        return sites
    wanted = len(sites) / _N_CLASSES
    return min(
        _groups(sites),
        key=lambda group: (abs(len(group) - wanted), not rotation_invariant(group), group.tolist()),
    )


def invariant_sublattice(sites: Integers) -> Integers:
    """Return the p(2×2) sublattice of ``sites`` that the three-fold axis maps onto itself.

    There is exactly one in an infinite layer; where the layer is cut so that none is left, the sublattice
    nearest to a quarter is returned.
    """
    groups = [group for group in _groups(sites) if rotation_invariant(group)] if len(sites) else []
    return min(groups, key=lambda group: (-len(group), group.tolist())) if groups else quarter(sites)


def best_by(sites: Integers, score: Integers) -> Integers:
    """Return the p(2×2) sublattice with the largest sum of ``score``.

    Ties go to a sublattice that the three-fold axis maps onto itself, then to the lexicographically first.
    """
    if not len(sites):
        return sites
    order = np.lexsort(sites.T[::-1])
    ordered, points = sites[order], score[order]
    return min(
        _groups(sites),
        key=lambda group: (
            -int(points[find(ordered, group)].sum()),
            not rotation_invariant(group),
            group.tolist(),
        ),
    )


def resize(chosen: Integers, sites: Integers, share: float) -> Integers:
    """Return ``share`` of ``sites``: those ``chosen``, thinned or filled up; unchanged for a quarter."""
    if share == 0.25:
        return chosen
    n = round(share * len(sites))
    if n <= len(chosen):
        return chosen[spread(chosen, n)]
    rest = sites[~np.isin(np.arange(len(sites)), find(sites, chosen))]
    return np.concatenate([chosen, rest[spread(rest, n - len(chosen), near=chosen)]])


def copies(sites: Integers) -> Integers:
    """Return the copies of facet-0 sites on the four facets, shape (4, n, 3)."""
    result: Integers = TWO_FOLD[:, None, :] * sites[None]
    return result


def spread(sites: Integers, n: int, near: Integers | None = None) -> Integers:
    """Return the indices of ``n`` sites that lie far from each other, ascending: farthest-point sampling.

    It starts at the first site (or far from ``near``) and breaks ties by order, so that the same sites give
    the same choice in any process. Where more than half are wanted, the ones left out are spread instead.

    :param sites: shape (m, 3), m ≥ n.
    :param near: sites already taken, shape (k, 3).
    """
    m = len(sites)
    if n >= m:
        return np.arange(m)
    if near is None and n > m // 2:
        return np.setdiff1d(np.arange(m), spread(sites, m - n))
    distance = np.full(m, np.iinfo(np.int64).max)
    for taken in () if near is None else near:
        distance = np.minimum(distance, ((sites - taken) ** 2).sum(1))
    chosen = np.empty(n, dtype=np.int64)
    for step in range(n):
        chosen[step] = np.argmax(distance)
        distance = np.minimum(distance, ((sites - sites[chosen[step]]) ** 2).sum(1))
        distance[chosen[step]] = -1
    return np.sort(chosen)


def spread_over_facets(sites: Integers, facet: Integers, n: int) -> Integers:
    """Return the indices of ``n`` sites, the same number and, where possible, the same sites on each facet.

    A facet gets n // 4 sites, the first facets one more each until ``n`` are chosen. The choice of one facet
    is that of facet 0 copied by a two-fold axis.

    :param sites: shape (m, 3).
    :param facet: 0-3 for each site.
    """
    chosen = []
    per_facet = shares(np.bincount(facet, minlength=4), n)
    for k in range(4):
        members = np.flatnonzero(facet == k)
        in_frame = sites[members] * TWO_FOLD[k]
        members = members[np.lexsort(in_frame.T[::-1])]
        in_frame = sites[members] * TWO_FOLD[k]
        chosen.append(members[spread(in_frame, per_facet[k])])
    return np.sort(np.concatenate(chosen))


def shares(capacity: Integers, n: int) -> list[int]:
    """Deal out ``n`` one at a time to the facets in turn, none more than its capacity."""
    dealt = np.zeros(len(capacity), dtype=np.int64)
    for _ in range(min(n, int(capacity.sum()))):
        open_facets = np.flatnonzero(dealt < capacity)
        dealt[open_facets[np.argmin(dealt[open_facets])]] += 1
    return [int(share) for share in dealt]


def facet_names(outer: Polyhedron, sites: Integers, is_anion: Mask) -> tuple[str, ...]:
    """Name the facets of the polyhedron that each site lies on, joined by +; ``-`` inside.

    Cations and on-top ligands lie on ⟨111⟩, 3-coordinate anion sites on ⟨-1-1-1⟩, cations and bridging ligands on
    {100}. Which bonds a pattern has broken does not matter.

    :param sites: shape (n, 3).
    :param is_anion: anion and ligand sites, shape (n,).
    """
    heights = sites @ TETRAHEDRAL.T
    around = outer.contains((sites[:, None, :] - TETRAHEDRAL[None]).reshape(-1, 3)).reshape(-1, 4).sum(1)
    on_top, bridging, exposed = (is_anion & (around == n) for n in (1, 2, 3))
    names = np.full(len(sites), "", dtype=object)
    for k, direction in enumerate(TETRAHEDRAL):
        outermost = (~is_anion & (heights[:, k] == outer.A)) | (on_top & (heights[:, k] == outer.A + 3))
        names[outermost] += "+" + _miller(direction)
        names[exposed & (-heights[:, k] == outer.B)] += "+" + _miller(-direction)
    for axis, direction in enumerate(np.eye(3, dtype=np.int64)):
        for sign in (1, -1):
            height = sign * sites[:, axis]
            outermost = (~is_anion & (height == outer.C)) | (bridging & (height == outer.C + 1))
            names[outermost] += "+" + _miller(sign * direction)
    return tuple(name[1:] if name else "-" for name in names)


def _miller(direction: Integers) -> str:
    return "".join(str(int(index)) for index in direction)
