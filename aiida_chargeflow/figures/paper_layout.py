"""Multi-panel figures: rows of lettered panels, and what the panels of several models have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from .alignment import Step, draw_alignment, energy_limits
from .atom_colours import Legend
from .ball_stick import BallStick, Floats, view_axes
from .colours import REGIONS
from .composition import draw_bars
from .flow_map import FACETS, common_frame, common_scales, draw_slice, magnitude_bar
from .isosurface import OrbitalView, draw_orbital
from .pdos import OrbitalLadder, draw_ladder, draw_zoom, label_colours, share_handles
from .plane import Slice
from .structure import DIRECTION, StructureView, dot_handle, draw_view, reach
from .style import DOUBLE_COLUMN_IN, paper_style


@dataclass(frozen=True)
class PaperModel:
    """What is known of one model; what is missing is left out of the figures.

    :param name: heading of its column.
    :param by_element: the structure in the colours of the elements.
    :param by_region: the structure in the colours of the regions.
    :param orbitals: name (``lumo``, ``homo``, ``cb``, ``vb``) → the orbitals that were kept as cubes.
    :param composition: orbital → region → share.
    :param alignment: edges of the regions, from the middle out.
    :param alignment_type: of core and shell, empty without both.
    :param core_ang: positions of the atoms of the core, shape (n, 3), where there is a shell.
    """

    name: str
    by_element: StructureView
    by_region: StructureView
    ladder_by_coordination: OrbitalLadder | None = None
    ladder_by_region: OrbitalLadder | None = None
    orbitals: Mapping[str, OrbitalView] = field(default_factory=dict)
    composition: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cut: Slice | None = None
    alignment: Sequence[Step] = ()
    alignment_type: str = ""
    core_ang: Floats | None = None


@dataclass(frozen=True)
class Panel:
    """One lettered panel.

    :param width: relative to the other panels of its row.
    """

    letter: str
    draw: Callable[[SubFigure], None]
    width: float = 1.0


@paper_style()
def compose(rows: Sequence[tuple[float, Sequence[Panel]]]) -> Figure:
    """Return a figure two columns wide.

    :param rows: height in inches and panels of each row; rows without a panel are dropped.
    """
    kept = [(height, panels) for height, panels in rows if panels]
    heights = [height for height, _ in kept]
    figure = Figure(figsize=(DOUBLE_COLUMN_IN, sum(heights)), layout="constrained")
    lines = figure.subfigures(len(kept), 1, height_ratios=heights, squeeze=False)[:, 0]
    for line, (_, panels) in zip(lines, kept, strict=True):
        widths = [panel.width for panel in panels]
        cells = line.subfigures(1, len(panels), width_ratios=widths, squeeze=False)[0]
        for cell, panel in zip(cells, panels, strict=True):
            panel.draw(cell)
            cell.text(0.005, 0.995, f"({panel.letter})", fontsize=9, fontweight="bold", va="top")
    return figure


def draw_structures(
    figure: SubFigure, views: Sequence[StructureView], legend: Legend, direction: Sequence[float] = DIRECTION
) -> None:
    """Draw structures side by side on one scale, with a legend under them."""
    axes = view_axes(direction)
    extent = max(reach(view.dot, axes) for view in views)
    for number, view in enumerate(views):
        ax = figure.add_subplot(1, len(views), number + 1)
        draw_view(ax, view, direction=direction, extent_ang=extent, scale_bar=number == len(views) - 1)
    if legend:
        handles = [dot_handle(text, colour) for text, colour in legend]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def draw_ladders(
    figure: SubFigure,
    ladders: Sequence[OrbitalLadder],
    window_ev: tuple[float, float],
    zoom_ev: tuple[float, float] | None = None,
) -> None:
    """Draw the orbitals of models side by side; of a single model with an enlarged part, if wanted."""
    labels = list(dict.fromkeys(label for ladder in ladders for label in ladder.shares))
    colours = label_colours(labels)
    n_columns = len(ladders) + (zoom_ev is not None)
    axes = figure.subplots(1, n_columns, squeeze=False)[0]
    for ax, ladder in zip(axes, ladders, strict=False):
        draw_ladder(ax, ladder, colours, window_ev)
        ax.tick_params(labelleft=ax is axes[0])
    if zoom_ev is not None:
        draw_zoom(axes[len(ladders) - 1], axes[-1], ladders[-1], colours, zoom_ev)
    axes[0].set_ylabel("Energy relative to the Fermi level (eV)")
    handles = share_handles(labels, colours)
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False)


def draw_orbitals(figure: SubFigure, models: Sequence[PaperModel], names: Sequence[str]) -> None:
    """Draw one column for each model and one row for each orbital that any of them has; of a single model, its
    orbitals side by side.
    """
    kept = [name for name in names if any(name in model.orbitals for model in models)]
    extent = max(reach(model.by_element.dot, view_axes(DIRECTION)) for model in models)
    single = len(models) == 1
    shape = (1, len(kept)) if single else (len(kept), len(models))
    axes = figure.subplots(*shape, squeeze=False).ravel()
    for number, (name, model) in enumerate(product(kept, models)):
        ax = axes[number]
        if name in model.orbitals:
            draw_orbital(ax, model.orbitals[name], extent_ang=extent)
        else:
            ax.set_axis_off()
        if number < len(models) and not single:
            ax.set_title(f"{model.name}\n{ax.get_title()}".rstrip())


def draw_composition(figure: SubFigure, model: PaperModel) -> None:
    """Draw the bars of the frontier orbitals."""
    draw_bars(figure.subplots(), model.composition, REGIONS)


def draw_maps(figure: SubFigure, models: Sequence[PaperModel], vmax: float | None = None) -> None:
    """Draw the charge-flow maps of models side by side with one colour bar."""
    cuts = [model.cut for model in models if model.cut is not None]
    scale, ang_per_e = common_scales(cuts, vmax)
    axes = list(figure.subplots(1, len(cuts), squeeze=False)[0])
    for ax, cut in zip(axes, cuts, strict=True):
        draw_slice(ax, cut, scale, ang_per_e, FACETS, frame_ang=common_frame(cuts))
        ax.set_xlabel("Å")
    axes[0].set_ylabel("Å")
    magnitude_bar(figure, axes, scale, cuts)


def draw_alignments(figure: SubFigure, models: Sequence[PaperModel]) -> None:
    """Draw the band edges of the regions."""
    known = [model for model in models if model.alignment]
    limits = energy_limits([model.alignment for model in known])
    axes = figure.subplots(1, len(known), sharey=True, squeeze=False)[0]
    for ax, model in zip(axes, known, strict=True):
        draw_alignment(ax, model.alignment, REGIONS, limits)
        ax.set_title(f"type {model.alignment_type}" if model.alignment_type else model.name)
    axes[0].set_ylabel("Energy (eV)")


def draw_cut(figure: SubFigure, model: PaperModel, atoms: NDArray[np.bool_], normal: Floats) -> None:
    """Draw where a plane cuts a model, and the atoms on it seen along its normal.

    :param atoms: which atoms lie on the plane, shape (n_atoms,).
    """
    dot = model.by_element.dot
    upper, lower = figure.subplots(2, 1)
    colours = [c if inside else "#e4e4e4" for c, inside in zip(dot.colours, atoms, strict=True)]
    draw_view(upper, StructureView(replace(dot, colours=colours), "plane"), scale_bar=False)
    _draw_plane(upper, dot, normal)
    draw_view(lower, StructureView(part(dot, atoms), "atoms on it"), direction=normal)


def _draw_plane(ax: Axes, dot: BallStick, normal: Floats) -> None:
    """Draw a square of the plane through the middle of the structure, seen along ``DIRECTION``."""
    right, up, _ = view_axes(normal)
    half = 0.8 * reach(dot, view_axes(normal))
    middle = (dot.positions_ang.max(axis=0) + dot.positions_ang.min(axis=0)) / 2
    corners = middle + half * np.array([right + up, right - up, -right - up, -right + up])
    seen = corners @ view_axes(DIRECTION)[:2].T
    ax.fill(*seen.T, facecolor="#4aa3df", alpha=0.18, edgecolor="#1f6fa8", linewidth=0.8, zorder=900)


def part(dot: BallStick, chosen: NDArray[np.bool_]) -> BallStick:
    """Return the chosen atoms, with the bonds between them."""
    number = np.cumsum(chosen) - 1
    inside = chosen[dot.bonds].all(axis=1)
    return BallStick(
        dot.positions_ang[chosen],
        dot.radii_ang[chosen],
        [colour for colour, keep in zip(dot.colours, chosen, strict=True) if keep],
        number[dot.bonds[inside]],
    )


def inner(dot: BallStick, direction: Sequence[float] = DIRECTION) -> NDArray[np.bool_]:
    """Return which atoms lie in the half away from the viewer: the dot cut open."""
    depth = dot.positions_ang @ view_axes(direction)[2]
    behind: NDArray[np.bool_] = depth <= (depth.max() + depth.min()) / 2
    return behind
