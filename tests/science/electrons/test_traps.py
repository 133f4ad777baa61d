"""Edges, traps and gaps: made-up orbitals with known answers, then recorded dots with and without traps."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recorded import recorded_pdos

from aiida_chargeflow.science.electrons.participation import (
    average_degenerate,
    even_participation_number,
    inverse_participation_ratio,
    missing_neighbour_excess,
    participation_number,
)
from aiida_chargeflow.science.electrons.pdos import Pdos
from aiida_chargeflow.science.electrons.rules import TrapRule
from aiida_chargeflow.science.electrons.traps import energy_zero_ev, find_traps
from aiida_chargeflow.science.errors import InputError

KINDS = ("As13", "As14", "Cl41", "In14")
COUNTS = (10, 30, 20, 40)
EVEN_VALENCE = (0.2, 0.6, 0.0, 0.2)
EVEN_CONDUCTION = (0.075, 0.225, 0.1, 0.6)
FACET_TRAP = (0.8, 0.05, 0.0, 0.15)


def made_up(states: list[tuple[float, float, tuple[float, ...]]]) -> Pdos:
    """A dot from (energy_ev, occupation, shares of KINDS), ascending."""
    energies, occupations, shares = zip(*states, strict=True)
    return Pdos(
        spin="both",
        fermi_level_ev=-5.0,
        index=np.arange(1, len(states) + 1),
        eigenvalues_ev=np.array(energies),
        occupations=np.array(occupations),
        kind_names=KINDS,
        kind_weights=np.array(shares).T,
        kind_counts=np.array(COUNTS),
    )


def dot_with_traps() -> Pdos:
    return made_up(
        [
            (-6.5, 2.0, EVEN_VALENCE),
            (-6.0, 2.0, EVEN_VALENCE),
            (-5.6, 2.0, FACET_TRAP),
            (-5.4, 2.0, FACET_TRAP),
            (-4.7, 0.0, EVEN_CONDUCTION),
            (-4.0, 0.0, EVEN_CONDUCTION),
        ]
    )


def test_band_edge_gap_skips_the_facet_traps() -> None:
    found = find_traps(dot_with_traps())
    assert found.gap_ev == pytest.approx(0.7)
    assert found.band_edge_gap_ev == pytest.approx(1.3)
    assert (found.valence_edge_index, found.conduction_edge_index) == (2, 5)
    assert [trap.index for trap in found.traps] == [3, 4]
    assert all(trap.occupied for trap in found.traps)
    assert found.traps[0].carriers[0] == ("As13", 0.8)
    assert "surface" in found.traps[0].reason
    assert found.unresolvable_kinds == ()


def test_without_traps_both_gaps_agree() -> None:
    states = dot_with_traps()
    keep = [0, 1, 4, 5]
    clean = replace(
        states,
        index=np.arange(1, 5),
        eigenvalues_ev=states.eigenvalues_ev[keep],
        occupations=states.occupations[keep],
        kind_weights=states.kind_weights[:, keep],
    )
    found = find_traps(clean)
    assert found.traps == ()
    assert found.gap_ev == found.band_edge_gap_ev == pytest.approx(1.3)


def test_even_spreading_is_the_most_and_has_no_preference() -> None:
    pdos = made_up([(-6.0, 2.0, EVEN_VALENCE), (-4.0, 0.0, EVEN_CONDUCTION), (-3.0, 0.0, FACET_TRAP)])
    number = participation_number(pdos, pdos.kind_weights, None)
    even = even_participation_number(pdos, pdos.kind_weights)
    excess = missing_neighbour_excess(pdos, pdos.kind_weights)
    assert number[:2] == pytest.approx(even[:2])
    assert number[2] < even[2]
    assert excess[:2] == pytest.approx([0, 0])
    # 85 % on As, of which a quarter would be 3-coordinate: 0.80 - 0.85/4.
    assert excess[2] == pytest.approx(0.80 - 0.85 / 4)


def test_confinement_to_one_region_is_not_a_trap() -> None:
    pdos = Pdos(
        spin="both",
        fermi_level_ev=0.0,
        index=np.array([1, 2]),
        eigenvalues_ev=np.array([-1.0, 1.0]),
        occupations=np.array([2.0, 0.0]),
        kind_names=("As14", "In14", "Se34", "Cd34"),
        kind_weights=np.array([[0.7, 0.3], [0.3, 0.7], [0.0, 0.0], [0.0, 0.0]]),
        kind_counts=np.array([10, 10, 200, 200]),
    )
    found = find_traps(pdos)
    assert found.participation_ratio == pytest.approx([1, 1])
    assert found.traps == ()


def test_kinds_alone_do_not_condemn_an_orbital_in_the_middle_of_the_dot() -> None:
    inner = (0.0, 0.8, 0.0, 0.2)
    pdos = made_up([(-6.0, 2.0, inner), (-4.0, 0.0, EVEN_CONDUCTION)])
    pdos = replace(pdos, kind_counts=np.array([30, 10, 20, 40]))
    found = find_traps(pdos)
    assert found.participation_ratio[0] < 0.5
    assert found.traps == ()


def test_atoms_see_what_kinds_cannot() -> None:
    pdos = made_up([(-6.0, 2.0, EVEN_VALENCE), (-5.0, 2.0, EVEN_VALENCE), (-4.0, 0.0, EVEN_CONDUCTION)])
    members = np.repeat(np.arange(4), COUNTS)
    atoms = (pdos.kind_weights / np.array(COUNTS)[:, None])[members]
    lonely = np.zeros(100)
    lonely[[0, 10, 60]] = [0.2, 0.6, 0.2]
    atoms[:, 1] = lonely
    assert find_traps(pdos).traps == ()
    found = find_traps(replace(pdos, atom_weights=atoms))
    (trap,) = found.traps
    assert (trap.index, trap.reason) == (2, "localised")
    assert trap.atoms[0] == (10, 0.6)
    assert trap.participation_number == pytest.approx(1 / (0.04 + 0.36 + 0.04))


def test_kind_that_makes_up_its_element_cannot_be_told_from_the_band() -> None:
    pdos = replace(
        made_up([(-6.0, 2.0, (0.75, 0.0, 0.0, 0.25)), (-4.0, 0.0, (0.3, 0.0, 0.1, 0.6))]),
        kind_counts=np.array([39, 1, 20, 40]),
    )
    assert find_traps(pdos).unresolvable_kinds == ("As13",)


@pytest.mark.parametrize("atom_resolved", [True, False])
def test_twelve_of_thirteen_arsenic_atoms_are_named_as_unresolvable(atom_resolved: bool) -> None:
    found = find_traps(recorded_pdos("inas_pure", atom_resolved=atom_resolved))
    assert found.unresolvable_kinds == ("As13",)


def test_no_delocalised_orbital_gives_no_band_edge_gap() -> None:
    found = find_traps(made_up([(-5.6, 2.0, FACET_TRAP), (-4.7, 0.0, EVEN_CONDUCTION)]))
    assert found.valence_edge_ev is None
    assert found.band_edge_gap_ev is None
    assert [trap.index for trap in found.traps] == [1]
    assert found.gap_ev == pytest.approx(0.9)


def test_only_occupied_orbitals_give_no_gap() -> None:
    found = find_traps(made_up([(-6.0, 2.0, EVEN_VALENCE)]))
    assert (found.gap_ev, found.band_edge_gap_ev, found.lumo_index) == (None, None, None)
    with pytest.raises(InputError, match="no occupied orbital"):
        find_traps(made_up([(-4.0, 0.0, EVEN_CONDUCTION)]))


def test_energy_zero_is_midgap_or_the_fermi_level_of_a_smeared_run() -> None:
    assert energy_zero_ev(dot_with_traps()) == pytest.approx(-5.05)
    smeared = replace(dot_with_traps(), occupations=np.array([2, 2, 2, 1.4, 0.6, 0.0]))
    assert energy_zero_ev(smeared) == -5.0
    # of one spin, occupied once
    one_spin = replace(dot_with_traps(), spin="alpha", occupations=np.array([1.0, 1, 1, 1, 0, 0]))
    assert energy_zero_ev(one_spin) == pytest.approx(-5.05)


def test_counts_are_required_and_said_so() -> None:
    with pytest.raises(InputError, match="number of atoms of each kind"):
        find_traps(replace(dot_with_traps(), kind_counts=np.empty(0, dtype=int)))


@pytest.mark.parametrize("field", ["min_participation_ratio", "carrier_share", "degeneracy_ev"])
def test_rule_out_of_range(field: str) -> None:
    with pytest.raises(InputError, match=field):
        TrapRule.from_mapping({field: 1.5})


@given(arrays(float, (7, 3), elements=st.floats(0.01, 1)))
def test_participation_lies_between_one_and_all_atoms(weights: np.ndarray) -> None:
    weights = weights / weights.sum(axis=0)
    number = 1 / inverse_participation_ratio(weights)
    assert ((number >= 1 - 1e-9) & (number <= 7 + 1e-9)).all()


@given(st.floats(0, 2 * np.pi))
def test_rotation_of_a_degenerate_pair_does_not_matter(angle: float) -> None:
    pair = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]) / np.sqrt(2)
    cos, sin = np.cos(angle), np.sin(angle)
    rotated = np.array([[cos, sin], [-sin, cos]]) @ pair
    mean = average_degenerate((rotated**2).T, np.array([0.0, 1e-4]), 1e-3)
    assert np.allclose(mean, 0.25)


def test_levels_farther_apart_are_left_alone() -> None:
    weights = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    assert (average_degenerate(weights, np.array([0.0, 0.01, 0.02]), 1e-3) == weights).all()


@pytest.mark.parametrize("atom_resolved", [True, False])
def test_recorded_dot_without_traps(atom_resolved: bool) -> None:
    found = find_traps(recorded_pdos("cdse", atom_resolved=atom_resolved))
    assert found.resolution == ("atom" if atom_resolved else "kind")
    assert found.traps == ()
    assert found.gap_ev == found.band_edge_gap_ev == pytest.approx(3.1856, abs=1e-4)


@pytest.mark.parametrize("atom_resolved", [True, False])
def test_recorded_vacancy_makes_traps_on_two_coordinate_selenium(atom_resolved: bool) -> None:
    """Taking CdCl2 off the same dot closes the HOMO-LUMO gap; the delocalised edges hardly move."""
    found = find_traps(recorded_pdos("cdse_vacancy", atom_resolved=atom_resolved))
    assert found.gap_ev == pytest.approx(0.2187, abs=1e-4)
    assert found.band_edge_gap_ev == pytest.approx(3.1856, abs=0.3)
    occupied = [trap for trap in found.traps if trap.occupied]
    assert [trap.index for trap in occupied] == [139, 140, 141, 142, 143]
    assert all(trap.carriers[0][0] == "Se12" for trap in occupied)
    assert [trap.index for trap in found.traps if not trap.occupied] == [144, 145]
    if atom_resolved:
        assert found.traps[4].participation_number < 2


@pytest.mark.parametrize("atom_resolved", [True, False])
def test_recorded_indium_without_a_ligand_is_an_empty_trap(atom_resolved: bool) -> None:
    """One 3-coordinate In of 16 pulls an empty orbital out of the conduction band."""
    found = find_traps(recorded_pdos("inas_exchange", atom_resolved=atom_resolved))
    (trap,) = found.traps
    assert not trap.occupied
    assert trap.carriers[0][0] == "In13"
    assert found.gap_ev == pytest.approx(0.164, abs=1e-3)
    assert found.band_edge_gap_ev == pytest.approx(1.440, abs=1e-3)
    assert "In13" not in found.unresolvable_kinds


def test_summary_is_json() -> None:
    summary = json.loads(json.dumps(find_traps(recorded_pdos("cdse_vacancy")).summary()))
    assert summary["n_traps"] == 7
    assert summary["traps"][0]["carriers"]["Se12"] > 0.5
