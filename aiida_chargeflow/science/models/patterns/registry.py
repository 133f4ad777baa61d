"""The registry of named patterns: how an interface or a surface is edited, and with which parameters.

A pattern is a function that edits a :class:`~aiida_chargeflow.science.models.draft.Draft`. Its keyword-only
arguments are its parameters; their annotations are checked when a specification is read::

    from aiida_chargeflow.science.models.patterns.registry import surface_pattern

    @surface_pattern("bare-corners")
    def bare_corners(draft, *, count: int = 4) -> None:
        \"\"\"Remove the cations furthest out.\"\"\"
        ...

Patterns of other packages are found through the entry-point group ``aiida_chargeflow.patterns``; loading the
entry point must run the decorator.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ...errors import InputError, one_of
from ...validation import Validated, input_error
from ..materials import Material

Role = Literal["interface", "surface"]
Rename = Callable[[str, Material, Material], str]

ENTRY_POINT_GROUP = "aiida_chargeflow.patterns"
_BUILT_IN = ("interface", "exchange", "vacancies", "z_type")
_REGISTRY: dict[tuple[Role, str], Pattern] = {}


class _Parameters(Validated):
    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Pattern:
    """A registered pattern.

    :param apply: edits the draft in place.
    :param parameters: pydantic model of the keyword-only arguments of ``apply``.
    :param rename: maps a parameter as the user spells it, given the materials on both sides, to its name.
    :param low_coordination: the pattern may leave cations or anions with fewer than two bonds.
    """

    role: Role
    name: str
    apply: Callable[..., None]
    parameters: type[BaseModel]
    summary: str
    rename: Rename | None = None
    low_coordination: bool = False

    def validate(self, given: Mapping[str, Any], inner: Material, outer: Material) -> dict[str, Any]:
        """Return every parameter with its value, defaults filled in.

        :param inner, outer: the materials on both sides of the interface, or twice the outermost one.
        :raises InputError: an unknown parameter or a value of the wrong type.
        """
        rename = self.rename or _as_given
        named = {rename(key, inner, outer): value for key, value in given.items()}
        try:
            return self.parameters(**named).model_dump(mode="json")
        except ValidationError as error:
            known = ", ".join(self.parameters.model_fields) or "none"
            remedy = f"Parameters of the pattern {self.name}: {known}."
            raise input_error(error, self.parameters, self.role, remedy) from None


def interface_pattern(
    name: str, *, rename: Rename | None = None, low_coordination: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as an interface pattern."""
    return _register("interface", name, rename, low_coordination)


def surface_pattern(
    name: str, *, rename: Rename | None = None, low_coordination: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as a surface pattern."""
    return _register("surface", name, rename, low_coordination)


def pattern(role: Role, name: str) -> Pattern:
    """Return the registered pattern.

    :raises InputError: no pattern of this name.
    """
    _load()
    try:
        return _REGISTRY[role, name]
    except KeyError:
        raise InputError(
            f"unknown {role} pattern",
            field=role,
            value=name,
            remedy=one_of(name, (item.name for item in patterns(role))),
        ) from None


def patterns(role: Role) -> list[Pattern]:
    """Return all registered patterns of a role, by name."""
    _load()
    return [item for (_, _), item in sorted(_REGISTRY.items()) if item.role == role]


def _as_given(key: str, inner: Material, outer: Material) -> str:  # noqa: ARG001
    return key


def _register(
    role: Role, name: str, rename: Rename | None, low_coordination: bool
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(function, include_extras=True)
        fields: dict[str, Any] = {
            key: (hints.get(key, Any), ... if argument.default is argument.empty else argument.default)
            for key, argument in inspect.signature(function).parameters.items()
            if argument.kind is argument.KEYWORD_ONLY
        }
        model = create_model(f"{name}-parameters", __base__=_Parameters, **fields)
        summary = (inspect.getdoc(function) or "").split("\n", 1)[0]
        _REGISTRY[role, name] = Pattern(role, name, function, model, summary, rename, low_coordination)
        return function

    return decorate


@cache
def _load() -> None:
    """Import the package's own patterns, then those of other packages, once."""
    for module in _BUILT_IN:
        importlib.import_module(f".{module}", __package__)
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda item: item.name):
        point.load()
