"""What the columns of the tables mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True)
class Column:
    """One column.

    :param unit: empty for numbers without one.
    """

    definition: str
    unit: str = ""


@cache
def columns() -> dict[str, Column]:
    """Return every column by its name.

    ``TABLE.COLUMN`` is the meaning in one table; a name that ends in ``_`` is the beginning of a family.
    """
    text = (resources.files("aiida_chargeflow") / "data" / "columns.yaml").read_text(encoding="utf-8")
    return {name: Column(**entry) for name, entry in yaml.safe_load(text).items()}


def describe(table: str, name: str) -> Column | None:
    """Return what a column of a table means, None for one that no table has."""
    known = columns()
    family = [beginning for beginning in known if beginning.endswith("_") and name.startswith(beginning)]
    candidates = [f"{table}.{name}", name, max(family, key=len, default="")]
    return next((known[candidate] for candidate in candidates if candidate in known), None)
