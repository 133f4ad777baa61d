"""Protocols: YAML files that each hold only their differences from ``default.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from ...science.cp2k.input import ScfSettings
from ...science.cp2k.relaxation import resolve_levels
from ...science.electrons.rules import OrbitalRules
from ...science.errors import InputError, one_of
from ...science.settings import BaderSettings, ChargeFlowSettings

_DEFAULT = "default"


def protocol_names() -> list[str]:
    """Return the names of the protocols, sorted."""
    files = resources.files(__package__).iterdir()
    return sorted(f.name[:-5] for f in files if f.name.endswith(".yaml") and f.name != f"{_DEFAULT}.yaml")


def describe_protocol(name: str) -> str:
    """Return the one-line description of a protocol."""
    return str(_read(name)["description"])


def load_protocol(name: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the settings of a protocol: sections ``scf``, ``bader`` and ``charge_flow``, ``relax`` if the
    geometry is to be relaxed, and ``orbitals`` if the orbitals are to be read by other rules than the usual ones.

    :param overrides: differences from the protocol, nested as it is.
    :raises InputError: an unknown protocol, section or key, or a value out of range.
    """
    if name not in protocol_names():
        raise InputError(
            "unknown protocol", field="protocol", value=name, remedy=one_of(name, protocol_names())
        )
    settings = _merge(_merge(_read(_DEFAULT), _read(name)), overrides or {}, path="overrides")
    settings.pop("description")
    ScfSettings.from_mapping(settings["scf"], "scf")
    BaderSettings.from_mapping(settings["bader"], "bader")
    ChargeFlowSettings.from_mapping(settings["charge_flow"], "charge_flow")
    rules = OrbitalRules.from_mapping(settings["orbitals"], "orbitals")
    settings["orbitals"] = rules.model_dump(exclude_defaults=True)
    settings["relax"] = resolve_levels(settings["relax"], settings["scf"])
    # A run without relaxation, or by the usual rules, is the same run whatever these sections could hold.
    if not settings["relax"]["levels"]:
        del settings["relax"]
    if not settings["orbitals"]:
        del settings["orbitals"]
    return settings


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return overrides with others laid over them; which keys there are is checked where a protocol takes them.

    :raises InputError: a scalar where ``below`` has a section.
    """
    return _merge(below, above, path="--overrides")


def _read(name: str) -> dict[str, Any]:
    text = (resources.files(__package__) / f"{name}.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any], path: str = "protocol") -> dict[str, Any]:
    """Return ``base`` with ``changes`` laid over it; lists are replaced whole.

    :raises InputError: a section that the base does not have, or a scalar where it has a section.
    """
    if not isinstance(changes, Mapping):
        raise InputError("expected a section of keys", field=path, value=changes)
    merged = dict(base)
    for key, value in changes.items():
        if isinstance(merged.get(key), Mapping):
            merged[key] = _merge(merged[key], value, f"{path}.{key}")
        elif path in ("protocol", "overrides") and key not in base:
            raise InputError("unknown section", field=f"{path}.{key}", remedy=one_of(key, base))
        else:
            merged[key] = value
    return merged
