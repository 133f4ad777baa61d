"""From a structure and a Bader partition to its charge flow, with nothing but files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ..elements import element, is_ligand
from ..errors import InputError
from ..kinds import LIGAND, tag_regions
from .bonds import DEFAULT_SCALE, BondGraph, bond_graph
from .charge_flow import ChargeFlow, solve

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Analysis:
    """A structure with its bonds and its charge flow.

    :param atoms: the structure, tags 10·region + coordination where known.
    :param graph: its bonds.
    :param flow: its charge flow.
    :param regions: shape (n_atoms,); 1 core, 2 interlayer, 3 shell, 4 ligand, 0 unknown.
    :param regions_from: ``labels`` of the file, or ``elements`` where the file has none.
    :param n_valence: valence of each element that was used.
    """

    atoms: Atoms
    graph: BondGraph
    flow: ChargeFlow
    regions: NDArray[np.int64]
    regions_from: str
    n_valence: Mapping[str, float] = field(default_factory=dict)

    @property
    def symbols(self) -> list[str]:
        """Return the chemical symbol of each atom."""
        return [str(symbol) for symbol in self.atoms.symbols]

    @property
    def coordination(self) -> NDArray[np.int64]:
        """Return the number of bonds of each atom, shape (n_atoms,)."""
        return self.graph.degrees()


def analyse(
    atoms: Atoms,
    bader_charge: Array,
    *,
    scale: float = DEFAULT_SCALE,
    radii: Mapping[str, float] | None = None,
    pair_cutoffs: Mapping[tuple[str, str], float] | None = None,
    exclude_like_charges: bool = False,
    regularisation: float = 0.0,
    imbalance_tolerance_e: float | None = None,
    n_valence: Mapping[str, float] | None = None,
) -> Analysis:
    """Find the bonds and solve the charge flow (parameters as in ``bond_graph`` and ``solve``)."""
    graph = bond_graph(atoms, scale, radii, pair_cutoffs, exclude_like_charges)
    if len(atoms) > 1 and not graph.n_bonds:
        raise InputError(
            "no two atoms of the structure are bonded",
            field="bonds",
            remedy="Its lengths must be in Å; else the scale of the radii, or a cutoff, is too small.",
        )
    flow = solve(
        atoms.positions,
        graph.bonds,
        bader_charge,
        regularisation=regularisation,
        imbalance_tolerance_e=imbalance_tolerance_e,
    )
    regions, source = regions_of(atoms)
    return Analysis(atoms, graph, flow, regions, source, dict(n_valence or {}))


def valences(symbols: list[str], overrides: Mapping[str, float]) -> dict[str, float]:
    """Return the valence electrons of each element present: the given ones, else those of the table.

    :raises InputError: an element without a valence, an override of an absent element, or one that is not
        positive.
    """
    present = sorted(set(symbols))
    for symbol, value in overrides.items():
        if symbol not in present:
            raise InputError(
                "the structure has no such element",
                field="valence",
                value=symbol,
                remedy=f"It has {', '.join(present)}.",
            )
        if not (np.isfinite(value) and value > 0):
            raise InputError("a valence must be positive", field=f"valence {symbol}", value=value)
    return {s: float(overrides[s]) if s in overrides else float(element(s).n_valence) for s in present}


def regions_of(atoms: Atoms) -> tuple[NDArray[np.int64], str]:
    """Return the region of each atom and where it comes from.

    Without labels the elements decide: univalent anions and H, C, N, O are ligands; where III-V and II-VI
    elements occur together the former are core and the latter shell, else all of the rest is core.
    """
    tags = np.asarray(atoms.get_tags(), dtype=np.int64)
    if tags.all():
        return tag_regions(tags), "labels"
    symbols = [str(symbol) for symbol in atoms.symbols]
    oxidation = {s: _oxidation_state(s) for s in sorted(set(symbols))}
    regions = np.array([_region_of_element(s, oxidation) for s in symbols], dtype=np.int64)
    return np.where(tags > 0, tag_regions(tags), regions), "elements"


def _oxidation_state(symbol: str) -> int:
    try:
        return element(symbol).oxidation_state
    except InputError:
        return 0


def _region_of_element(symbol: str, oxidation: Mapping[str, int]) -> int:
    if is_ligand(symbol):
        return LIGAND
    if oxidation[symbol] == 0:
        return 0
    both = any(abs(state) == 3 for s, state in oxidation.items() if s != "N") and 2 in oxidation.values()
    return 3 if both and abs(oxidation[symbol]) == 2 else 1
