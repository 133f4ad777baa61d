"""Nested mappings as flat ones with dotted keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flatten(data: Any, prefix: str = "", *, scalars: bool = False) -> dict[str, Any]:
    """Return nested mappings, and lists of mappings, as one mapping with dotted keys.

    :param scalars: number the entries of lists of scalars too; otherwise such a list stays whole.
    """
    if isinstance(data, Mapping) and data:
        entries = [(str(key), value) for key, value in data.items()]
    elif isinstance(data, list) and data and (scalars or isinstance(data[0], Mapping)):
        entries = [(_name(value, number), value) for number, value in enumerate(data)]
    else:
        return {prefix: data}
    flat: dict[str, Any] = {}
    for key, value in entries:
        flat |= flatten(value, f"{prefix}.{key}" if prefix else key, scalars=scalars)
    return flat


def differences(left: Any, right: Any) -> dict[str, list[Any]]:
    """Return dotted key → [left, right] of what differs, None where a side lacks the key.

    Keys come in the order of the left side; those of the right side alone stand with their neighbours.
    """
    a, b = flatten(left), flatten(right)
    rank: dict[str, int] = {}
    for key in (*a, *b):
        for prefix in _prefixes(key):
            rank.setdefault(prefix, len(rank))
    keys = sorted(dict.fromkeys([*a, *b]), key=lambda key: [rank[prefix] for prefix in _prefixes(key)])
    return {key: [a.get(key), b.get(key)] for key in keys if a.get(key) != b.get(key)}


def _name(entry: Any, number: int) -> str:
    """Return the name of an entry of a list: its CP2K section parameter or its own name before its number."""
    if isinstance(entry, Mapping):
        return str(entry.get("_", entry.get("name", number)))
    return str(number)


def _prefixes(key: str) -> list[str]:
    parts = key.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]
