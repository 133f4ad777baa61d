"""Citations: keys in a text become numbers or LaTeX commands, and entries of a BibTeX file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

import yaml

from .latex import accented

_MARK = re.compile(r"\s*\[\[([a-z0-9,]+)\]\]")
_BRACED = ("title",)  # BibTeX styles would lower the case of names in titles


@cache
def citations() -> dict[str, dict[str, Any]]:
    """Return every citation that the package knows: key → BibTeX fields, with ``type`` if it is no article."""
    text = (resources.files("aiida_chargeflow") / "data" / "citations.yaml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return entries


def keys_of(text: str) -> list[str]:
    """Return the keys that ``[[key,key]]`` marks in a text cite, each once, in order of appearance.

    :raises KeyError: a key that is not in the data file.
    """
    keys = list(dict.fromkeys(key for mark in _MARK.findall(text) for key in mark.split(",")))
    for key in keys:
        citations()[key]
    return keys


def with_numbers(text: str) -> str:
    """Return the text with numbers in the order of ``keys_of`` instead of marks: ``[1, 2]``."""
    numbers = {key: n for n, key in enumerate(keys_of(text), start=1)}

    def numbered(mark: re.Match[str]) -> str:
        return f" [{', '.join(str(n) for n in sorted(numbers[key] for key in mark.group(1).split(',')))}]"

    return _MARK.sub(numbered, text)


def with_commands(text: str) -> str:
    r"""Return the text with LaTeX's ``\cite`` instead of marks."""
    return _MARK.sub(lambda mark: rf"~\cite{{{mark.group(1)}}}", text)


def reference(key: str) -> str:
    """Return a citation as one line of a list of references."""
    entry = citations()[key]
    where = entry.get("journal", entry.get("publisher"))
    place = ", ".join(str(entry[name]) for name in ("volume", "pages") if name in entry)
    authors = entry["author"].replace(" and others", " et al.").replace(" and ", "; ")
    source = f"{where} {place}" if place else where
    return (
        f"{authors.rstrip('.')}. {entry['title']}. {source} ({entry['year']}). https://doi.org/{entry['doi']}"
    )


def to_bibtex(keys: Iterable[str]) -> str:
    """Return the BibTeX entries of the keys, in ASCII: accents as LaTeX commands."""
    return "\n".join(_entry(key, citations()[key]) for key in keys)


def _entry(key: str, fields: dict[str, Any]) -> str:
    lines = [f"@{fields.get('type', 'article')}{{{key},"]
    for name, value in fields.items():
        if name != "type":
            text = str(value).replace("-", "--") if name == "pages" else accented(str(value))
            lines.append(f"  {name} = {{{{{text}}}}}," if name in _BRACED else f"  {name} = {{{text}}},")
    return "\n".join([*lines, "}", ""])
