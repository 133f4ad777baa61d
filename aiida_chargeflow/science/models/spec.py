"""What a model file says: the normalised, frozen specification of one quantum-dot model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import InputError, one_of
from ..validation import Validated, input_error
from ..yaml_file import read_yaml
from .candidates import choose
from .draft import Start
from .lattice import Centre, Polyhedron, centre_of
from .materials import Material, material
from .patterns.registry import Role, pattern

#: Top keys of a campaign file that are not part of a model.
CAMPAIGN_KEYS = ("name", "protocol", "overrides", "axes", "exclude", "options")


class _Frozen(Validated):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CoreSpec(_Frozen):
    """The core: its material and P(centre; A, B, C)."""

    material: str
    centre: Centre
    planes: tuple[int, int, int]

    @property
    def polyhedron(self) -> Polyhedron:
        """Return the polyhedron of the core."""
        return Polyhedron(self.centre, *self.planes)


class ShellSpec(_Frozen):
    """One shell and its thickness in monolayers."""

    material: str
    n_monolayers: int = Field(ge=1, le=40)


class PatternSpec(_Frozen):
    """A pattern by name, with every parameter."""

    pattern: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    def to_mapping(self) -> dict[str, Any]:
        """Return ``{pattern: name, parameter: value, …}``."""
        return {"pattern": self.pattern, **self.parameters}


class PassivationSpec(_Frozen):
    """The ligand and how many of it.

    :param ligand: an X-type halide.
    :param rule: ``balance`` places as many as neutrality needs; ``saturate`` fills every site and then
        exchanges 3-coordinate surface anions for ligands until the model is neutral.
    :param exchange: with ``saturate``, exchange exactly this many anions instead.
    :param substitute: with ``saturate``, the cation of charge one lower that replaces {100} surface cations
        where the charge stays positive with every site full (Zn on InAs and InP).
    """

    ligand: Literal["F", "Cl", "Br", "I"] = "Cl"
    rule: Literal["balance", "saturate"] = "balance"
    exchange: int | None = Field(default=None, ge=0)
    substitute: str | None = None

    @model_validator(mode="after")
    def _only_for_saturate(self) -> PassivationSpec:
        if self.rule == "balance" and (self.exchange is not None or self.substitute is not None):
            raise ValueError("exchange and substitute belong to the rule saturate")
        return self


class ModelSpec(_Frozen):
    """One quantum-dot model, complete: the same specification gives the same atoms in the same order.

    :param start_geometry: ``force-field`` relaxes the atoms in a valence force field towards the lengths and
        surface angles of relaxed dots, ``lattice`` keeps all atoms on lattice sites.
    :param start: version of the rules for exchanged anions, ligands and start positions. ``v1`` builds the dots
        of models whose stored specification does not name a version.
    """

    core: CoreSpec
    shells: tuple[ShellSpec, ...] = ()
    interface: PatternSpec
    surface: tuple[PatternSpec, ...]
    passivation: PassivationSpec = PassivationSpec()
    start_geometry: Literal["force-field", "lattice"] = "force-field"
    start: Start = "v3"
    materials: dict[str, Material] = Field(default_factory=dict)

    @field_validator("shells", mode="before")
    @classmethod
    def _one_shell(cls, value: Any) -> Any:
        return (value,) if isinstance(value, Mapping) else value

    @classmethod
    def from_yaml(cls, path: str | Path) -> ModelSpec:
        """Read a model file.

        :raises InputError: not readable, not YAML, not a valid model, or a campaign of several models.
        """
        path = Path(path)
        data = read_yaml(path)
        try:
            return cls.from_mapping(data)
        except InputError as error:
            raise error.in_file(path) from None

    @classmethod
    def from_mapping(cls, data: Any) -> ModelSpec:
        """Validate and normalise the content of a model file.

        Shorthand is expanded (a pattern by its name alone, ``height_nm`` instead of planes, a missing
        centre) and every default is written out. Campaign keys other than ``axes`` are ignored.

        :raises InputError: the content is not a valid model; the message names the key.
        """
        if not isinstance(data, Mapping):
            raise InputError("a model is a mapping with at least the key core", value=data)
        _refuse_foreign(data)
        model = {key: value for key, value in data.items() if key not in CAMPAIGN_KEYS}
        extra = _materials(model.get("materials"))
        shells = tuple(_shell(item, n) for n, item in enumerate(_list(model.get("shells"))))
        layers = [material(name, extra) for name in (_core_material(model), *(s.material for s in shells))]
        model |= {"materials": extra, "shells": shells, "core": _core(model["core"], extra)}
        model["interface"] = _pattern("interface", model.get("interface") or "abrupt", layers)
        if not shells and model["interface"].pattern != "abrupt":
            raise InputError(
                f"interface {model['interface'].pattern!r} needs at least one shell",
                field="interface",
                remedy="Add shells, for example shells: [{material: CdSe, n_monolayers: 1}].",
            )
        surface = _list(model.get("surface") or "pure")
        model["surface"] = tuple(_pattern("surface", item, layers) for item in surface)
        model = {key: value for key, value in model.items() if value is not None}
        try:
            return cls.model_validate(model)  # not **model: a YAML key may be a number
        except ValidationError as error:
            raise input_error(error, cls) from None

    @classmethod
    def from_stored(cls, data: Mapping[str, Any]) -> ModelSpec:
        """Read what :meth:`to_mapping` made, now or before there was a version of the start geometry.

        :raises InputError: the content is not a valid model.
        """
        return cls.from_mapping({"start": "v1", **data})

    def to_mapping(self) -> dict[str, Any]:
        """Return the normal form, which is stored with a run; :meth:`from_stored` reads it back.

        It names the version of the start geometry from v2 on, so that the digests of older runs stay.
        """
        surface = [item.to_mapping() for item in self.surface]
        data: dict[str, Any] = {
            "core": self.core.model_dump(mode="json"),
            "shells": [shell.model_dump(mode="json") for shell in self.shells],
            "interface": self.interface.to_mapping(),
            "surface": surface[0] if len(surface) == 1 else surface,
            "passivation": self.passivation.model_dump(mode="json", exclude_none=True),
            "start_geometry": self.start_geometry,
        }
        if self.start != "v1":
            data["start"] = self.start
        if self.materials:
            data["materials"] = {name: item.model_dump(mode="json") for name, item in self.materials.items()}
        return data

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the normalised specification as canonical JSON."""
        canonical = json.dumps(self.to_mapping(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def layers(self) -> tuple[Material, ...]:
        """Return the materials from the core outwards."""
        names = [self.core.material, *(shell.material for shell in self.shells)]
        return tuple(material(name, self.materials) for name in names)

    @property
    def polyhedra(self) -> tuple[Polyhedron, ...]:
        """Return the polyhedra of the core and of the particle after each shell."""
        grown = [self.core.polyhedron]
        for shell in self.shells:
            grown.append(grown[-1].grow(shell.n_monolayers))
        return tuple(grown)

    @property
    def label(self) -> str:
        """Return a short name such as ``InAs@CdSe-3ML-alloyed-vacancies-2x2``."""
        shells = "".join(f"@{shell.material}-{shell.n_monolayers}ML" for shell in self.shells)
        interface = [self.interface.pattern] if self.shells else []
        return "-".join([self.core.material + shells, *interface, *(item.pattern for item in self.surface)])


def _refuse_foreign(data: Mapping[str, Any]) -> None:
    """Raise for a campaign of several models and for missing keys, before pydantic sees the content."""
    if isinstance(data.get("facets"), list) or isinstance(data.get("charges"), Mapping):
        raise _qd_builder_recipe(data)
    if data.get("axes"):
        raise InputError(
            "this file describes several models",
            field="axes",
            remedy="Use it with the sweep commands, or write one model without axes.",
        )
    if "core" not in data:
        refuse_unknown(data)  # a misspelt core among them
        raise InputError(
            "the key core is missing",
            field="core",
            remedy="Write, for example, core: {material: InAs, centre: anion, planes: [9, 16, 7]}.",
        )


def refuse_unknown(data: Mapping[str, Any]) -> None:
    """Raise for a key that belongs neither to a model nor to a campaign.

    :raises InputError: names the key, and the one that was probably meant.
    """
    known = [*ModelSpec.model_fields, *CAMPAIGN_KEYS]
    for key in data:
        if key not in known:
            raise InputError("unknown key", field=str(key), value=data[key], remedy=one_of(key, known))


def _qd_builder_recipe(data: Mapping[str, Any]) -> InputError:
    """Return the error for a recipe of QD_Builder, with what of it can be taken over."""
    charges = data.get("charges")
    charges = charges if isinstance(charges, Mapping) else {}
    formal = {s: q for s, q in charges.items() if isinstance(q, int) and abs(q) > 1}
    framework = sorted(formal, key=lambda s: -formal[s])
    passivation = data.get("passivation")
    ligand = passivation.get("ligand", "Cl") if isinstance(passivation, Mapping) else "Cl"
    name = "".join(map(str, framework)) or "InAs"
    return InputError(
        "this is a recipe of QD_Builder, whose Wulff energies do not say where the planes lie",
        field="facets" if "facets" in data else "charges",
        remedy=f"Write core: {{material: {name}, height_nm: ...}} and passivation: {{ligand: {ligand}}}, with a "
        f"height from `model candidates --material {name} --height 2`; or build there and `model import` the XYZ.",
    )


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _materials(given: Any) -> dict[str, Material]:
    """Validate a user's own compounds."""
    if given is not None and not isinstance(given, Mapping):
        raise InputError("expected a mapping of names to compounds", field="materials", value=given)
    found = {}
    for name, entry in (given or {}).items():
        if not isinstance(entry, Mapping):
            raise InputError(
                "expected cation, anion and lattice_constant_ang", field=f"materials.{name}", value=entry
            )
        try:
            found[str(name)] = Material(**entry)
        except ValidationError as error:
            raise input_error(error, Material, f"materials.{name}") from None
    return found


def _shell(given: Any, number: int) -> ShellSpec:
    """Validate one shell."""
    if not isinstance(given, Mapping):
        raise InputError(
            "expected a material and n_monolayers",
            field=f"shells.{number}",
            value=given,
            remedy="For example shells: [{material: CdSe, n_monolayers: 1}].",
        )
    try:
        return ShellSpec(**given)
    except ValidationError as error:
        raise input_error(error, ShellSpec, f"shells.{number}") from None


def _core_material(model: Mapping[str, Any]) -> str:
    core = model["core"]
    if not isinstance(core, Mapping) or not isinstance(core.get("material"), str):
        raise InputError("the core needs a material", field="core", value=core)
    return str(core["material"])


def _core(given: Mapping[str, Any], extra: Mapping[str, Material]) -> CoreSpec:
    """Fill in what the core leaves open: the centre from the planes, or both from a target height."""
    core = dict(given)
    if ("planes" in core) == ("height_nm" in core):
        raise InputError("give either planes or height_nm", field="core", value=sorted(core))
    if "height_nm" in core:
        height_nm, centre = core.pop("height_nm"), core.pop("centre", None)
        if not isinstance(height_nm, int | float) or isinstance(height_nm, bool):
            raise InputError("expected a number", field="core.height_nm", value=height_nm)
        polyhedron = choose(material(core["material"], extra), height_nm, centre)
        core |= {"planes": polyhedron.planes, "centre": polyhedron.centre}
    planes = core["planes"]
    if not isinstance(planes, list | tuple) or [type(plane) for plane in planes] != [int] * 3:
        raise InputError("expected three whole numbers A, B, C", field="core.planes", value=planes)
    core.setdefault("centre", centre_of((planes[0], planes[1], planes[2])))
    try:
        spec = CoreSpec(**core)
    except ValidationError as error:
        raise input_error(error, CoreSpec, "core") from None
    _ = spec.polyhedron
    return spec


def _pattern(role: Role, given: Any, layers: list[Material]) -> PatternSpec:
    content = {"pattern": given} if isinstance(given, str) else given
    if not isinstance(content, Mapping) or not isinstance(content.get("pattern"), str):
        raise InputError("expected a name or a mapping with the key pattern", field=role, value=given)
    parameters = {str(key): value for key, value in content.items() if key != "pattern"}
    inner, outer = (layers[0], layers[min(1, len(layers) - 1)]) if role == "interface" else (layers[-1],) * 2
    chosen = pattern(role, content["pattern"])
    return PatternSpec(pattern=chosen.name, parameters=chosen.validate(parameters, inner, outer))
