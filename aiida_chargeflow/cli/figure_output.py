"""What the commands of ``figure`` share: options, and what they print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..figure_files import save, save_page
from . import json_option, print_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

models_argument = click.argument("models", nargs=-1, required=True, metavar="PK|GROUP|SWEEP...")
_output = click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PDF, PNG or SVG."
)


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


def finish(
    figure: Figure | str, output: Path, sources: Sequence[str], as_json: bool, notes: Sequence[str] = ()
) -> None:
    """Save a figure or page and say where, with what was left out and why."""
    if isinstance(figure, str):
        save_page(figure, output, sources)
    else:
        save(figure, output, sources)
    if as_json:
        print_json({"path": str(output), "sources": list(sources), "notes": list(notes)})
        return
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"wrote {output}")
