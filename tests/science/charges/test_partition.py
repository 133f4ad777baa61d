"""Which tables of charges are accepted: of these atoms, complete, and in which unit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.units import Bohr

from aiida_chargeflow.science.charges.acf import Acf, read_acf
from aiida_chargeflow.science.charges.partition import PartitionError, accept_partition

VALENCE = {"In": 13, "Cl": 7}
ATOMS = Atoms("InCl3", positions=[[0, 0, 0], [2.3, 0, 0], [-1.15, 1.99, 0], [-1.15, -1.99, 0]])


def table(**changes: object) -> Acf:
    """InCl3 as a cube gives it, shifted into its box; In has lost 1.5 e."""
    base = Acf(
        positions_ang=ATOMS.positions + 5,
        bader_population=np.array([11.5, 7.5, 7.5, 7.4999]),
        min_distance_ang=np.ones(4),
        volume_ang3=np.full(4, 20.0),
        vacuum_charge_e=1e-4,
        vacuum_volume_ang3=100.0,
        n_electrons=34.0,
    )
    return replace(base, **changes)


def test_charges_are_valence_less_population() -> None:
    charges = accept_partition(table(), ATOMS, VALENCE)
    np.testing.assert_allclose(charges.bader_charge, [1.5, -0.5, -0.5, -0.4999])
    assert charges.bader_charge.sum() == pytest.approx(charges.totals()["vacuum_charge_e"], abs=1e-9)


def test_a_table_in_angstrom_keeps_its_distances_and_volumes() -> None:
    """A reader that takes bohr makes 0.529 of the lengths and 0.148 of the volumes of one in Å."""
    as_bohr = table(
        positions_ang=(ATOMS.positions + 5) * Bohr,
        min_distance_ang=np.ones(4) * Bohr,
        volume_ang3=np.full(4, 20.0) * Bohr**3,
        vacuum_volume_ang3=100.0 * Bohr**3,
    )
    charges = accept_partition(as_bohr, ATOMS, VALENCE)
    for name, values in accept_partition(table(), ATOMS, VALENCE).arrays().items():
        np.testing.assert_allclose(charges.arrays()[name], values)
    assert charges.totals()["vacuum_volume_ang3"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("changes", "fault", "problem"),
    [
        ({"positions_ang": ATOMS.positions[[1, 0, 2, 3]]}, "atoms", "lie elsewhere"),
        (
            {"positions_ang": ATOMS.positions + [[0.05, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]},
            "atoms",
            "atom 1",
        ),
        ({"bader_population": np.array([11.5, 7.5, 7.5])}, "atoms", "4 atoms, the ACF.dat has 3"),
        ({"bader_population": np.array([11.5, 7.5, 7.5, 7.45])}, "electrons", "33.950 e, the run has 34"),
        ({"bader_population": np.array([19.0, 7.5, 7.5, 5e-4])}, "basin", "without a basin"),
    ],
)
def test_what_does_not_belong_is_refused(changes: dict[str, object], fault: str, problem: str) -> None:
    with pytest.raises(PartitionError, match=problem) as caught:
        accept_partition(table(**changes), ATOMS, VALENCE)
    assert caught.value.fault == fault


def test_the_tolerances_are_those_that_are_documented() -> None:
    """0.02 Å, and 0.01 e + 10⁻⁴ of all electrons, which is 0.0134 e here."""
    nudge = np.zeros((4, 3))
    nudge[0, 0] = 0.019
    assert accept_partition(table(positions_ang=ATOMS.positions + nudge), ATOMS, VALENCE)
    short = np.array([11.5, 7.5, 7.5, 7.5 - 0.0135])
    assert accept_partition(table(bader_population=short), ATOMS, VALENCE)  # 0.0001 e of it lie in the vacuum
    with pytest.raises(PartitionError):
        accept_partition(table(bader_population=short, vacuum_charge_e=0.0), ATOMS, VALENCE)


def test_a_charged_run_has_its_own_number_of_electrons() -> None:
    cation = table(bader_population=np.array([10.5, 7.5, 7.5, 7.5]), vacuum_charge_e=0.0)
    with pytest.raises(PartitionError, match="33"):
        accept_partition(cation, ATOMS, VALENCE)
    assert accept_partition(cation, ATOMS, VALENCE, n_electrons=33).bader_charge.sum() == pytest.approx(1)


@pytest.mark.parametrize(("missing", "refused"), [(0.013, False), (0.014, True)])
def test_a_hundredth_of_an_electron_and_one_in_ten_thousand_may_be_missing(
    missing: float, refused: bool
) -> None:
    """The run has 34 electrons: 0.01 + 0.0034 e."""
    short = table(bader_population=np.array([11.5 - missing, 7.5, 7.5, 7.4999]))
    if refused:
        with pytest.raises(PartitionError, match="34 valence electrons"):
            accept_partition(short, ATOMS, VALENCE)
    else:
        assert accept_partition(short, ATOMS, VALENCE).bader_charge.sum() == pytest.approx(missing + 1e-4)


def test_a_proton_keeps_its_small_basin_and_an_empty_one_is_none() -> None:
    """A hydrogen on chlorine holds some 0.4 e of its one; below a thousandth there was no maximum."""
    molecule = Atoms("HCl", positions=[[0, 0, 0], [1.27, 0, 0]])
    two = {name: np.ones(2) for name in ("min_distance_ang", "volume_ang3")}
    proton = table(
        positions_ang=molecule.positions, bader_population=np.array([0.4, 7.6]), **two, vacuum_charge_e=0.0
    )
    assert accept_partition(proton, molecule, {"H": 1, "Cl": 7}).bader_charge == pytest.approx([0.6, -0.6])
    bare = replace(proton, bader_population=np.array([0.0009, 7.9991]))
    with pytest.raises(PartitionError, match="without a basin"):
        accept_partition(bare, molecule, {"H": 1, "Cl": 7})


def test_the_table_of_the_fortran_program_is_read_and_says_the_same() -> None:
    """The weight method of two independent programs on one density, in their own formats."""
    folder = Path(__file__).parents[2] / "fixtures" / "bader"
    theirs, ours = (read_acf(folder / f"cl2in_ascl2_{name}.dat") for name in ("henkelman", "ours"))
    assert theirs.bader_population.sum() == pytest.approx(46, abs=1e-3)
    np.testing.assert_allclose(theirs.bader_population, ours.bader_population, atol=2e-6)
    assert theirs.vacuum_charge_e == pytest.approx(ours.vacuum_charge_e, abs=1e-4)
