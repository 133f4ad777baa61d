"""Environments, facets, coherence and the comparison of models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.charges.analysis import Analysis, analyse
from aiida_chargeflow.science.charges.comparison import (
    difference,
    difference_csv,
    difference_summary,
    sensitivity,
)
from aiida_chargeflow.science.charges.environment import environments, magnitude_bins, select, statistics
from aiida_chargeflow.science.charges.region_flow import coherence, outward_share
from aiida_chargeflow.science.charges.summary import frame_of
from aiida_chargeflow.science.charges.surface_frame import family
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec


@pytest.fixture(scope="module")
def dot() -> Analysis:
    """Return a small InAs dot with random neutral charges."""
    spec = ModelSpec.from_mapping(
        {
            "core": {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]},
            "passivation": {"ligand": "Cl"},
        }
    )
    atoms = build(spec).atoms
    charge = np.random.default_rng(5).normal(size=len(atoms))
    return analyse(atoms, charge - charge.mean())


def test_environments_count_neighbours(dot: Analysis) -> None:
    names = environments(dot.symbols, dot.graph)
    counts = [sum(int(part[2:]) for part in name.split(":")[1].split(",")) for name in names]
    assert counts == dot.coordination.tolist()
    rows = statistics(names, dot.flow.flow_magnitude, dot.flow.bader_charge)
    assert sum(row.n_atoms for row in rows) == dot.flow.n_atoms
    total = sum(row.n_atoms * row.mean_charge_e for row in rows)
    assert total == pytest.approx(0, abs=1e-9)


def test_selection_combines_its_criteria(dot: Analysis) -> None:
    three = select(dot.symbols, dot.graph, elements=["As"], coordination=[3])
    assert three.sum() == 12
    same = select(dot.symbols, dot.graph, environment=["As:In3"])
    assert same.tolist() == three.tolist()
    assert np.flatnonzero(select(dot.symbols, dot.graph, indices=[1, 5])).tolist() == [0, 4]
    with pytest.raises(InputError, match="environment"):
        select(dot.symbols, dot.graph, environment=["As:Cl9"])


def test_bins_count_the_edges_reached() -> None:
    assert magnitude_bins(np.array([0.01, 0.05, 0.3]), [0.05, 0.2]).tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="increase"):
        magnitude_bins(np.array([0.1]), [0.2, 0.1])


def test_three_coordinate_anions_lie_on_anion_facets(dot: Analysis) -> None:
    frame = frame_of(dot)
    assert frame.polarity == pytest.approx(1, abs=0.15)
    three = select(dot.symbols, dot.graph, elements=["As"], coordination=[3])
    assert {family(frame.facets[index]) for index in frame.facet[three].tolist()} == {"-1-1-1"}
    assert np.abs(frame.depth_ang[three]).max() < 0.6
    assert frame.depth_ang[np.linalg.norm(dot.atoms.positions, axis=1).argmin()] > 5


def test_coherence_and_outward_share_of_known_fields() -> None:
    directions = np.random.default_rng(1).normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    assert coherence(np.tile([0.0, 0, 2], (7, 1))) == pytest.approx(1)
    assert coherence(directions) < 0.15
    assert outward_share(directions, directions) == pytest.approx(1)
    assert outward_share(-directions, directions) == pytest.approx(-1)
    assert coherence(np.zeros((3, 3))) == 0


def test_a_model_differs_from_its_shifted_self_only_by_what_was_removed(dot: Analysis) -> None:
    order = np.random.default_rng(2).permutation(dot.flow.n_atoms)
    moved = Atoms(dot.atoms.numbers[order], positions=dot.atoms.positions[order] + 7.0)
    same = difference(dot, analyse(moved, dot.flow.bader_charge[order]))
    assert len(same.first) == dot.flow.n_atoms
    assert np.abs(same.magnitude_e).max() < 1e-9
    assert np.abs(same.vector_e).max() < 1e-9
    assert order[same.second].tolist() == same.first.tolist()
    assert difference_summary(same, dot)["n_only_first"] == 0


def test_atoms_without_a_partner_are_counted(dot: Analysis) -> None:
    kept = np.arange(dot.flow.n_atoms) != int(np.flatnonzero(dot.coordination == 1)[0])
    charge = dot.flow.bader_charge[kept]
    fewer = analyse(dot.atoms[kept], charge - charge.mean())
    summary = difference_summary(difference(dot, fewer), dot)
    assert (summary["n_only_first"], summary["n_only_second"]) == (1, 0)
    assert len(difference_csv(difference(dot, fewer), dot).splitlines()) == dot.flow.n_atoms


def test_sensitivity_reports_the_shift_by_regularisation(dot: Analysis) -> None:
    narrower, wider, damped = sensitivity(dot)
    assert narrower["bond_scale"] < wider["bond_scale"]
    assert damped["n_bonds"] == dot.flow.n_bonds
    assert 0 < damped["rms_change_e"] <= damped["largest_change_e"]


def test_normals_point_out_of_the_dot(dot: Analysis) -> None:
    frame = frame_of(dot)
    heights = frame.depth_ang + (dot.atoms.positions * frame.outward).sum(axis=1)
    assert heights.min() > 0, "depth is measured below the plane, along its outward normal"
    for facet in set(frame.facet.tolist()):
        assert np.ptp(heights[frame.facet == facet]) == pytest.approx(0, abs=1e-9)
    outermost = np.abs(frame.depth_ang) < 1e-9
    assert ((dot.atoms.positions * frame.outward).sum(axis=1)[outermost] > 0).all()


def test_a_layer_is_half_a_bilayer_thick(dot: Analysis) -> None:
    """Planes of one species lie a/√3 = 3.50 Å apart along ⟨111⟩ of InAs; a layer is half of that."""
    depths = np.array([-0.1, 0.0, 1.74, 1.76, 3.49, 3.51])
    frame = replace(frame_of(dot), depth_ang=depths)
    assert frame.layer.tolist() == [-1, 0, 0, 1, 1, 2]
