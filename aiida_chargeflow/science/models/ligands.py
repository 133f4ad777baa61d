"""Where the X-type ligands go: bridging sites first, then on top of the least coordinated cations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..elements import element
from ..errors import InputError
from .draft import Draft
from .facets import spread
from .geometry import Floats
from .lattice import Integers
from .patterns.exchange import exchange_choice, three_coordinate_anions
from .spec import PassivationSpec


def ligand_sites(draft: Draft) -> Integers:
    """Return the indices of the empty anion sites with at least one cation neighbour."""
    return np.flatnonzero((draft.anion_z == 0) & (draft.anion_coordination > 0))


def place_ligands(draft: Draft, n: int, symbol: str) -> None:
    """Put exactly ``n`` ligands on free sites of ``draft``.

    Bridging sites are filled first, then on-top sites round by round, one on each of the cations that have
    the lowest coordination and, among these, receive the least charge from their neighbours. Where a round
    has more sites than ligands left, the sites are spread evenly.

    :raises InputError: ``n`` is negative or larger than the number of sites.
    """
    _check_capacity(n, len(ligand_sites(draft)), symbol)
    remaining = n
    stages = _stages(draft)
    while remaining:
        sites = next(stages)
        draft.add_ligands(_choice(draft, sites, remaining, symbol), symbol)
        remaining -= min(len(sites), remaining)


def _choice(draft: Draft, sites: Integers, n: int, symbol: str) -> Integers:
    """Return ``n`` of the sites, or all: spread evenly, then swapped as long as the dipole moment of the dot falls.

    Between the ends of a dipole the levels of one end move into the gap of the other. ``start: v2`` only spreads them.
    """
    if len(sites) <= n:
        return sites
    chosen = spread(draft.anions[sites], n)
    if draft.start in ("v1", "v2"):
        return sites[chosen]
    points, charge = draft.anions[sites].astype(float), element(symbol).oxidation_state
    taken = np.isin(np.arange(len(sites)), chosen)
    moment = draft.dipole_moment() + charge * points[taken].sum(0)
    while True:
        out, into = np.flatnonzero(taken), np.flatnonzero(~taken)
        after = moment + charge * (points[into][None] - points[out][:, None])
        size = np.linalg.norm(after, axis=2).round(6)
        i, j = np.unravel_index(np.argmin(size), size.shape)
        if size[i, j] >= np.linalg.norm(moment) - 1e-3:
            return sites[taken]
        taken[out[i]], taken[into[j]], moment = False, True, after[i, j]


def _stages(draft: Draft) -> Iterator[Integers]:
    """Yield groups of free sites in the order in which they are filled, looking at the draft each time."""
    bridging = draft.anion_coordination == 2
    never_an_anion = (draft.anion_neighbours >= 0).sum(1) <= 2
    yield np.flatnonzero((draft.anion_z == 0) & bridging & never_an_anion)
    yield np.flatnonzero((draft.anion_z == 0) & bridging & ~never_an_anion)
    while True:
        free = (draft.anion_z == 0) & (draft.anion_coordination > 0)
        offered = free[draft.cation_neighbours] & (draft.cation_z > 0)[:, None]
        hosts = np.flatnonzero(offered.any(1))
        coordination = draft.cation_coordination[hosts]
        hosts = hosts[coordination == coordination.min()]
        received = _received_charge(draft, hosts)
        hosts = hosts[received < received.min() + 1e-9]
        first = np.argmax(offered[hosts], axis=1)
        yield np.unique(draft.cation_neighbours[hosts, first])


def _received_charge(draft: Draft, hosts: Integers) -> Floats:
    """Return Pauling's bond-strength sum of cations: Σ charge over coordination of their neighbours, in e.

    A cation beside a halide that replaced an anion receives less and is passivated first (Pauling, J. Am.
    Chem. Soc. 51, 1010 (1929)); leaving it bare instead puts an empty state into the gap.
    """
    around = draft.cation_neighbours[hosts]
    filled = draft.anion_z[around] > 0
    received = np.zeros(around.shape)
    sites = around[filled]
    received[filled] = -draft.charge_of(draft.anion_z[sites]) / draft.anion_coordination[sites]
    total: Floats = received.sum(axis=1)
    return total


def _check_capacity(n: int, n_sites: int, symbol: str) -> None:
    if n < 0:
        raise InputError(
            f"no number of {symbol} makes a formal charge of {n:+d} neutral",
            field="passivation",
            remedy="Exchange 3c anions for halides (surface: exchange), empty fewer cation sites, or choose "
            "planes with more cations.",
        )
    if n > n_sites:
        raise InputError(
            f"neutrality needs {n} {symbol} but the surface has only {n_sites} ligand sites",
            field="passivation",
            remedy=f"{n - n_sites} sites are missing: exchange fewer anions, use an alloyed interface or "
            "surface vacancies (both save ligands), or choose other planes.",
        )


def passivate(draft: Draft, passivation: PassivationSpec) -> None:
    """Make the draft neutral with ligands, by the rule that the specification names.

    :raises InputError: it cannot be made neutral so.
    """
    if passivation.rule == "balance":
        place_ligands(draft, draft.formal_charge(), passivation.ligand)
    else:
        saturate(draft, passivation)


def saturate(draft: Draft, passivation: PassivationSpec) -> None:
    """Fill every ligand site, then exchange 3c anions for ligands until the model is neutral.

    Each exchange raises the charge by |q| - 1 of the anion's charge q; what is left negative takes ligands
    off again, what is left positive is mended by ``substitute``. Where the 3c anions cannot make up for the
    charge of all ligands, nothing is exchanged and only as many ligands as neutrality needs are placed.

    :raises InputError: the charge stays positive and no substitute is given.
    """
    available = three_coordinate_anions(draft)
    needed, n_sites = draft.formal_charge(), len(ligand_sites(draft))
    gain = max((-draft.charge_of(draft.anion_z[available]) - 1).tolist(), default=1)
    n = max(n_sites - needed, 0) // gain if passivation.exchange is None else passivation.exchange
    if passivation.exchange is None and n > len(available):
        n = 0
    draft.add_ligands(exchange_choice(draft, n), passivation.ligand)
    missing = draft.formal_charge() - n_sites
    if missing > 0 and passivation.substitute:
        substitute_on_100(draft, missing, passivation.substitute)
    place_ligands(draft, draft.formal_charge(), passivation.ligand)


def substitute_on_100(draft: Draft, n: int, symbol: str) -> None:
    """Replace ``n`` cations of the {100} facets by ``symbol``, whose charge must be lower by one.

    :raises InputError: the charge differs by something else, or there are too few such cations.
    """
    hosts = np.flatnonzero((np.abs(draft.cations).max(1) == draft.outer.C) & (draft.cation_z > 0))
    lower = draft.charge_of(draft.cation_z[hosts]) - element(symbol).oxidation_state
    if n > len(hosts) or (lower != 1).any():
        raise InputError(
            f"{n} of the {len(hosts)} cations on {{100}} should be replaced by one of charge one lower",
            field="passivation.substitute",
            value=symbol,
            remedy="Name a cation such as Zn for In, or exchange fewer anions.",
        )
    draft.set_cations(hosts[spread(draft.cations[hosts], n)], symbol)
