"""What the commands of ``figure`` share: options, and what they print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..panels.files import save, save_page
from ..science.errors import InputError
from . import json_option, print_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_T = TypeVar("_T")

models_argument = click.argument("models", nargs=-1, required=True, metavar="PK|GROUP|SWEEP...")
_output = click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PDF, PNG or SVG."
)


class Vector(click.ParamType):
    """Three numbers such as ``1,0,-1``.

    :param may_be_zero: a point of space, which may be the origin, and not a direction.
    """

    name = "h,k,l"

    def __init__(self, may_be_zero: bool = False) -> None:
        self.may_be_zero = may_be_zero

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the three numbers."""
        try:
            vector = tuple(float(part) for part in str(value).strip("()").split(","))
        except ValueError:
            vector = ()
        if len(vector) != 3 or not (self.may_be_zero or any(vector)):
            self.fail(f"{value!r}: write three numbers, for example 1,0,-1", param, ctx)
        return vector


class Range(click.ParamType):
    """Two ascending numbers such as ``-0.5,0.5``."""

    name = "low,high"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        """Return the two numbers."""
        try:
            low, high = (float(part) for part in str(value).split(","))
        except ValueError:
            low = high = 0.0
        if low >= high:
            self.fail(f"{value!r} is no range; write for example -0.5,0.5", param, ctx)
        return low, high


direction_option = click.option(
    "--direction", type=Vector(), default="1,-2,0.6", show_default=True, help="Towards the viewer."
)


def output_options(function: Any) -> Any:
    """Add ``--output`` and ``--json``."""
    return _output(json_option(function))


def single(found: Sequence[_T], what: str) -> _T:
    """Return the only model of a figure that shows one.

    :raises InputError: a group or sweep with several.
    """
    if len(found) != 1:
        raise InputError(
            f"{what} shows one model, not {len(found)}",
            field="PK",
            remedy="Give the PK of one model; see `table gaps` for those of a group.",
        )
    return found[0]


def finish(
    figure: Figure | str, output: Path, sources: Sequence[str], as_json: bool, notes: Sequence[str] = ()
) -> None:
    """Save a figure or page and say where, with what was left out and why.

    A figure of models in the minimal basis says so itself.
    """
    from ..results.cautions import survey_note

    unfit = survey_note(sources)
    if isinstance(figure, str):
        save_page(figure, output, sources)
    else:
        if unfit:
            from ..figures.style import mark_unfit, paper_style

            with paper_style():
                mark_unfit(figure, unfit)
        save(figure, output, sources)
    notes = [*notes, unfit] if unfit else notes
    if as_json:
        print_json({"path": str(output), "sources": list(sources), "notes": list(notes)})
        return
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"wrote {output}")
