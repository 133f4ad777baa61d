"""Charge-flow maps: magnitude and direction of the flow of the atoms in a slab through the dot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from numpy.typing import NDArray

from ..science.charges.selection import species_mask
from ..science.errors import InputError
from .colours import FLOW_MAP, THREE_COORDINATE_ANION
from .plane import Slice, facets_edge_on, outline, plane
from .plane_field import clip_to_outline, draw_divergence, draw_streamlines, grid_over, interpolate
from .style import paper_style, width_in

Array = NDArray[np.float64]

_OUTLINE_MARGIN_ANG = 1.5
_LONGEST_ARROW_ANG = 4.0
_LABEL_OFFSET_ANG = 2.6
_FRAME_ANG = 5.0
_LABEL_SHARE = 0.085  # of the width of a large dot: labels keep their size on paper
_FRAME_SHARE = 0.2  # so that labels stay off the axes
AtomLabels = Literal["none", "number", "magnitude"]
FACETS = ((1, 1, 1), (-1, -1, -1), (1, 0, 0), (-1, 0, 0))


def slice_atoms(
    positions_ang: Array,
    symbols: Sequence[str],
    flow_vector: Array,
    flow_magnitude: Array,
    *,
    normal: Sequence[float],
    origin: Sequence[float] | Array | None = None,
    slab_ang: float = 3.0,
    species: str = "anion",
    coordination: NDArray[np.int64] | None = None,
    title: str = "",
    atom_labels: AtomLabels = "none",
) -> Slice:
    """Select the atoms of a map and project them on its plane.

    :param positions_ang: shape (n_atoms, 3).
    :param flow_vector: shape (n_atoms, 3), in e.
    :param flow_magnitude: shape (n_atoms,), in e.
    :param normal: normal of the plane, Miller-like.
    :param origin: a point of the plane, in Å; the middle of the structure by default.
    :param slab_ang: thickness of the slab, half on each side of the plane.
    :param species: ``anion``, ``cation``, ``all`` or symbols (see ``species_mask``).
    :param coordination: shape (n_atoms,); 3-coordinate atoms are marked if given.
    :param atom_labels: write number (from 1) or magnitude of every atom beside it.
    :raises InputError: the slab holds fewer than three of these atoms.
    """
    if origin is None:
        origin = (positions_ang.min(axis=0) + positions_ang.max(axis=0)) / 2
    view = plane(normal, origin)
    in_slab = view.slab(positions_ang, slab_ang)
    chosen = np.flatnonzero(in_slab & species_mask(symbols, species))
    if len(chosen) < 3:
        raise InputError(
            f"the slab holds {len(chosen)} atoms of {species}",
            field="slab",
            value=slab_ang,
            remedy="Move the plane, or make the slab thicker.",
        )
    return Slice(
        view=view,
        points_ang=view.coordinates(positions_ang[chosen]),
        arrows=view.project(flow_vector[chosen]),
        magnitude=flow_magnitude[chosen],
        atoms=chosen,
        outline_ang=outline(view.coordinates(positions_ang[in_slab]), _OUTLINE_MARGIN_ANG),
        title=title,
        coordination=None if coordination is None else coordination[chosen],
        labels=_labels(atom_labels, symbols, chosen, flow_magnitude),
    )


def _labels(
    which: AtomLabels, symbols: Sequence[str], chosen: NDArray[np.int64], magnitude: Array
) -> list[str]:
    if which == "number":
        return [f"{symbols[i]}{i + 1}" for i in chosen.tolist()]
    return [f"{magnitude[i]:.2f}" for i in chosen.tolist()] if which == "magnitude" else []


@paper_style()
def flow_maps(
    slices: Sequence[Slice],
    *,
    vmax: float | None = None,
    facet_families: Sequence[tuple[int, int, int]] = FACETS,
    streamlines: bool = False,
    divergence: bool = False,
) -> Figure:
    """Draw maps side by side with one colour bar and one arrow scale, so that they can be compared.

    The background is the flow magnitude, interpolated between the atoms of the slab and exact at them; the
    white arrows are the in-plane parts of the flow vectors, from donor to acceptor.

    :param slices: what ``slice_atoms`` returned, one for each map.
    :param vmax: end of the colour scale in e; the largest magnitude of all maps by default.
    :param facet_families: facets whose labels are written where they are seen edge-on.
    :param streamlines: draw streamlines of the in-plane flow under the arrows.
    :param divergence: add a second row with the divergence of the in-plane flow, which has a colour bar of
        its own: positive where arrows part, negative where they meet.
    """
    scale, ang_per_e = common_scales(slices, vmax)
    frame = common_frame(slices)
    rows = 2 if divergence else 1
    width = width_in(len(slices))
    figure = Figure(
        figsize=(width, rows * ((width - 0.6) / len(slices) * _aspect(frame) + 0.45)), layout="constrained"
    )
    grid = figure.subplots(rows, len(slices), squeeze=False)
    panels = grid[0]
    for ax, cut in zip(panels, slices, strict=True):
        draw_slice(ax, cut, scale, ang_per_e, facet_families, frame_ang=frame)
        ax.set_xlabel("Å")
        if streamlines:
            draw_streamlines(ax, cut)
    if divergence:
        draw_divergence(grid[1], panels, slices)
    panels[0].set_ylabel("Å")
    magnitude_bar(figure, list(panels), scale, slices)
    return figure


def common_scales(slices: Sequence[Slice], vmax: float | None = None) -> tuple[Normalize, float]:
    """Return the colour scale and the length in Å of an arrow of 1 e that maps share.

    :param vmax: end of the colour scale in e; the largest magnitude of all maps by default.
    """
    return Normalize(0.0, vmax if vmax is not None else _top(slices)), _arrow_scale(slices)


def magnitude_bar(
    figure: Figure | SubFigure, panels: list[Axes], scale: Normalize, slices: Sequence[Slice]
) -> None:
    """Draw the colour bar of maps beside them."""
    bar = figure.colorbar(
        ScalarMappable(scale, FLOW_MAP),
        ax=panels,
        shrink=0.85,
        pad=0.02,
        aspect=25,
        extend="max" if scale.vmax is not None and _top(slices) > scale.vmax * (1 + 1e-9) else "neither",
    )
    bar.set_label("charge-flow magnitude (e)")


def common_frame(slices: Sequence[Slice]) -> Array:
    """Return lowest and highest coordinates in Å, shape (2, 2), that maps on one scale need."""
    corners = np.vstack([cut.outline_ang for cut in slices])
    margin = max(_FRAME_ANG, _FRAME_SHARE * _span(corners))
    return np.stack([corners.min(axis=0) - margin, corners.max(axis=0) + margin])


def _span(corners: Array) -> float:
    return float(np.ptp(corners, axis=0).max())


def _aspect(frame_ang: Array) -> float:
    width, height = frame_ang[1] - frame_ang[0]
    return float(height / width)


def draw_slice(
    ax: Axes,
    cut: Slice,
    scale: Normalize,
    ang_per_e: float,
    facet_families: Sequence[tuple[int, int, int]] = (),
    *,
    frame_ang: Array | None = None,
) -> None:
    """Draw one map on ``ax``: background, arrows with key, atoms, outline and facet labels.

    :param scale: colour scale of the magnitude.
    :param ang_per_e: length of an arrow of 1 e, in Å.
    :param frame_ang: what ``common_frame`` returns; by default what this map needs.
    """
    _background(ax, cut.points_ang, cut.magnitude, cut.outline_ang, scale, FLOW_MAP)
    border = np.vstack([cut.outline_ang, cut.outline_ang[:1]])
    ax.plot(*border.T, linestyle="--", linewidth=0.8, color="0.25")
    _mark_atoms(ax, cut)
    arrows = ax.quiver(
        *cut.points_ang.T,
        *cut.arrows.T,
        color="white",
        edgecolor="black",
        linewidth=0.3,
        angles="xy",
        scale_units="xy",
        scale=1.0 / ang_per_e,
        units="xy",
        width=0.24,
        minlength=0.6,
        pivot="mid",
        zorder=4,
    )
    key = _round_key(scale.vmax or 1.0)
    ax.quiverkey(arrows, 0.8, -0.135, key, f"{key:g} e", labelpos="E", coordinates="axes")
    for label, spot in zip(cut.labels, cut.points_ang, strict=bool(cut.labels)):
        text = ax.text(spot[0], spot[1] + 0.7, label, ha="center", va="bottom", fontsize=4.5, zorder=5)
        text.set_path_effects([patheffects.withStroke(linewidth=1, foreground="white")])
    _label_facets(ax, cut, facet_families)
    ax.set_title(cut.title, loc="left")
    ax.set_aspect("equal")
    low, high = common_frame([cut]) if frame_ang is None else frame_ang
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def _background(
    ax: Axes, points_ang: Array, values: Array, corners_ang: Array, scale: Normalize, colours: str
) -> None:
    x, y, targets = grid_over(corners_ang)
    image = ax.imshow(
        interpolate(points_ang, values, targets).reshape(len(y), len(x)),
        extent=(x[0], x[-1], y[0], y[-1]),
        origin="lower",
        norm=scale,
        cmap=colours,
        interpolation="bilinear",
        zorder=1,
    )
    clip_to_outline(ax, image, corners_ang)


def _mark_atoms(ax: Axes, cut: Slice) -> None:
    x, y = cut.points_ang.T
    ax.scatter(x, y, s=5, color="white", edgecolors="black", linewidths=0.4, zorder=4.5)
    if cut.coordination is None:
        return
    three = cut.coordination == 3
    if three.any():
        ax.scatter(
            x[three],
            y[three],
            s=50,
            facecolors="none",
            edgecolors=THREE_COORDINATE_ANION,
            linewidths=1.2,
            zorder=4.5,
            label="3c",
        )
        ax.legend(loc="upper left", frameon=False, bbox_to_anchor=(-0.03, -0.1))


def _label_facets(ax: Axes, cut: Slice, families: Sequence[tuple[int, int, int]]) -> None:
    middle = cut.outline_ang.mean(axis=0)
    offset = max(_LABEL_OFFSET_ANG, _LABEL_SHARE * _span(cut.outline_ang))
    halo: list[patheffects.AbstractPathEffect] = [patheffects.withStroke(linewidth=2, foreground="white")]
    for label, direction in facets_edge_on(cut.view, families):
        reach = (cut.outline_ang - middle) @ direction
        edge = cut.outline_ang[reach > reach.max() - 0.8]
        spot = edge.mean(axis=0) + offset * direction
        text = ax.text(spot[0], spot[1], label, ha="center", va="center", zorder=5)
        text.set_path_effects(halo)


def _top(slices: Sequence[Slice]) -> float:
    top = max(float(cut.magnitude.max()) for cut in slices)
    return top if top > 0 else 1.0


def _arrow_scale(slices: Sequence[Slice]) -> float:
    longest = max(float(np.linalg.norm(cut.arrows, axis=1).max()) for cut in slices)
    return _LONGEST_ARROW_ANG / longest if longest > 0 else 1.0


def _round_key(top: float) -> float:
    power = 10.0 ** np.floor(np.log10(top))
    return float(max(step for step in (1, 2, 5) if step * power <= top * (1 + 1e-9)) * power)
