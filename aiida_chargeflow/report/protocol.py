"""The protocol behind the settings of a run, and what the run changed in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..science.electrons.rules import OrbitalRules
from ..science.writing.nested import differences
from ..workchains.protocols import load_protocol, protocol_names

Changes = dict[str, list[Any]]


def protocol_of(run: Mapping[str, Any]) -> tuple[str, Changes]:
    """Return the protocol of a run and dotted key → [protocol's, run's] of what differs from it, as this version
    has it.

    :param run: what `results.tracing.model` tells. A run that recorded no name has the protocol that its settings
        differ least from.
    """
    own = _rounded(run["protocol_settings"])
    known = _protocols()
    recorded = (run.get("protocol") or {}).get("name")
    names = [recorded] if recorded in known else list(known)
    found = {name: differences(known[name], own) for name in names}
    name = min(found, key=lambda name: (len(found[name]), name))
    return name, found[name]


@cache
def _protocols() -> dict[str, Any]:
    usual = {"orbitals": OrbitalRules().model_dump()}
    return {name: _rounded(usual | load_protocol(name)) for name in protocol_names()}


def _rounded(settings: Mapping[str, Any]) -> Any:
    """Return the settings with floats in the 12 digits that survive being stored."""
    return json.loads(json.dumps(settings), parse_float=lambda text: float(f"{float(text):.12g}"))
