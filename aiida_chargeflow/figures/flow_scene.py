"""Charge flow in three dimensions: arrows on the atoms, or spheres coloured by magnitude."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..science.charges.analysis import Analysis
from ..science.kinds import REGIONS as REGION_NAMES
from .atom_colours import choices
from .colours import FLOW_MAP, element_colour
from .scene import scene_html
from .style import paper_style

_LONGEST_ANG = 5.0
_RADIUS_ANG = 0.45


def flow_scene(result: Analysis, title: str, arrows: bool) -> str:
    """Return an HTML page of the dot that opens offline.

    :param arrows: draw the flow vectors as arrows on atoms in the colours of their elements; else colour
        the atoms by magnitude.
    """
    flow, symbols = result.flow, result.symbols
    shades, scale = _shades(flow.flow_magnitude)
    labels = [
        f"{s}{i + 1} {REGION_NAMES.get(r, '')} {n}c: q {q:+.3f} e, flow {m:.3f} e"
        for i, (s, r, n, q, m) in enumerate(
            zip(
                symbols,
                result.regions.tolist(),
                result.coordination.tolist(),
                flow.bader_charge.tolist(),
                flow.flow_magnitude.tolist(),
                strict=True,
            )
        )
    ]
    longest = float(flow.flow_magnitude.max())
    colourings = _colourings(result, shades, scale)
    if not arrows:
        colourings = {"flow": colourings["flow"]} | colourings
    return scene_html(
        result.atoms.positions,
        _RADIUS_ANG if arrows else 0.9,
        shades,
        arrows=(result.atoms.positions, _drawn(flow.flow_vector)) if arrows else None,
        arrow_colours=shades if arrows else "#ffffff",
        bonds=flow.bonds,
        title=f"{title}: charge flow, donor to acceptor; longest arrow {longest:.2f} e"
        if arrows
        else f"{title}: charge-flow magnitude",
        colourings=colourings,
        labels=labels,
    )


def _colourings(
    result: Analysis, shades: list[str], scale: Normalize
) -> dict[str, tuple[list[str], list[tuple[str, str]]]]:
    """Return name → (colour of each atom, legend)."""
    steps = np.linspace(0, scale.vmax or 1.0, 5).tolist()
    return choices(result.symbols, result.regions, result.coordination) | {
        "flow": (shades, [(f"{value:.2f} e", to_hex(colormaps[FLOW_MAP](scale(value)))) for value in steps])
    }


@paper_style()
def flow_scene_png(result: Analysis, title: str, arrows: bool) -> Figure:
    """Return the same scene as a still figure."""
    flow, positions = result.flow, result.atoms.positions
    shades, scale = _shades(flow.flow_magnitude)
    figure = Figure(figsize=(4.6, 4.0), layout="constrained")
    ax = figure.add_subplot(projection="3d")
    colours = [element_colour(s) for s in result.symbols] if arrows else shades
    ax.scatter(*positions.T, s=4 if arrows else 25, c=colours, depthshade=True, edgecolors="none")
    if arrows:
        ax.quiver(*positions.T, *_drawn(flow.flow_vector).T, colors=shades, linewidth=0.9)
    ax.set_title(title)
    ax.set_box_aspect(np.maximum(np.ptp(positions, axis=0), 1.0), zoom=1.35)
    ax.view_init(elev=18, azim=-60)
    ax.set_axis_off()
    figure.colorbar(
        ScalarMappable(scale, FLOW_MAP), ax=ax, shrink=0.65, pad=0.0, label="charge-flow magnitude (e)"
    )
    return figure


def _shades(magnitude: NDArray[np.float64]) -> tuple[list[str], Normalize]:
    scale = Normalize(0.0, float(magnitude.max()) or 1.0)
    return [to_hex(colormaps[FLOW_MAP](scale(value))) for value in magnitude.tolist()], scale


def _drawn(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    longest = float(np.linalg.norm(vectors, axis=1).max())
    return vectors * (_LONGEST_ANG / longest if longest > 0 else 1.0)
