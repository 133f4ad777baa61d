"""Rows as CSV, Markdown and LaTeX text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)

Rows = Sequence[Mapping[str, Any]]


def columns(rows: Rows) -> list[str]:
    """Return the union of the rows' columns in the order of their first appearance."""
    return list(dict.fromkeys(name for row in rows for name in row))


def cell(value: Any) -> str:
    """Return a value for readers: four decimals, an empty cell for None."""
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)


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
    """Return a LaTeX ``tabular`` for the booktabs package."""
    names = columns(rows)
    head = " & ".join(name.translate(_LATEX) for name in names)
    body = [" & ".join(cell(row.get(name)).translate(_LATEX) for name in names) for row in rows]
    lines = [rf"\begin{{tabular}}{{{'l' * len(names)}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    lines += [rf"{line} \\" for line in body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"
