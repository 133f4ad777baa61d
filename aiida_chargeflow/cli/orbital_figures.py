"""``figure orbitals``, ``composition`` and ``alignment``: the electronic structure of finished models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..panels.files import check_output
from ..science.errors import InputError
from .figure_output import Range, finish, models_argument, output_options, single

if TYPE_CHECKING:
    from aiida import orm

    from ..results.orbitals import OrbitalResult


def _nodes(models: tuple[str, ...], output: Path) -> list[orm.WorkChainNode]:
    from ..results import tables
    from ..runs import submit as launcher

    check_output(output)
    launcher.load_profile()
    return tables.models_of(models)


def _results(models: tuple[str, ...], output: Path) -> list[OrbitalResult]:
    from ..results.orbitals import orbital_result

    return [orbital_result(node) for node in _nodes(models, output)]


@click.command()
@models_argument
@output_options
@click.option(
    "--by",
    type=click.Choice(["coordination", "element", "region"]),
    default="coordination",
    show_default=True,
    help="What an orbital is split by.",
)
@click.option("--emin", default=-2.0, show_default=True, help="Lowest energy shown, eV.")
@click.option("--emax", default=3.0, show_default=True, help="Highest energy shown, eV.")
@click.option(
    "--gap",
    type=click.Choice(["band-edge", "homo-lumo"]),
    default="band-edge",
    show_default=True,
    help="Which gap the arrow marks.",
)
@click.option("--zoom", type=Range(), help="Show these energies enlarged beside, e.g. -0.4,0.4.")
def orbitals(
    models: tuple[str, ...],
    output: Path,
    as_json: bool,
    by: str,
    emin: float,
    emax: float,
    gap: Any,
    zoom: tuple[float, float] | None,
) -> None:
    """Draw every orbital as a segment split by what carries it; traps ringed, gap marked."""
    from ..figures.pdos import orbital_figure
    from ..panels.views import ladder

    _check_window(emin, emax)
    results = _results(models, output)
    ladders = [ladder(result, by, gap) for result in results]
    drawn = orbital_figure(ladders, window_ev=(emin, emax), zoom_ev=zoom)
    finish(drawn, output, [result.uuid for result in results], as_json)


@click.command("traps-flow")
@models_argument
@output_options
@click.option("--emin", default=-2.0, show_default=True, help="Lowest energy shown, eV.")
@click.option("--emax", default=3.0, show_default=True, help="Highest energy shown, eV.")
def traps_flow(models: tuple[str, ...], output: Path, as_json: bool, emin: float, emax: float) -> None:
    """Draw each orbital's energy against the flow magnitude of the atoms that carry it, traps marked."""
    from ..figures.traps_flow import traps_flow_figure
    from ..panels.views import flow_of_orbitals

    _check_window(emin, emax)
    nodes = _nodes(models, output)
    drawn = traps_flow_figure([flow_of_orbitals(node) for node in nodes], window_ev=(emin, emax))
    finish(drawn, output, [node.uuid for node in nodes], as_json)


def _check_window(emin: float, emax: float) -> None:
    if emin >= emax:
        raise InputError("empty window", field="--emin", value=emin, remedy="Choose it below --emax.")


@click.command()
@click.argument("model", metavar="PK")
@output_options
@click.option(
    "--states", type=click.IntRange(1, 50), default=1, show_default=True, help="Orbitals beside the gap."
)
def composition(model: str, output: Path, as_json: bool, states: int) -> None:
    """Draw the share of core, interlayer, shell and ligands in the orbitals around the gap."""
    from ..figures.composition import composition_figure
    from ..figures.pdos import label_colours
    from ..panels.views import title_of

    result = single(_results((model,), output), "composition")
    bars = result.frontier_composition(states)
    title = title_of(result.label, result.formula).replace("\n", ": ")
    drawn = composition_figure(bars, label_colours(result.pdos.by_region()), title=title)
    finish(drawn, output, [result.uuid], as_json)


@click.command()
@models_argument
@output_options
def alignment(models: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Draw the band edges of core, interlayer and shell, side by side for several models."""
    from ..figures.alignment import alignment_figure
    from ..figures.colours import REGIONS
    from ..panels.views import title_of

    results = _results(models, output)
    diagrams = {}
    for result in results:
        found = result.alignment()
        if not found.regions:
            raise InputError(
                "no region shows both of its band edges",
                field="PK",
                value=result.title,
                remedy="The run may have too few unoccupied orbitals: raise n_virtual.",
            )
        kind = f"\ntype {found.type}" if found.type else ""
        diagrams[f"{title_of(result.label, result.formula)}{kind}"] = [
            (edges.region, edges.valence_edge_ev, edges.conduction_edge_ev) for edges in found.regions
        ]
    finish(alignment_figure(diagrams, REGIONS), output, [result.uuid for result in results], as_json)
