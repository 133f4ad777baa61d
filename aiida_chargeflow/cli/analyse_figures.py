"""The figures of ``analyse``, as files in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..figures.depth_profile import depth_profile
from ..figures.flow_map import flow_maps, slice_atoms
from ..figures.flow_scene import flow_scene, flow_scene_png
from ..figures.region_diagram import region_diagram
from ..science.analysis import Analysis
from ..science.flow_summary import frame_of
from ..science.region_flow import region_flow


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
    for normal in planes:
        figures[f"map_{_plane_name(normal)}"] = _map(result, options, normal, origin)
    if options["profile"]:
        figures["depth_profile"] = depth_profile(frame_of(result), flow.flow_vector, result.regions)
    if options["region_diagram"]:
        figures["region_flow"] = region_diagram(region_flow(flow, result.regions))
    if options["scene"]:
        arguments = (result, title, options["scene"] == "arrows")
        files[f"scene_{options['scene']}.html"] = flow_scene(*arguments)
        figures[f"scene_{options['scene']}"] = flow_scene_png(*arguments)
    return files | {f"{name}.{suffix}": _rendered(figure, suffix) for name, figure in figures.items()}


def _map(
    result: Analysis,
    options: dict[str, Any],
    normal: tuple[float, ...],
    origin: tuple[float, ...] | None,
) -> Figure:
    cut = slice_atoms(
        result.atoms.positions,
        result.symbols,
        result.flow.flow_vector,
        result.flow.flow_magnitude,
        normal=normal,
        origin=origin,
        slab_ang=options["slab"],
        species=options["species"],
        coordination=result.coordination,
        title=f"{options['species']}, plane ({_plane_name(normal)})",
    )
    return flow_maps(
        [cut],
        vmax=options["vmax"],
        streamlines=options["streamlines"],
        divergence=options["divergence"],
    )


def _plane_name(normal: Sequence[float]) -> str:
    whole = all(float(number).is_integer() and abs(number) < 10 for number in normal)
    return ("" if whole else "_").join(f"{np.asarray(number):g}" for number in normal)


def _rendered(figure: Figure, suffix: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=suffix, dpi=200)
    return buffer.getvalue()
