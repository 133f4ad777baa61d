"""Type I, quasi-II, II and III from made-up region states with known edges; one recorded core@shell dot."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from recorded import recorded_pdos

from aiida_chargeflow.science.electrons.alignment import (
    AlignmentRule,
    RegionEdges,
    alignment_type,
    band_alignment,
    region_edges,
)
from aiida_chargeflow.science.electrons.pdos import Pdos
from aiida_chargeflow.science.electrons.traps import find_traps
from aiida_chargeflow.science.errors import InputError

VALENCE, CONDUCTION = (0.75, 0.25), (0.4, 0.6)


def ladder(core: tuple[float, float], shell: tuple[float, float]) -> Pdos:
    """Levels every 0.1 eV below the valence and every 0.2 eV above the conduction edge of either region."""
    states = []
    for column, (valence, conduction) in ((0, core), (2, shell)):
        for energies, character in (
            (np.arange(valence, -3, -0.1), VALENCE),
            (np.arange(conduction, 3, 0.2), CONDUCTION),
        ):
            for energy in energies:
                shares = np.full(4, 0.02)
                shares[column : column + 2] += 0.92 * np.array(character)
                states.append((energy, shares))
    states.sort(key=lambda state: state[0])
    energies, shares = zip(*states, strict=True)
    occupations = np.where(np.array(energies) <= 0, 2.0, 0.0)
    return Pdos(
        spin="both",
        fermi_level_ev=0.0,
        index=np.arange(1, len(states) + 1),
        eigenvalues_ev=np.array(energies),
        occupations=occupations,
        kind_names=("As14", "In14", "Se34", "Cd34"),
        kind_weights=np.array(shares).T,
        kind_counts=np.array([10, 10, 30, 30]),
    )


@pytest.mark.parametrize(
    ("core", "shell", "expected"),
    [
        ((-0.5, 0.5), (-1.0, 1.2), "I"),
        ((-1.0, 1.2), (-0.5, 0.5), "inverse I"),
        ((-0.5, 0.5), (-1.0, 0.55), "quasi-II"),
        ((-0.5, 0.5), (-0.45, 1.2), "quasi-II"),
        ((-0.2, 1.2), (-0.8, 0.6), "II"),
        ((-0.8, 0.6), (-0.2, 1.2), "II"),
        ((-1.5, -0.3), (0.1, 1.8), "III"),
    ],
)
def test_types_from_ladders(core: tuple[float, float], shell: tuple[float, float], expected: str) -> None:
    pdos = ladder(core, shell)
    found = band_alignment(pdos, pdos.eigenvalues_ev)
    assert found.type == expected
    for edges, (valence, conduction) in zip(found.regions, (core, shell), strict=True):
        assert edges.valence_edge_ev == pytest.approx(valence)
        assert edges.conduction_edge_ev == pytest.approx(conduction)
        assert edges.gap_ev == pytest.approx(conduction - valence)


@pytest.mark.parametrize(
    ("core", "shell", "below", "above"),
    [
        ((-1.5, -0.3), (0.1, 1.8), "core (from -0.30 eV)", "shell (up to 0.10 eV)"),
        ((0.1, 1.8), (-1.5, -0.3), "shell (from -0.30 eV)", "core (up to 0.10 eV)"),
    ],
)
def test_an_overlap_is_told_in_words(core, shell, below: str, above: str) -> None:
    pdos = ladder(core, shell)
    warning = band_alignment(pdos, pdos.eigenvalues_ev).warning
    assert warning is not None
    assert f"conduction states of the {below} lie below valence states of the {above}" in warning
    sound = ladder((-0.2, 1.2), (-0.8, 0.6))
    assert band_alignment(sound, sound.eigenvalues_ev).warning is None


def test_recorded_core_shell_dot_is_quasi_two() -> None:
    """AsInCd3 @ Cd12Se12: the hole sits in the core, the electron spreads over both."""
    pdos = recorded_pdos("core_shell")
    found = find_traps(pdos)
    alignment = band_alignment(pdos, found.energies_ev, is_trap=found.is_trap)
    core, shell = alignment.regions
    assert alignment.type == "quasi-II"
    assert core.valence_edge_ev - shell.valence_edge_ev == pytest.approx(0.544, abs=0.001)
    assert core.conduction_edge_ev == shell.conduction_edge_ev
    assert core.gap_ev == pytest.approx(found.gap_ev)
    regions, homo = pdos.by_region(), pdos.n_occupied - 1
    assert regions["core"][homo] > regions["shell"][homo]
    assert regions["shell"][homo + 1] > regions["core"][homo + 1]


def test_traps_are_passed_over() -> None:
    pdos = ladder((-0.5, 0.5), (-1.0, 1.2))
    core_edge = int(np.argmin(np.abs(pdos.eigenvalues_ev + 0.5)))
    is_trap = np.zeros(pdos.eigenvalues_ev.size, dtype=bool)
    is_trap[core_edge] = True
    found = band_alignment(pdos, pdos.eigenvalues_ev, is_trap=is_trap)
    assert found.regions[0].valence_edge_ev == pytest.approx(-0.6)


def test_one_region_has_edges_but_no_alignment() -> None:
    pdos = recorded_pdos("inas_pure")
    found = find_traps(pdos)
    alignment = band_alignment(pdos, found.energies_ev)
    assert [edges.region for edges in alignment.regions] == ["core"]
    assert alignment.regions[0].gap_ev == pytest.approx(found.gap_ev)
    assert alignment.type is None
    assert json.loads(json.dumps(alignment.summary()))["type"] is None


def test_window_with_one_side_of_the_gap_says_nothing() -> None:
    energies = np.array([-1.0, -0.9, -0.8])
    share, anion_fraction = np.array([1.0, 1.0, 1.0]), np.array([0.7, 0.7, 0.7])
    assert region_edges(energies, share, anion_fraction, "core") is None
    assert region_edges(energies, share, anion_fraction, "core", rule=AlignmentRule(window_ev=0.5)) is None


def test_what_a_conduction_state_of_the_core_leaves_on_anions_of_the_shell_is_no_valence_state() -> None:
    """An s-like state of the whole dot, partly on Se of the shell, lies below the shell's own conduction states."""
    pdos = ladder((-0.8, 1.2), (-0.3, 1.4))
    state = int(np.flatnonzero(pdos.eigenvalues_ev > 0)[0])
    energies, weights = pdos.eigenvalues_ev.copy(), pdos.kind_weights.copy()
    energies[state], weights[:, state] = 0.2, (0.2, 0.4, 0.35, 0.05)
    found = band_alignment(replace(pdos, eigenvalues_ev=energies, kind_weights=weights), energies)
    core, shell = found.regions
    assert shell.valence_edge_ev == pytest.approx(-0.3)
    assert core.conduction_edge_ev == shell.conduction_edge_ev == pytest.approx(0.2)
    assert found.type == "quasi-II"


def test_kinds_without_regions_are_refused() -> None:
    pdos = Pdos(
        spin="both",
        fermi_level_ev=0.0,
        index=np.array([1]),
        eigenvalues_ev=np.zeros(1),
        occupations=np.zeros(1),
        kind_names=("As", "In"),
        kind_weights=np.full((2, 1), 0.5),
        kind_counts=np.array([1, 1]),
    )
    with pytest.raises(InputError, match="no region"):
        band_alignment(pdos, pdos.eigenvalues_ev)


def test_edges_that_touch_are_broken() -> None:
    assert alignment_type(RegionEdges("core", -1, 0), RegionEdges("shell", 0, 1)) == "III"


@pytest.mark.parametrize(("offset_ev", "kind"), [(0.08, "quasi-II"), (0.12, "I"), (0.25, "I")])
def test_edges_are_level_within_a_tenth_of_an_electronvolt(offset_ev: float, kind: str) -> None:
    inner = RegionEdges("core", -0.5, 0.5)
    outer = RegionEdges("shell", -0.5 - offset_ev, 1.5)
    assert alignment_type(inner, outer) == kind
