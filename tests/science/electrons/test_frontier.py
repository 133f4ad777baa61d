"""Where HOMO and LUMO sit: made-up orbitals with known answers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from aiida_chargeflow.science.electrons.frontier import from_mapping, frontier, to_mapping, warnings
from aiida_chargeflow.science.electrons.pdos import Pdos

KINDS = ("As13", "As14", "Cl41", "Cl42", "In14")
COUNTS = (2, 3, 2, 1, 4)
ATOMS = [kind for kind, n in zip(KINDS, COUNTS, strict=True) for _ in range(n)]
ON_ARSENIC = (0.1, 0.7, 0.05, 0.0, 0.15)
ON_LIGANDS = (0.05, 0.1, 0.5, 0.2, 0.15)
ON_INDIUM = (0.1, 0.1, 0.1, 0.0, 0.7)


def dot(homo: tuple[float, ...], lumo: tuple[float, ...], below: tuple[float, ...] = ON_ARSENIC) -> Pdos:
    """A dot of three orbitals, two of them filled."""
    return Pdos(
        spin="both",
        fermi_level_ev=-5.0,
        index=np.array([1, 2, 3]),
        eigenvalues_ev=np.array([-6.0, -5.5, -4.5]),
        occupations=np.array([2.0, 2.0, 0.0]),
        kind_names=KINDS,
        kind_weights=np.array([below, homo, lumo]).T,
        kind_counts=np.array(COUNTS),
    )


def with_atoms(pdos: Pdos, shares_of_homo: list[float]) -> Pdos:
    """The same dot with shares of atoms, even within each kind but for the HOMO."""
    even = np.repeat(pdos.kind_weights / pdos.kind_counts[:, None], pdos.kind_counts, axis=0)
    even[:, 1] = shares_of_homo
    return replace(pdos, atom_weights=even)


def test_orbitals_of_the_framework_need_no_warning() -> None:
    found = frontier(dot(ON_ARSENIC, ON_INDIUM), ATOMS)
    assert (found["homo"].index, found["lumo"].index) == (2, 3)
    assert (found["homo"].place, found["lumo"].place) == ("core As", "core In")
    assert warnings(found) == []


def test_a_lone_pair_of_ligands_is_named() -> None:
    found = frontier(dot(ON_LIGANDS, ON_INDIUM), ATOMS)
    assert found["homo"].ligand_share == pytest.approx(0.7)  # one and two bonds together
    assert found["homo"].place == "ligands"
    (sentence,) = warnings(found)
    assert sentence.startswith("the HOMO (orbital 2) sits on ligands (70 %, most on Cl with 1 bond)")


def test_half_of_an_orbital_on_ligands_is_not_most_of_it() -> None:
    half = (0.1, 0.3, 0.5, 0.0, 0.1)
    assert frontier(dot(half, ON_INDIUM), ATOMS)["homo"].warning is None


def test_one_surface_atom_is_named() -> None:
    on_facet = (0.75, 0.1, 0.05, 0.0, 0.1)
    spread = [0.375, 0.375] + [0.1 / 3] * 3 + [0.025] * 2 + [0.0] + [0.025] * 4
    assert frontier(with_atoms(dot(on_facet, ON_INDIUM), spread), ATOMS)["homo"].warning is None
    single = [0.05, 0.7, *spread[2:]]
    found = frontier(with_atoms(dot(on_facet, ON_INDIUM), single), ATOMS)
    assert found["homo"].atom == 1
    assert found["homo"].place == "one surface atom"
    assert "70 % on 3-coordinate core As, atom 2" in warnings(found)[0]


def test_one_atom_inside_is_no_surface_atom() -> None:
    inside = [0.05, 0.05, 0.7, 0.0, 0.0, 0.025, 0.025, 0.0] + [0.0375] * 4
    found = frontier(with_atoms(dot(ON_ARSENIC, ON_INDIUM), inside), ATOMS)
    assert found["homo"].atom == 2
    assert found["homo"].warning is None


def test_a_degenerate_set_is_judged_as_a_whole() -> None:
    """CP2K may put one orbital of a degenerate pair on the ligands and the other on As: only the mean is physical."""
    pair = replace(dot(ON_LIGANDS, ON_INDIUM), eigenvalues_ev=np.array([-5.5, -5.4999, -4.5]))
    assert frontier(pair, ATOMS)["homo"].ligand_share == pytest.approx((0.7 + 0.05) / 2)


def test_without_regions_nothing_is_said() -> None:
    bare = replace(dot(ON_LIGANDS, ON_INDIUM), kind_names=("As", "P", "Cl", "Br", "In"))
    assert frontier(bare, ATOMS) == {}


def test_without_empty_orbitals_only_the_homo_is_known() -> None:
    pdos = dot(ON_ARSENIC, ON_INDIUM)
    filled = replace(
        pdos,
        index=pdos.index[:2],
        eigenvalues_ev=pdos.eigenvalues_ev[:2],
        occupations=pdos.occupations[:2],
        kind_weights=pdos.kind_weights[:, :2],
    )
    assert set(frontier(filled, ATOMS)) == {"homo"}


def test_plain_data_holds_everything() -> None:
    found = frontier(dot(ON_LIGANDS, ON_INDIUM), ATOMS)
    assert from_mapping(json.loads(json.dumps(to_mapping(found)))) == found
