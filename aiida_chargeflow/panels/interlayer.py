"""How the interlayer of a model came about, built again from its specification."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..figures.model_view import dot_of, pattern_layers
from ..figures.paper import Interlayer
from ..figures.paper_layout import inner, part
from ..figures.structure import StructureView
from ..science.errors import InputError
from ..science.kinds import CORE
from ..science.models.build import QDModel, build
from ..science.models.spec import ModelSpec

_SHAPE_COLOUR = "#17becf"


def interlayer_of(spec: ModelSpec) -> tuple[Interlayer, list[str]]:
    """Return the steps from an abrupt interface to the interlayer, and what cannot be built on its own."""
    notes: list[str] = []
    thin = {"shells": [{"material": spec.shells[0].material, "n_monolayers": 1}], "surface": "pure"}
    abrupt = _build(spec, {"interface": "abrupt", "surface": "pure"}, "the abrupt model", notes)
    with_one = _build(spec, {**thin, "interface": "abrupt"}, "the abrupt model with 1 ML", notes)
    alloyed = _build(spec, thin, "the interlayer with 1 ML", notes)
    layers, rings = pattern_layers(alloyed) if alloyed else ([], [])
    return (
        Interlayer(
            abrupt=_cut_open(abrupt) if abrupt else None,
            thin=_view(with_one, "(ii) one monolayer") if with_one else None,
            layers=[replace(layer, title=f"(iii) {layer.title.split(', ')[-1]}") for layer in layers[:2]],
            rings=[(text, colour) for text, colour, _ in rings],
            alloyed=_view(alloyed, "(iv) interlayer") if alloyed else None,
        ),
        notes,
    )


def _build(spec: ModelSpec, change: dict[str, Any], what: str, notes: list[str]) -> QDModel | None:
    try:
        return build(ModelSpec.from_stored({**spec.to_mapping(), **change}))
    except InputError as error:
        notes.append(f"{what} of panel (a): {error.problem}")
        return None


def _view(model: QDModel, title: str) -> StructureView:
    return StructureView(dot_of(model, "element"), title)


def _cut_open(model: QDModel) -> StructureView:
    """Return the half away from the viewer, the shape of the core outlined."""
    dot = dot_of(model, "element")
    core = model.atoms.positions[model.regions == CORE]
    return StructureView(part(dot, inner(dot)), "(i) abrupt", outlines=[(core, _SHAPE_COLOUR)])
