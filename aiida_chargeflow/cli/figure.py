"""``figure NAME``: figures of finished models as PNG, SVG or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..science.errors import InputError
from .orbital_figures import alignment, composition, isosurface, orbitals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS = (".pdf", ".png", ".svg")


class Vector(click.ParamType):
    """Three numbers such as ``1,0,-1``."""

    name = "h,k,l"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the three numbers."""
        try:
            vector = tuple(float(part) for part in str(value).strip("()").split(","))
        except ValueError:
            vector = ()
        if len(vector) != 3 or not any(vector):
            self.fail(f"{value!r} is not a direction; write for example 1,0,-1", param, ctx)
        return vector


def save(figure: Figure, output: Path, sources: list[str]) -> None:
    """Save a figure with the UUIDs of its sources in the metadata of the file.

    :raises InputError: a format other than PDF, PNG and SVG.
    """
    if output.suffix not in _FORMATS:
        raise InputError(
            "unknown format",
            field="--output",
            value=str(output),
            remedy=f"End the name in {', '.join(_FORMATS)}.",
        )
    key = "Description" if output.suffix != ".pdf" else "Subject"
    partial = output.with_name(f".{output.name}.part{output.suffix}")
    try:
        figure.savefig(partial, dpi=200, metadata={key: "AiiDA UUIDs: " + " ".join(sources)})
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(f"wrote {output}")


@click.group()
def figure() -> None:
    """Draw figures of finished models; every file carries the UUIDs of its sources."""


for command in (orbitals, composition, alignment, isosurface):
    figure.add_command(command)


@figure.command("flow-map")
@click.argument("models", nargs=-1, required=True, metavar="PK...")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--normal", type=Vector(), default="1,0,-1", show_default=True, help="Normal of the plane.")
@click.option("--slab", default=3.0, show_default=True, help="Thickness of the slab in Å.")
@click.option("--species", default="anion", show_default=True, help="anion, cation, all, or symbols: As,Cl.")
@click.option("--vmax", type=float, help="End of the colour scale in e; the largest magnitude by default.")
def flow_map(
    models: tuple[str, ...],
    output: Path,
    normal: tuple[float, ...],
    slab: float,
    species: str,
    vmax: float | None,
) -> None:
    """Draw the charge-flow maps of models side by side, with one colour bar and one arrow scale."""
    from .. import launcher, queries
    from ..figures.flow_map import flow_maps, slice_atoms

    launcher.load_profile()
    results = [queries.flow_result(queries.load_model(model)) for model in models]
    slices = [
        slice_atoms(
            result.positions_ang,
            result.symbols,
            result.flow_vector,
            result.flow_magnitude,
            normal=normal,
            slab_ang=slab,
            species=species,
            coordination=result.coordination,
            title=f"{result.label}: {result.formula}",
        )
        for result in results
    ]
    save(flow_maps(slices, vmax=vmax), output, [result.uuid for result in results])
