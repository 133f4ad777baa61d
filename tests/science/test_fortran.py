"""Numbers as Fortran programs print them."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_chargeflow.science.fortran import parse_number, parse_numbers


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("-1.04358335864D+02", -104.358335864),
        ("0.33004-101", 0.33004e-101),
        ("0.12345E-005", 0.12345e-5),
        ("+.5", 0.5),
        ("12", 12.0),
        ("1.e3", 1000.0),
    ],
)
def test_every_form_of_a_number(word: str, value: float) -> None:
    assert parse_number(word) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "word", ["", "***", "NaN", "Infinity", "1e999", "0x10", "1_000", "1.0e", "--1", "0.1-2", "²"]
)
def test_what_is_no_finite_number_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_number(word)


def test_negative_neighbours_touch() -> None:
    row = " 0.34558E-009-0.13032E-008 0.90536E-009-0.33004-101-0.5D+00"
    np.testing.assert_allclose(parse_numbers(row), [0.34558e-9, -0.13032e-8, 0.90536e-9, -0.33004e-101, -0.5])


@pytest.mark.parametrize("text", ["1.0 nan", "1.0 1.2.3", "0.1E-050.2", "1.0 inf", "7-"])
def test_what_cannot_be_split_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        parse_numbers(text)
