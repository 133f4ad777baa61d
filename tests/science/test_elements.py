"""One order of elements in every formula."""

from __future__ import annotations

import pytest

from aiida_chargeflow.science.elements import element, formula, formula_order, known_elements


def test_formulae_name_cations_first_and_the_highest_charge_of_each_sign_first() -> None:
    order = formula_order(known_elements())
    charges = [element(symbol).oxidation_state for symbol in order]
    assert charges == sorted(charges, key=lambda charge: (charge < 0, -abs(charge)))


@pytest.mark.parametrize(
    "symbols", [["Se", "In", "Cl", "Cd", "As", "In"], ["Cl", "Cd", "In", "In", "As", "Se"]]
)
def test_a_formula_does_not_depend_on_the_order_of_atoms(symbols: list[str]) -> None:
    assert formula(symbols) == "In2CdAsSeCl"


def test_an_element_without_a_place_comes_first() -> None:
    assert formula(["Cl", "Xe", "In"]) == "XeInCl"
