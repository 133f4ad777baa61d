"""What the tables of the report are made of: printed values that name the node that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..results.columns import Column

MISSING = "–"


@dataclass(frozen=True)
class Cell:
    """One printed value.

    :param value: what the table is sorted by; None if there is no value.
    :param uuid: the node that holds the value.
    :param href: page that the text links to.
    """

    text: str
    value: float | str | None
    uuid: str
    href: str = ""

    @property
    def is_number(self) -> bool:
        """Return whether the value is a number."""
        return isinstance(self.value, int | float)


@dataclass(frozen=True)
class Grid:
    """One table: a caption, columns and rows of as many cells."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    @property
    def numeric(self) -> list[bool]:
        """Return for each column whether it holds numbers."""
        return [any(row[k].is_number for row in self.rows) for k in range(len(self.columns))]


def number(value: float | None, uuid: str, digits: int = 3) -> Cell:
    """Return a number with so many decimals, a dash for None."""
    if value is None:
        return Cell(MISSING, None, uuid)
    text = f"{value:.{digits}f}"
    return Cell(text.lstrip("-") if float(text) == 0 else text, float(value), uuid)


def count(value: int | None, uuid: str) -> Cell:
    """Return a whole number, a dash for None."""
    return Cell(MISSING if value is None else str(value), value, uuid)


def words(value: str | None, uuid: str, href: str = "") -> Cell:
    """Return a text, a dash for None or an empty one."""
    return Cell(value or MISSING, value or None, uuid, href)
