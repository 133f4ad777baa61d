"""Finished models → the panels of Figures 1 to 4, chosen by what they were built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from aiida import orm
from numpy.typing import NDArray

from ..figures.flow_map import slice_atoms
from ..figures.paper_layout import PaperModel
from ..figures.plane import Slice
from ..results.flow import flow_analysis
from ..results.kept_orbitals import wanted
from ..results.orbitals import OrbitalResult, orbital_result
from ..results.structures import StructureResult, spec_of, structure_result
from ..science.charges.bonds import formal_sign
from ..science.errors import InputError
from ..science.kinds import CORE, LIGAND
from ..science.models.spec import ModelSpec
from . import trends
from .views import ladder, orbital_view, structure_view

PLANES = {1: (1.0, 0.0, -1.0), 2: (0.0, 0.0, 1.0), 3: (0.0, 0.0, 1.0)}
_ORBITALS = {1: ["cb", "vb"], 2: ["lumo", "homo"], 3: ["lumo", "homo"], 4: ["lumo", "homo"]}
_INSTEAD = {"cb": "lumo", "vb": "homo"}  # what is shown where no cube of a delocalised edge was kept
_NEEDS = {
    1: "a core without a shell",
    2: "a shell with an abrupt interface",
    3: "a shell with a reconstructed interface",
    4: "a shell with a reconstructed interface",
}
_ENOUGH_ATOMS = 4

Chosen = list[tuple[orm.WorkChainNode, str]]


@dataclass(frozen=True)
class _Candidate:
    node: orm.WorkChainNode
    spec: ModelSpec

    @property
    def n_monolayers(self) -> int:
        return trends.n_monolayers(self.spec)

    @property
    def reconstructed(self) -> bool:
        return trends.surface_of(self.spec) == "recon"

    @property
    def core(self) -> str:
        return str(self.spec.core)


def choose(number: int, nodes: Sequence[orm.WorkChainNode]) -> tuple[Chosen, list[str]]:
    """Return the models of a figure, each with its heading, and notes on the others.

    Figure 1 takes the pure and the reconstructed surface of one core, Figure 2 the thickest abrupt and
    Figure 3 the thickest reconstructed interface (with a reconstructed surface, if there is one), Figure 4
    reconstructed interfaces of one core in the order of their thickness.

    :raises InputError: none of the models is of this sort.
    """
    notes = [f"{_name(node)}: it was not built from a specification" for node in nodes if not spec_of(node)]
    known = [_Candidate(node, spec) for node in nodes if (spec := spec_of(node))]
    interface = {1: "none", 2: "pure", 3: "recon", 4: "recon"}[number]
    fitting = [item for item in known if trends.interface_of(item.spec) == interface]
    if not fitting:
        raise InputError(
            f"none of these models is {_NEEDS[number]}" + "".join(f"; {note}" for note in notes),
            field="MODELS",
            value=", ".join(_name(node) for node in nodes),
            remedy=f"Figure {number} needs it; see `table stoichiometry`.",
        )
    chosen = _CHOICE[number](fitting)
    taken = {node.pk for node, _ in chosen}
    others = [_name(item.node) for item in known if item.node.pk not in taken]
    notes += [f"not in figure {number}: {', '.join(others)}"] if others else []
    return chosen, notes


def _cores(items: list[_Candidate]) -> Chosen:
    """Return the pure and the reconstructed surface of the core that has both, else of the first core."""
    by_core: dict[str, dict[bool, _Candidate]] = {}
    for item in items:
        by_core.setdefault(item.core, {}).setdefault(item.reconstructed, item)
    pair = max(by_core.values(), key=len)
    heading = {False: "pure", True: "reconstructed"}
    return [(pair[key].node, heading[key]) for key in (False, True) if key in pair]


def _thickest(items: list[_Candidate]) -> Chosen:
    best = max(items, key=lambda item: (item.reconstructed, item.n_monolayers))
    return [(best.node, _name(best.node))]


def _by_thickness(items: list[_Candidate]) -> Chosen:
    """Return one model for each thickness of the core that has most of them."""
    by_core: dict[tuple[str, bool], dict[int, _Candidate]] = {}
    for item in items:
        by_core.setdefault((item.core, item.reconstructed), {}).setdefault(item.n_monolayers, item)
    series = max(by_core.items(), key=lambda entry: (len(entry[1]), entry[0][1]))[1]
    return [(series[n].node, f"{n} ML") for n in sorted(series)]


_CHOICE: dict[int, Callable[[list[_Candidate]], Chosen]] = {
    1: _cores,
    2: _thickest,
    3: _thickest,
    4: _by_thickness,
}


def paper_model(
    number: int, node: orm.WorkChainNode, name: str, *, fraction: float, slab_ang: float
) -> tuple[PaperModel, list[str]]:
    """Return what Figure ``number`` shows of a model, and what it lacks.

    :param fraction: share of the density inside the isosurfaces.
    :param slab_ang: thickness of the slab of the flow map; doubled until it holds enough anions.
    """
    atoms = structure_result(node)
    found, notes = _kept(node, _ORBITALS[number])
    orbitals = {
        key: orbital_view(node, atoms, file, fraction=fraction, title=label)
        for key, (label, file) in found.items()
    }
    cut = None
    if number in PLANES:
        cut, widened = _slice(node, atoms, name, PLANES[number], slab_ang)
        notes += widened
    model = PaperModel(
        name=name,
        by_element=structure_view(atoms, "element", with_facets=number == 1),
        by_region=structure_view(atoms, "region", with_facets=False),
        orbitals=orbitals,
        cut=cut,
        core_ang=atoms.atoms.positions[atoms.regions == CORE] if atoms.has_shell else None,
    )
    try:
        return _with_states(model, orbital_result(node)), notes
    except InputError as error:
        return model, [*notes, f"{_name(node)}: {error.problem}"]


def _kept(node: orm.WorkChainNode, names: list[str]) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Return label and file of the orbitals that a figure shows; a frontier orbital, by its name, where an edge was
    not kept.
    """
    found, notes = wanted(node, names)
    for name in names:
        if name not in found and name in _INSTEAD:
            frontier = _INSTEAD[name]
            instead, _ = wanted(node, [frontier])
            if frontier in instead:
                found[name] = instead[frontier]
    return found, notes


def _with_states(model: PaperModel, states: OrbitalResult) -> PaperModel:
    """Return the model with its orbitals, their composition and the edges of its regions."""
    alignment = states.alignment()
    return replace(
        model,
        ladder_by_coordination=ladder(states, "coordination"),
        ladder_by_region=ladder(states, "region", "homo-lumo"),
        composition=states.frontier_composition(1),
        alignment_type=alignment.type or "",
        alignment=[(e.region, e.valence_edge_ev, e.conduction_edge_ev) for e in alignment.regions],
    )


def crystal_anions(atoms: StructureResult) -> str:
    """Return the anions that are no ligands, with commas between them, for ``species``."""
    pairs = zip(atoms.symbols, atoms.regions.tolist(), strict=True)
    return ",".join(sorted({s for s, region in pairs if formal_sign(s) < 0 and region != LIGAND}))


def _slice(
    node: orm.WorkChainNode,
    atoms: StructureResult,
    name: str,
    normal: tuple[float, float, float],
    slab_ang: float,
) -> tuple[Slice | None, list[str]]:
    """Return the map of the crystal's anions on a plane through the middle."""
    try:
        result, thickness = flow_analysis(node), slab_ang
    except InputError as error:
        return None, [f"{_name(node)}: {error.problem}"]
    largest = 2 * float(np.linalg.norm(np.ptp(result.atoms.positions, axis=0)))
    while thickness < largest:
        try:
            cut = slice_atoms(
                result.atoms.positions,
                result.symbols,
                result.flow.flow_vector,
                result.flow.flow_magnitude,
                normal=normal,
                slab_ang=thickness,
                species=crystal_anions(atoms),
                coordination=result.coordination,
                title=name,
            )
        except InputError:
            thickness *= 2
            continue
        if len(cut.atoms) >= _ENOUGH_ATOMS:
            note = f"{_name(node)}: the slab of the map is {thickness:g} Å thick to hold enough anions"
            return cut, [note] if thickness > slab_ang else []
        thickness *= 2
    return None, [f"{_name(node)}: too few anions for a map"]


def on_plane(node: orm.WorkChainNode, normal: Sequence[float], slab_ang: float) -> NDArray[np.bool_]:
    """Return which atoms lie in a slab through the middle of a model, shape (n_atoms,)."""
    positions = structure_result(node).atoms.positions
    middle = (positions.max(axis=0) + positions.min(axis=0)) / 2
    height = (positions - middle) @ (np.asarray(normal) / np.linalg.norm(normal))
    inside: NDArray[np.bool_] = np.abs(height) <= slab_ang / 2
    return inside


def _name(node: orm.WorkChainNode) -> str:
    return node.label or str(node.pk)
