"""Figures 1 to 4 of the paper, each from the models that it compares.

Panels keep the letters of the paper; one whose data no model has is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from .atom_colours import Legend
from .ball_stick import Floats, view_axes
from .colours import REGIONS
from .paper_layout import (
    Panel,
    PaperModel,
    compose,
    draw_alignments,
    draw_composition,
    draw_cut,
    draw_ladders,
    draw_maps,
    draw_orbitals,
    draw_structures,
    inner,
    part,
)
from .structure import (
    DIRECTION,
    Layer,
    StructureView,
    dot_handle,
    draw_layer,
    draw_view,
    layer_reach,
    reach,
    ring_handle,
)

Window = tuple[float, float]

_WINDOW_EV = (-2.0, 3.0)
_BOUNDARY_COLOUR = REGIONS["interlayer"]
_FRONTIER = ("lumo", "homo")
_EDGES = ("cb", "vb")


@dataclass(frozen=True)
class Interlayer:
    """How the interlayer of a model came about, from its specification: panel (a) of Figure 3.

    :param abrupt: the model with an abrupt interface, cut open.
    :param thin: the abrupt model with one monolayer.
    :param layers: the layers that the interface pattern edited.
    :param rings: (text, colour) of the rings on them.
    :param alloyed: the model with one monolayer after the edits.
    """

    abrupt: StructureView | None = None
    thin: StructureView | None = None
    layers: Sequence[Layer] = ()
    rings: Sequence[tuple[str, str]] = ()
    alloyed: StructureView | None = None


def figure_1(
    models: Sequence[PaperModel],
    legend: Legend,
    on_plane: NDArray[np.bool_] | None,
    normal: Sequence[float],
    window_ev: Window = _WINDOW_EV,
) -> Figure:
    """Return Figure 1: cores, their orbitals, their band edges, and their charge flow on one plane.

    :param on_plane: which atoms of the first model lie on the plane, shape (n_atoms,).
    """
    n = len(models)
    views = [replace(model.by_element, title=model.name) for model in models]
    top = [Panel("a", lambda figure: draw_structures(figure, views, legend))]
    ladders = [replace(m.ladder_by_coordination, title=m.name) for m in models if m.ladder_by_coordination]
    middle = []
    if ladders:
        middle.append(Panel("b", lambda figure: draw_ladders(figure, ladders, window_ev), 1.5 * n))
    if any(set(_EDGES) & set(model.orbitals) for model in models):
        middle.append(Panel("c", lambda figure: draw_orbitals(figure, models, _EDGES), 1.3 * n))
    bottom = []
    if on_plane is not None:
        towards = np.array(normal, dtype=float)
        bottom.append(Panel("d", lambda figure: draw_cut(figure, models[0], on_plane, towards), 1.0))
    if any(model.cut for model in models):
        bottom.append(Panel("e", lambda figure: draw_maps(figure, models), 1.5 * n))
    return compose([(6.6 / n, top), (3.0, middle), (2.9, bottom)])


def figure_2(
    model: PaperModel, legend: Legend, zoom_ev: Window | None, window_ev: Window = _WINDOW_EV
) -> Figure:
    """Return Figure 2: an abrupt interface, its orbitals by region, its charge flow and band alignment."""
    dot = model.by_region.dot
    open_view = StructureView(
        part(dot, inner(dot)), "cut open", outlines=_core_outline(model, _BOUNDARY_COLOUR)
    )
    views = [replace(model.by_region, title=model.name, facets=()), open_view]
    first = [Panel("a", lambda figure: draw_structures(figure, views, legend), 1.35)]
    first += _ladder_panel("b", model, window_ev, zoom_ev)
    second = _frontier_panel("c", model)
    return compose([(3.1, first), (_frontier_height(model), second), (2.9, _flow_and_alignment(model, "d"))])


def _ladder_panel(
    letter: str, model: PaperModel, window_ev: Window, zoom_ev: Window | None = None
) -> list[Panel]:
    if model.ladder_by_region is None:
        return []
    ladders = [replace(model.ladder_by_region, title="by region")]
    return [Panel(letter, lambda figure: draw_ladders(figure, ladders, window_ev, zoom_ev))]


def _core_outline(model: PaperModel, colour: str) -> list[tuple[Floats, str]]:
    return [] if model.core_ang is None else [(model.core_ang, colour)]


def figure_3(
    model: PaperModel, legend: Legend, interlayer: Interlayer, window_ev: Window = _WINDOW_EV
) -> Figure:
    """Return Figure 3: how an interlayer is made, its charge flow, orbitals by region and band alignment."""
    first = []
    if interlayer.abrupt or interlayer.layers:
        first.append(Panel("a", lambda figure: _draw_interlayer(figure, interlayer, legend)))
    second = _ladder_panel("c", model, window_ev)
    if model.cut:
        second.insert(0, Panel("b", lambda figure: draw_maps(figure, [model]), 1.6))
    third = _frontier_panel("d", model)
    if model.alignment:
        third.append(Panel("e", lambda figure: draw_alignments(figure, [model]), 0.9))
    return compose([(1.95, first), (3.0, second), (2.6, third)])


def figure_4(models: Sequence[PaperModel], legend: Legend, window_ev: Window = _WINDOW_EV) -> Figure:
    """Return Figure 4: structures, orbitals by region and frontier orbitals against the shell thickness."""
    n = len(models)
    views = [replace(model.by_region, title=model.name, facets=()) for model in models]
    ladders = [replace(m.ladder_by_region, title=m.name) for m in models if m.ladder_by_region]
    structures = [Panel("a", lambda figure: draw_structures(figure, views, legend))]
    orbitals = [Panel("b", lambda figure: draw_ladders(figure, ladders, window_ev))] if ladders else []
    rows = [(3.0, structures + orbitals)] if n == 1 else [(6.6 / n, structures), (3.0, orbitals)]
    n_rows = 1 if n == 1 else sum(any(name in model.orbitals for model in models) for name in _FRONTIER)
    if any(model.orbitals for model in models):
        panel = Panel("c", lambda figure: draw_orbitals(figure, models, _FRONTIER))
        rows.append((n_rows * min(6.2 / n, 2.6), [panel]))
    return compose(rows)


def _frontier_height(model: PaperModel) -> float:
    """Return the height in inches of a row with isosurfaces, or with composition bars alone."""
    return 2.3 if set(_FRONTIER) & set(model.orbitals) else 1.2


def _frontier_panel(letter: str, model: PaperModel) -> list[Panel]:
    """Return isosurfaces, where they were kept, beside the composition bars; nothing without orbitals."""
    if not model.composition:
        return []

    def draw(figure: SubFigure) -> None:
        names = [name for name in _FRONTIER if name in model.orbitals]
        if not names:
            draw_composition(figure, model)
            return
        surfaces, bars = figure.subfigures(1, 2, width_ratios=[len(names), 1.0], squeeze=False)[0]
        draw_orbitals(surfaces, [model], names)
        draw_composition(bars, model)

    return [Panel(letter, draw, 1.0 + 0.6 * len(set(_FRONTIER) & set(model.orbitals)))]


def _flow_and_alignment(model: PaperModel, first: str) -> list[Panel]:
    panels = []
    if model.cut:
        panels.append(Panel(first, lambda figure: draw_maps(figure, [model]), 1.4))
    if model.alignment:
        letter = chr(ord(first) + 1)
        panels.append(Panel(letter, lambda figure: draw_alignments(figure, [model]), 1.0))
    return panels


def _draw_interlayer(figure: SubFigure, made: Interlayer, legend: Legend) -> None:
    views = [view for view in (made.abrupt, made.thin) if view]
    extent = max((reach(v.dot, view_axes(DIRECTION)) for v in (*views, made.alloyed) if v), default=10.0)
    n_columns = len(views) + len(made.layers) + (made.alloyed is not None)
    axes = list(figure.subplots(1, n_columns, squeeze=False)[0])
    for view in views:
        draw_view(axes.pop(0), view, extent_ang=extent, scale_bar=view is views[0])
    for layer in made.layers:
        draw_layer(axes.pop(0), layer, layer_reach(made.layers))
    if made.alloyed:
        draw_view(axes.pop(0), made.alloyed, extent_ang=extent, scale_bar=False)
    handles = [dot_handle(text, colour) for text, colour in legend]
    handles += [ring_handle(text, colour) for text, colour in made.rings]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 9), frameon=False)
