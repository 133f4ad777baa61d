"""Charge-flow maps: magnitude and direction of the flow of the atoms in a slab through the dot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from ..science.errors import InputError
from ..science.selection import species_mask
from .colours import FLOW_MAP, THREE_COORDINATE_ANION
from .plane import Plane, facets_edge_on, outline, plane

Array = NDArray[np.float64]

_GRID = 240
_NEIGHBOURS = 40
_OUTLINE_MARGIN_ANG = 1.5
_LONGEST_ARROW_ANG = 4.0
_FACETS = ((1, 1, 1), (-1, -1, -1), (1, 0, 0), (-1, 0, 0))


@dataclass(frozen=True)
class Slice:
    """The atoms of one map, projected on its plane.

    :param view: the plane.
    :param points_ang: shape (n, 2), the selected atoms.
    :param arrows: shape (n, 2), in-plane part of their flow vectors, in e.
    :param magnitude: shape (n,), in e.
    :param atoms: shape (n,), their indices in the structure.
    :param outline_ang: shape (m, 2), outline of all atoms of the slab, of any species.
    :param title: title of the map.
    """

    view: Plane
    points_ang: Array
    arrows: Array
    magnitude: Array
    atoms: NDArray[np.int64]
    outline_ang: Array
    title: str = ""
    coordination: NDArray[np.int64] | None = field(default=None)


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
    )


def flow_map(
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
    vmax: float | None = None,
    ax: Axes | None = None,
    facet_families: Sequence[tuple[int, int, int]] = _FACETS,
) -> Figure:
    """Draw one charge-flow map (parameters as in ``slice_atoms``).

    The background is the flow magnitude, interpolated between the atoms of the slab and exact at them; the
    white arrows are the in-plane parts of the flow vectors, from donor to acceptor.

    :param vmax: end of the colour scale in e; the largest magnitude of the slab by default.
    :param ax: axes to draw on, without colour bar; a new figure by default.
    :param facet_families: facets whose labels are written where they are seen edge-on.
    """
    cut = slice_atoms(
        positions_ang,
        symbols,
        flow_vector,
        flow_magnitude,
        normal=normal,
        origin=origin,
        slab_ang=slab_ang,
        species=species,
        coordination=coordination,
        title=title,
    )
    if ax is None:
        return flow_maps([cut], vmax=vmax, facet_families=facet_families)
    scale = Normalize(0.0, vmax if vmax is not None else _top([cut]))
    draw_slice(ax, cut, scale, _arrow_scale([cut]), facet_families)
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    return figure


def flow_maps(
    slices: Sequence[Slice],
    *,
    vmax: float | None = None,
    facet_families: Sequence[tuple[int, int, int]] = _FACETS,
) -> Figure:
    """Draw maps side by side with one colour bar and one arrow scale, so that they can be compared.

    :param slices: what ``slice_atoms`` returned, one for each map.
    :param vmax: end of the colour scale in e; the largest magnitude of all maps by default.
    """
    scale = Normalize(0.0, vmax if vmax is not None else _top(slices))
    ang_per_e = _arrow_scale(slices)
    reach = max(float(np.ptp(cut.outline_ang, axis=0).max()) for cut in slices)
    size = float(np.clip(reach / 8.0, 3.6, 6.0))
    figure = Figure(figsize=(size * len(slices) + 1.1, size + 0.7), layout="constrained")
    panels = figure.subplots(1, len(slices), squeeze=False)[0]
    for ax, cut in zip(panels, slices, strict=True):
        draw_slice(ax, cut, scale, ang_per_e, facet_families)
        ax.set_xlabel("Å")
    panels[0].set_ylabel("Å")
    bar = figure.colorbar(
        ScalarMappable(scale, FLOW_MAP),
        ax=list(panels),
        shrink=0.85,
        pad=0.02,
        extend="max" if vmax is not None and _top(slices) > vmax else "neither",
    )
    bar.set_label("charge-flow magnitude (e)")
    return figure


def draw_slice(
    ax: Axes,
    cut: Slice,
    scale: Normalize,
    ang_per_e: float,
    facet_families: Sequence[tuple[int, int, int]] = (),
) -> None:
    """Draw one map on ``ax``: background, arrows with key, atoms, outline and facet labels.

    :param scale: colour scale of the magnitude.
    :param ang_per_e: length of an arrow of 1 e, in Å.
    """
    _background(ax, cut.points_ang, cut.magnitude, cut.outline_ang, scale, FLOW_MAP)
    border = np.vstack([cut.outline_ang, cut.outline_ang[:1]])
    ax.plot(*border.T, linestyle="--", linewidth=1.0, color="0.25")
    _mark_atoms(ax, cut)
    arrows = ax.quiver(
        *cut.points_ang.T,
        *cut.arrows.T,
        color="white",
        edgecolor="black",
        linewidth=0.4,
        angles="xy",
        scale_units="xy",
        scale=1.0 / ang_per_e,
        width=0.009,
        pivot="mid",
        zorder=4,
    )
    key = _round_key(scale.vmax or 1.0)
    ax.quiverkey(arrows, 0.86, 1.03, key, f"{key:g} e", labelpos="E", coordinates="axes")
    _label_facets(ax, cut, facet_families)
    ax.set_title(cut.title, loc="left", fontsize=11)
    ax.set_aspect("equal")
    ax.margins(0.12)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def interpolate(points_ang: Array, values: Array, targets_ang: Array) -> Array:
    """Interpolate values given at points of a plane, exact at the points.

    Points closer than 0.2 Å in projection count as one with their mean value; between points the result
    never leaves the range of the values.

    :param points_ang: shape (n, 2).
    :param values: shape (n,) or (n, k).
    :param targets_ang: shape (m, 2).
    """
    cells = np.round(points_ang / 0.2).astype(np.int64)
    _, group, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    group = group.ravel()
    table = values.reshape(len(values), -1)

    def mean(column: Array) -> Array:
        averaged: Array = np.bincount(group, weights=column) / count
        return averaged

    places = np.column_stack([mean(column) for column in points_ang.T])
    means = np.column_stack([mean(column) for column in table.T])
    surface = RBFInterpolator(places, means, kernel="linear", neighbors=min(_NEIGHBOURS, len(places)))
    result = np.clip(surface(targets_ang), means.min(axis=0), means.max(axis=0))
    return np.asarray(result.reshape((len(targets_ang), *values.shape[1:])))


def grid_over(corners_ang: Array) -> tuple[Array, Array, Array]:
    """Return abscissae, ordinates and all points, shape (g · g, 2), of a grid over an outline."""
    low, high = corners_ang.min(axis=0), corners_ang.max(axis=0)
    x, y = np.linspace(low[0], high[0], _GRID), np.linspace(low[1], high[1], _GRID)
    return x, y, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def clip_to_outline(ax: Axes, artist: object, corners_ang: Array) -> None:
    """Hide what ``artist`` draws outside the outline."""
    patch = PathPatch(Path(corners_ang, closed=False), transform=ax.transData)
    artist.set_clip_path(patch)  # type: ignore[attr-defined]


def _background(
    ax: Axes, points_ang: Array, values: Array, corners_ang: Array, scale: Normalize, colours: str
) -> None:
    x, y, targets = grid_over(corners_ang)
    image = ax.imshow(
        interpolate(points_ang, values, targets).reshape(_GRID, _GRID),
        extent=(x[0], x[-1], y[0], y[-1]),
        origin="lower",
        norm=scale,
        cmap=colours,
        interpolation="bilinear",
        zorder=1,
    )
    clip_to_outline(ax, image, corners_ang)


def _mark_atoms(ax: Axes, cut: Slice) -> None:
    ax.scatter(*cut.points_ang.T, s=7, color="white", edgecolors="black", linewidths=0.4, zorder=3)
    if cut.coordination is None:
        return
    three = cut.coordination == 3
    if three.any():
        ax.scatter(
            *cut.points_ang[three].T,
            s=75,
            facecolors="none",
            edgecolors=THREE_COORDINATE_ANION,
            linewidths=1.6,
            zorder=3,
            label="3-coordinate",
        )
        ax.legend(loc="lower left", frameon=False, fontsize=8, bbox_to_anchor=(-0.02, -0.02))


def _label_facets(ax: Axes, cut: Slice, families: Sequence[tuple[int, int, int]]) -> None:
    middle = cut.outline_ang.mean(axis=0)
    halo = [patheffects.withStroke(linewidth=2, foreground="white")]
    for label, direction in facets_edge_on(cut.view, families):
        reach = (cut.outline_ang - middle) @ direction
        edge = cut.outline_ang[reach > reach.max() - 0.8]
        spot = edge.mean(axis=0) + 1.6 * direction
        text = ax.text(*spot, label, ha="center", va="center", fontsize=9, zorder=5)
        text.set_path_effects(halo)


def _top(slices: Sequence[Slice]) -> float:
    top = max(float(cut.magnitude.max()) for cut in slices)
    return top if top > 0 else 1.0


def _arrow_scale(slices: Sequence[Slice]) -> float:
    longest = max(float(np.linalg.norm(cut.arrows, axis=1).max()) for cut in slices)
    return _LONGEST_ARROW_ANG / longest if longest > 0 else 1.0


def _round_key(top: float) -> float:
    power = 10.0 ** np.floor(np.log10(top / 2))
    return float(max(step for step in (1, 2, 5) if step * power <= top / 2) * power)
