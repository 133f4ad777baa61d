"""What a screening file says: a model, and around it a space, constraints, objectives and the search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import ConfigDict, Field, field_validator

from ..errors import InputError, one_of
from ..models.materials import Material
from ..models.patterns.interface import Edited, general_name
from ..models.spec import CAMPAIGN_KEYS, ModelSpec
from ..settings import Settings
from ..valences.descriptors import OBJECTIVES
from ..yaml_file import read_yaml

Facet = Literal["111", "-1-1-1", "100"]
Symmetry = Literal["Td", "T", "D2", "C3v", "C3", "C2", "C1"]
Count = Annotated[int, Field(ge=0)]
Layer = Annotated[int, Field(ge=1, le=20)]

#: Top keys of a screening file that are not part of the model.
SCREENING_KEYS = ("space", "constraints", "objectives", "search", "keep")


class _Screened(Settings):
    """Base of the sections of a screening file."""

    documented_in: ClassVar[str] = "docs/topics/before-dft.md"


class EditSpace(_Screened):
    """How many sites one edit may change, and which.

    :param counts: numbers of sites that are tried.
    :param layers: monolayers counted from the interface, outwards for sites of the shell, inwards for the core's.
    :param facets: only sites that end a monolayer on such a facet; all of the layers by default.
    """

    counts: tuple[Count, ...] = Field(min_length=1)
    layers: tuple[Layer, ...] = Field((1,), min_length=1)
    facets: tuple[Facet, ...] = ()

    @field_validator("facets", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return [str(facet) for facet in value] if isinstance(value, list | tuple) else value


class SpaceSettings(_Screened):
    """The candidates.

    :param edits: by name, as the parameters of the interface ``alloyed`` are spelled, and ``vacancies``.
    :param surface: surfaces that are tried; the model's own by default.
    :param symmetry: what every edit keeps, a subgroup of the symmetry of the framework.
    :param boundary: the interface that is edited, 1 for the core and the first shell.
    """

    edits: dict[Edited, EditSpace] = Field(min_length=1)
    surface: tuple[Any, ...] = ()
    symmetry: Symmetry = "C1"
    boundary: int = Field(1, ge=1)


class Constraints(_Screened):
    """What a candidate must satisfy beside being neutral, with room for its ligands.

    :param least_coordination: of every framework atom, ligands included.
    :param excess: smallest and largest N(III) - N(V).
    :param ligands_per_nm2: smallest and largest density on the hull of the framework.
    """

    least_coordination: Literal[2, 3] = 2
    excess: tuple[int, int] | None = None
    ligands_per_nm2: tuple[float, float] | None = None

    @field_validator("excess", "ligands_per_nm2")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] > value[1]:
            raise ValueError("the smallest value comes first")
        return value


class SearchSettings(_Screened):
    """How the space is searched.

    :param method: ``auto`` looks at every candidate where there are at most ``evaluations``, and anneals otherwise.
    :param evaluations: candidates that are looked at, at most.
    :param seed: of the random generator; the same seed gives the same ranking.
    """

    method: Literal["auto", "exhaustive", "annealing"] = "auto"
    evaluations: int = Field(10_000, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0)


class ScreeningSettings(_Screened):
    """Everything of a screening, complete: the same settings give the same ranking.

    :param model: the model that is edited, as a model file has it, without an interface.
    :param objectives: name → weight; a candidate's score is the weighted mean of each value over that of the model
        without edits, so that 1 is as good as no edit and less is better.
    :param keep: how many of the best are built, drawn and listed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")
    model: dict[str, Any]
    space: SpaceSettings
    constraints: Constraints = Constraints()
    objectives: dict[str, float] = Field(min_length=1)
    search: SearchSettings = SearchSettings()
    keep: int = Field(10, ge=1, le=1000)

    @field_validator("objectives")
    @classmethod
    def _known(cls, value: dict[str, float]) -> dict[str, float]:
        for name, weight in value.items():
            if name not in OBJECTIVES:
                raise ValueError(f"there is no objective {name!r}; known: {', '.join(OBJECTIVES)}")
            if weight < 0:
                raise ValueError(f"the weight of {name} must be 0 or more")
        if not any(value.values()):
            raise ValueError("one weight at least must be above 0")
        return value

    @classmethod
    def from_yaml(cls, path: str | Path) -> ScreeningSettings:
        """Read a screening file.

        :raises InputError: not readable, not YAML, or not a screening.
        """
        path = Path(path)
        data = read_yaml(path)
        if not isinstance(data, Mapping):
            raise InputError(
                "must be a mapping", file=path, remedy="See workflows/screen-*.yaml for examples."
            )
        try:
            return cls.from_file_content({"name": path.stem, **data})
        except InputError as error:
            raise error.in_file(path) from None

    @classmethod
    def from_file_content(cls, data: Mapping[str, Any]) -> ScreeningSettings:
        """Part the content of a file into the model and what surrounds it, and validate both.

        :raises InputError: a key or value that is not valid; the message names it.
        """
        for key in ("space", "objectives"):
            if key not in data:
                raise InputError(
                    f"the key {key} is missing", field=key, remedy="See workflows/screen-*.yaml for examples."
                )
        if "interface" in data:
            raise InputError(
                "a screening chooses the interface itself",
                field="interface",
                remedy="Remove the key; see space.edits.",
            )
        if data.get("axes"):
            raise InputError(
                "a screening has no axes", field="axes", remedy="Name the variants under space instead."
            )
        known = (*ModelSpec.model_fields, *SCREENING_KEYS, *CAMPAIGN_KEYS)
        for key in data:
            if key not in known:
                raise InputError("unknown key", field=str(key), value=data[key], remedy=one_of(key, known))
        own = {key: data[key] for key in SCREENING_KEYS if key in data}
        model = {k: v for k, v in data.items() if k not in SCREENING_KEYS and k not in CAMPAIGN_KEYS}
        spec = ModelSpec.from_mapping(model)
        if not spec.shells:
            raise InputError(
                "there is no interface to design without a shell",
                field="shells",
                remedy="Add shells, for example shells: [{material: CdSe, n_monolayers: 1}].",
            )
        return cls.from_mapping({"name": data.get("name"), "model": model, **own, **_general(own, spec)})


def _spelled(inner: Material, outer: Material) -> str:
    pairs = (inner.cation, outer.cation), (outer.anion, inner.anion), (inner.anion, outer.anion)
    return ", ".join(f"{one.lower()}_by_{two.lower()}" for one, two in pairs)


def _general(own: Mapping[str, Any], spec: ModelSpec) -> dict[str, Any]:
    """Return the space with edits spelled by role instead of by element (``se_by_as``)."""
    space = own["space"]
    if not isinstance(space, Mapping) or not isinstance(space.get("edits"), Mapping):
        raise InputError(
            "expected edits, each with its counts",
            field="space",
            value=space,
            remedy="For example space: {edits: {se_by_as: {counts: [0, 4, 8]}}}.",
        )
    boundary = space.get("boundary", 1)
    number = boundary if isinstance(boundary, int) and 1 <= boundary < len(spec.layers) else 1
    inner, outer = spec.layers[number - 1], spec.layers[number]
    edits: dict[str, Any] = {}
    for key, value in space["edits"].items():
        name = general_name(str(key), inner, outer)
        if name not in get_args(Edited):
            raise InputError(
                "there is no such edit of this interface",
                field=f"space.edits.{key}",
                remedy=f"Edits: {', '.join(get_args(Edited))}; with elements, {_spelled(inner, outer)}.",
            )
        if name in edits:
            raise InputError("the same edit stands twice", field=f"space.edits.{key}", value=value)
        if not isinstance(value, Mapping):
            raise InputError(
                "expected counts and which sites",
                field=f"space.edits.{key}",
                value=value,
                remedy="For example {counts: [0, 4, 8], layers: [1]}.",
            )
        EditSpace.from_mapping(value, f"space.edits.{key}")
        edits[name] = value
    return {"space": {**space, "edits": edits}}
