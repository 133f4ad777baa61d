"""Which cations each ligand binds: the bridges of relaxed dots instead of the sites of the lattice.

Ligands first sit on lattice sites. A cation short of charge then draws the ligand of a neighbour into a bridge, a
ligand on three cations lets go of the one that needs it least, and one that is wasted moves elsewhere, as long as
the sum of the squared errors of the cations' valences falls. The valences are Pauling's bond strengths: each atom
shares its charge equally among its bonds (J. Am. Chem. Soc. 51, 1010 (1929)).

A *slot* 4·c + k is the k-th bond of cation c, where no framework anion sits. A bridge off the lattice *leans* at an
end whose slot is at right angles to the line of its two cations. There the ligand comes close to one bond of the
cation and opposite to another: if an anion sits on that one, the cation is bent far from a tetrahedron, and its empty
state lies low in the gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from .draft import Draft
from .geometry import Floats
from .lattice import TETRAHEDRAL, Integers
from .start_parameters import start_parameters

Slots = tuple[int, ...]
Change = Sequence[tuple[int, Slots]]

_NEIGHBOURS_SQUARED = 8  # of cations, and of the lattice sites that one ligand can bridge, in (a/4)²
_RIGID = 3  # two cations with so many anions cannot lean towards a common ligand
_STIFF_CHARGE = 3  # cations of lower charge bend: Cd in relaxed Cd68Se55Cl26 lies between three bridges
_LEAST_GAINS = (0.5, 0.25, 0.1, 1e-6)  # the best changes first, whatever the order of the ligands
_MOST_TARGETS = 12  # places elsewhere that are tried for each ligand
_NEEDY_E = 0.2  # a cation is worth a move from elsewhere if it lacks this much
_MOST_ROUNDS = 50


@dataclass(frozen=True)
class LigandBonds:
    """The bonds of all ligands, in the order of their sites.

    :param sites: index of the anion site that each ligand takes its name from, shape (n,).
    :param ligand: number of the ligand of each bond, 0 to n - 1, shape (n_bonds,).
    :param cation: index of the cation site of each bond, shape (n_bonds,).
    :param points: where the ligand starts, roughly: the mean of the lattice sites that it covers, shape (n, 3).
    """

    sites: Integers
    ligand: Integers
    cation: Integers
    points: Floats


def on_lattice(draft: Draft) -> LigandBonds:
    """Return the ligands where they sit, each bound to all cations around its site."""
    sites = np.flatnonzero((draft.anion_z > 0) & ~draft.framework_anions)
    around = draft.anion_neighbours[sites]
    bound = np.append(draft.cation_z > 0, False)[around]
    ligand, column = np.nonzero(bound)
    return LigandBonds(sites, ligand, around[ligand, column], draft.anions[sites].astype(float))


def settle(draft: Draft) -> LigandBonds:
    """Return the ligands with the bonds that serve the cations best; some move to other sites of ``draft``."""
    search = _Search(draft)
    search.run()
    homes = sorted(search.home.items(), key=lambda item: item[1])
    sites = np.array([site for _, site in homes], dtype=np.int64)
    before = np.flatnonzero((draft.anion_z > 0) & ~draft.framework_anions)
    draft.move_ligands(np.setdiff1d(before, sites), np.setdiff1d(sites, before))
    bonds = [(n, slot) for n, (ligand, _) in enumerate(homes) for slot in search.bound[ligand]]
    ligand, slots = np.array(bonds, dtype=np.int64).reshape(-1, 2).T
    points = [search.start_point(draft, one) for one, _ in homes]
    return LigandBonds(sites, ligand, slots // 4, np.array(points).reshape(-1, 3))


class _Search:
    """The state of the search: what every cation lacks, and the slots of every ligand."""

    def __init__(self, draft: Draft) -> None:
        self.cost = start_parameters().placing[draft.start]
        self.cations = draft.cations
        self.cation_charge: list[int] = draft.charge_of(draft.cation_z).tolist()
        framework = draft.framework_anions
        self.n_anions: list[int] = framework[draft.cation_neighbours].sum(1).tolist()
        self.lacks = _lacking(draft).tolist()
        free = ~framework[draft.cation_neighbours] & (draft.cation_z > 0)[:, None]
        slots = np.flatnonzero(free.ravel())
        self.site: Integers = draft.cation_neighbours.ravel()
        self.slots_of: dict[int, list[int]] = {}
        for slot, site in zip(slots.tolist(), self.site[slots].tolist(), strict=True):
            self.slots_of.setdefault(site, []).append(slot)
        self.owner: dict[int, int] = dict.fromkeys(slots.tolist(), -1)
        self.bound: dict[int, Slots] = {}
        self.home: dict[int, int] = {}
        self.ends: list[list[int]] = draft.anions[self.site].tolist()
        self.charge: list[int] = draft.charge_of(draft.anion_z).tolist()
        self.moment: list[float] = draft.dipole_moment().tolist()
        self.stiffness = self.cost.dipole / max(int((draft.cation_z > 0).sum()), 1)
        for ligand in np.flatnonzero((draft.anion_z > 0) & ~framework).tolist():
            self.bound[ligand], self.home[ligand] = (), ligand
            self._bind(ligand, tuple(self.slots_of[ligand]))
        self.near = self._near(draft, slots)
        self.behind = self._behind(draft, slots)
        self.partners = {slot: sorted({*self.near[slot], *self.behind[slot]}) for slot in self.owner}
        self.wanted_by: dict[int, list[int]] = {slot: [] for slot in self.owner}
        for slot, others in self.partners.items():
            for other in others:
                self.wanted_by[other].append(slot)

    def _near(self, draft: Draft, slots: Integers) -> dict[int, list[int]]:
        """Return for each slot those of neighbouring cations that end at neighbouring sites."""
        pairs = cKDTree(draft.anions[self.site[slots]]).query_pairs(3.0, output_type="ndarray")
        one, two = slots[pairs.astype(np.int64).reshape(-1, 2)].T
        apart = ((draft.cations[one // 4] - draft.cations[two // 4]) ** 2).sum(1)
        near = (self.site[one] != self.site[two]) & (apart == _NEIGHBOURS_SQUARED)
        found: dict[int, list[int]] = {slot: [] for slot in self.owner}
        for i, j in zip(one[near].tolist(), two[near].tolist(), strict=True):
            found[i].append(j)
            found[j].append(i)
        return {slot: sorted(others) for slot, others in found.items()}

    def _behind(self, draft: Draft, slots: Integers) -> dict[int, list[int]]:
        """Return for each slot those of neighbouring cations that a ligand can reach from behind.

        A cation with a single anion turns inside out: a ligand opposite to one of its bonds takes its place.
        """
        turning = slots[np.array(self.n_anions)[slots // 4] <= 1]
        opposite = draft.cations[turning // 4] - TETRAHEDRAL[turning % 4]
        ends = draft.anions[self.site[slots]]
        found: dict[int, list[int]] = {slot: [] for slot in self.owner}
        hits = cKDTree(opposite).query_ball_point(ends, 2.1) if len(turning) else [[]] * len(slots)
        for slot, others in zip(slots.tolist(), hits, strict=True):
            for other in turning[sorted(others)].tolist():
                apart = draft.cations[slot // 4] - draft.cations[other // 4]
                if (apart**2).sum() == _NEIGHBOURS_SQUARED:
                    found[slot].append(other)
        return found

    def start_point(self, draft: Draft, ligand: int) -> Floats:
        """Return where a ligand starts in a/4: at the mean of the sites it covers, beside the line of two cations."""
        slots = self.bound[ligand]
        points = draft.anions[self.site[list(slots)]].astype(float)
        if not self._off_lattice(slots):
            return np.asarray(points.mean(0))
        if slots[1] not in self.near[slots[0]]:  # it came from behind
            points[1] = draft.cations[slots[1] // 4] - TETRAHEDRAL[slots[1] % 4]
        one, two = draft.cations[[slot // 4 for slot in slots]].astype(float)
        from_middle, axis = points.mean(0) - (one + two) / 2, two - one
        beside: Floats = (one + two) / 2 + from_middle - axis * (from_middle @ axis) / (axis @ axis)
        return beside

    def _bind(self, ligand: int, slots: Slots) -> None:
        for slot in self.bound[ligand]:
            self.owner[slot] = -1
            self.lacks[slot // 4] += 1 / len(self.bound[ligand])
        for slot in slots:
            self.owner[slot] = ligand
            self.lacks[slot // 4] -= 1 / len(slots)
        self.bound[ligand] = slots
        if slots and self.home[ligand] not in {int(self.site[slot]) for slot in slots}:
            self.home[ligand] = int(self.site[slots[0]])

    def _off_lattice(self, slots: Slots) -> bool:
        return len({int(self.site[slot]) for slot in slots}) > 1

    def _bonding(self, slots: Slots) -> float:
        """Return the cost of a ligand's bonds beside what they do to the cations."""
        cost = -self.cost.bond_gain * min(len(slots), 2)
        if len(slots) >= 3:
            return cost + self.cost.three_cations
        if not self._off_lattice(slots):
            return cost
        fewest, most = sorted(self.n_anions[slot // 4] for slot in slots)
        if fewest >= _RIGID:
            return np.inf
        if fewest <= 1:
            return cost + self.cost.opposite_one_of_three * self._opposite(slots, 3)
        if self._opposite(slots, 2):
            cost += self.cost.opposite_one_of_two
        return cost + (self.cost.bridge_to_3_anions if most >= 3 else self.cost.bridge_to_2_anions)

    def _opposite(self, slots: Slots, n_anions: int) -> bool:
        """Return whether a bridge leans away from an anion of an end that has ``n_anions``."""
        one, two = (slot // 4 for slot in slots)
        line = self.cations[two] - self.cations[one]
        for slot, towards in zip(slots, (line, -line), strict=True):
            cation, k = divmod(slot, 4)
            if self.n_anions[cation] == n_anions and TETRAHEDRAL[k] @ towards <= 0:
                away = np.flatnonzero(TETRAHEDRAL @ towards < 0)
                if any(4 * cation + other not in self.owner for other in away.tolist()):
                    return True
        return False

    def _crowding(self, ligand: int, slots: Slots, moved: set[int]) -> float:
        """Return the cost of a bridge off the lattice beside another bridge to the same cation.

        Cations with a single anion turn towards both.
        """
        if len(slots) != 2 or not self._off_lattice(slots):
            return 0.0
        cations = [slot // 4 for slot in slots]
        if self.cost.second_bridge == 0 or min(self.n_anions[cation] for cation in cations) <= 1:
            return 0.0
        stiff = [cation for cation in cations if self.cation_charge[cation] >= _STIFF_CHARGE]
        others = {self.owner.get(4 * cation + k, -1) for cation in stiff for k in range(4)}
        others -= {-1, ligand} | moved
        return self.cost.second_bridge if any(len(self.bound[other]) == 2 for other in others) else 0.0

    def _gain(self, change: Change) -> float:
        """Return by how much the cost falls."""
        given: dict[int, float] = {}
        moved = {ligand for ligand, _ in change}
        cost = 0.0
        for ligand, slots in change:
            old = self.bound[ligand]
            for slot in old:
                given[slot // 4] = given.get(slot // 4, 0.0) - 1 / len(old)
            for slot in slots:
                given[slot // 4] = given.get(slot // 4, 0.0) + 1 / len(slots)
            cost += self._bonding(slots) - self._bonding(old)
            cost += self._crowding(ligand, slots, moved) - self._crowding(ligand, old, moved)
        cost += self._polarity(change)
        for cation, amount in given.items():
            lacked = self.lacks[cation]
            cost += self._error(lacked - amount) - self._error(lacked)
        return -cost

    def _polarity(self, change: Change) -> float:
        """Return the cost of the dipole moment that a change makes, in e²: only where a cation may turn inside out."""
        touched = (slot for ligand, slots in change for slot in (*slots, *self.bound[ligand]))
        if self.stiffness == 0 or not any(self.n_anions[slot // 4] <= 1 for slot in touched):
            return 0.0
        after = self._moment_after(change)
        return self.stiffness * (sum(x * x for x in after) - sum(x * x for x in self.moment))

    def _moment_after(self, change: Change) -> list[float]:
        """Return the dipole moment of the dot after a change, in e a/4; ligands at the mean of the sites they cover."""
        moment = list(self.moment)
        for ligand, slots in change:
            for bound, sign in ((slots, 1.0), (self.bound[ligand], -1.0)):
                share = sign * self.charge[ligand] / len(bound)
                for slot in bound:
                    for axis, x in enumerate(self.ends[slot]):
                        moment[axis] += share * x
        return moment

    def _error(self, lacks: float) -> float:
        """Return the cost of a cation that lacks so much charge, in e²."""
        return lacks**2 + self.cost.uneven * lacks**4

    def run(self) -> None:
        """Make every change that lowers the cost, in the order of the ligands, the large gains first."""
        for least in _LEAST_GAINS:
            for _ in range(_MOST_ROUNDS):
                if not self._round(least):
                    break

    def _round(self, least: float) -> bool:
        changed = False
        targets = self._targets()
        for ligand in sorted(self.bound):
            best: Change | None = None
            gain = least
            for change in self._changes(ligand, targets):
                if (found := self._gain(change)) > gain + 1e-9:
                    best, gain = change, found
            if best is not None:
                self.moment = self._moment_after(best)
                for one, _ in best:
                    self._bind(one, ())
                for one, slots in best:
                    self._bind(one, slots)
                changed = True
        return changed

    def _targets(self) -> list[Slots]:
        """Return free places where a ligand would serve needy cations, the best first."""
        found: list[tuple[float, Slots]] = []
        for slot, owner in self.owner.items():
            if owner == -1 and self.lacks[slot // 4] > _NEEDY_E and self._on_top(slot):
                options: list[Slots] = [(slot,)]
                options += [(slot, other) for other in self.partners[slot] if self.owner[other] == -1]
                for option in options:
                    share = 1 / len(option)
                    served = sum(share * (2 * self.lacks[s // 4] - share) for s in option)
                    found.append((self._bonding(option) - served, option))
        return [option for _, option in sorted(found)[:_MOST_TARGETS]]

    def _on_top(self, slot: int) -> bool:
        return len(self.slots_of[int(self.site[slot])]) == 1

    def _changes(self, ligand: int, targets: list[Slots]) -> Iterator[Change]:
        slots = self.bound[ligand]
        if len(slots) >= 3:
            yield from self._releases(ligand)
        if len(slots) == 1:
            yield from ([(ligand, (slots[0], other))] for other in self._free(slots[0], ligand))
        if len(slots) > 1 and not self._off_lattice(slots):
            return
        if len(slots) == 2:
            for slot in filter(self._on_top, slots):
                yield [(ligand, (slot,))]
                yield from (
                    [(ligand, (slot, other))] for other in self._free(slot, ligand) if other not in slots
                )
        for target in targets:
            if all(self.owner[slot] in (-1, ligand) for slot in target):
                yield [(ligand, target)]

    def _free(self, slot: int, ligand: int) -> list[int]:
        return [other for other in self.partners[slot] if self.owner[other] in (-1, ligand)]

    def _releases(self, ligand: int) -> Iterator[Change]:
        """Let go of one cation, which may draw the on-top ligand of a neighbour into a bridge instead."""
        slots = self.bound[ligand]
        for slot in slots:
            rest = tuple(other for other in slots if other != slot)
            yield [(ligand, rest)]
            for giver in self.wanted_by[slot]:
                other = self.owner[giver]
                if other not in (-1, ligand) and len(self.bound[other]) == 1:
                    yield [(ligand, rest), (other, (giver, slot))]


def _lacking(draft: Draft) -> Floats:
    """Return the charge that each cation does not receive from framework anions, in e."""
    coordination = np.maximum(draft.anion_coordination, 1)
    share = np.where(draft.framework_anions, -draft.charge_of(draft.anion_z) / coordination, 0.0)
    result: Floats = draft.charge_of(draft.cation_z) - share[draft.cation_neighbours].sum(1)
    return np.where(draft.cation_z > 0, result, 0.0)
