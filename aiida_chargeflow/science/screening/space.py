"""The candidates of a screening: which sites each edit may change, and which choices differ by symmetry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from ..errors import InputError
from ..models.build import edited_draft
from ..models.draft import Draft
from ..models.lattice import TETRAHEDRAL, Integers, Mask, Polyhedron, find
from ..models.materials import Material
from ..models.patterns.interface import Edited
from ..models.spec import ModelSpec
from .settings import EditSpace, Facet, ScreeningSettings, Symmetry

Choice = tuple[int, ...]

#: Edit → whether it changes cations, and whether it changes the shell's atoms.
EDITED_SITES: dict[Edited, tuple[bool, bool]] = {
    "core_cation_by_shell": (True, False),
    "vacancies": (True, True),
    "shell_anion_by_core": (False, True),
    "core_anion_by_shell": (False, False),
}


@dataclass(frozen=True, order=True)
class Candidate:
    """One choice of sites.

    :param surface: number of the surface in the space.
    :param sites: for each edit of the space the numbers of its sites, ascending.
    """

    surface: int
    sites: tuple[Choice, ...]


@dataclass(frozen=True)
class Space:
    """All candidates.

    :param specs: the model without edits, for each surface.
    :param drafts: the same on the lattice, without ligands.
    :param edits: names, in a fixed order.
    :param sites: lattice sites of each edit, each of shape (n, 3).
    :param counts: how many sites of each edit may change.
    :param orbits: for each edit the sets of sites that change together.
    :param images: for each edit, where each operation of the framework's symmetry takes each site, (n_operations, n).
    """

    specs: tuple[ModelSpec, ...]
    drafts: tuple[Draft, ...]
    edits: tuple[Edited, ...]
    sites: tuple[Integers, ...]
    counts: tuple[tuple[int, ...], ...]
    orbits: tuple[tuple[Choice, ...], ...]
    images: tuple[Integers, ...]
    boundary: int = 1

    @cached_property
    def size(self) -> int:
        """Return the number of choices, symmetry not considered."""
        total = len(self.specs)
        for orbits, counts in zip(self.orbits, self.counts, strict=True):
            ways = [1] + [0] * max(counts)
            for orbit in orbits:
                for n in range(len(ways) - 1, len(orbit) - 1, -1):
                    ways[n] += ways[n - len(orbit)]
            total *= sum(ways[n] for n in set(counts))
        return total

    @cached_property
    def excesses(self) -> dict[tuple[int, ...], tuple[int, ...]]:
        """Return numbers of edits → N(III) - N(V) on each surface, for every combination of the counts.

        Edits add up, so that nothing needs to be laid out for it.
        """
        bases = [_excess_of(draft) for draft in self.drafts]
        steps = [_excess_step(self.drafts[0], name, self.boundary) for name in self.edits]
        return {
            combination: tuple(base + int(np.dot(combination, steps)) for base in bases)
            for combination in product(*self.counts)
        }

    def combinations(self, excess: tuple[int, int] | None) -> list[tuple[int, tuple[int, ...]]]:
        """Return the surfaces and numbers of edits whose excess lies within the limits.

        :raises InputError: there is none.
        """
        low, high = excess or (-np.inf, np.inf)
        found = [
            (surface, combination)
            for combination, values in self.excesses.items()
            for surface, value in enumerate(values)
            if low <= value <= high
        ]
        if not found:
            every = [value for values in self.excesses.values() for value in values]
            raise InputError(
                "no combination of the counts has such an excess",
                field="constraints.excess",
                value=list(excess or ()),
                remedy=f"The counts of space.edits reach {min(every)} to {max(every)}.",
            )
        return found

    @property
    def reference(self) -> Candidate:
        """Return the model without edits, on the first surface."""
        return Candidate(0, ((),) * len(self.edits))

    def canonical(self, candidate: Candidate) -> Candidate:
        """Return the first of the candidates that symmetry makes of this one: alike for all that are equivalent."""
        versions = zip(
            *(np.sort(images[:, list(chosen)], axis=1).tolist() for images, chosen in self._parts(candidate)),
            strict=True,
        )
        best = min(tuple(tuple(part) for part in version) for version in versions)
        return Candidate(candidate.surface, best)

    def _parts(self, candidate: Candidate) -> Iterator[tuple[Integers, Choice]]:
        return zip(self.images, candidate.sites, strict=True)

    def every(self) -> Iterator[Candidate]:
        """Yield each candidate that differs by symmetry once, in a fixed order."""
        options = [
            [tuple(sorted(s for orbit in chosen for s in orbit)) for chosen in _subsets(orbits, counts)]
            for orbits, counts in zip(self.orbits, self.counts, strict=True)
        ]
        seen: set[Candidate] = set()
        for surface in range(len(self.specs)):
            for chosen in product(*options):
                found = self.canonical(Candidate(surface, chosen))
                if found not in seen:
                    seen.add(found)
                    yield found

    def spec(self, candidate: Candidate) -> ModelSpec:
        """Return the specification of a candidate: the interface ``alloyed`` with its sites written out."""
        data = self.specs[candidate.surface].to_mapping()
        sites = {
            name: self.sites[n][list(chosen)].tolist()
            for n, (name, chosen) in enumerate(zip(self.edits, candidate.sites, strict=True))
            if chosen
        }
        return ModelSpec.from_mapping({**data, "interface": interface_of(self.boundary, sites)})


def interface_of(boundary: int, sites: dict[Edited, Any]) -> dict[str, Any]:
    """Return the interface that changes the given sites and nothing else."""
    nothing: dict[str, int] = {str(name): 0 for name in EDITED_SITES if name != "vacancies"}
    return {"pattern": "alloyed", **nothing, "vacancy_share": 0.0, "boundary": boundary, "sites": sites}


def make_space(settings: ScreeningSettings) -> Space:
    """Lay out the model of a screening and find the sites of every edit.

    :raises InputError: an edit has no site, no choice of sites has a wanted count, or the model cannot be built.
    """
    given = settings.space
    surfaces = given.surface or (settings.model.get("surface") or "pure",)
    interface = interface_of(given.boundary, {})
    specs = tuple(
        ModelSpec.from_mapping({**settings.model, "surface": surface, "interface": interface})
        for surface in surfaces
    )
    drafts = tuple(edited_draft(spec) for spec in specs)
    names = tuple(sorted(given.edits))
    sites = tuple(_sites(name, given.edits[name], drafts, given.boundary) for name in names)
    operations = _symmetry_of(drafts)
    images = [[find(part, part @ op.T) for op in operations] for part in sites]
    complete = [all((part[k] >= 0).all() for part in images) for k in range(len(operations))]
    kept = [k for k, is_complete in enumerate(complete) if is_complete]
    group = [np.array([part[k] for k in kept]) for part in images]
    chosen = {op.tobytes() for op in group_operations(given.symmetry)}
    keeping = [n for n, k in enumerate(kept) if operations[k].tobytes() in chosen]
    if len(keeping) < len(chosen):
        raise InputError(
            "the framework and the sites of the edits do not have this symmetry",
            field="space.symmetry",
            value=given.symmetry,
            remedy="Choose a lower one, such as C2 or C1, or other facets.",
        )
    orbits = tuple(_orbits(part[keeping]) for part in group)
    counts = tuple(tuple(sorted(set(given.edits[name].counts))) for name in names)
    for name, part, wanted in zip(names, orbits, counts, strict=True):
        _check_counts(name, part, wanted, given.symmetry)
    return Space(specs, drafts, names, sites, counts, orbits, tuple(group), given.boundary)


def group_operations(symmetry: Symmetry) -> list[Integers]:
    """Return the operations of a subgroup of Td as matrices: the three-fold axis is [111], the two-fold one [001]."""
    identity = np.eye(3, dtype=np.int64)
    turns = [np.diag(t) for t in TETRAHEDRAL]
    if symmetry in ("C1", "C2", "D2"):
        chosen = {"C1": [identity], "C2": [identity, np.diag([-1, -1, 1])], "D2": turns}[symmetry]
        return [np.ascontiguousarray(op) for op in chosen]
    axes = [identity[list(p)] for p in permutations(range(3))]
    if symmetry in ("C3", "T"):
        axes = [op for op in axes if np.linalg.det(op) > 0]
    if symmetry in ("C3", "C3v"):
        return [np.ascontiguousarray(op) for op in axes]
    return [np.ascontiguousarray(turn @ op) for turn in turns for op in axes]


def _symmetry_of(drafts: tuple[Draft, ...]) -> list[Integers]:
    """Return the operations of Td that map the atoms of every draft, before ligands, onto themselves."""
    return [op for op in group_operations("Td") if all(_maps_onto_itself(draft, op) for draft in drafts)]


def _maps_onto_itself(draft: Draft, operation: Integers) -> bool:
    for sites, number in ((draft.cations, draft.cation_z), (draft.anions, draft.anion_z)):
        image = find(sites, sites @ operation.T)
        if (image < 0).any() or (number[image] != number).any():
            return False
    return True


def _sites(name: Edited, wanted: EditSpace, drafts: tuple[Draft, ...], boundary: int) -> Integers:
    """Return the sites that an edit may change, in lexicographic order; of those that all drafts have."""
    is_cation, in_shell = EDITED_SITES[name]
    first = drafts[0]
    core = first.polyhedra[boundary - 1]
    inner, outer = first.layers[boundary - 1], first.layers[boundary]
    mask = np.zeros(len(first.cations if is_cation else first.anions), dtype=bool)
    for layer in wanted.layers:
        hull, hole = (
            (core.grow(layer), core.grow(layer - 1))
            if in_shell
            else (_less(core, layer - 1), _less(core, layer))
        )
        mask |= _between(first, hull, hole, is_cation, wanted.facets)
    for draft in drafts:
        mask &= _holds(draft, is_cation, outer if in_shell else inner)
    sites: Integers = (first.cations if is_cation else first.anions)[mask]
    if not len(sites):
        raise InputError(
            "there is no such site",
            field=f"space.edits.{name}",
            remedy=f"The {'shell' if in_shell else 'core'} has none in the layers {list(wanted.layers)}"
            f"{' on ' + ', '.join(wanted.facets) if wanted.facets else ''}.",
        )
    return sites


def _excess_of(draft: Draft) -> int:
    cation, anion = draft.charge_of(draft.cation_z), draft.charge_of(draft.anion_z)
    return int((cation - 2)[draft.cation_z > 0].sum() + (anion + 2)[draft.framework_anions].sum())


def _excess_step(draft: Draft, name: Edited, boundary: int) -> int:
    """Return by how much one site of an edit changes N(III) - N(V)."""
    inner, outer = draft.layers[boundary - 1], draft.layers[boundary]
    steps: dict[Edited, int] = {
        "core_cation_by_shell": outer.charge(outer.cation) - inner.charge(inner.cation),
        "vacancies": 2 - outer.charge(outer.cation),
        "shell_anion_by_core": inner.charge(inner.anion) - outer.charge(outer.anion),
        "core_anion_by_shell": outer.charge(outer.anion) - inner.charge(inner.anion),
    }
    return steps[name]


def _less(core: Polyhedron, n: int) -> Polyhedron | None:
    """Return the core less ``n`` monolayers, None where nothing is left."""
    if n == 0:
        return core
    return core.grow(-n) if min(core.A - 4 * n, core.B - 4 * n, core.C - 2 * n) >= 1 else None


def _between(
    draft: Draft, hull: Polyhedron | None, hole: Polyhedron | None, is_cation: bool, facets: tuple[Facet, ...]
) -> Mask:
    sites = draft.cations if is_cation else draft.anions
    nothing = np.zeros(len(sites), dtype=bool)
    if hull is None:
        return nothing
    inside = draft.cations_in if is_cation else draft.anions_in
    mask = inside(hull) & ~(inside(hole) if hole is not None else nothing)
    if not facets:
        return mask
    height, under = sites @ TETRAHEDRAL.T, 0 if is_cation else 1
    ends: dict[Facet, Mask] = {
        "111": (height == hull.A - under).any(1),
        "-1-1-1": (-height == hull.B - 1 + under).any(1),
        "100": (np.abs(sites) == hull.C - under).any(1),
    }
    result: Mask = mask & np.any([ends[facet] for facet in facets], axis=0)
    return result


def _holds(draft: Draft, is_cation: bool, material: Material) -> Mask:
    cation: Mask = draft.cation_z == atomic_numbers[material.cation]
    anion: Mask = draft.framework_anions & (draft.anion_z == atomic_numbers[material.anion])
    return cation if is_cation else anion


def _orbits(images: Integers) -> tuple[Choice, ...]:
    """Return the sets of sites that the operations map into each other, by their first site."""
    found = {tuple(sorted(set(column))) for column in images.T.tolist()}
    return tuple(sorted(found))


def _subsets(orbits: tuple[Choice, ...], counts: tuple[int, ...]) -> Iterator[tuple[Choice, ...]]:
    """Yield every set of orbits whose number of sites is one of ``counts``."""
    by_size: dict[int, list[Choice]] = {}
    for orbit in orbits:
        by_size.setdefault(len(orbit), []).append(orbit)
    sizes = sorted(by_size)
    for numbers in product(*(range(len(by_size[size]) + 1) for size in sizes)):
        if sum(n * size for n, size in zip(numbers, sizes, strict=True)) not in counts:
            continue
        for parts in product(*(combinations(by_size[s], n) for s, n in zip(sizes, numbers, strict=True))):
            yield tuple(orbit for part in parts for orbit in part)


def _check_counts(name: str, orbits: tuple[Choice, ...], counts: tuple[int, ...], symmetry: str) -> None:
    reachable = {0}
    for orbit in orbits:
        reachable |= {n + len(orbit) for n in reachable}
    for n in counts:
        if n not in reachable:
            near = sorted(reachable, key=lambda m: abs(m - n))[:4]
            n_sites = sum(map(len, orbits))
            more = " A lower symmetry allows more." if n < n_sites else ""
            raise InputError(
                f"no choice of its {n_sites} sites that keeps {symmetry} has this number",
                field=f"space.edits.{name}.counts",
                value=n,
                remedy=f"Near: {', '.join(map(str, sorted(near)))}.{more}",
            )
