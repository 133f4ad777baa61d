"""Interface patterns between a material and the shell around it: ``abrupt``, ``alloyed`` and ``mixed``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import numpy as np
from ase.data import atomic_numbers
from pydantic import Field

from ...errors import InputError
from ..draft import Draft, mark_interlayer
from ..facets import copies, invariant_sublattice, quarter, resize, spread_over_facets, terrace
from ..lattice import TETRAHEDRAL, Integers, Mask, Polyhedron, find
from ..materials import Material
from .registry import interface_pattern

Boundary = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)] | None
SiteList = list[tuple[int, int, int]]
Edited = Literal["core_cation_by_shell", "vacancies", "shell_anion_by_core", "core_anion_by_shell"]


@interface_pattern("abrupt")
def abrupt(
    draft: Draft, *, interlayer: Literal["centred", "first-shell"] = "centred", boundary: Boundary = 1
) -> None:
    """Let the core and the shell switch suddenly from one material to the other.

    :param interlayer: which monolayer is region 2: the one that the alloyed pattern mixes, or the first
        monolayer of the shell.
    :param boundary: 1 is the interface of the core and the first shell, 2 that of the first and second shell.
    """
    core, _, _ = _sides(draft, boundary)
    if interlayer == "centred":
        mark_interlayer(draft, *interlayer_bounds(core))
    else:
        mark_interlayer(draft, core, core.grow(1))


def general_name(key: str, inner: Material, outer: Material) -> str:
    """Map ``se_by_as`` and the like, spelled with the elements of the pair, to the general name."""
    match = re.fullmatch(r"([a-z]{1,2})_by_([a-z]{1,2})", key)
    if match is None:
        return key
    roles = {
        (outer.anion, inner.anion): "shell_anion_by_core",
        (inner.anion, outer.anion): "core_anion_by_shell",
        (inner.cation, outer.cation): "core_cation_by_shell",
    }
    return roles.get((match[1].capitalize(), match[2].capitalize()), key)


@interface_pattern("alloyed", rename=general_name)
def alloyed(
    draft: Draft,
    *,
    shell_anion_by_core: Count = None,
    core_anion_by_shell: Count = None,
    core_cation_by_shell: Count = None,
    vacancy_share: Share = 0.25,
    boundary: Boundary = 1,
    sites: dict[Edited, SiteList] = {},  # noqa: B006
) -> None:
    """Mix core and shell in one monolayer and empty a (2×2) cation sublattice at ⟨111⟩.

    Counts are totals over the four facets; with InAs@CdSe they may also be spelled ``se_by_as`` and so on.

    :param shell_anion_by_core: anions of the first shell layer on ⟨111⟩ that become core anions; by default
        the (2×2) sublattice through the facet centres less its innermost site, 27 for the core of the paper.
    :param core_anion_by_shell: 3c core anions on ⟨-1-1-1⟩ that become shell anions; two thirds by default.
    :param core_cation_by_shell: core cations on ⟨-1-1-1⟩ bonded to three 3c anions that become shell cations;
        by default a (2×2) sublattice of them, the facet centre of the paper's core.
    :param vacancy_share: share of the terrace cations of the first shell layer on ⟨111⟩ that are removed.
    :param boundary: 1 is the interface of the core and the first shell, 2 that of the first and second shell.
    :param sites: lattice sites instead of the rule, for any of the three counts and ``vacancies``.
    """
    core, inside, outside = _sides(draft, boundary)
    if inside.anion == outside.anion or inside.cation == outside.cation:
        raise InputError(
            f"the alloyed interface needs different cations and different anions, not "
            f"{inside.cation}{inside.anion} and {outside.cation}{outside.anion}",
            field="interface",
            remedy="Use abrupt or mixed here, or alloyed with another boundary.",
        )
    inner, outer = interlayer_bounds(core)
    mark_interlayer(draft, inner, outer)
    facing, centres = _facing_anions(draft, core), _facet_cations(draft, core)
    top, vacant = _anion_layer(draft, outer), _terrace_layer(draft, outer)
    chosen = {
        "core_cation_by_shell": _facet_choice(quarter(centres), centres, core_cation_by_shell),
        "vacancies": copies(resize(invariant_sublattice(vacant), vacant, vacancy_share)).reshape(-1, 3),
        "shell_anion_by_core": _outermost(draft, top, outside.anion, shell_anion_by_core),
        "core_anion_by_shell": _facing_choice(draft, core, facing, core_anion_by_shell),
    }
    chosen |= {name: np.array(listed, dtype=np.int64).reshape(-1, 3) for name, listed in sites.items()}
    draft.set_cations(_occupied(draft, chosen["core_cation_by_shell"], "cation"), outside.cation)
    draft.set_cations(_occupied(draft, chosen["vacancies"], "cation"), "", "remove")
    draft.set_anions(_occupied(draft, chosen["shell_anion_by_core"], "anion"), inside.anion)
    draft.set_anions(_occupied(draft, chosen["core_anion_by_shell"], "anion"), outside.anion)


@interface_pattern("mixed")
def mixed(
    draft: Draft,
    *,
    n_monolayers: Annotated[int, Field(ge=1, le=20)] = 1,
    share: Share = 1.0,
    seed: int = 0,
    boundary: Boundary = 1,
) -> None:
    """Shuffle cations among cation sites and anions among anion sites in a band around the interface.

    The composition, and so the charge, is that of the abrupt interface.

    :param n_monolayers: width of the band; the first monolayer is the interlayer of the abrupt interface, the
        others are added in turn outside and inside.
    :param share: share of the sites of the band that take part.
    :param seed: of the random generator.
    :param boundary: 1 is the interface of the core and the first shell, 2 that of the first and second shell.
    """
    core, _, _ = _sides(draft, boundary)
    inner, outer = interlayer_bounds(core)
    inwards = (n_monolayers - 1) // 2
    outer = outer.grow(n_monolayers - 1 - inwards)
    for _ in range(inwards):
        inner = inner.grow(-1) if inner.B > 4 and inner.A > 4 and inner.C > 2 else inner
    mark_interlayer(draft, inner, outer)
    generator = np.random.default_rng(seed)
    cations = draft.cations_in(outer) & ~draft.cations_in(inner) & (draft.cation_z > 0)
    anions = draft.anions_in(outer) & ~draft.anions_in(inner) & draft.framework_anions
    for band, numbers in ((cations, draft.cation_z), (anions, draft.anion_z)):
        sites = np.flatnonzero(band)
        part = np.sort(generator.permutation(sites)[: round(share * len(sites))])
        numbers[part] = numbers[generator.permutation(part)]


def interlayer_bounds(core: Polyhedron) -> tuple[Polyhedron, Polyhedron]:
    """Return the polyhedra between which the interlayer lies: P(A, B-4, C) and one monolayer more.

    On ⟨111⟩ and {100} that is the first monolayer of the shell, on ⟨-1-1-1⟩ the outermost bilayer of the
    core. A core that is thinner than this (B < 8) keeps all its layers; its interlayer is the shell's alone.
    """
    if core.B < 8:
        return core, core.grow(1)
    inner = Polyhedron(core.centre, core.A, core.B - 4, core.C)
    return inner, inner.grow(1)


def _sides(draft: Draft, boundary: int) -> tuple[Polyhedron, Material, Material]:
    n_shells = len(draft.polyhedra) - 1
    if boundary > n_shells:
        raise InputError(
            f"there {'is only 1 shell' if n_shells == 1 else f'are only {n_shells} shells'}",
            field="interface.boundary",
            value=boundary,
            remedy="1 is the interface of the core and the first shell.",
        )
    return draft.polyhedra[boundary - 1], draft.layers[boundary - 1], draft.layers[boundary]


def _facing_anions(draft: Draft, core: Polyhedron) -> Mask:
    """Return which anion sites are 3c anions of the core alone, on ⟨-1-1-1⟩."""
    inside = np.append(draft.cations_in(core), False)
    result: Mask = inside[draft.anion_neighbours].sum(1) == 3
    return result


def _facing_choice(draft: Draft, core: Polyhedron, facing: Mask, n: int | None) -> Integers:
    """Return ``n`` of the facing anions, evenly over the facets; two thirds by default."""
    index = np.flatnonzero(facing)
    inside = np.append(draft.cations_in(core), False)[draft.anion_neighbours[index]]
    wanted = round(2 / 3 * len(index)) if n is None else n
    _check_room(wanted, len(index), "core_anion_by_shell")
    chosen: Integers = draft.anions[
        index[spread_over_facets(draft.anions[index], np.argmin(inside, 1), wanted)]
    ]
    return chosen


def _facet_cations(draft: Draft, core: Polyhedron) -> Integers:
    """Return the sites in the frame of facet 0 of core cations under three 3c anions of ⟨-1-1-1⟩."""
    layer = np.flatnonzero(-draft.cations @ TETRAHEDRAL[0] == core.B - 1)
    layer = layer[core.contains(draft.cations[layer])]
    facing = _facing_anions(draft, core)
    outward = facing[draft.cation_neighbours[layer][:, 1:]].all(1)
    sites: Integers = draft.cations[layer[outward]]
    return sites


def _facet_choice(default: Integers, candidates: Integers, n: int | None) -> Integers:
    """Return the default sites of facet 0 copied to all, or ``n`` of the candidates of the four facets."""
    everywhere = copies(default if n is None else candidates)
    if n is None:
        return everywhere.reshape(-1, 3)
    facet = np.repeat(np.arange(4), len(candidates))
    sites: Integers = everywhere.reshape(-1, 3)
    own = _first_of_each(sites)
    _check_room(n, len(own), "core_cation_by_shell")
    return sites[own][spread_over_facets(sites[own], facet[own], n)]


def _terrace_layer(draft: Draft, outer: Polyhedron) -> Integers:
    """Return the terrace cations of the outermost plane of facet 0 of the interlayer."""
    on_plane = draft.cations[draft.cations @ TETRAHEDRAL[0] == outer.A]
    inside = on_plane[outer.contains(on_plane)]
    sites: Integers = inside[terrace(inside, outer)]
    return sites


def _anion_layer(draft: Draft, outer: Polyhedron) -> Integers:
    """Return the anions directly under the outermost cation plane of facet 0 of the interlayer."""
    inside = draft.anions_in(outer) & draft.framework_anions
    sites: Integers = draft.anions[inside & (draft.anions @ TETRAHEDRAL[0] == outer.A - 1)]
    return sites


def _outermost(draft: Draft, layer: Integers, anion: str, n: int | None) -> Integers:
    """Return ``n`` anions of the shell: the (2×2) sublattice from the rim inwards, facet by facet, then the others.

    In a small dot two facets share sites, and some of the layer are anions of the core: a count is one of sites that
    change, each once.
    """
    first = invariant_sublattice(layer)
    rest = layer[~np.isin(np.arange(len(layer)), find(layer, first))]
    ordered = np.concatenate([_rim_first(first), _rim_first(rest)])
    sites: Integers = copies(ordered).transpose(1, 0, 2).reshape(-1, 3)
    if n is None:
        return sites[: max(4 * len(first) - 1, 0)]
    own = sites[_first_of_each(sites)]
    own = own[draft.anion_z[find(draft.anions, own)] == atomic_numbers[anion]]
    _check_room(n, len(own), "shell_anion_by_core")
    chosen: Integers = own[:n]
    return chosen


def _first_of_each(sites: Integers) -> Integers:
    """Return where each site stands first, in order."""
    first: Integers = np.sort(np.unique(sites, axis=0, return_index=True)[1])
    return first


def _rim_first(sites: Integers) -> Integers:
    order = np.lexsort([*sites.T[::-1], -(sites**2).sum(1)])
    ordered: Integers = sites[order]
    return ordered


def _occupied(draft: Draft, sites: Integers, species: Literal["cation", "anion"]) -> Integers:
    """Return the indices of the sites.

    :raises InputError: a site is not occupied by an atom of this species.
    """
    known, numbers = (draft.cations, draft.cation_z) if species == "cation" else (draft.anions, draft.anion_z)
    index = find(known, sites)
    missing = (index < 0) | (numbers[index] == 0)
    if missing.any():
        raise InputError(
            f"no {species} on this lattice site",
            field="interface.sites",
            value=sites[missing][0].tolist(),
            remedy="`model build -o dot.xyz` writes the lattice sites of all atoms, in units of a/4.",
        )
    return index


def _check_room(n: int, available: int, name: str) -> None:
    if n > available:
        raise InputError(
            f"there are only {available} such sites",
            field=f"interface.{name}",
            value=n,
            remedy=f"Give at most {available}, or leave it to the rule of the pattern.",
        )
