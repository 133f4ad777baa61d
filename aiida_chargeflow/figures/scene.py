"""A 3D scene of spheres, bonds, arrows and rings as one HTML page that needs no network."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_TEMPLATE = "scene_template.html"


def scene_html(
    positions: ArrayLike,
    radii: ArrayLike,
    colours: Sequence[str],
    arrows: tuple[ArrayLike, ArrayLike] | None = None,
    bonds: ArrayLike | None = None,
    *,
    title: str = "",
    legend: Sequence[tuple[str, str]] = (),
    labels: Sequence[str] = (),
    arrow_colours: Sequence[str] | str = "#ffffff",
    arrow_width_ang: float = 0.25,
    rings: Sequence[tuple[ArrayLike, float, str, bool]] = (),
    view: tuple[float, float, float] = (1.0, -2.0, 0.6),
    cut: float = 1.0,
    colourings: Mapping[str, tuple[Sequence[str], Sequence[tuple[str, str]]]] | None = None,
) -> str:
    """Return a self-contained HTML page that shows the scene; the mouse rotates, zooms and cuts it open.

    :param positions: centres of the spheres, shape (n, 3), Å.
    :param radii: shape (n,) or one number, Å.
    :param colours: one matplotlib colour for each sphere.
    :param arrows: start points and vectors, both of shape (m, 3), Å as drawn: scale vectors of another unit.
    :param bonds: pairs of spheres, shape (k, 2).
    :param title: shown at the top.
    :param legend: pairs (text, colour); a click on an entry hides what has this colour.
    :param labels: text shown when the mouse is over a sphere, one for each sphere.
    :param arrow_colours: one colour, or one for each arrow.
    :param arrow_width_ang: thickness of the shafts.
    :param rings: (position, radius in Å, colour, dashed) of each ring that marks a place.
    :param view: the direction towards the viewer at the start.
    :param cut: what is shown at the start: 1 all, 0.5 the half away from the viewer.
    :param colourings: name → (colours of the spheres, legend) to choose from; the first is shown at the start,
        in place of ``colours`` and ``legend``.
    :raises ValueError: the shapes do not agree.
    """
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    centre = (points.min(axis=0) + points.max(axis=0)) / 2 if len(points) else np.zeros(3)
    sizes = np.broadcast_to(np.asarray(radii, dtype=float), len(points))
    choices = dict(colourings or {"": (colours, legend)})
    if any(len(own) != len(points) for own, _ in choices.values()) or len(labels) not in (0, len(points)):
        raise ValueError("every sphere needs one colour, and one label if there are any")
    data: dict[str, Any] = {
        "positions": _rounded(points - centre),
        "radii": _rounded(sizes),
        "colourings": [_colouring(name, *choice) for name, choice in choices.items()],
        "bonds": [] if bonds is None else np.asarray(bonds, dtype=int).reshape(-1, 2).tolist(),
        "arrows": _arrows(arrows, centre, arrow_colours, arrow_width_ang),
        "rings": [
            _ring(np.asarray(at) - centre, radius, colour, dashed) for at, radius, colour, dashed in rings
        ],
        "labels": list(labels),
        "view": [float(component) for component in view],
        "cut": float(cut),
    }
    # Text in a script element must not contain "</"; JSON allows the escaped slash.
    content = json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    page = files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return page.replace("__TITLE__", html.escape(title)).replace("__DATA__", content)


def _colouring(name: str, colours: Sequence[str], legend: Sequence[tuple[str, str]]) -> dict[str, Any]:
    entries = [[text, to_hex(colour)] for text, colour in legend]
    return {"name": name, "colours": _hex(colours), "legend": entries}


def _arrows(
    arrows: tuple[ArrayLike, ArrayLike] | None, centre: Floats, colours: Sequence[str] | str, width: float
) -> list[dict[str, Any]]:
    if arrows is None:
        return []
    starts, vectors = (np.asarray(part, dtype=float).reshape(-1, 3) for part in arrows)
    if len(starts) != len(vectors):
        raise ValueError("every arrow needs a start and a vector")
    each = [colours] * len(starts) if isinstance(colours, str) else list(colours)
    return [
        {
            "from": _rounded(start - centre),
            "to": _rounded(start + vector - centre),
            "colour": to_hex(colour),
            "width": width,
        }
        for start, vector, colour in zip(starts, vectors, each, strict=True)
    ]


def _hex(colours: Sequence[str]) -> list[str]:
    return [to_hex(colour) for colour in colours]


def _ring(at: Floats, radius: float, colour: str, dashed: bool) -> dict[str, Any]:
    return {"at": _rounded(at), "radius": radius, "colour": to_hex(colour), "dashed": dashed}


def _rounded(values: Floats) -> list[Any]:
    rounded: list[Any] = np.round(values, 3).tolist()
    return rounded
