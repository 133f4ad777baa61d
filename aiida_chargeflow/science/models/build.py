"""Build a quantum-dot model: from its specification to atoms with regions and coordination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from ..elements import formula as chemical_formula
from ..elements import formula_order
from ..kinds import LIGAND, REGIONS, encode, tag
from .checks import check_framework, check_neutral, check_not_empty, check_overlaps, check_passivated
from .draft import Draft, Edit, lay_out
from .facets import facet_names
from .geometry import ligand_length_ang
from .lattice import Integers
from .ligand_bonds import LigandBonds, on_lattice, settle
from .ligands import passivate
from .patterns.registry import pattern
from .spec import ModelSpec
from .start_positions import start_positions


@dataclass(frozen=True)
class QDModel:
    """A finished model.

    :param atoms: not periodic, centred at the origin, ``tags`` = 10·region + coordination.
    :param regions: 1 core, 2 interlayer, 3 shell, 4 ligand; shape (n_atoms,).
    :param coordination: number of bonds of each atom, ligands included; shape (n_atoms,).
    :param formal_charges: in e; shape (n_atoms,).
    :param bonds: (i, j) with i < j, lexicographically sorted; shape (n_bonds, 2).
    :param facets: the facets that each atom lies on, such as ``111`` or, on an edge, ``111+100``; ``-`` inside.
    :param sites: lattice site of each atom in units of a/4; shape (n_atoms, 3).
    :param lattice_constant_ang: that places the sites, in Å.
    :param spec: what it was built from; None for an imported model.
    :param edits: what the patterns changed, in order.
    """

    atoms: Atoms
    regions: Integers
    coordination: Integers
    formal_charges: Integers
    bonds: Integers
    facets: tuple[str, ...]
    sites: Integers
    lattice_constant_ang: float
    spec: ModelSpec | None = None
    edits: tuple[Edit, ...] = field(default=(), repr=False)

    @property
    def formal_charge(self) -> int:
        """Return the sum of the formal charges, in e; 0 for every model that was built."""
        return int(self.formal_charges.sum())

    @property
    def formula(self) -> str:
        """Return the formula with cations first: ``In156Cd180As119Se154Cl163``."""
        return chemical_formula(self.symbols)

    @property
    def symbols(self) -> list[str]:
        """Return the chemical symbol of each atom."""
        return [chemical_symbols[number] for number in self.atoms.numbers]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kind name of each atom."""
        return tuple(map(encode, self.symbols, self.regions.tolist(), self.coordination.tolist()))

    def summary(self) -> dict[str, Any]:
        """Return counts, n_atoms, formal_charge, regions and coordination as plain, ordered mappings."""
        symbols = self.symbols
        order = formula_order(symbols)
        regions = [REGIONS.get(region, "unknown") for region in self.regions.tolist()]
        return {
            "counts": _tally([""] * len(symbols), symbols, [""], order)[""],
            "n_atoms": len(symbols),
            "formal_charge": self.formal_charge,
            "regions": _tally(regions, symbols, [*REGIONS.values(), "unknown"], order),
            "coordination": _tally(symbols, self.coordination.tolist(), order, range(13)),
        }


def build(spec: ModelSpec) -> QDModel:
    """Build the model that ``spec`` describes.

    :raises InputError: it cannot be made neutral, atoms overlap, or a framework atom has too few bonds.
    """
    draft = edited_draft(spec)
    passivate(draft, spec.passivation)
    check_neutral(draft)
    check_passivated(draft)
    settles = spec.start != "v1" and spec.start_geometry != "lattice"
    ligands = settle(draft) if settles else on_lattice(draft)
    model = realise(draft, spec, ligands)
    check_overlaps(model.atoms.positions, model.sites, shortest_bond_ang(spec))
    return model


def shortest_bond_ang(spec: ModelSpec) -> float:
    """Return the shortest ideal bond of a model, bulk or to a ligand, in Å."""
    bulk = [layer.bond_length_ang for layer in spec.layers]
    ligand = [ligand_length_ang(layer.cation, spec.passivation.ligand, 1) for layer in spec.layers]
    return min(bulk + ligand)


def edited_draft(spec: ModelSpec) -> Draft:
    """Return the model on the lattice, all patterns applied, before ligands.

    :raises InputError: a pattern does not fit the model, or leaves loose framework atoms.
    """
    draft = lay_out(spec.polyhedra, spec.layers, spec.passivation.ligand, spec.start)
    chosen = [(pattern("surface", item.pattern), item.parameters) for item in spec.surface]
    if spec.shells:
        chosen.insert(0, (pattern("interface", spec.interface.pattern), spec.interface.parameters))
    for item, parameters in chosen:
        draft.pattern = item.name
        item.apply(draft, **parameters)
    draft.pattern = "passivation"
    check_not_empty(draft)
    if not any(item.low_coordination for item, _ in chosen):
        check_framework(draft)
    return draft


def realise(draft: Draft, spec: ModelSpec, ligands: LigandBonds) -> QDModel:
    """Turn occupied sites into atoms, in the order region, cations before anions, element, site.

    :param draft: neutral, with its ligands.
    :param ligands: their bonds.
    """
    cations, anions = np.flatnonzero(draft.cation_z), np.flatnonzero(draft.anion_z)
    numbers = np.concatenate([draft.cation_z[cations], draft.anion_z[anions]])
    regions = np.concatenate([draft.cation_region[cations], draft.anion_region[anions]])
    sites = np.concatenate([draft.cations[cations], draft.anions[anions]])
    is_anion = np.arange(len(numbers)) >= len(cations)
    order = np.lexsort([*sites.T[::-1], numbers, is_anion, regions])
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    cation_atom, anion_atom = np.full(len(draft.cations), -1), np.full(len(draft.anions), -1)
    cation_atom[cations], anion_atom[anions] = rank[: len(cations)], rank[len(cations) :]
    oriented = _bonds(draft, ligands, cation_atom, anion_atom)
    numbers, regions, sites = numbers[order], regions[order], sites[order]
    charges = draft.charge_of(numbers)
    lattice_constant_ang = mean_lattice_constant_ang(draft)
    points = sites.astype(float)
    points[anion_atom[ligands.sites]] = ligands.points
    positions = start_positions(
        spec, numbers, charges, regions == LIGAND, points, oriented, lattice_constant_ang
    )
    coordination = np.bincount(oriented.ravel(), minlength=len(numbers))
    tags = [*map(tag, regions.tolist(), coordination.tolist())]
    atoms = Atoms(numbers=numbers, positions=positions - positions.mean(0), tags=tags)
    facets = facet_names(draft.outer, sites, is_anion[order])
    return QDModel(
        atoms,
        regions,
        coordination,
        charges,
        np.sort(oriented, axis=1),
        facets,
        sites,
        lattice_constant_ang,
        spec,
        tuple(draft.edits),
    )


def _bonds(draft: Draft, ligands: LigandBonds, cation_atom: Integers, anion_atom: Integers) -> Integers:
    """Return all bonds in the final numbering, cation first, in the order of the sorted pairs."""
    framework = np.flatnonzero(draft.framework_anions)
    ends = np.append(cation_atom, -1)[draft.anion_neighbours[framework]]
    row, column = np.nonzero(ends >= 0)
    inner = np.stack([ends[row, column], anion_atom[framework[row]]], axis=1)
    outer = np.stack([cation_atom[ligands.cation], anion_atom[ligands.sites[ligands.ligand]]], axis=1)
    oriented = np.concatenate([inner, outer])
    result: Integers = oriented[np.lexsort(np.sort(oriented, axis=1).T[::-1])]
    return result


def mean_lattice_constant_ang(draft: Draft) -> float:
    """Return the mean lattice constant of the layers, weighted by the cation sites that each holds."""
    inside = [int(draft.cations_in(polyhedron).sum()) for polyhedron in draft.polyhedra]
    weights = np.diff([0, *inside])
    return float(np.average([layer.lattice_constant_ang for layer in draft.layers], weights=weights))


def _tally(rows: Sequence[Any], columns: Sequence[Any], row_order: Any, column_order: Any) -> dict[Any, Any]:
    """Count the pairs (row, column) into nested mappings in the given orders, leaving out empty entries."""
    counts: dict[Any, dict[Any, int]] = {}
    for row, column in zip(rows, columns, strict=True):
        counts.setdefault(row, {})[column] = counts.get(row, {}).get(column, 0) + 1
    return {
        row: {column: counts[row][column] for column in column_order if column in counts[row]}
        for row in row_order
        if row in counts
    }
