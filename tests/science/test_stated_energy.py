"""An energy in the comment of an XYZ is taken only in a unit that is known."""

from __future__ import annotations

import pytest

from aiida_chargeflow.science.stated_energy import stated_energy
from aiida_chargeflow.science.units import HARTREE_EV


@pytest.mark.parametrize(
    ("comment", "energy_ev"),
    [
        (" i =       27, E =     -4158.6840948911", -4158.6840948911 * HARTREE_EV),
        (" i = 3, time =  1.500, E = -2.0", -2.0 * HARTREE_EV),
        ('Properties=species:S:1:pos:R:3 energy=-12.5 pbc="F F F"', -12.5),
        ("total energy: -3.5 eV", -3.5),
        ("E = -1.0 Ha", -HARTREE_EV),
        ("energy -12.5", None),
        ("E = -977.2", None),
        ("energy = -12.5 quux", None),
        (" i = 3, E = ************", None),
        ("FINAL HEAT OF FORMATION = ************", None),
    ],
)
def test_the_unit_is_the_one_of_the_file_or_there_is_no_energy(comment: str, energy_ev: float | None) -> None:
    found = stated_energy(comment)
    assert found is not None
    assert found.energy_ev == (None if energy_ev is None else pytest.approx(energy_ev, rel=1e-12))
    if energy_ev is None:
        assert "not taken" in found.origin


@pytest.mark.parametrize("comment", ["", "In16As13Cl9 by hand", "model 3"])
def test_a_comment_that_speaks_of_none_has_none(comment: str) -> None:
    assert stated_energy(comment) is None
