"""Where the frontier orbitals sit: a gap between lone pairs of ligands says little about the dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kinds import LIGAND, Kind, decode
from .participation import average_degenerate, is_undercoordinated
from .pdos import Pdos
from .rules import TrapRule

LIGAND_SHARE = 0.5
"""An orbital with more than this on ligands is a ligand's."""

ONE_ATOM_SHARE = 0.5
"""An orbital with more than this on one atom is that atom's."""


@dataclass(frozen=True)
class Character:
    """What carries one orbital, averaged over the set that it is degenerate with.

    :param index: CP2K's orbital number.
    :param carriers: kind name → share, largest first, as many as make up ``carrier_share`` of the trap rule.
    :param ligand_share: share on ligands.
    :param atom: the atom with the largest share, from 0; None without atom-resolved shares.
    :param atom_kind: kind of that atom, or of the atoms that carry most each on average.
    :param atom_share: its share; without atom-resolved shares the mean over its kind, a lower bound of the largest.
    """

    index: int
    carriers: dict[str, float]
    ligand_share: float
    atom: int | None
    atom_kind: str
    atom_share: float

    @property
    def place(self) -> str:
        """Return where most of the orbital sits, for a table: ``ligands``, ``one surface atom``, ``core As``."""
        if self._sits_on_ligands:
            return "ligands"
        if self._sits_on_one_surface_atom:
            return "one surface atom"
        shares: dict[str, float] = {}
        for name, share in self.carriers.items():
            kind = decode(name)
            group = "ligands" if kind.region == LIGAND else f"{kind.region_name} {kind.symbol}"
            shares[group] = shares.get(group, 0.0) + share
        return max(shares, key=lambda group: shares[group])

    @property
    def _sits_on_ligands(self) -> bool:
        return self.ligand_share > LIGAND_SHARE

    @property
    def _sits_on_one_surface_atom(self) -> bool:
        return self.atom_share > ONE_ATOM_SHARE and is_undercoordinated(decode(self.atom_kind))

    @property
    def warning(self) -> str | None:
        """Return where the orbital sits if that is on ligands or on one surface atom, in words; otherwise None."""
        if self._sits_on_ligands:
            ligands = {name: share for name, share in self.carriers.items() if decode(name).region == LIGAND}
            most = max(ligands, key=lambda name: ligands[name])
            return f"on ligands ({100 * self.ligand_share:.0f} %, most on {describe_kind(decode(most))})"
        if self._sits_on_one_surface_atom:
            which = describe_kind(decode(self.atom_kind)) + (
                f", atom {self.atom + 1}" if self.atom is not None else ""
            )
            return f"on one surface atom ({100 * self.atom_share:.0f} % on {which})"
        return None


def describe_kind(kind: Kind) -> str:
    """Return a kind in words: ``Cl with 1 bond``, ``2-coordinate core As``."""
    if kind.region == LIGAND:
        return f"{kind.symbol} with {kind.coordination} bond{'' if kind.coordination == 1 else 's'}"
    return f"{kind.coordination}-coordinate {kind.region_name} {kind.symbol}"


def frontier(pdos: Pdos, atom_kinds: Sequence[str], rule: TrapRule | None = None) -> dict[str, Character]:
    """Return the character of ``homo`` and, if it was computed, ``lumo``; empty unless all kinds carry regions.

    :param pdos: with ``kind_counts``; with ``atom_weights`` the share of the largest atom is exact.
    :param atom_kinds: (n_atoms,) kind name of every atom.
    """
    rule = rule or TrapRule()
    if not all(kind.region for kind in pdos.kinds):
        return {}
    kinds = average_degenerate(pdos.kind_weights, pdos.eigenvalues_ev, rule.degeneracy_ev)
    atoms = pdos.atom_weights
    if atoms is not None:
        atoms = average_degenerate(atoms, pdos.eigenvalues_ev, rule.degeneracy_ev)
    places = {"homo": pdos.n_occupied - 1, "lumo": pdos.n_occupied}
    return {
        name: _character(pdos, k, kinds[:, k], None if atoms is None else atoms[:, k], atom_kinds, rule)
        for name, k in places.items()
        if 0 <= k < pdos.eigenvalues_ev.size
    }


def _character(
    pdos: Pdos,
    state: int,
    kinds: NDArray[np.float64],
    atoms: NDArray[np.float64] | None,
    atom_kinds: Sequence[str],
    rule: TrapRule,
) -> Character:
    order = np.argsort(-kinds, kind="stable")
    n = int(np.searchsorted(np.cumsum(kinds[order]), rule.carrier_share - 1e-12)) + 1
    atom = None if atoms is None else int(atoms.argmax())
    if atoms is None or atom is None:
        each = kinds / pdos.kind_counts
        k = int(each.argmax())
        atom_kind, atom_share = pdos.kind_names[k], float(each[k])
    else:
        atom_kind, atom_share = atom_kinds[atom], float(atoms[atom])
    return Character(
        index=int(pdos.index[state]),
        carriers={pdos.kind_names[k]: float(kinds[k]) for k in order[:n]},
        ligand_share=float(sum(kinds[k] for k, kind in enumerate(pdos.kinds) if kind.region == LIGAND)),
        atom=atom,
        atom_kind=atom_kind,
        atom_share=atom_share,
    )


def to_mapping(characters: Mapping[str, Character]) -> dict[str, Any]:
    """Return characters as plain data, ready for JSON; ``from_mapping`` reads it."""
    return {name: asdict(character) for name, character in characters.items()}


def from_mapping(data: Mapping[str, Any]) -> dict[str, Character]:
    """Return the characters that ``to_mapping`` wrote."""
    return {name: Character(**content) for name, content in data.items()}


def warnings(characters: Mapping[str, Character]) -> list[str]:
    """Return a sentence for each frontier orbital that is a ligand's or one surface atom's."""
    return [
        f"the {name.upper()} (orbital {character.index}) sits {where}: the gap is about the surface of this "
        "model, not about its inside"
        for name, character in characters.items()
        if (where := character.warning)
    ]
