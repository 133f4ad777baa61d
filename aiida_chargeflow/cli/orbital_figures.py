"""``figure orbitals``, ``composition`` and ``alignment``: the electronic structure of finished models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..science.errors import InputError

if TYPE_CHECKING:
    from ..orbital_results import OrbitalResult

_output = click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
_models = click.argument("models", nargs=-1, required=True, metavar="PK...")


def _results(models: tuple[str, ...]) -> list[OrbitalResult]:
    from .. import launcher, queries
    from ..orbital_results import orbital_result

    launcher.load_profile()
    return [orbital_result(queries.load_model(model)) for model in models]


@click.command()
@_models
@_output
@click.option(
    "--by",
    type=click.Choice(["coordination", "element", "region"]),
    default="coordination",
    show_default=True,
    help="What an orbital is split by.",
)
@click.option("--emin", default=-2.0, show_default=True, help="Lowest energy shown, eV.")
@click.option("--emax", default=3.0, show_default=True, help="Highest energy shown, eV.")
def orbitals(models: tuple[str, ...], output: Path, by: str, emin: float, emax: float) -> None:
    """Draw every orbital as a segment split by what carries it; traps ringed, band-edge gap marked."""
    from ..figures.pdos import OrbitalLadder, orbital_figure
    from .figure import save

    if emin >= emax:
        raise InputError("empty window", field="--emin", value=emin, remedy="Choose it below --emax.")
    results = _results(models)
    ladders = []
    for result in results:
        found = result.structure
        edges = (found.valence_edge_ev, found.conduction_edge_ev)
        ladders.append(
            OrbitalLadder(
                title=result.title,
                energies_ev=found.energies_ev,
                shares=getattr(result.pdos, f"by_{by}")(),
                gap_ev=None if edges[0] is None or edges[1] is None else (edges[0], edges[1]),
                traps_ev=[trap.energy_ev for trap in found.traps],
            )
        )
    save(orbital_figure(ladders, window_ev=(emin, emax)), output, [result.uuid for result in results])


@click.command()
@click.argument("model", metavar="PK")
@_output
@click.option("--states", default=1, show_default=True, help="Orbitals on each side of the gap.")
def composition(model: str, output: Path, states: int) -> None:
    """Draw the share of core, interlayer, shell and ligands in the orbitals around the gap."""
    from ..figures.composition import composition_figure
    from ..figures.pdos import label_colours
    from .figure import save

    (result,) = _results((model,))
    bars = result.frontier_composition(states)
    figure = composition_figure(bars, label_colours(result.pdos.by_region()), title=result.title)
    save(figure, output, [result.uuid])


@click.command()
@_models
@_output
def alignment(models: tuple[str, ...], output: Path) -> None:
    """Draw the band edges of core, interlayer and shell, side by side for several models."""
    from ..figures.alignment import alignment_figure
    from ..figures.colours import REGIONS
    from .figure import save

    results = _results(models)
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
        kind = f" (type {found.type})" if found.type else ""
        diagrams[f"{result.title}{kind}"] = [
            (edges.region, edges.valence_edge_ev, edges.conduction_edge_ev) for edges in found.regions
        ]
    save(alignment_figure(diagrams, REGIONS), output, [result.uuid for result in results])


@click.command()
@click.argument("cube", type=click.Path(dir_okay=False, path_type=Path))
@_output
@click.option(
    "--fraction", default=0.7, show_default=True, help="Share of the density inside the isosurface, 0 to 1."
)
@click.option("--azimuth", default=-60.0, show_default=True, help="Direction of view, degrees.")
@click.option("--elevation", default=12.0, show_default=True, help="Direction of view, degrees.")
@click.option("--title", default="", help="Title; by default what CP2K wrote into the cube.")
def isosurface(
    cube: Path, output: Path, fraction: float, azimuth: float, elevation: float, title: str
) -> None:
    """Draw an orbital from CP2K's WFN cube file (also gzipped) over the atoms."""
    from ase import Atoms

    from ..figures.colours import element_colour
    from ..figures.isosurface import orbital_figure
    from ..science.bonds import bond_graph
    from ..science.cube import isovalue, read_cube
    from .figure import save

    orbital = read_cube(cube)
    atoms = Atoms(numbers=orbital.numbers, positions=orbital.positions_ang)
    figure = orbital_figure(
        orbital.values,
        isovalue(orbital, fraction),
        orbital.origin_ang,
        orbital.voxel_ang,
        orbital.positions_ang,
        [element_colour(symbol) for symbol in atoms.symbols],
        bonds=bond_graph(atoms).bonds,
        title=title or " ".join(orbital.title[1].split()),
        azimuth_deg=azimuth,
        elevation_deg=elevation,
    )
    save(figure, output, [])
