"""Pictures of a quantum-dot model: what to draw, in which colour, with which legend."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols, covalent_radii
from matplotlib.figure import Figure

from ..science.elements import element
from ..science.kinds import LIGAND
from ..science.models.build import QDModel
from ..science.models.draft import Edit
from ..science.models.lattice import TETRAHEDRAL, Integers
from . import atom_colours
from .atom_colours import BALL, Colouring, Legend, ball_stick
from .ball_stick import BallStick, Floats, view_axes
from .plane import family_label
from .scene import scene_html
from .structure import Layer, StructureView, draw_pattern, draw_structures

_REMOVED = {"cation": "#1a9641", "anion": "#d7191c"}
_RINGS = ("#1f3b94", "#00b7c7", "#e6b800", "#7b3294", "#8c510a", "#5e3c99")


def figure_of(model: QDModel, colouring: Colouring, direction: tuple[float, ...]) -> Figure:
    """Return the whole model seen from ``direction``."""
    view = StructureView(dot_of(model, colouring), f"{model.formula}   {len(model.atoms)} atoms")
    return draw_structures([view], direction=direction, legend=_legend(model, colouring))


def dot_of(model: QDModel, colouring: Colouring) -> BallStick:
    """Return what is drawn of a model."""
    return ball_stick(model.atoms.positions, *_described(model), model.bonds, colouring)


def page_of(
    model: QDModel, colouring: Colouring, direction: tuple[float, ...], ring_edits: bool = False
) -> str:
    """Return the model as an HTML page that turns with the mouse.

    :param ring_edits: ring the sites that patterns have edited, vacancies dashed.
    """
    unit, shift = model.lattice_constant_ang / 4, _shift(model)
    edits = [edit for edit in model.edits if edit.pattern != "passivation" and ring_edits]
    colours = _ring_colours(edits)
    rings = [
        (np.array(edit.site) * unit + shift, 1.6, colours[_ring_key(edit)], edit.after == 0) for edit in edits
    ]
    ring_legend = [(_ring_text(key), colour) for key, colour in colours.items()]
    lines = zip(model.kinds, model.facets, range(len(model.atoms)), strict=True)
    labels = [f"{kind}  #{index}" + ("" if facet == "-" else f"  on {facet}") for kind, facet, index in lines]
    return scene_html(
        model.atoms.positions,
        BALL * covalent_radii[model.atoms.numbers],
        _colours(model, colouring),
        bonds=model.bonds,
        title=f"{model.formula}  ({len(model.atoms)} atoms)",
        legend=_legend(model, colouring) + ring_legend,
        labels=labels,
        rings=rings,
        view=(direction[0], direction[1], direction[2]),
    )


def pattern_figure_of(model: QDModel) -> Figure | None:
    """Return the edited layers of facet 0 on ⟨111⟩ and ⟨-1-1-1⟩, edits ringed; None if nothing was edited.

    Every pattern has its own panels, the interface before the surface.
    """
    layers, ring_legend = pattern_layers(model)
    if not layers:
        return None
    name = model.spec.label if model.spec is not None else model.formula
    present = {colour for layer in layers for colour in layer.colours}
    legend = [entry for entry in _legend(model, "element") if entry[1] in present]
    return draw_pattern(layers, title=name, legend=legend, ring_legend=ring_legend)


def pattern_layers(model: QDModel) -> tuple[list[Layer], list[tuple[str, str, bool]]]:
    """Return the edited layers of a model, and (text, colour, dashed) of the kinds of rings on them."""
    edits = [edit for edit in model.edits if edit.pattern != "passivation"]
    colours = _ring_colours(edits)
    layers, shown = [], []
    for name in dict.fromkeys(edit.pattern for edit in edits):
        for sign in (1, -1):
            side = [edit for edit in edits if edit.pattern == name and _facet(model, edit) == (sign, 0)]
            if side:
                layers.append(_layer(model, side, sign, colours))
                shown += side
    keys = dict.fromkeys(map(_ring_key, shown))
    return layers, [(_ring_text(key), colours[key], key[1] == 0) for key in keys]


def _layer(model: QDModel, edits: list[Edit], sign: int, colours: dict[tuple[int, int], str]) -> Layer:
    normal = sign * TETRAHEDRAL[0]
    heights = [int(np.dot(edit.site, normal)) for edit in edits]
    above = model.sites @ normal
    # One plane above and below the edited ones shows what the edited atoms are bonded to.
    shown = (above >= min(heights) - 1) & (above <= max(heights) + 1) & (model.regions != LIGAND)
    shown |= (above >= min(heights)) & (above <= max(heights)) & np.char.startswith(model.kinds, "Cl43")
    axes, unit = view_axes(normal), model.lattice_constant_ang / 4
    seen = model.sites[shown] @ axes.T * unit
    rings = [
        (np.array(edit.site) @ axes[:2].T * unit, colours[_ring_key(edit)], edit.after == 0) for edit in edits
    ]
    numbers = model.atoms.numbers[shown]
    tints = np.array(_colours(model, "element"))[shown]
    title = f"{edits[0].pattern}, {family_label((sign, sign, sign))}"
    return Layer(title, seen[:, :2], seen[:, 2], 0.7 * covalent_radii[numbers], tints.tolist(), rings)


def _facet(model: QDModel, edit: Edit) -> tuple[int, int]:
    """Return the sign and number of the facet that an edited site is nearest to."""
    heights = TETRAHEDRAL @ np.array(edit.site)
    reach = model.sites @ TETRAHEDRAL.T
    relative = {
        (sign, k): sign * heights[k] / (sign * reach).max() - 1e-9 * k for sign in (1, -1) for k in range(4)
    }
    return max(relative, key=lambda item: float(relative[item]))


def _shift(model: QDModel) -> Floats:
    """Return what moves lattice positions onto the atoms, which are centred at their mean."""
    framework = model.regions != LIGAND
    lattice = model.sites[framework] * model.lattice_constant_ang / 4
    shift: Floats = (model.atoms.positions[framework] - lattice).mean(axis=0)
    return shift


def _ring_key(edit: Edit) -> tuple[int, int]:
    return edit.before, edit.after


def _ring_colours(edits: tuple[Edit, ...] | list[Edit]) -> dict[tuple[int, int], str]:
    """Return one colour for each kind of change, in the order in which they were made."""
    keys = list(dict.fromkeys(_ring_key(edit) for edit in edits if edit.pattern != "passivation"))
    substitutions = [key for key in keys if key[1] != 0]
    colours = {key: _RINGS[i % len(_RINGS)] for i, key in enumerate(substitutions)}
    for before, after in keys:
        if after == 0:
            charge = element(chemical_symbols[before]).oxidation_state
            colours[before, after] = _REMOVED["cation" if charge > 0 else "anion"]
    return colours


def _ring_text(key: tuple[int, int]) -> str:
    before, after = (chemical_symbols[number] if number else "" for number in key)
    if not after:
        return f"{before} vacancy"
    return f"{before}-by-{after}" if before else f"added {after}"


def _described(model: QDModel) -> tuple[list[str], Integers, Integers]:
    return model.symbols, model.regions, model.coordination


def _colours(model: QDModel, colouring: Colouring) -> list[str]:
    return atom_colours.colours(*_described(model), colouring)


def _legend(model: QDModel, colouring: Colouring) -> Legend:
    return atom_colours.legend(*_described(model), colouring)
