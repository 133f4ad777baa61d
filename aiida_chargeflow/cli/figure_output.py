"""What the commands of ``figure`` share: options, checks, and a file that carries its sources."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..science.errors import InputError
from . import json_option, print_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")

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


def check_output(output: Path, formats: Sequence[str] = FORMATS) -> None:
    """Refuse a figure file that cannot be written, before anything is computed.

    :raises InputError: an unknown format, or no directory to write to.
    """
    if output.suffix not in formats:
        raise InputError(
            "unknown format",
            field="--output",
            value=str(output),
            remedy=f"End the name in {', '.join(formats)}.",
        )
    if not output.parent.is_dir():
        raise InputError(
            "no such directory", field="--output", value=str(output.parent), remedy="Make it first."
        )
    if not os.access(output.parent, os.W_OK):
        raise InputError("directory is not writable", field="--output", value=str(output.parent))


def save(figure: Figure, output: Path, sources: Sequence[str]) -> None:
    """Save a figure with the UUIDs of its sources in the metadata of the file, whole or not at all.

    The same figure gives the same bytes: no date is written.

    :raises InputError: a format other than PDF, PNG and SVG.
    """
    from ..figures.style import DPI, paper_style

    check_output(output)
    note = {"Description" if output.suffix != ".pdf" else "Subject": _note(sources)}
    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(output.suffix, {})
    partial = output.with_name(f".{output.name}.part{output.suffix}")
    try:
        with paper_style():
            figure.savefig(partial, dpi=DPI, metadata={**note, **undated})
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def save_page(page: str, output: Path, sources: Sequence[str]) -> None:
    """Save an HTML page with the UUIDs of its sources in a comment at its end."""
    from ..science.flow_export import write_whole

    write_whole(output, f"{page}\n<!-- {_note(sources)} -->\n")


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


def _note(sources: Sequence[str]) -> str:
    return "AiiDA UUIDs: " + " ".join(sources)
