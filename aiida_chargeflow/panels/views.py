"""Finished models → what one panel of a figure shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from aiida import orm
from numpy.typing import NDArray

from ..figures.atom_colours import Colouring, Legend, ball_stick, legend
from ..figures.colours import REGIONS as REGION_COLOURS
from ..figures.isosurface import OrbitalView, phase_surfaces
from ..figures.pdos import OrbitalLadder
from ..figures.plane import facet_label
from ..figures.structure import StructureView
from ..figures.style import formula_text
from ..figures.traps_flow import FlowOfOrbitals
from ..results.flow import flow_analysis
from ..results.kept_orbitals import read_orbital, wanted
from ..results.orbitals import OrbitalResult, orbital_result
from ..results.structures import StructureResult, structure_result
from ..science.electrons.carriers import carrier_mean
from ..science.electrons.orbital_cube import isovalue
from ..science.kinds import LIGAND, REGIONS

Gap = Literal["band-edge", "homo-lumo"]


def title_of(label: str, formula: str) -> str:
    """Return the title of a panel: label and formula, or the formula alone."""
    return f"{label}\n{formula_text(formula)}" if label else formula_text(formula)


def structure_view(result: StructureResult, by: Colouring, with_facets: bool = True) -> StructureView:
    """Return a structure coloured by element, region or coordination, its facets named where known."""
    dot = ball_stick(
        result.atoms.positions, result.symbols, result.regions, result.coordination, result.bonds, by
    )
    facets = [
        (facet_label(hkl), np.array(hkl) / np.linalg.norm(hkl), centre)
        for hkl, centre in (result.facets() if with_facets else [])
    ]
    return StructureView(dot, title_of(result.label, result.formula), facets)


def common_legend(results: Sequence[StructureResult], by: Colouring) -> Legend:
    """Return the legend of several structures, in one order."""
    symbols = [symbol for result in results for symbol in result.symbols]
    regions = np.concatenate([result.regions for result in results])
    return legend(symbols, regions, np.concatenate([result.coordination for result in results]), by)


def ladder(result: OrbitalResult, by: str, gap: Gap = "band-edge") -> OrbitalLadder:
    """Return the orbitals of a model split by ``coordination``, ``element`` or ``region``.

    :param gap: which one to mark: between the delocalised edges, or between HOMO and LUMO of any kind.
    """
    found = result.structure
    edges: tuple[float | None, float | None] = (found.homo_ev, found.lumo_ev)
    if gap == "band-edge":
        edges = (found.valence_edge_ev, found.conduction_edge_ev)
    return OrbitalLadder(
        title=title_of(result.label, result.formula),
        energies_ev=found.energies_ev,
        shares=getattr(result.pdos, f"by_{by}")(),
        gap_ev=None if edges[0] is None or edges[1] is None else (edges[0], edges[1]),
        traps_ev=[trap.energy_ev for trap in found.traps],
    )


def orbital_view(
    node: orm.WorkChainNode,
    result: StructureResult,
    file: str,
    *,
    fraction: float,
    by: Colouring = "element",
    title: str = "",
) -> OrbitalView:
    """Return an orbital over the atoms, the regions outlined where there are several.

    :param fraction: share of the density inside the isosurface.
    :param file: in the run's output ``orbital_cubes``.
    """
    cube = read_orbital(node, file)
    surfaces = phase_surfaces(cube.values, isovalue(cube, fraction), cube.origin_ang, cube.voxel_ang)
    return OrbitalView(structure_view(result, by, False).dot, surfaces, title, boundaries(result))


def orbital_rows(
    nodes: Sequence[orm.WorkChainNode], names: Sequence[str], fraction: float, by: Colouring = "element"
) -> tuple[list[list[OrbitalView | None]], list[str]]:
    """Return one row for each named orbital that any model kept, one column a model, and notes on the others.

    :param names: see ``kept_orbitals.wanted``.
    """
    results = [structure_result(node) for node in nodes]
    found = [wanted(node, list(names)) for node in nodes]
    notes = [note for _, own in found for note in own]
    rows: list[list[OrbitalView | None]] = []
    for name in names:
        row: list[OrbitalView | None] = []
        for node, result, (indices, _) in zip(nodes, results, found, strict=True):
            if name not in indices:
                row.append(None)
                continue
            label, file = indices[name]
            head = "" if rows else title_of(result.label, result.formula) + "\n"
            row.append(orbital_view(node, result, file, fraction=fraction, by=by, title=head + label))
        if any(row):
            rows.append(row)
    return rows, notes


def boundaries(result: StructureResult) -> dict[str, tuple[NDArray[np.float64], str]]:
    """Return region → (positions of its atoms and of those further in, colour); none for a single region."""
    present = [region for region in REGIONS if region != LIGAND and (result.regions == region).any()]
    if len(present) < 2:
        return {}
    crystal = np.where(result.regions == LIGAND, 99, result.regions)
    return {
        REGIONS[region]: (
            result.atoms.positions[(crystal > 0) & (crystal <= region)],
            REGION_COLOURS[REGIONS[region]],
        )
        for region in present
    }


def flow_of_orbitals(node: orm.WorkChainNode) -> FlowOfOrbitals:
    """Return the energy of each orbital and the stored flow magnitude of the atoms that carry it.

    :raises InputError: a model without orbitals or without charge flow.
    """
    states, flow = orbital_result(node), flow_analysis(node).flow.flow_magnitude
    found = states.structure
    kinds = [site.kind_name for site in node.outputs.structure.sites]
    if set(states.pdos.kind_names) - set(kinds):  # imported with bare kinds, as CP2K had them
        kinds = [node.outputs.structure.get_kind(name).symbol for name in kinds]
    return FlowOfOrbitals(
        title=title_of(states.label, states.formula),
        energies_ev=found.energies_ev,
        flow_e=carrier_mean(states.pdos, kinds, flow),
        is_occupied=np.arange(found.energies_ev.size) < states.pdos.n_occupied,
        is_trap=found.is_trap,
        mean_flow_e=float(flow.mean()),
    )
