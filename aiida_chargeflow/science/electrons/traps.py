"""Delocalised band edges, traps and gaps of a dot from the projected density of states.

The rule (docs/topics/electronic-structure.md): an orbital is a *trap* if it is carried by few atoms, or if it
prefers atoms with missing neighbours. The band edges are the frontier orbitals that are not
traps; the band-edge gap lies between them, the HOMO-LUMO gap between the frontier orbitals of any kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .participation import (
    average_degenerate,
    even_participation_number,
    is_undercoordinated,
    missing_neighbour_excess,
    participation_number,
)
from .pdos import INTEGER_TOLERANCE_E, Pdos
from .rules import TrapRule


@dataclass(frozen=True)
class Trap:
    """A trap between the delocalised edges (or, without such an edge, outside of the gap).

    :param index: CP2K's orbital number.
    :param energy_ev: relative to the energy zero of the analysis.
    :param reason: ``localised``, ``surface`` or both.
    :param carriers: (kind name, share), largest first.
    :param atoms: (atom index from 0, share), largest first; empty without atom-resolved shares.
    """

    index: int
    energy_ev: float
    occupied: bool
    participation_number: float
    participation_ratio: float
    missing_neighbour_excess: float
    reason: str
    carriers: tuple[tuple[str, float], ...]
    atoms: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class ElectronicStructure:
    """Gaps, edges and traps. Energies in eV relative to ``energy_zero_ev`` unless stated.

    :param energy_zero_ev: absolute energy of the zero: the middle of the HOMO-LUMO gap with integer
        occupations, CP2K's Fermi level with smearing.
    :param resolution: ``atom`` or ``kind``, what the participation numbers were made from.
    :param participation_number: (n_states,) atoms that carry each orbital.
    :param participation_ratio: (n_states,) the same as a fraction of even spreading.
    :param is_trap: (n_states,) verdict for every orbital, in the gap or not.
    :param unresolvable_kinds: under-coordinated kinds that make up nearly all of their element in their region,
        as in very small dots: a trap spread over such a kind looks like an edge, and its absence from
        ``traps`` proves nothing.
    :param band_edge_gap_ev: None where one of the bands shows no delocalised orbital.
    """

    energy_zero_ev: float
    resolution: str
    energies_ev: NDArray[np.float64]
    occupations: NDArray[np.float64]
    participation_number: NDArray[np.float64]
    participation_ratio: NDArray[np.float64]
    missing_neighbour_excess: NDArray[np.float64]
    is_trap: NDArray[np.bool_]
    unresolvable_kinds: tuple[str, ...]
    homo_index: int
    lumo_index: int | None
    homo_ev: float
    lumo_ev: float | None
    valence_edge_index: int | None
    conduction_edge_index: int | None
    valence_edge_ev: float | None
    conduction_edge_ev: float | None
    traps: tuple[Trap, ...]

    @property
    def gap_ev(self) -> float | None:
        """Return the HOMO-LUMO gap."""
        return None if self.lumo_ev is None else self.lumo_ev - self.homo_ev

    @property
    def band_edge_gap_ev(self) -> float | None:
        """Return the gap between the delocalised edges, traps skipped."""
        if self.valence_edge_ev is None or self.conduction_edge_ev is None:
            return None
        return self.conduction_edge_ev - self.valence_edge_ev

    def summary(self) -> dict[str, object]:
        """Return the scalars and the list of traps as plain Python values, ready for JSON."""
        return {
            "gap_ev": self.gap_ev,
            "band_edge_gap_ev": self.band_edge_gap_ev,
            "homo_index": self.homo_index,
            "lumo_index": self.lumo_index,
            "homo_ev": self.homo_ev,
            "lumo_ev": self.lumo_ev,
            "valence_edge_index": self.valence_edge_index,
            "conduction_edge_index": self.conduction_edge_index,
            "valence_edge_ev": self.valence_edge_ev,
            "conduction_edge_ev": self.conduction_edge_ev,
            "energy_zero_ev": self.energy_zero_ev,
            "resolution": self.resolution,
            "unresolvable_kinds": list(self.unresolvable_kinds),
            "n_traps": len(self.traps),
            "traps": [
                {
                    "index": trap.index,
                    "energy_ev": trap.energy_ev,
                    "occupied": trap.occupied,
                    "participation_number": trap.participation_number,
                    "participation_ratio": trap.participation_ratio,
                    "missing_neighbour_excess": trap.missing_neighbour_excess,
                    "reason": trap.reason,
                    "carriers": dict(trap.carriers),
                    "atoms": [list(pair) for pair in trap.atoms],
                }
                for trap in self.traps
            ],
        }


def energy_zero_ev(pdos: Pdos) -> float:
    """Return the absolute energy that figures call zero.

    With integer occupations the middle of the HOMO-LUMO gap, where CP2K prints the HOMO itself as E(Fermi);
    with fractional ones, or without unoccupied states, CP2K's Fermi level.
    """
    n_occupied = pdos.n_occupied
    full = 2.0 if pdos.spin == "both" else 1.0
    fractional = (
        np.minimum(np.abs(pdos.occupations), np.abs(full - pdos.occupations)).max() > INTEGER_TOLERANCE_E
    )
    if fractional or not 0 < n_occupied < pdos.eigenvalues_ev.size:
        return pdos.fermi_level_ev
    return float(pdos.eigenvalues_ev[n_occupied - 1 : n_occupied + 1].mean())


def _unresolvable_kinds(pdos: Pdos, rule: TrapRule) -> tuple[str, ...]:
    """Return the under-coordinated kinds whose traps the rule would miss: an orbital on all atoms of the kind,
    and nowhere else, would still pass.
    """
    under = [k for k, kind in enumerate(pdos.kinds) if is_undercoordinated(kind)]
    alone = np.eye(len(pdos.kinds))[:, under]
    caught = _score(pdos, alone, None, rule)
    if pdos.atom_weights is not None:
        is_trap = caught.surface | (caught.ratio < rule.min_participation_ratio)
    else:
        is_trap = caught.is_trap
    return tuple(pdos.kind_names[k] for k, found in zip(under, is_trap, strict=True) if not found)


def _largest(shares: NDArray[np.float64], total: float) -> list[tuple[int, float]]:
    order = np.argsort(-shares, kind="stable")
    n = int(np.searchsorted(np.cumsum(shares[order]), total - 1e-12)) + 1
    return [(int(k), float(shares[k])) for k in order[:n]]


def _between(edge_low: int | None, edge_high: int | None, n_occupied: int, n_states: int) -> Sequence[int]:
    """Return positions strictly between the edges; without an edge only the frontier orbital on that side."""
    low = edge_low if edge_low is not None else n_occupied - 2
    high = edge_high if edge_high is not None else n_occupied + 1
    return range(max(low + 1, 0), min(high, n_states))


@dataclass(frozen=True)
class _Scores:
    number: NDArray[np.float64]
    ratio: NDArray[np.float64]
    excess: NDArray[np.float64]
    localised: NDArray[np.bool_]
    surface: NDArray[np.bool_]

    @property
    def is_trap(self) -> NDArray[np.bool_]:
        return self.localised | self.surface


def _score(
    pdos: Pdos, kinds: NDArray[np.float64], atoms: NDArray[np.float64] | None, rule: TrapRule
) -> _Scores:
    number = participation_number(pdos, kinds, atoms)
    ratio = number / even_participation_number(pdos, kinds)
    excess = missing_neighbour_excess(pdos, kinds)
    if atoms is not None:
        localised = ratio < rule.min_participation_ratio
    else:
        localised = (ratio < rule.min_kind_participation_ratio) & (excess > 0)
    return _Scores(number, ratio, excess, localised, excess > rule.max_missing_neighbour_excess)


def _traps(
    pdos: Pdos,
    positions: Sequence[int],
    scores: _Scores,
    energies_ev: NDArray[np.float64],
    kinds: NDArray[np.float64],
    atoms: NDArray[np.float64] | None,
    carrier_share: float,
) -> Iterator[Trap]:
    for k in positions:
        flags = (("localised", scores.localised[k]), ("surface", scores.surface[k]))
        carriers = _largest(kinds[:, k], carrier_share)
        yield Trap(
            index=int(pdos.index[k]),
            energy_ev=float(energies_ev[k]),
            occupied=k < pdos.n_occupied,
            participation_number=float(scores.number[k]),
            participation_ratio=float(scores.ratio[k]),
            missing_neighbour_excess=float(scores.excess[k]),
            reason=" and ".join(name for name, yes in flags if yes),
            carriers=tuple((pdos.kind_names[j], share) for j, share in carriers),
            atoms=() if atoms is None else tuple(_largest(atoms[:, k], carrier_share)),
        )


def find_traps(pdos: Pdos, rule: TrapRule | None = None) -> ElectronicStructure:
    """Find edges, gaps and traps.

    :param pdos: with ``kind_counts``; with ``atom_weights`` the participation numbers are exact.
    :param rule: parameters of the trap rule.
    :raises InputError: no occupied state, or the number of atoms of each kind is not known.
    """
    rule = rule or TrapRule()
    n_occupied, n_states = pdos.n_occupied, pdos.eigenvalues_ev.size
    if n_occupied == 0:
        raise InputError("no occupied orbital", field="pdos", remedy="Print at least HOMO and LUMO.")
    kinds = average_degenerate(pdos.kind_weights, pdos.eigenvalues_ev, rule.degeneracy_ev)
    atoms = pdos.atom_weights
    if atoms is not None:
        atoms = average_degenerate(atoms, pdos.eigenvalues_ev, rule.degeneracy_ev)
    scores = _score(pdos, kinds, atoms, rule)
    free = np.flatnonzero(~scores.is_trap)
    valence = max((int(k) for k in free if k < n_occupied), default=None)
    conduction = min((int(k) for k in free if k >= n_occupied), default=None)
    lumo = n_occupied if n_occupied < n_states else None
    zero = energy_zero_ev(pdos)
    energies = pdos.eigenvalues_ev - zero
    in_gap = [k for k in _between(valence, conduction, n_occupied, n_states) if scores.is_trap[k]]

    def energy(k: int | None) -> float | None:
        return None if k is None else float(energies[k])

    def number(k: int | None) -> int | None:
        return None if k is None else int(pdos.index[k])

    return ElectronicStructure(
        energy_zero_ev=zero,
        resolution="kind" if atoms is None else "atom",
        energies_ev=energies,
        occupations=pdos.occupations,
        participation_number=scores.number,
        participation_ratio=scores.ratio,
        missing_neighbour_excess=scores.excess,
        is_trap=scores.is_trap,
        unresolvable_kinds=_unresolvable_kinds(pdos, rule),
        homo_index=int(pdos.index[n_occupied - 1]),
        lumo_index=number(lumo),
        homo_ev=float(energies[n_occupied - 1]),
        lumo_ev=energy(lumo),
        valence_edge_index=number(valence),
        conduction_edge_index=number(conduction),
        valence_edge_ev=energy(valence),
        conduction_edge_ev=energy(conduction),
        traps=tuple(_traps(pdos, in_gap, scores, energies, kinds, atoms, rule.carrier_share)),
    )
