"""``figure paper N``: the multi-panel figures of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..panels.files import check_output
from .figure_output import Range, finish, models_argument, output_options

if TYPE_CHECKING:
    from aiida import orm
    from matplotlib.figure import Figure

    from ..figures.paper_layout import PaperModel


@click.command()
@click.argument("number", type=click.IntRange(1, 4), metavar="1|2|3|4")
@models_argument
@output_options
@click.option("--fraction", default=0.7, show_default=True, help="Share of the density inside isosurfaces.")
@click.option("--slab", default=3.0, show_default=True, help="Thickness of the slab of the maps in Å.")
@click.option("--window", type=Range(), default="-2,3", show_default=True, help="Energies shown, eV.")
@click.option("--zoom", type=Range(), help="Energies enlarged in figure 2, eV; around the gap by default.")
def paper(
    number: int,
    models: tuple[str, ...],
    output: Path,
    as_json: bool,
    fraction: float,
    slab: float,
    window: tuple[float, float],
    zoom: tuple[float, float] | None,
) -> None:
    """Draw figure 1, 2, 3 or 4 in the layout of the paper from the models that fit.

    \b
    1  cores with pure and reconstructed surface
    2  the thickest shell with an abrupt interface
    3  the thickest shell with a reconstructed interface
    4  shells of growing thickness with a reconstructed interface

    What a model lacks, such as orbitals that were not kept, is left out and named.
    """
    from ..panels.paper import choose, paper_model
    from ..results import tables
    from ..runs import submit as launcher

    check_output(output)
    launcher.load_profile()
    chosen, notes = choose(number, tables.models_of(models))
    drawn = []
    for node, name in chosen:
        model, missing = paper_model(number, node, name, fraction=fraction, slab_ang=slab)
        drawn.append(model)
        notes += missing
    nodes = [node for node, _ in chosen]
    figure, more = _draw(number, nodes, drawn, slab, window, zoom)
    finish(figure, output, [node.uuid for node in nodes], as_json, notes + more)


def _around_gap(model: PaperModel) -> tuple[float, float] | None:
    """Return the energies from a little below the HOMO to a little above the LUMO."""
    gap = model.ladder_by_region.gap_ev if model.ladder_by_region else None
    if gap is None:
        return None
    margin = max(0.15, 0.3 * (gap[1] - gap[0]))
    return gap[0] - margin, gap[1] + margin


def _draw(
    number: int,
    nodes: list[orm.WorkChainNode],
    models: list[PaperModel],
    slab: float,
    window: tuple[float, float],
    zoom: tuple[float, float] | None,
) -> tuple[Figure, list[str]]:
    """Return the figure and notes on what could not be built for it."""
    from ..figures import paper as figures
    from ..panels.interlayer import interlayer_of
    from ..panels.paper import PLANES, on_plane
    from ..panels.views import common_legend
    from ..results.structures import spec_of, structure_result

    results = [structure_result(node) for node in nodes]
    by_element, by_region = (common_legend(results, by) for by in ("element", "region"))
    if number == 1:
        atoms = on_plane(nodes[0], PLANES[1], slab)
        return figures.figure_1(models, by_element, atoms, PLANES[1], window), []
    if number == 2:
        return figures.figure_2(models[0], by_region, zoom or _around_gap(models[0]), window), []
    if number == 4:
        return figures.figure_4(models, by_region, window), []
    spec = spec_of(nodes[0])
    assert spec is not None, "choose() takes models with a specification only"
    steps, notes = interlayer_of(spec)
    return figures.figure_3(models[0], by_element, steps, window), notes
