"""``trace PK|FILE``: from a number or a figure back to what made it."""

from __future__ import annotations

from typing import Any

import click

from . import json_option, print_json


@click.command()
@click.argument("source", metavar="PK|UUID|FILE")
@json_option
def trace(source: str, as_json: bool) -> None:
    """Show the calculations, codes, versions and inputs behind a node, a model run or a figure file."""
    from .. import launcher, tracing

    launcher.load_profile()
    origins = [tracing.origin(node) for node in tracing.sources(source)]
    if as_json:
        print_json(origins)
        return
    for origin in origins:
        _print(origin)


def _print(origin: dict[str, Any]) -> None:
    click.echo(f"{origin['type']} {origin['pk']} {origin['label']} ({origin['uuid']})")
    for model in origin["models"]:
        click.echo(f"  model: {model['pk']} {model['label']} ({model['uuid']})")
        for key in ("spec", "protocol_settings"):
            click.echo(f"    {key}: {model[key]}")
    for process in origin["processes"]:
        code = f", code {process['code']}" if process["code"] else ""
        versions = ", ".join(f"{name} {version}" for name, version in process["versions"].items())
        click.echo(f"  {process['pk']} {process['process']}{code} [{versions}]")
        for name, node in process["inputs"].items():
            click.echo(f"      {name} = {node['type']} {node['pk']}")
