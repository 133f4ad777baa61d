"""Rows as CSV, Markdown and LaTeX text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from .latex import escape

Rows = Sequence[Mapping[str, Any]]


def columns(rows: Rows) -> list[str]:
    """Return the union of the rows' columns in the order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def cell(value: Any) -> str:
    """Return a value for readers: four decimals, an empty cell for None."""
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split())


def to_csv(rows: Rows) -> str:
    """Return CSV with a header and every digit."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(rows), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_markdown(rows: Rows) -> str:
    """Return a Markdown table."""
    names = columns(rows)
    lines = [names, ["---"] * len(names)]
    lines += [[cell(row.get(name)).replace("|", "\\|") for name in names] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_latex(rows: Rows) -> str:
    """Return a LaTeX ``tabular`` for the booktabs package, numbers flush right."""
    names = columns(rows)
    flush = "".join("r" if any(_is_number(row.get(name)) for row in rows) else "l" for name in names)
    lines = [rf"\begin{{tabular}}{{{flush}}}", r"\toprule"]
    lines += [rf"{' & '.join(map(escape, names))} \\", r"\midrule"]
    lines += [rf"{' & '.join(_latex(row.get(name)) for name in names)} \\" for row in rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex(value: Any) -> str:
    text = escape(cell(value))
    return f"$-${text[1:]}" if _is_number(value) and text.startswith("-") else text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
