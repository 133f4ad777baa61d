"""The charge-flow maps that ``analyse`` and ``figure flow-map`` draw alike: their options and their slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..figures.plane import Slice
    from ..science.charges.analysis import Analysis

_OPTIONS = (
    click.option("--origin", metavar="x,y,z", help="Point of the plane in Å; the middle by default."),
    click.option("--slab", default=3.0, show_default=True, help="Thickness of the slab in Å."),
    click.option(
        "--species", default="anion", show_default=True, help="anion, cation, all, or symbols: As,Cl."
    ),
    click.option(
        "--vmax", type=float, help="End of the colour scale in e; the largest magnitude by default."
    ),
    click.option("--streamlines", is_flag=True, help="Draw streamlines in the maps."),
    click.option(
        "--divergence", is_flag=True, help="Draw the divergence of the in-plane flow with each map."
    ),
    click.option(
        "--atom-labels",
        type=click.Choice(["none", "number", "magnitude"]),
        default="none",
        show_default=True,
        help="Write this beside every atom of the maps.",
    ),
)


def map_options(function: Any) -> Any:
    """Add the options of a map."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def slice_of(result: Analysis, options: dict[str, Any], normal: Sequence[float], title: str) -> Slice:
    """Return the slice of one map.

    :param options: values of ``map_options``, the origin as three numbers or None.
    :raises InputError: too few atoms in the slab.
    """
    from ..figures.flow_map import slice_atoms

    return slice_atoms(
        result.atoms.positions,
        result.symbols,
        result.flow.flow_vector,
        result.flow.flow_magnitude,
        normal=normal,
        origin=options["origin"],
        slab_ang=options["slab"],
        species=options["species"],
        coordination=result.coordination,
        title=title,
        atom_labels=options["atom_labels"],
    )


def maps_of(slices: Sequence[Slice], options: dict[str, Any]) -> Figure:
    """Return the maps of slices side by side.

    :raises InputError: the end of the colour scale is no positive number.
    """
    from ..figures.flow_map import flow_maps
    from ..science.errors import InputError

    if options["vmax"] is not None and not 0 < options["vmax"] < float("inf"):
        raise InputError(
            "the end of the colour scale must be positive", field="--vmax", value=options["vmax"]
        )
    return flow_maps(
        slices,
        vmax=options["vmax"],
        streamlines=options["streamlines"],
        divergence=options["divergence"],
    )


def plane_name(normal: Sequence[float]) -> str:
    """Return ``10-1`` for small whole indices, else the components with ``_`` between them."""
    whole = all(float(number).is_integer() and abs(number) < 10 for number in normal)
    return ("" if whole else "_").join(f"{float(number):g}" for number in normal)


def plane_label(normal: Sequence[float]) -> str:
    """Return the indices of a plane for a title, bars over the negative ones where they are small and whole."""
    from ..figures.plane import facet_label

    if all(float(number).is_integer() and abs(number) < 10 for number in normal):
        h, k, m = (int(number) for number in normal)
        return facet_label((h, k, m))
    return f"({', '.join(f'{number:g}' for number in normal)})"
