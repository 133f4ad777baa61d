"""Everything that a charge-flow analysis reports, as one plain mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kinds import LIGAND, REGIONS
from .analysis import Analysis
from .environment import coordination_labels, environments, parse_selection, statistics
from .region_flow import coherence, dipole_parts, outward_share, region_flow
from .surface_frame import SurfaceFrame, family, surface_frame

Array = NDArray[np.float64]


def summarise(result: Analysis) -> dict[str, Any]:
    """Return settings, quality, regions, facets, layers and statistics of an analysis.

    Numbers are rounded nowhere; keys carry their units.
    """
    flow, symbols = result.flow, result.symbols
    frame = frame_of(result)
    return {
        "n_atoms": flow.n_atoms,
        "counts": dict(sorted(Counter(symbols).items())),
        "settings": _settings(result),
        "bonds": _bonds(result),
        "quality": quality(result),
        "charge_dipole_e_ang": flow.charge_dipole_e_ang.tolist(),
        "bond_dipole_e_ang": flow.bond_dipole_e_ang.tolist(),
        "dipole_residual_e_ang": flow.dipole_residual_e_ang,
        "resultant_e": flow.flow_vector.sum(axis=0).tolist(),
        "mean_magnitude_e": float(flow.flow_magnitude.mean()),
        "regions": _regions(result, frame),
        "surface": _surface(result, frame),
        "by_coordination": _statistics(result, coordination_labels(symbols, result.graph)),
        "by_environment": _statistics(result, environments(symbols, result.graph)),
    }


def frame_of(result: Analysis) -> SurfaceFrame:
    """Return facet, depth and outward normal of the atoms of an analysis."""
    return surface_frame(result.atoms.positions, result.symbols, result.graph, result.regions == LIGAND)


def selected(result: Analysis, expressions: Sequence[str]) -> list[dict[str, Any]]:
    """Return charge, magnitude, resultant and coherence of the atoms that each expression names.

    :param expressions: see ``environment.parse_selection``.
    :raises InputError: an expression names no atom.
    """
    rows = []
    for text in expressions:
        members = parse_selection(text, result.symbols, result.graph)
        vectors = result.flow.flow_vector[members]
        resultant = vectors.sum(axis=0)
        rows.append(
            {
                "atoms": text,
                "n_atoms": int(members.sum()),
                "mean_charge_e": float(result.flow.bader_charge[members].mean()),
                "mean_magnitude_e": float(result.flow.flow_magnitude[members].mean()),
                "resultant_e": resultant.tolist(),
                "resultant_norm_e": float(np.linalg.norm(resultant)),
                "coherence": coherence(vectors),
            }
        )
    return rows


def quality(result: Analysis) -> dict[str, Any]:
    """Return what tells how far the solution can be trusted."""
    flow = result.flow
    return {
        "n_components": flow.n_components,
        "rank": flow.rank,
        "n_loops": flow.n_loops,
        "residual": flow.residual,
        "total_imbalance_e": float(flow.imbalance.sum()),
        "largest_imbalance_e": float(np.abs(flow.imbalance).max()),
        "largest_correction_e": float(np.abs(flow.bader_charge - flow.bader_charge_measured).max()),
        "neutralisation": "spread evenly over the atoms of each connected component",
    }


def _settings(result: Analysis) -> dict[str, Any]:
    graph = result.graph
    return {
        "bond_scale": graph.scale,
        "pair_cutoffs_ang": {"-".join(pair): cutoff for pair, cutoff in graph.pair_cutoffs_ang.items()},
        "radii_ang": dict(graph.radii_ang),
        "exclude_like_charges": graph.like_charges_excluded,
        "regularisation": result.flow.regularisation,
        "imbalance_tolerance_e": float(result.flow.imbalance_tolerance_e.max()),
        "n_valence": dict(result.n_valence),
    }


def _bonds(result: Analysis) -> dict[str, Any]:
    symbols = result.symbols
    pairs = Counter("-".join(sorted((symbols[i], symbols[j]))) for i, j in result.graph.bonds.tolist())
    return {
        "n_bonds": result.graph.n_bonds,
        "by_pair": dict(sorted(pairs.items())),
        "n_like_charge_pairs": result.graph.n_like_charge_bonds,
    }


def _regions(result: Analysis, frame: SurfaceFrame) -> dict[str, Any]:
    flow, positions = result.flow, result.atoms.positions
    table = region_flow(flow, result.regions)
    numbers = {name: number for number, name in _numbers(result.regions)}
    details = {}
    for index, name in enumerate(table.names):
        members = result.regions == numbers[name]
        dipole, inner, boundary = dipole_parts(flow, positions, members)
        details[name] = {
            "n_atoms": int(members.sum()),
            "charge_e": float(table.charge_e[index]),
            "mean_magnitude_e": float(flow.flow_magnitude[members].mean()),
            "coherence": coherence(flow.flow_vector[members]),
            "outward_share": outward_share(flow.flow_vector[members], frame.outward[members]),
            "dipole_e_ang": dipole.tolist(),
            "inner_dipole_e_ang": inner.tolist(),
            "boundary_dipole_e_ang": boundary.tolist(),
        }
    return {
        "from": result.regions_from,
        "names": list(table.names),
        "electrons_from_row_to_column": table.matrix_e.tolist(),
        "residual_e": table.residual_e,
        "details": details,
    }


def _numbers(regions: NDArray[np.int64]) -> list[tuple[int, str]]:
    return [(number, REGIONS.get(number, "unknown")) for number in (*REGIONS, 0) if (regions == number).any()]


def _surface(result: Analysis, frame: SurfaceFrame) -> dict[str, Any]:
    """Return facet and layer tables; the ligands count to their facet but to layer -1."""
    flow = result.flow
    facets = []
    for index in np.unique(frame.facet).tolist():
        members = (frame.facet == index) & (frame.layer <= 0)
        if members.any():
            facets.append(
                {"facet": frame.facet_name(index), "family": family(frame.facets[index])}
                | _vector_statistics(flow.flow_vector[members], frame.outward[members])
            )
    layers = []
    for layer in np.unique(frame.layer).tolist():
        members = frame.layer == layer
        layers.append(
            {"layer": layer, "mean_depth_ang": float(frame.depth_ang[members].mean())}
            | _vector_statistics(flow.flow_vector[members], frame.outward[members])
        )
    return {"polarity": frame.polarity, "facets": facets, "layers": layers}


def _vector_statistics(vectors: Array, outward: Array) -> dict[str, Any]:
    along = np.einsum("ij,ij->i", vectors, outward)
    return {
        "n_atoms": len(vectors),
        "mean_magnitude_e": float(np.linalg.norm(vectors, axis=1).mean()),
        "mean_outward_e": float(along.mean()),
        "coherence": coherence(vectors),
        "outward_share": outward_share(vectors, outward),
        "resultant_e": vectors.sum(axis=0).tolist(),
    }


def _statistics(result: Analysis, labels: Sequence[str]) -> list[dict[str, Any]]:
    rows = statistics(labels, result.flow.flow_magnitude, result.flow.bader_charge)
    return [asdict(row) for row in rows]
