"""``figure structure`` and ``isosurface``: the atoms of finished models, and orbitals over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..panels.files import check_output
from ..science.errors import InputError
from .figure_output import direction_option, finish, models_argument, output_options

if TYPE_CHECKING:
    from ..figures.isosurface import OrbitalView

_BY = ["auto", "element", "region", "coordination"]


@click.command()
@models_argument
@output_options
@click.option(
    "--by",
    type=click.Choice(_BY),
    default="auto",
    show_default=True,
    help="Colours; auto: by region where there is a shell, else by element with 3-coordinate anions told apart.",
)
@click.option(
    "--facets/--no-facets",
    default=None,
    help="Name the facets, where known; by default of one or two models.",
)
@direction_option
def structure(
    models: tuple[str, ...],
    output: Path,
    as_json: bool,
    by: Any,
    facets: bool | None,
    direction: tuple[float, ...],
) -> None:
    """Draw the atoms of models side by side, as they were computed."""
    from ..figures.structure import draw_structures
    from ..panels.views import common_legend, structure_view
    from ..results import tables
    from ..results.structures import structure_result
    from ..runs import submit as launcher

    check_output(output)
    launcher.load_profile()
    results = [structure_result(node) for node in tables.models_of(models)]
    if by == "auto":
        by = "region" if any(result.has_shell for result in results) else "element"
    facets = len(results) <= 2 if facets is None else facets
    views = [structure_view(result, by, facets) for result in results]
    notes = [
        f"{result.label or result.formula}: facet names, since it was not built from a specification"
        for result in results
        if facets and result.spec is None
    ]
    drawn = draw_structures(views, direction=direction, legend=common_legend(results, by))
    finish(drawn, output, [result.uuid for result in results], as_json, notes)


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="PK...|CUBE")
@output_options
@click.option(
    "--orbitals",
    default="lumo,homo",
    show_default=True,
    help="Of lumo, homo, cb, vb and numbers; one row each.",
)
@click.option(
    "--fraction", default=0.7, show_default=True, help="Share of the density inside the isosurface, 0 to 1."
)
@click.option("--by", type=click.Choice(_BY[1:]), default="element", show_default=True, help="Colours.")
@direction_option
@click.option("--title", default="", help="Of a cube file; by default what CP2K wrote into it.")
def isosurface(
    sources: tuple[str, ...],
    output: Path,
    as_json: bool,
    orbitals: str,
    fraction: float,
    by: Any,
    direction: tuple[float, ...],
    title: str,
) -> None:
    """Draw orbitals over the atoms: of finished models that kept them, or of a CP2K WFN CUBE file.

    Models stand side by side, one row for each orbital. Regions are outlined in their colours.
    """
    from ..figures.isosurface import orbital_figure

    check_output(output)
    if len(sources) == 1 and Path(sources[0]).is_file():
        view = _of_file(Path(sources[0]), fraction, title)
        finish(orbital_figure([[view]], direction=direction), output, [], as_json)
        return
    if any(".cube" in source for source in sources):
        raise InputError(
            "no such file, or several", field="CUBE", value=" ".join(sources), remedy="Give one cube file."
        )
    rows, uuids, notes = _of_models(sources, orbitals, fraction, by)
    finish(orbital_figure(rows, direction=direction), output, uuids, as_json, notes)


def _of_models(
    names: tuple[str, ...], orbitals: str, fraction: float, by: Any
) -> tuple[list[list[OrbitalView | None]], list[str], list[str]]:
    from ..panels.views import orbital_rows
    from ..results import tables
    from ..runs import submit as launcher

    launcher.load_profile()
    nodes = tables.models_of(names)
    words = [word.strip() for word in orbitals.split(",") if word.strip()]
    rows, notes = orbital_rows(nodes, words, fraction, by)
    if not rows:
        raise InputError(
            "nothing to draw: " + "; ".join(notes),
            field="--orbitals",
            value=orbitals,
            remedy="Name orbitals that were kept, or launch with scf.orbital_cubes: {n_occupied: 1, n_virtual: 1}.",
        )
    return rows, [node.uuid for node in nodes], notes


def _of_file(path: Path, fraction: float, title: str) -> OrbitalView:
    from ase import Atoms

    from ..figures.atom_colours import ball_stick
    from ..figures.isosurface import OrbitalView, phase_surfaces
    from ..science.charges.bonds import bond_graph
    from ..science.electrons.orbital_cube import isovalue, read_cube

    cube = read_cube(path)
    atoms = Atoms(numbers=cube.numbers, positions=cube.positions_ang)
    graph = bond_graph(atoms)
    tags = atoms.get_tags()
    dot = ball_stick(
        atoms.positions, [str(s) for s in atoms.symbols], tags, graph.degrees(), graph.bonds, "element"
    )
    surfaces = phase_surfaces(cube.values, isovalue(cube, fraction), cube.origin_ang, cube.voxel_ang)
    return OrbitalView(dot, surfaces, title or " ".join(cube.title[1].split()))
