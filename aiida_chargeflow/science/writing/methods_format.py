"""A methods section as Markdown and LaTeX text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .citations import keys_of, reference, with_commands, with_numbers
from .latex import escape
from .table_format import to_latex as table_to_latex
from .table_format import to_markdown as table_to_markdown

_POWER = re.compile(r"10\^\{(-?\d+)\}")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MARKED = re.compile(r"(\s*\[\[[a-z0-9,]+\]\]|10\^\{-?\d+\})")  # what is more than plain text
_NOTE = "Draft made from the provenance of the models below; read it before you use it."


def to_markdown(text: Mapping[str, str], models: Sequence[Mapping[str, Any]]) -> str:
    """Return headings, paragraphs with numeric citations, the list of references, and the models."""
    whole = "\n\n".join(f"### {heading}\n\n{body}" for heading, body in text.items() if body)
    numbered = _POWER.sub(lambda match: "10" + match.group(1).translate(_SUPERSCRIPTS), with_numbers(whole))
    references = "\n".join(f"{n}. {reference(key)}" for n, key in enumerate(keys_of(whole), start=1))
    return (
        f"## Methods\n\n*{_NOTE}*\n\n{numbered}\n\n### References\n\n{references}\n\n### Models\n\n"
        f"{table_to_markdown(_rows(models))}{_files(models)}"
    )


def to_latex(text: Mapping[str, str], models: Sequence[Mapping[str, Any]], bibliography: Path) -> str:
    r"""Return ``\section`` and ``\subsection``s with ``\cite``, for inclusion in a document with booktabs."""
    parts = ["% " + _NOTE, r"\section{Methods}"]
    for heading, body in text.items():
        if body:
            parts += [rf"\subsection{{{heading}}}", _escape(body)]
    parts += [
        table_to_latex(_rows(models)),
        r"\bibliographystyle{unsrt}",
        rf"\bibliography{{{bibliography.stem}}}",
    ]
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    pieces = _MARKED.split(text)
    return "".join(_marked(piece) if n % 2 else escape(piece) for n, piece in enumerate(pieces))


def _marked(piece: str) -> str:
    return rf"\({piece}\)" if piece.startswith("10") else with_commands(piece)


def _rows(models: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{key: facts[key] for key in ("label", "formula", "n_atoms", "uuid")} for facts in models]


def _files(models: Sequence[Mapping[str, Any]]) -> str:
    """Return the full hashes of the files that the models used."""
    used = sorted({pair for facts in models for pair in facts.get("files", {}).items()})
    lines = [f"- `{name}`: SHA-256 `{digest}`\n" for name, digest in used]
    return "\n" + "".join(lines) if lines else ""
