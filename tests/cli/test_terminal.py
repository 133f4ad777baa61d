"""Tables fit the terminal and lose nothing."""

from __future__ import annotations

import re

import pytest

from aiida_chargeflow.cli.terminal import parts, print_table

HEADS = ["model", *(f"column number {k}" for k in range(9))]
ROWS = [[f"a-rather-long-label-{n}", *(f"{n}{k}.12345678" for k in range(9))] for n in range(3)]


@pytest.mark.parametrize("width", [60, 80, 120, 400])
def test_no_line_is_wider_than_the_terminal_and_every_cell_is_there(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(HEADS, ROWS, width=width)
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= width
    words = re.split(r"\s{2,}", told)
    assert {*HEADS[1:], *(cell for row in ROWS for cell in row[1:])} <= {word.strip() for word in words}
    assert told.count("a-rather-long-label-1") == told.count("model")


def test_into_a_pipe_every_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADS, ROWS)
    lines = [line for line in capsys.readouterr().out.splitlines() if "label" in line]
    assert [line.split() for line in lines] == ROWS


def test_a_part_holds_one_column_however_wide() -> None:
    assert parts([10, 50, 50, 5], 40) == [[0, 1], [0, 2], [0, 3]]
    assert parts([10, 10, 10, 10], 30) == [[0, 1, 2], [0, 3]]
    assert parts([10], 5) == [[0]]
