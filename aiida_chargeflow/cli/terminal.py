"""Tables on a terminal: one that is too wide for it comes in parts, each beginning with the first column."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_BETWEEN = 3  # spaces around and between columns
_LEAST = 20


def print_table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[bool] = (),
    width: int | None = None,
) -> None:
    """Print rows of text; nothing is cut off, and into a pipe nothing is broken either.

    :param numbers: which columns are flush right; by default none.
    :param width: of the terminal, in characters; by default as it is.
    """
    console = Console()
    natural = [max(map(cell_len, column)) + _BETWEEN for column in zip(heads, *rows, strict=True)]
    if width is None:
        width = max(console.width, _LEAST) if console.is_terminal else sum(natural) + _BETWEEN
    flush_right = [*numbers, *[False] * (len(heads) - len(numbers))]
    for part in parts(natural, width - _BETWEEN):
        grid = Table(box=box.SIMPLE)
        for k in part:
            grid.add_column(escape(heads[k]), justify="right" if flush_right[k] else "left", overflow="fold")
        for row in rows:
            grid.add_row(*(escape(row[k]) for k in part))
        Console(width=width).print(grid, highlight=False)


def parts(widths: Sequence[int], room: int) -> list[list[int]]:
    """Return the columns of each part: as many as fit beside the first one, at least one."""
    found: list[list[int]] = [[0]]
    for k in range(1, len(widths)):
        if len(found[-1]) > 1 and sum(widths[j] for j in (*found[-1], k)) > room:
            found.append([0])
        found[-1].append(k)
    return found
