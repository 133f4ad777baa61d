"""The figures of ``analyse``, as files in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from ..figures.depth_profile import depth_profile
from ..figures.flow_scene import flow_scene, flow_scene_png
from ..figures.region_diagram import region_diagram
from ..figures.style import DPI, paper_style
from ..science.charges.analysis import Analysis
from ..science.charges.region_flow import region_flow
from ..science.charges.summary import frame_of
from .map_options import maps_of, plane_label, plane_name, slice_of


def draw(
    result: Analysis,
    title: str,
    options: dict[str, Any],
    planes: Sequence[tuple[float, ...]],
    origin: tuple[float, ...] | None,
) -> dict[str, bytes | str]:
    """Return file name → content of every figure that the options ask for."""
    flow, suffix = result.flow, options["suffix"]
    figures: dict[str, Figure] = {}
    files: dict[str, bytes | str] = {}
    at = {**options, "origin": origin}
    for normal in planes:
        cut = slice_of(result, at, normal, f"{options['species']}, plane {plane_label(normal)}")
        figures[f"map_{plane_name(normal)}"] = maps_of([cut], options)
    if options["profile"]:
        figures["depth_profile"] = depth_profile(frame_of(result), flow.flow_vector, result.regions)
    if options["region_diagram"]:
        figures["region_flow"] = region_diagram(region_flow(flow, result.regions))
    if options["scene"]:
        arguments = (result, title, options["scene"] == "arrows")
        files[f"scene_{options['scene']}.html"] = flow_scene(*arguments)
        figures[f"scene_{options['scene']}"] = flow_scene_png(*arguments)
    return files | {f"{name}.{suffix}": _rendered(figure, suffix) for name, figure in figures.items()}


def _rendered(figure: Figure, suffix: str) -> bytes:
    buffer = io.BytesIO()
    with paper_style():
        figure.savefig(buffer, format=suffix, dpi=DPI)
    return buffer.getvalue()
