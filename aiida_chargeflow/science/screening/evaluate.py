"""Predict candidates on one lattice: edits change formal charges and ligands, never the table of sites and bonds.

The values are those of the built model with ``start_geometry: lattice``, at a small part of the cost: sites, their
neighbours, ligand-free distances and regions are laid out once.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from ..charges.charge_flow import bond_vectors
from ..charges.laplacian import components, remove_means
from ..charges.ligand_density import ligand_density
from ..errors import InputError
from ..kinds import LIGAND
from ..models.build import mean_lattice_constant_ang
from ..models.checks import check_framework, check_neutral, check_passivated
from ..models.draft import Draft
from ..models.geometry import ligand_positions
from ..models.lattice import find
from ..models.ligands import passivate
from ..models.patterns.registry import pattern
from ..models.spec import ModelSpec
from ..valences.descriptors import OBJECTIVES, Predicted
from ..valences.dot import Dot
from ..valences.parameters import TransferParameters
from ..valences.prediction import charge_sensitivity
from .settings import Constraints
from .space import EDITED_SITES, Candidate, Space

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_TOLERANCE = 1e-11
_MOST_STEPS = 3000


@dataclass(frozen=True)
class Evaluation:
    """The values of a candidate, or why it is none.

    :param values: objective → value; empty for a candidate that is refused.
    :param problem: what the candidate does not satisfy.
    """

    candidate: Candidate
    values: dict[str, float]
    n_atoms: int = 0
    problem: str = ""


@dataclass
class Evaluator:
    """Evaluates the candidates of one space.

    :param names: objectives.
    """

    space: Space
    names: tuple[str, ...]
    constraints: Constraints
    parameters: TransferParameters

    def __call__(self, candidate: Candidate) -> Evaluation:
        """Return the values of a candidate."""
        counts = tuple(len(part) for part in candidate.sites)
        limits = self.constraints.excess
        if limits and not limits[0] <= self.space.excesses[counts][candidate.surface] <= limits[1]:
            return Evaluation(candidate, {}, problem=f"the excess is not within {limits[0]} to {limits[1]}")
        try:
            dot = self.dot(candidate)
        except InputError as error:
            return Evaluation(candidate, {}, problem=error.problem)
        if (problem := self._refused(dot)) is not None:
            return Evaluation(candidate, {}, dot.n_atoms, problem)
        try:
            predicted = self.predicted(dot)
        except InputError as error:
            return Evaluation(candidate, {}, dot.n_atoms, error.problem)
        return Evaluation(candidate, {n: OBJECTIVES[n].value(predicted) for n in self.names}, dot.n_atoms)

    def dot(self, candidate: Candidate) -> Dot:
        """Return the atoms and bonds of a candidate, ligands on the lattice.

        :raises InputError: it has no room for its ligands, or loose atoms.
        """
        return self.lattices[candidate.surface].dot(self.edited(candidate))

    def edited(self, candidate: Candidate) -> Draft:
        """Return the draft of a candidate with its ligands.

        :raises InputError: it has no room for its ligands, or loose atoms.
        """
        draft = _copied(self.space.drafts[candidate.surface])
        lattice = self.lattices[candidate.surface]
        boundary = self.space.boundary
        inner, outer = draft.layers[boundary - 1], draft.layers[boundary]
        for number, (name, chosen) in enumerate(zip(self.space.edits, candidate.sites, strict=True)):
            is_cation, in_shell = EDITED_SITES[name]
            index = lattice.site_index[number][list(chosen)]
            material = inner if in_shell else outer
            symbol = "" if name == "vacancies" else material.cation if is_cation else material.anion
            (draft.cation_z if is_cation else draft.anion_z)[index] = atomic_numbers[symbol] if symbol else 0
        if not lattice.is_loose:
            check_framework(draft)
        passivate(draft, self.space.specs[candidate.surface].passivation)
        check_neutral(draft)
        check_passivated(draft)
        return draft

    def predicted(self, dot: Dot) -> Predicted:
        """Return valences, charges and flows of a dot whose bonds are those of the lattice.

        :raises InputError: the equations could not be solved.
        """
        solve = _Solve(dot)
        valence = solve(dot.formal_charge.astype(float))
        charge = charge_sensitivity(dot, valence, self.parameters) @ self.parameters.values
        flow = solve(charge)
        steps = dot.positions_ang[dot.bonds[:, 1]] - dot.positions_ang[dot.bonds[:, 0]]
        vectors = bond_vectors(dot.n_atoms, dot.bonds, flow, steps)
        return Predicted(dot, valence, charge, vectors)

    @cached_property
    def lattices(self) -> tuple[_Lattice, ...]:
        """Return what is laid out once, for each surface."""
        both = zip(self.space.drafts, self.space.specs, strict=True)
        return tuple(_Lattice(draft, spec, self.space) for draft, spec in both)

    def _refused(self, dot: Dot) -> str | None:
        wanted = self.constraints
        framework = ~dot.is_ligand
        if dot.coordination[framework].min() < wanted.least_coordination:
            return f"an atom has fewer than {wanted.least_coordination} bonds"
        if wanted.ligands_per_nm2 is not None:
            low, high = wanted.ligands_per_nm2
            if not low <= ligand_density(dot.positions_ang, dot.is_ligand).ligands_per_nm2 <= high:
                return f"the ligand density is not within {low:g} to {high:g} per nm²"
        return None


class _Lattice:
    """Sites, bonds and distances of one draft, ligand-free."""

    def __init__(self, draft: Draft, spec: ModelSpec, space: Space) -> None:
        self.is_loose = any(pattern("surface", item.pattern).low_coordination for item in spec.surface)
        self.unit_ang = mean_lattice_constant_ang(draft) / 4
        self.n_cations = len(draft.cations)
        anion, column = np.nonzero(draft.anion_neighbours >= 0)
        self.pairs = np.stack([draft.anion_neighbours[anion, column], anion], axis=1)
        self.sites = np.concatenate([draft.cations, draft.anions])
        self.site_index = [
            find(draft.cations if EDITED_SITES[name][0] else draft.anions, sites)
            for name, sites in zip(space.edits, space.sites, strict=True)
        ]

    def dot(self, draft: Draft) -> Dot:
        """Return the occupied sites as atoms, each bonded to all occupied neighbours."""
        numbers = np.concatenate([draft.cation_z, draft.anion_z])
        regions = np.concatenate([draft.cation_region, draft.anion_region])
        filled = numbers > 0
        atom = np.cumsum(filled) - 1
        cation, anion = self.pairs[:, 0], self.pairs[:, 1] + self.n_cations
        bonded = filled[cation] & filled[anion]
        bonds = np.stack([atom[cation[bonded]], atom[anion[bonded]]], axis=1)
        positions = self.sites * self.unit_ang
        ligands = np.flatnonzero((draft.anion_z > 0) & (draft.anion_region == LIGAND))
        around = draft.anion_neighbours[ligands]
        hosts = np.column_stack([draft.anion_z[ligands], np.append(draft.cation_z, 0)[around]])
        order = np.argsort(hosts[:, 1:] == 0, axis=1, kind="stable")
        hosts[:, 1:] = np.take_along_axis(hosts[:, 1:], order, axis=1)
        places = np.take_along_axis(draft.cations[around], order[:, :, None], axis=1)
        places = np.where(hosts[:, 1:, None] > 0, places, 0)
        positions[self.n_cations + ligands] = ligand_positions(
            draft.anions[ligands], hosts, places, self.unit_ang
        )
        positions = positions[filled]
        symbols = _SYMBOLS[numbers[filled]]
        charges = draft.charge_of(numbers[filled])
        return Dot(symbols, positions - positions.mean(0), charges, bonds, regions[filled])


_SYMBOLS = np.array(chemical_symbols)


def _copied(draft: Draft) -> Draft:
    """Return a draft that can be edited; the tables of sites and neighbours are shared."""
    made = copy.copy(draft)
    for name in ("cation_z", "anion_z", "cation_region", "anion_region"):
        setattr(made, name, getattr(draft, name).copy())
    made.edits = []
    return made


class _Solve:
    """Kirchhoff's equations of one dot: conjugate gradients on the cations, the anions eliminated."""

    def __init__(self, dot: Dot) -> None:
        is_cation = dot.formal_charge > 0
        number = np.where(is_cation, np.cumsum(is_cation), np.cumsum(~is_cation)) - 1
        self.labels = components(dot.n_atoms, dot.bonds)
        self.cations, self.anions = np.flatnonzero(is_cation), np.flatnonzero(~is_cation)
        self.bonds = np.stack([number[dot.bonds[:, 0]], number[dot.bonds[:, 1]]], axis=1)
        shape = (len(self.cations), len(self.anions))
        self.B = sparse.csr_matrix((np.ones(len(self.bonds)), self.bonds.T), shape=shape)
        self.BT = self.B.T.tocsr()
        self.degrees = dot.coordination[self.cations].astype(float)
        self.per_anion = 1.0 / np.maximum(dot.coordination[self.anions], 1)

    def __call__(self, charge: Array) -> Array:
        """Return the flow of each bond from cation to anion, shape (n_bonds,), of charges that sum to zero."""
        charge = remove_means(charge, self.labels)
        own, other = charge[self.cations], charge[self.anions]
        right = own + self.B @ (self.per_anion * other)
        cation = self._conjugate_gradients(right)
        anion = self.per_anion * (other + self.BT @ cation)
        flow: Array = cation[self.bonds[:, 0]] - anion[self.bonds[:, 1]]
        return flow

    def _conjugate_gradients(self, right: Array) -> Array:
        shape = (len(right), len(right))
        matrix = LinearOperator(
            shape, lambda x: self.degrees * x - self.B @ (self.per_anion * (self.BT @ x)), dtype=float
        )
        scaling = LinearOperator(shape, lambda x: x / self.degrees, dtype=float)
        found, n_missing = cg(matrix, right, rtol=_TOLERANCE, maxiter=_MOST_STEPS, M=scaling)
        if n_missing:
            raise InputError("Kirchhoff's equations of this candidate could not be solved")
        return np.asarray(found)
