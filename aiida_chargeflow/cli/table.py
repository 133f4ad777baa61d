"""``table NAME``: the tables of a paper for terminal, CSV, Markdown, LaTeX and JSON."""

from __future__ import annotations

from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ..science.table_format import cell, columns, to_csv, to_latex, to_markdown
from . import json_option, print_json

_NAMES = ("stoichiometry", "gaps", "charges", "charge-flow", "ligand-density", "orbitals", "cost")
_WRITERS = {"csv": to_csv, "markdown": to_markdown, "latex": to_latex}


@click.command()
@click.argument("name", type=click.Choice(_NAMES))
@click.argument("models", nargs=-1, required=True, metavar="PK|GROUP|SWEEP...")
@click.option("--where", metavar="CONDITION", help='Only these rows: "gap_ev < 0.2 and n_traps > 0".')
@click.option("--format", "form", type=click.Choice(["terminal", *_WRITERS, "json"]), default="terminal")
@json_option
def table(name: str, models: tuple[str, ...], where: str | None, form: str, as_json: bool) -> None:
    """Print a table of finished models: PKs, UUIDs, labels, groups or sweeps."""
    from .. import launcher, tables

    launcher.load_profile()
    rows = tables.table_rows(name, tables.models_of(models), where)
    if as_json or form == "json":
        print_json(rows)
    elif form in _WRITERS:
        click.echo(_WRITERS[form](rows), nl=False)
    else:
        _print(rows)


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("no rows", err=True)
        return
    names = [name for name in columns(rows) if name != "uuid"]
    grid = Table(*names, box=box.SIMPLE)
    for row in rows:
        grid.add_row(*(cell(row.get(name)) or "–" for name in names))
    Console(width=None if Console().is_terminal else 160).print(grid)
