"""``table NAME``: the tables of a paper for terminal, CSV, Markdown, LaTeX and JSON."""

from __future__ import annotations

from typing import Any

import click

from ..science.errors import InputError
from ..science.writing.table_format import cell, columns, to_csv, to_latex, to_markdown
from . import json_option, print_json
from .terminal import print_table

_NAMES = ("stoichiometry", "gaps", "charges", "charge-flow", "ligand-density", "orbitals", "cost")
_FOR_READERS = ("terminal", "markdown", "latex")  # csv and json hold one kind of row
_WRITERS = {"csv": to_csv, "markdown": to_markdown, "latex": to_latex}


@click.command()
@click.argument("name", type=click.Choice(_NAMES))
@click.argument("models", nargs=-1, required=True, metavar="PK|GROUP|SWEEP...")
@click.option("--where", metavar="CONDITION", help='Only these rows: "gap_ev < 0.2 and n_traps > 0".')
@click.option(
    "--by",
    type=click.Choice(["user", "account", "computer", "label", "stage"]),
    help="With cost: one row for each, with the sums of its jobs.",
)
@click.option("--format", "form", type=click.Choice(["terminal", *_WRITERS, "json"]), default="terminal")
@json_option
def table(
    name: str, models: tuple[str, ...], where: str | None, by: str | None, form: str, as_json: bool
) -> None:
    """Print a table of finished models: PKs, UUIDs, labels, groups or sweeps.

    The table `cost` counts failed and unfinished models of a group too.
    """
    from ..results import cautions, costs, tables
    from ..runs import submit as launcher

    if by is not None and name != "cost":
        raise InputError("only the table cost is summed", field="--by", value=by, remedy="Leave it out.")
    launcher.load_profile()
    chosen = tables.models_of(models, finished_only=name != "cost")
    rows = tables.table_rows(name, chosen, where)
    if by is not None:
        rows = costs.by(rows, by)
    elif name == "cost" and rows and form in _FOR_READERS and not as_json:
        rows.append(costs.total(rows))
    if as_json or form == "json":
        print_json(rows)
    elif form in _WRITERS:
        click.echo(_WRITERS[form](rows), nl=False)
    else:
        _print(rows)
    if name != "cost" and (note := cautions.survey_note(node.uuid for node in chosen)) is not None:
        click.echo(f"note: {note}", err=True)


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("no rows", err=True)
        return
    names = [name for name in columns(rows) if name != "uuid"]
    numbers = [any(isinstance(row.get(name), int | float) for row in rows) for name in names]
    print_table(names, [[cell(row.get(name)) or "–" for name in names] for row in rows], numbers=numbers)
