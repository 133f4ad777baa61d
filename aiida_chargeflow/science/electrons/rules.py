"""The rules by which orbitals are read: what is a trap, and where the edges of a region are."""

from __future__ import annotations

from pydantic import Field

from ..settings import Settings


class TrapRule(Settings):
    """Parameters of the rule that tells a delocalised orbital from a trap.

    :param min_participation_ratio: with atom-resolved shares, an orbital below this fraction of even
        spreading is localised. The lowest orbital of a particle in a box reaches (2/3)³ = 0.30.
    :param min_kind_participation_ratio: the same from kinds alone, where the participation number is an upper
        bound; it counts only for orbitals that prefer atoms with missing neighbours, since a kind-resolved
        orbital in the middle of the dot looks concentrated as well.
    :param max_missing_neighbour_excess: an orbital whose electron misses this many more neighbours than with
        even spreading is a surface state, however many atoms carry it.
    :param degeneracy_ev: orbitals this close share their weights before the test, since CP2K returns an
        arbitrary rotation of a degenerate set.
    :param carrier_share: a trap's carriers are its largest kinds (and atoms) that add up to this share.
    """

    min_participation_ratio: float = Field(0.25, ge=0, le=1)
    min_kind_participation_ratio: float = Field(0.5, ge=0, le=1)
    max_missing_neighbour_excess: float = Field(0.25, ge=0, le=4)
    degeneracy_ev: float = Field(2e-3, ge=0, le=1)
    carrier_share: float = Field(0.8, ge=0, le=1)


class AlignmentRule(Settings):
    """Parameters of the region edges.

    :param window_ev: states within this distance of the energy zero are looked at.
    :param min_relative_share: a region takes part in a state if it holds at least this fraction of its mean
        share over the window.
    :param min_character_drop: the mean anion fraction must fall at least this much across the gap; otherwise
        the window shows one band only.
    :param tolerance_ev: edges closer than this count as level (quasi-type II).
    """

    window_ev: float = Field(2.5, gt=0)
    min_relative_share: float = Field(0.5, ge=0)
    min_character_drop: float = Field(0.1, ge=0, le=1)
    tolerance_ev: float = Field(0.1, ge=0)


class OrbitalRules(Settings):
    """Both rules: the section ``orbitals`` of a protocol."""

    traps: TrapRule = TrapRule()
    alignment: AlignmentRule = AlignmentRule()
