"""Charge of regions and ligand density on bodies with known answers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from recorded import archive

from aiida_chargeflow.science.charges.ligand_density import ligand_density
from aiida_chargeflow.science.charges.region_charge import charge_by_region
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.kinds import decode
from aiida_chargeflow.science.models.describe import element_ratios

CUBE = np.array(list(itertools.product((0.0, 10.0), repeat=3)))


def test_charges_of_regions_add_up() -> None:
    charges = charge_by_region([1, 1, 3, 4, 0], [0.5, 0.25, -0.5, -0.25, 0.125])
    assert charges == {"core": 0.75, "shell": -0.5, "ligand": -0.25, "unknown": 0.125}
    assert list(charges) == ["core", "shell", "ligand", "unknown"]


def test_charges_of_other_atoms_are_refused() -> None:
    with pytest.raises(InputError, match="one charge for each atom"):
        charge_by_region([1, 1], [0.5])


def test_ratios_pair_ions_of_opposite_charge() -> None:
    kinds = ["In14"] * 2 + ["As14"] * 4 + ["Cd34"] * 6 + ["Se34"] * 3 + ["Cl41"] * 2
    assert element_ratios([decode(kind) for kind in kinds]) == {
        ("Cd", "Se"): 2.0,
        ("In", "As"): 0.5,
        ("Cl", "cation"): 0.25,
    }
    assert element_ratios([decode("Xe14")]) == {}


def test_ligands_on_a_cube() -> None:
    positions = np.vstack([CUBE, [[5.0, 5.0, 12.0], [5.0, 5.0, -2.0], [12.0, 5.0, 5.0]]])
    found = ligand_density(positions, [False] * 8 + [True] * 3)
    assert (found.n_ligands, found.area_nm2, found.volume_nm3) == (3, pytest.approx(6.0), pytest.approx(1.0))
    assert found.ligands_per_nm2 == pytest.approx(0.5)
    assert ligand_density(positions, [False] * 8 + [True] * 3, n_ligands=1).n_ligands == 1


def test_relaxed_dot_has_a_sensible_density() -> None:
    _, atoms = archive("cdse")
    found = ligand_density(atoms.positions, atoms.get_tags() // 10 == 4)
    assert found.n_ligands == 6
    assert 1 < found.ligands_per_nm2 < 4


def test_flat_or_tiny_crystals_are_refused() -> None:
    with pytest.raises(InputError, match="span no volume"):
        ligand_density(CUBE[:3], [False] * 3)
    with pytest.raises(InputError, match="span no volume"):
        ligand_density(CUBE[:4] * [0, 1, 1], [False] * 4)
