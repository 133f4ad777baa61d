"""The name of the protocol behind the settings of a run, which stores the settings alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..science.writing.nested import differences
from ..workchains.protocols import load_protocol, protocol_names

Changes = dict[str, list[Any]]


def nearest_protocol(settings: Mapping[str, Any]) -> tuple[str, Changes]:
    """Return the protocol that the settings differ least from, and dotted key → [protocol's, run's] of what
    differs; nothing differs if the run took the protocol as this version has it.
    """
    own = _rounded(settings)
    found = {name: differences(known, own) for name, known in _protocols().items()}
    name = min(found, key=lambda name: (len(found[name]), name))
    return name, found[name]


@cache
def _protocols() -> dict[str, Any]:
    return {name: _rounded(load_protocol(name)) for name in protocol_names()}


def _rounded(settings: Mapping[str, Any]) -> Any:
    """Return the settings with floats in the 12 digits that survive being stored."""
    return json.loads(json.dumps(settings), parse_float=lambda text: float(f"{float(text):.12g}"))
