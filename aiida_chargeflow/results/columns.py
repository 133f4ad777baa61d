"""The columns of the tables: what each one means, how it is written for readers, and which node holds it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True)
class Column:
    """One column of a table or of the report.

    :param name: key of its values in rows, CSV and JSON.
    :param unit: empty for numbers without one.
    :param heading: what stands above it in the report.
    :param digits: decimals for readers of the report; 0 for what is counted.
    :param source: output of a model run that holds the number, ``job`` for one of its jobs.
    :param place: where in that node, with ``{column}`` and the names of other columns filled in.
    """

    name: str
    definition: str = ""
    unit: str = ""
    heading: str = ""
    digits: int = 3
    source: str = "summary"
    place: str = "{column}"


@cache
def columns() -> dict[str, Column]:
    """Return every column by its name.

    ``TABLE.COLUMN`` is the meaning in one table; a name that ends in ``_`` is the beginning of a family.
    """
    text = (resources.files("aiida_chargeflow") / "data" / "columns.yaml").read_text(encoding="utf-8")
    return {key: Column(key.rpartition(".")[2], **entry) for key, entry in yaml.safe_load(text).items()}


def describe(table: str, name: str) -> Column | None:
    """Return the column of this name in a table, None for one that no table has."""
    known = columns()
    family = [beginning for beginning in known if beginning.endswith("_") and name.startswith(beginning)]
    candidates = [f"{table}.{name}", name, max(family, key=len, default="")]
    return next((known[candidate] for candidate in candidates if candidate in known), None)
