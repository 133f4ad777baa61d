"""Conditions on rows mean what they say and run no code; the text formats keep what readers need."""

import csv
import io

import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.writing.table_format import to_csv, to_latex, to_markdown
from aiida_chargeflow.science.writing.where import condition

ROW = {"label": "pure", "gap_ev": 0.1, "n_traps": 3, "edge_ev": -0.5, "missing": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gap_ev < 0.2", True),
        ("gap_ev >= 0.2", False),
        ("0 < gap_ev < 0.2 and n_traps == 3", True),
        ("gap_ev > 1 or label == 'pure'", True),
        ("not label == 'pure'", False),
        ("edge_ev < -0.4", True),
        ("missing < 5", False),
        ("missing > 5", False),
    ],
)
def test_condition(text, expected):
    assert condition(text)(ROW) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gap_ev <",
        "gap_ev",
        "__import__('os')",
        "label.upper() == 'A'",
        "(lambda: 1)() < 2",
        "gap_ev in [1]",
    ],
)
def test_anything_else_is_refused_before_a_row_is_read(text):
    with pytest.raises(InputError, match="unreadable condition"):
        condition(text)


def test_unknown_column_names_the_columns():
    with pytest.raises(InputError, match="gap_ev"):
        condition("gap < 1")(ROW)


def test_word_against_number():
    with pytest.raises(InputError, match="word"):
        condition("label < 1")(ROW)


def test_formats():
    rows = [{"a_b": 1 / 3, "n": 2}, {"a_b": None, "note": "5 % | x"}]
    assert next(csv.DictReader(io.StringIO(to_csv(rows))))["a_b"] == repr(1 / 3)
    assert "| 0.3333 | 2 |  |" in to_markdown(rows)
    assert r"5 \% $|$ x" in to_latex(rows)
    assert r"a\_b & n & note \\" in to_latex(rows)
