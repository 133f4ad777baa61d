"""Printed numbers stand for a range; nested mappings are compared key by key; columns have meanings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_chargeflow.results.columns import describe
from aiida_chargeflow.science.writing.nested import differences, flatten
from aiida_chargeflow.science.writing.printed import PrintedNumber, printed_number


@given(st.floats(-1e6, 1e6), st.integers(0, 8))
def test_a_value_matches_what_it_prints_as(value, decimals):
    assert PrintedNumber(f"{value:.{decimals}f}").matches(value)


@given(st.floats(1e-9, 1e9), st.integers(1, 6))
def test_scientific_notation(value, decimals):
    assert PrintedNumber(f"{value:.{decimals}e}").matches(value)


def test_neighbouring_values_do_not_match():
    number = PrintedNumber("0.722")
    assert number.matches(0.7216)
    assert not number.matches(0.7226)
    assert not number.matches(-0.722)
    assert PrintedNumber("−0.62").matches(-0.6184)


@pytest.mark.parametrize("text", ["13", "0.5", "-1", "1e-05", ".5", "abc", "e1865cc4", "nan", "1.2.3", ""])
def test_what_is_a_number(text):
    expected = {"13": True, "0.5": False, "-1": False, "1e-05": False, ".5": False}
    number = printed_number(text)
    assert (number is None) == (text not in expected)
    assert number is None or number.is_whole == expected[text]


def test_lists_of_mappings_are_compared_by_name():
    left = {"stages": [{"name": "hot", "eps": 1}, {"name": "cold", "eps": 2}], "planes": [5, 4]}
    right = {"stages": [{"name": "cold", "eps": 3}], "planes": [5, 4]}
    assert differences(left, right) == {
        "stages.hot.name": ["hot", None],
        "stages.hot.eps": [1, None],
        "stages.cold.eps": [2, 3],
    }


def test_keys_of_one_side_stand_with_their_neighbours():
    left = {"a": {"x": 1}, "b": {"x": 1}}
    right = {"a": {"x": 2, "y": 5}, "b": {"x": 2}}
    assert list(differences(left, right)) == ["a.x", "a.y", "b.x"]


def test_scalars_of_lists_are_numbered_on_demand():
    assert flatten({"a": [1, 2]}) == {"a": [1, 2]}
    assert flatten({"a": [1, 2]}, scalars=True) == {"a.0": 1, "a.1": 2}


def test_columns():
    assert describe("gaps", "gap_ev").unit == "eV"
    assert describe("orbitals", "energy_ev") != describe("gaps", "energy_ev")
    assert describe("stoichiometry", "core_In") == describe("stoichiometry", "core_As")
    assert describe("gaps", "nonsense") is None
