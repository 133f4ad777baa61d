"""``figure gap-vs-monolayers``, ``gap-vs-ligand-density``, ``ligand-density`` and ``excess``: many models at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..panels.files import check_output
from ..science.errors import InputError
from .figure_output import finish, models_argument, output_options

if TYPE_CHECKING:
    from ..figures.trends import TrendPoint

_GAPS = {
    "homo-lumo": ("gap_ev", "HOMO–LUMO gap (eV)"),
    "band-edge": ("band_edge_gap_ev", "Band-edge gap (eV)"),
}
_THICKNESS = ("n_monolayers", "Shell thickness (monolayers)")
_DENSITY = ("ligands_per_nm2", "Ligand density (nm$^{-2}$)")

_gap_option = click.option(
    "--gap", type=click.Choice(list(_GAPS)), default="homo-lumo", show_default=True, help="Which gap."
)


@click.command("gap-vs-monolayers")
@models_argument
@output_options
@_gap_option
def gap_vs_monolayers(models: tuple[str, ...], output: Path, as_json: bool, gap: str) -> None:
    """Draw the gap against the shell thickness, one line for each family of interface and surface."""
    _draw(models, output, as_json, _THICKNESS, _GAPS[gap], join=True, whole_x=True)


@click.command("gap-vs-ligand-density")
@models_argument
@output_options
@_gap_option
def gap_vs_ligand_density(models: tuple[str, ...], output: Path, as_json: bool, gap: str) -> None:
    """Draw the gap against the ligand density, one marker for each family of interface and surface."""
    _draw(models, output, as_json, _DENSITY, _GAPS[gap])


@click.command("ligand-density")
@models_argument
@output_options
def ligand_density(models: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Draw the ligand density against the shell thickness, one line for each family."""
    _draw(models, output, as_json, _THICKNESS, _DENSITY, join=True, whole_x=True)


@click.command("excess")
@models_argument
@output_options
def excess(models: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Draw gaps, traps and flow at interface and surface against the electrons in excess, N(III) - N(V).

    The flow that bond valences predict stands beside the computed one.
    """
    from ..figures.excess import excess_figure
    from ..panels.excess import excess_points
    from ..results import tables
    from ..runs import submit as launcher

    check_output(output)
    launcher.load_profile()
    points, notes = excess_points(tables.models_of(models))
    if not points:
        raise _nothing(models, notes, "Give finished models with a charge flow; see `table charge-flow`.")
    finish(excess_figure(points), output, [point.uuid for point in points], as_json, notes)


def _draw(
    models: tuple[str, ...],
    output: Path,
    as_json: bool,
    abscissa: tuple[str, str],
    ordinate: tuple[str, str],
    **options: Any,
) -> None:
    from ..figures.trends import trend_figure
    from ..panels import trends
    from ..results import tables
    from ..runs import submit as launcher

    check_output(output)
    launcher.load_profile()
    found, notes = trends.trend_points(tables.models_of(models))
    points: list[TrendPoint] = []
    for point in found:
        missing = [name for name, _ in (abscissa, ordinate) if getattr(point, name) is None]
        if missing:
            notes.append(f"{point.label}: it has no {' and no '.join(missing)}")
        else:
            points.append(point)
    if not points:
        remedy = "Give finished models that were built from a specification; see `table gaps`."
        raise _nothing(models, notes, remedy)
    drawn = trend_figure(
        points,
        lambda point: getattr(point, abscissa[0]),
        lambda point: getattr(point, ordinate[0]),
        xlabel=abscissa[1],
        ylabel=ordinate[1],
        **options,
    )
    finish(drawn, output, [point.uuid for point in points], as_json, notes)


def _nothing(models: tuple[str, ...], notes: list[str], remedy: str) -> InputError:
    return InputError(
        f"nothing to plot: {'; '.join(notes)}", field="MODELS", value=" ".join(models), remedy=remedy
    )
