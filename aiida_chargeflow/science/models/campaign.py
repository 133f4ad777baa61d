"""Campaigns: a base model and axes in, an ordered list of labelled model specifications out."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, one_of
from ..yaml_file import read_yaml
from .spec import CAMPAIGN_KEYS, ModelSpec, refuse_unknown

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}\Z")
_MAX_POINTS = 10_000


@dataclass(frozen=True)
class Point:
    """One model of a campaign.

    :param label: unique in the campaign, made of the values along the axes.
    :param model: the content of the model file of this point.
    :param overrides: differences from the protocol, nested as it is.
    :param coordinates: axis → value or name of the value.
    """

    label: str
    model: dict[str, Any]
    protocol: str
    overrides: dict[str, Any]
    coordinates: dict[str, Any]

    def spec(self) -> ModelSpec:
        """Validate the point's model.

        :raises InputError: the model is not valid; the message names the field.
        """
        return ModelSpec.from_mapping(self.model)


@dataclass(frozen=True)
class Campaign:
    """A named list of points and the options of their jobs."""

    name: str
    points: tuple[Point, ...]
    options: dict[str, Any]

    @classmethod
    def from_yaml(cls, path: str | Path) -> Campaign:
        """Read a campaign file; a plain model file is a campaign of one point, named after the file.

        :raises InputError: not YAML, or not a campaign.
        """
        path = Path(path)
        data = read_yaml(path)
        if not isinstance(data, Mapping):
            raise InputError("must be a mapping", file=path, remedy="See workflows/ for examples.")
        try:
            return cls.from_mapping({"name": path.stem, **data})
        except InputError as error:
            raise error.in_file(path) from error

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Campaign:
        """Expand the axes of ``data`` in the order in which they are written, the last one fastest.

        An axis is a dotted path into the model (``shells.0.n_monolayers``), ``protocol``, or a path into
        its ``overrides`` (``overrides.scf.cutoff_ry``), with a list of values; or any name with a mapping
        of value names to the keys that each one sets.

        :raises InputError: an axis, an exclusion or a name is malformed.
        """
        name = data.get("name")
        if not isinstance(name, str) or not _NAME.match(name):
            raise InputError(
                "must be one word", field="name", value=name, remedy="Use letters, digits and _ . + - only."
            )
        base = {key: value for key, value in data.items() if key not in CAMPAIGN_KEYS}
        refuse_unknown(base)
        run = {"protocol": data.get("protocol", "balanced"), "overrides": data.get("overrides") or {}}
        axes = _axes(data.get("axes") or {})
        exclude = _exclusions(data.get("exclude") or [], axes)
        options = data.get("options") or {}
        if not isinstance(options, Mapping):
            raise InputError("must be a mapping", field="options", value=options)
        points = tuple(_points(name, {**base, **run}, axes, exclude))
        if not points:
            raise InputError("excludes every point", field="exclude", remedy="Remove an exclusion.")
        _refuse_twins(points)
        return cls(name, points, dict(options))


_Axis = list[tuple[str, Any, dict[str, Any]]]  # (value's name, value, {path: value})


def _axes(data: Any) -> dict[str, _Axis]:
    if not isinstance(data, Mapping):
        raise InputError("must map an axis to its values", field="axes", value=data)
    axes: dict[str, _Axis] = {}
    for path, values in data.items():
        field = f"axes.{path}"
        if isinstance(values, Mapping) and values:
            if not all(isinstance(change, Mapping) for change in values.values()):
                raise InputError("each name must have a mapping of model keys", field=field)
            for key in itertools.chain.from_iterable(values.values()):
                if not isinstance(key, str):
                    raise InputError(
                        "a model key must be text",
                        field=field,
                        value=key,
                        remedy="For example shells.0.n_monolayers.",
                    )
            axes[str(path)] = [(str(key), str(key), dict(change)) for key, change in values.items()]
        elif isinstance(values, Sequence) and not isinstance(values, str) and values:
            axes[str(path)] = [(_short(value), value, {str(path): value}) for value in values]
        else:
            raise InputError(
                "needs a list of values, or named values",
                field=field,
                value=values,
                remedy="For example [1, 2].",
            )
    n_points = 1
    for axis in axes.values():
        n_points *= len(axis)
    if n_points > _MAX_POINTS:
        raise InputError(f"make more than {_MAX_POINTS} points", field="axes", value=n_points)
    return axes


def _exclusions(data: Any, axes: Mapping[str, _Axis]) -> list[dict[str, Any]]:
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise InputError("must be a list of mappings", field="exclude", value=data)
    for number, rule in enumerate(data):
        field = f"exclude.{number}"
        if not isinstance(rule, Mapping) or not rule:
            raise InputError("must map axes to values", field=field, value=rule)
        for path, wanted in rule.items():
            if path not in axes:
                raise InputError(
                    "is not an axis", field=f"{field}.{path}", value=path, remedy=one_of(path, axes, "Axes")
                )
            allowed = [value for _, value, _ in axes[path]]
            for value in wanted if isinstance(wanted, list) and wanted not in allowed else [wanted]:
                if value not in allowed:
                    raise InputError(
                        "is not a value of this axis",
                        field=f"{field}.{path}",
                        value=value,
                        remedy=one_of(_short(value), map(_short, allowed), "Values"),
                    )
    return [dict(rule) for rule in data]


def _points(
    name: str,
    base: Mapping[str, Any],
    axes: Mapping[str, _Axis],
    exclude: Sequence[Mapping[str, Any]],
) -> Iterator[Point]:
    for combination in itertools.product(*axes.values()):
        coordinates = {path: value for path, (_, value, _) in zip(axes, combination, strict=True)}
        if any(_matches(rule, coordinates) for rule in exclude):
            continue
        model: dict[str, Any] = copy.deepcopy(dict(base))
        for _, _, changes in combination:
            for path, value in changes.items():
                _set(model, path, copy.deepcopy(value))
        label = "-".join(label for label, _, _ in combination) or name
        protocol, overrides = _text(model.pop("protocol"), "protocol"), model.pop("overrides")
        if not isinstance(overrides, dict):
            raise InputError("must be a mapping", field="overrides", value=overrides)
        yield Point(label, model, protocol, overrides, coordinates)


def _matches(rule: Mapping[str, Any], coordinates: Mapping[str, Any]) -> bool:
    return all(
        coordinates[path] == wanted or (isinstance(wanted, list) and coordinates[path] in wanted)
        for path, wanted in rule.items()
    )


def _set(model: dict[str, Any], path: str, value: Any) -> None:
    """Set the entry at a dotted path; numbers index lists, missing mappings are made."""
    parts = path.split(".")
    here: Any = model
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        key: Any = part
        if isinstance(here, list):
            if not part.isdecimal() or int(part) >= len(here):
                raise InputError(
                    "points outside a list of the model",
                    field=f"axes.{path}",
                    value=part,
                    remedy=f"The list has {len(here)} entries, counted from 0.",
                )
            key = int(part)
        elif not isinstance(here, dict):
            raise InputError(
                "goes below a plain value of the model",
                field=f"axes.{path}",
                value=here,
                remedy=f"Write {'.'.join(parts[:depth])} out as a mapping in the base model.",
            )
        if last:
            here[key] = value
        else:
            here = here[key] if isinstance(here, list) else here.setdefault(key, {})


def _refuse_twins(points: Sequence[Point]) -> None:
    seen: dict[str, Point] = {}
    for point in points:
        if point.label in seen:
            raise InputError(
                "two points get the same label",
                field="axes",
                value=point.label,
                remedy="Write the axis with named values: {name: {key: value}}.",
            )
        seen[point.label] = point


def _short(value: Any) -> str:
    """Return a value as a part of a label: a pattern by its name and parameters, a list by its entries."""
    if isinstance(value, Mapping):
        return "-".join(_short(part) for part in value.values())
    if isinstance(value, list):
        return "_".join(_short(part) for part in value)
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", str(value))


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str) or not _NAME.match(value):
        raise InputError("must be a name", field=field, value=value)
    return value
