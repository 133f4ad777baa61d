"""The working copy of a model on the lattice, which patterns edit before it becomes atoms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from ase.data import atomic_numbers, chemical_symbols

from ..elements import element
from ..kinds import CORE, INTERLAYER, LIGAND, SHELL
from .geometry import Floats
from .lattice import TETRAHEDRAL, Integers, Mask, Polyhedron, anion_sites_around, find
from .materials import Material

Action = Literal["substitute", "remove", "add", "exchange"]
Start = Literal["v1", "v2", "v3"]


@dataclass(frozen=True)
class Edit:
    """One change that a pattern made: which site, and the elements before and after ('' for none)."""

    pattern: str
    action: Action
    site: tuple[int, int, int]
    before: int
    after: int


@dataclass
class Draft:
    """Sites, elements and regions of a model; atomic number 0 marks an empty site.

    :param polyhedra: of the core and after each shell.
    :param layers: the material of each.
    :param cations: cation sites, shape (n, 3), lexicographic order.
    :param anions: anion sites with at least one cation site as neighbour, shape (m, 3), lexicographic order:
        framework anions, and the sites where ligands can sit.
    :param cation_neighbours: index of the anion site at +t, shape (n, 4).
    :param anion_neighbours: index of the cation site at -t, shape (m, 4), -1 where there is none.
    :param start: version of the rules for exchanged anions and ligands.
    """

    polyhedra: tuple[Polyhedron, ...]
    layers: tuple[Material, ...]
    cations: Integers
    anions: Integers
    cation_z: Integers
    anion_z: Integers
    cation_region: Integers
    anion_region: Integers
    cation_neighbours: Integers = field(init=False)
    anion_neighbours: Integers = field(init=False)
    ligand: str = "Cl"
    start: Start = "v3"
    edits: list[Edit] = field(default_factory=list)
    pattern: str = ""

    def __post_init__(self) -> None:
        self._connect()

    @property
    def outer(self) -> Polyhedron:
        """Return the outermost polyhedron."""
        return self.polyhedra[-1]

    @property
    def anion_coordination(self) -> Integers:
        """Return the number of occupied cation neighbours of every anion site, occupied or not."""
        occupied = np.append(self.cation_z > 0, False)
        result: Integers = occupied[self.anion_neighbours].sum(1)
        return result

    @property
    def cation_coordination(self) -> Integers:
        """Return the number of occupied anion sites, ligands included, around every cation site."""
        result: Integers = (self.anion_z > 0)[self.cation_neighbours].sum(1)
        return result

    @property
    def framework_anions(self) -> Mask:
        """Return which anion sites hold an anion that is not a ligand."""
        result: Mask = (self.anion_z > 0) & (self.anion_region != LIGAND)
        return result

    def cations_in(self, polyhedron: Polyhedron) -> Mask:
        """Return which cation sites lie inside ``polyhedron``."""
        return polyhedron.contains(self.cations)

    def anions_in(self, polyhedron: Polyhedron) -> Mask:
        """Return which anion sites are anion sites of ``polyhedron``: three cation neighbours inside."""
        inside = np.append(polyhedron.contains(self.cations), False)
        result: Mask = inside[self.anion_neighbours].sum(1) >= 3
        return result

    def set_cations(self, index: Integers, symbol: str, action: Action = "substitute") -> None:
        """Put ``symbol`` on the cation sites ``index``; '' empties them."""
        self._record(action, self.cations[index], self.cation_z[index], symbol)
        self.cation_z[index] = _number(symbol)

    def set_anions(self, index: Integers, symbol: str, action: Action = "substitute") -> None:
        """Put ``symbol`` on the anion sites ``index``; '' empties them."""
        self._record(action, self.anions[index], self.anion_z[index], symbol)
        self.anion_z[index] = _number(symbol)

    def add_ligands(self, index: Integers, symbol: str) -> None:
        """Put ligands on the anion sites ``index``; those that held an anion count as exchanged."""
        held = index[self.anion_z[index] > 0]
        if len(held):
            self._record("exchange", self.anions[held], self.anion_z[held], symbol)
        self.anion_z[index] = _number(symbol)
        self.anion_region[index] = LIGAND

    def move_ligands(self, left: Integers, taken: Integers) -> None:
        """Move ligands from the anion sites ``left`` to the empty ones ``taken``, as many."""
        self.anion_z[taken] = self.anion_z[left]
        self.anion_region[taken] = LIGAND
        self.anion_z[left] = 0

    def add_cations(self, sites: Integers, symbol: str, region: int = SHELL) -> None:
        """Occupy lattice cation sites outside the polyhedron, shape (k, 3), growing the site tables."""
        self._record("add", sites, np.zeros(len(sites), dtype=np.int64), symbol)
        known = find(self.cations, sites)
        self.cation_z[known[known >= 0]] = _number(symbol)
        new = sites[known < 0]
        cations = np.concatenate([self.cations, new])
        order = np.lexsort(cations.T[::-1])
        self.cation_z = np.append(self.cation_z, np.full(len(new), _number(symbol)))[order]
        self.cation_region = np.append(self.cation_region, np.full(len(new), region))[order]
        self.cations = cations[order]
        anions = anion_sites_around(self.cations)
        old = find(self.anions, anions)
        self.anion_z = np.where(old >= 0, np.append(self.anion_z, 0)[old], 0)
        self.anion_region = np.where(old >= 0, np.append(self.anion_region, LIGAND)[old], LIGAND)
        self.anions = anions
        self._connect()

    def charge_of(self, numbers: Integers) -> Integers:
        """Return the formal charge of each atomic number, in e; 0 for empty sites.

        :raises InputError: neither the materials nor the element table know an element.
        """
        states = {0: 0}
        for number in np.unique(numbers[numbers > 0]):
            symbol = chemical_symbols[number]
            given = [
                layer.oxidation_states[symbol] for layer in self.layers if symbol in layer.oxidation_states
            ]
            states[int(number)] = given[0] if given else element(symbol).oxidation_state
        table = np.zeros(len(chemical_symbols), dtype=np.int64)
        table[list(states)] = list(states.values())
        result: Integers = table[numbers]
        return result

    def formal_charge(self) -> int:
        """Return the sum of the formal charges of all occupied sites, in e."""
        return int(self.charge_of(self.cation_z).sum() + self.charge_of(self.anion_z).sum())

    def dipole_moment(self) -> Floats:
        """Return the sum of formal charges times lattice sites, in e a/4, shape (3,)."""
        cations, anions = self.charge_of(self.cation_z), self.charge_of(self.anion_z)
        moment: Floats = (cations @ self.cations + anions @ self.anions).astype(float)
        return moment

    def _connect(self) -> None:
        self.anion_neighbours = find(self.cations, self.anions[:, None, :] - TETRAHEDRAL[None])
        self.cation_neighbours = find(self.anions, self.cations[:, None, :] + TETRAHEDRAL[None])

    def _record(self, action: Action, sites: Integers, before: Integers, symbol: str) -> None:
        after = _number(symbol)
        self.edits.extend(
            Edit(self.pattern, action, (int(site[0]), int(site[1]), int(site[2])), int(old), after)
            for site, old in zip(sites, before, strict=True)
        )


def lay_out(
    polyhedra: tuple[Polyhedron, ...],
    layers: tuple[Material, ...],
    ligand: str = "Cl",
    start: Start = "v3",
) -> Draft:
    """Lay out the materials on the lattice, abruptly, without ligands.

    The core is region 1 and everything outside it region 3; an interface pattern draws the interlayer.

    :param polyhedra: of the core and after each shell, growing.
    :param layers: the material of each.
    :param ligand: the ligand that the model will carry.
    :param start: version of the rules for exchanged anions and ligands.
    """
    cations = polyhedra[-1].cations()
    anions = anion_sites_around(cations)
    empty = np.zeros(len(cations), dtype=np.int64), np.zeros(len(anions), dtype=np.int64)
    regions = empty[0] + SHELL, empty[1] + LIGAND
    made = Draft(polyhedra, layers, cations, anions, *empty, *regions, ligand, start=start)
    for polyhedron, layer in reversed(list(zip(polyhedra, layers, strict=True))):
        region = CORE if polyhedron is polyhedra[0] else SHELL
        inside, anions_inside = made.cations_in(polyhedron), made.anions_in(polyhedron)
        made.cation_z[inside], made.cation_region[inside] = _number(layer.cation), region
        made.anion_z[anions_inside], made.anion_region[anions_inside] = _number(layer.anion), region
    return made


def mark_interlayer(draft: Draft, inner: Polyhedron, outer: Polyhedron) -> None:
    """Give region 2 to the sites of ``outer`` that are not sites of ``inner``."""
    cations = draft.cations_in(outer) & ~draft.cations_in(inner)
    anions = draft.anions_in(outer) & ~draft.anions_in(inner) & draft.framework_anions
    draft.cation_region[cations] = INTERLAYER
    draft.anion_region[anions] = INTERLAYER


def _number(symbol: str) -> int:
    return int(atomic_numbers[symbol]) if symbol else 0
