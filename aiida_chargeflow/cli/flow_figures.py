"""``figure flow-map``, ``depth-profile`` and ``region-flow``: the charge flow of finished models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..panels.files import FORMATS, check_output
from .figure_output import Vector, finish, models_argument, output_options, single
from .map_options import map_options, maps_of, plane_label, slice_of

if TYPE_CHECKING:
    from aiida import orm


def _nodes(
    models: tuple[str, ...], output: Path, formats: tuple[str, ...] = FORMATS
) -> list[orm.WorkChainNode]:
    from ..results import tables
    from ..runs import submit as launcher

    check_output(output, formats)
    launcher.load_profile()
    return tables.models_of(models)


@click.command("flow-map")
@models_argument
@output_options
@click.option(
    "--normal",
    "normals",
    type=Vector(),
    multiple=True,
    default=["1,0,-1"],
    show_default="1,0,-1",
    help="Normal of the plane, such as 0,0,1 or 1,1,0; repeat it for several.",
)
@map_options
@click.option(
    "--scene",
    type=click.Choice(["arrows", "spheres"]),
    default="arrows",
    show_default=True,
    help="What an .html shows in 3D.",
)
@click.option(
    "--predicted", is_flag=True, help="Beside each map, the flow that bond valences predict before DFT."
)
def flow_map(
    models: tuple[str, ...],
    output: Path,
    as_json: bool,
    normals: tuple[tuple[float, ...], ...],
    scene: str,
    predicted: bool,
    **options: Any,
) -> None:
    """Draw the charge-flow maps of models side by side, with one colour bar and one arrow scale.

    With an output that ends in .html, the whole dot in 3D is written as a page that turns with the mouse.
    """
    from ..panels.views import title_of
    from ..results.flow import flow_analysis
    from ..results.predicted import predicted_analysis
    from ..science.elements import formula as chemical_formula
    from ..science.errors import InputError

    nodes = _nodes(models, output, (*FORMATS, ".html"))
    results = [flow_analysis(node) for node in nodes]
    uuids = [node.uuid for node in nodes]
    if predicted and output.suffix == ".html":
        raise InputError(
            "a 3D page shows one flow", field="--predicted", remedy="End the name in .png, .pdf or .svg."
        )
    if output.suffix == ".html":
        finish(_page(nodes, results, scene), output, uuids, as_json)
        return
    if options["origin"]:
        options["origin"] = Vector(may_be_zero=True).convert(options["origin"], None, None)
    slices = []
    for node, result in zip(nodes, results, strict=True):
        label, formula = node.label, chemical_formula(result.atoms.symbols)
        drawn = {title_of(label, formula): result}
        if predicted:
            drawn[title_of(f"{label or node.pk}, predicted", formula)] = predicted_analysis(node)
        for normal in normals:
            which = f" {plane_label(normal)}" if len(normals) > 1 else ""
            slices += [slice_of(one, options, normal, title + which) for title, one in drawn.items()]
    finish(maps_of(slices, options), output, uuids, as_json)


def _page(nodes: list[orm.WorkChainNode], results: list[Any], scene: str) -> str:
    from ..figures.flow_scene import flow_scene
    from ..science.elements import formula as chemical_formula

    title = single(nodes, "a 3D page").label or chemical_formula(results[0].atoms.symbols)
    return flow_scene(results[0], title, scene == "arrows")


@click.command("depth-profile")
@click.argument("model", metavar="PK")
@output_options
def depth_profile(model: str, output: Path, as_json: bool) -> None:
    """Draw the flow magnitude of every atom, and the outward flow, against the depth below the surface."""
    from ..figures.depth_profile import depth_profile as draw
    from ..results.flow import flow_analysis
    from ..science.charges.summary import frame_of

    node = single(_nodes((model,), output), "depth-profile")
    result = flow_analysis(node)
    finish(draw(frame_of(result), result.flow.flow_vector, result.regions), output, [node.uuid], as_json)


@click.command("region-flow")
@click.argument("model", metavar="PK")
@output_options
def region_flow(model: str, output: Path, as_json: bool) -> None:
    """Draw how many electrons core, interlayer, shell and ligands hand to each other."""
    from ..figures.region_diagram import region_diagram
    from ..results.flow import flow_analysis
    from ..science.charges.region_flow import region_flow as table

    node = single(_nodes((model,), output), "region-flow")
    result = flow_analysis(node)
    finish(region_diagram(table(result.flow, result.regions)), output, [node.uuid], as_json)
