"""Conditions on table rows, such as ``gap_ev < 0.2 and n_atoms > 100``, read without running any code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import InputError

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_REMEDY = "Write comparisons of columns, numbers and quoted words, joined by and, or, not: gap_ev < 0.2."

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]


def condition(text: str) -> Condition:
    """Return the function of a row that says whether the row meets ``text``.

    A column without a value (None) meets no comparison.

    :raises InputError: anything but comparisons of columns and constants joined by and, or, not; when the
        function is called, a column that the row lacks, or a comparison of a word with a number.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError("unreadable condition", field="--where", value=text, remedy=_REMEDY) from None
    _check(tree, text)
    return lambda row: _holds(tree, row, text)


def _check(node: ast.expr, text: str) -> None:
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            _check(value, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check(node.operand, text)
    elif isinstance(node, ast.Compare) and all(type(op) in _COMPARISONS for op in node.ops):
        for operand in (node.left, *node.comparators):
            _value(operand, None, text)
    else:
        raise InputError("unreadable condition", field="--where", value=text, remedy=_REMEDY)


def _holds(node: ast.expr, row: Row, text: str) -> bool:
    if isinstance(node, ast.BoolOp):
        results = [_holds(value, row, text) for value in node.values]
        return all(results) if isinstance(node.op, ast.And) else any(results)
    if isinstance(node, ast.UnaryOp):
        return not _holds(node.operand, row, text)
    assert isinstance(node, ast.Compare)
    values = [_value(operand, row, text) for operand in (node.left, *node.comparators)]
    if None in values:
        return False
    try:
        return all(
            _COMPARISONS[type(op)](left, right)
            for op, left, right in zip(node.ops, values[:-1], values[1:], strict=True)
        )
    except TypeError:
        raise InputError(
            "a word cannot be compared with a number", field="--where", value=text, remedy=_REMEDY
        ) from None


def _value(node: ast.expr, row: Row | None, text: str) -> Any:
    """Return a constant or the row's column; without a row, only check that it is one of them."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _value(node.operand, None, text)
        if isinstance(value, int | float):
            return -value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    elif isinstance(node, ast.Name):
        if row is None:
            return None
        if node.id in row:
            return row[node.id]
        raise InputError(
            "no such column", field="--where", value=node.id, remedy=f"Columns: {', '.join(row)}."
        )
    raise InputError("unreadable condition", field="--where", value=text, remedy=_REMEDY)
