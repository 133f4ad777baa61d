"""From a printed number to the model and the quantity that it is, and to the node that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from aiida import orm

from ..science.writing.nested import flatten
from ..science.writing.printed import PrintedNumber
from .columns import Column, describe
from .tables import TABLES, Row

#: Columns that tell the rows of one model apart.
_ROW_KEYS = ("kind", "orbital", "job_pk")
#: Outputs of a model whose entries are looked through when no table has the number.
_RESULTS = ("summary", "quality", "model", "scf.output_parameters", "bader.output_parameters")


@dataclass(frozen=True)
class Match:
    """A quantity of a model that has a printed value.

    :param model: the run.
    :param quantity: column, with the kind, orbital or job where a model has several rows.
    :param table: None where no table shows the quantity.
    :param node: the data node that holds it.
    :param path: where in the node.
    """

    model: orm.WorkChainNode
    quantity: str
    value: float
    table: str | None
    node: orm.Node
    path: str

    @property
    def meaning(self) -> Column | None:
        """Return definition and unit, if a table shows the quantity."""
        return describe(self.table, self.quantity.split(".")[0]) if self.table else None

    def is_called(self, name: str) -> bool:
        """Return whether the quantity is named by ``name``: in full, by its column, or by the end of its path."""
        return name in (self.quantity, self.quantity.split(".")[0], self.path) or self.path.endswith(
            f".{name}"
        )


def find(
    number: PrintedNumber, models: Sequence[orm.WorkChainNode], column: str | None = None
) -> list[Match]:
    """Return what has the printed value: cells of tables, else entries of the results that no table shows.

    :param column: only quantities of this name.
    """
    for source in (_cells, _entries):
        found: dict[tuple[str, str], Match] = {}
        for model in models:
            for match in source(model, number):
                if column is None or match.is_called(column):
                    found.setdefault((model.uuid, match.quantity), match)
        if found:
            exact = [match for match in found.values() if match.quantity == column]
            return exact or list(found.values())
    return []


def _cells(model: orm.WorkChainNode, number: PrintedNumber) -> Iterator[Match]:
    for table, rows_of in TABLES.items():
        for row in chain.from_iterable(rows_of([model])):
            key = next((str(row[name]) for name in _ROW_KEYS if name in row), None)
            for column, value in row.items():
                if _is_number(value) and number.matches(value) and column not in _ROW_KEYS:
                    node, path = _holder(model, table, row, column)
                    yield Match(model, f"{column}.{key}" if key else column, value, table, node, path)


def _entries(model: orm.WorkChainNode, number: PrintedNumber) -> Iterator[Match]:
    for name in _RESULTS:
        node = _output(model, name)
        if node is not None:
            for path, value in flatten(node.get_dict(), scalars=True).items():
                if _is_number(value) and number.matches(value):
                    yield Match(model, f"{name}.{path}", value, None, node, path)


def _output(model: orm.WorkChainNode, name: str) -> orm.Dict | None:
    """Return the output of a dotted name, None if the model has none."""
    found: Any = model.outputs
    for part in name.split("."):
        if part not in found:
            return None
        found = found[part]
    return found if isinstance(found, orm.Dict) else None


def _holder(model: orm.WorkChainNode, table: str, row: Row, column: str) -> tuple[orm.Node, str]:
    """Return the node that holds a cell, and the key, array or property that it is made from."""
    known = describe(table, column) or Column(column)
    place = known.place.format(column=column, **{name: row[name] for name in _ROW_KEYS if name in row})
    if known.source == "job":
        job = orm.load_node(row["job_pk"])
        told = job.outputs.output_parameters if "output_parameters" in job.outputs else None
        return (told if told is not None and column in told.keys() else job), place  # noqa: SIM118
    node: Any = model.outputs
    for part in known.source.split("."):
        node = node[part]
    return node, place


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
