"""``diff A B``: what differs between two models, jobs or data nodes."""

from __future__ import annotations

from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ..science.writing.nested import differences
from . import json_option, print_json


@click.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@json_option
def diff(left: str, right: str, as_json: bool) -> None:
    """Show what differs between two nodes of one sort, named by PK, UUID or label.

    Of two models: specification, protocol, composition, versions and results. Of two jobs: inputs and results.
    Of two data nodes: what they hold.
    """
    from ..results import comparing
    from ..results import select as queries
    from ..runs import submit as launcher

    launcher.load_profile()
    nodes = [queries.load_any(name) for name in (left, right)]
    found = differences(*comparing.comparable(*nodes))
    if as_json:
        print_json(found)
    elif not found:
        click.echo("no difference")
    else:
        _print(found, [f"{node.label or type(node).__name__}<{node.pk}>" for node in nodes])


def _print(found: dict[str, list[Any]], titles: list[str]) -> None:
    grid = Table(box=box.SIMPLE)
    grid.add_column("", overflow="fold")
    for title in (*titles, "change"):
        grid.add_column(title, justify="right", overflow="fold")
    for key, (a, b) in found.items():
        grid.add_row(key, _cell(a), _cell(b), _change(a, b))
    Console(width=None if Console().is_terminal else 160).print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e7 else f"{value:.4g}"


def _change(a: Any, b: Any) -> str:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b))
    return f"{b - a:+.4g}" if numbers else ""
