"""``diff A B``: what differs between two models."""

from __future__ import annotations

from typing import Any

import click

from . import json_option, print_json


def flatten(data: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, with dotted keys."""
    if not isinstance(data, dict) or not data:
        return {prefix: data}
    flat: dict[str, Any] = {}
    for key, value in data.items():
        flat |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return flat


def differences(left: Any, right: Any) -> dict[str, list[Any]]:
    """Return dotted key → [left, right] of what differs, None where a side lacks the key."""
    a, b = flatten(left), flatten(right)
    return {key: [a.get(key), b.get(key)] for key in dict.fromkeys([*a, *b]) if a.get(key) != b.get(key)}


@click.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@json_option
def diff(left: str, right: str, as_json: bool) -> None:
    """Show what differs between two finished models: specification, protocol and results."""
    from .. import launcher, queries, tracing

    launcher.load_profile()
    sides = []
    for name in (left, right):
        node = queries.load_model(name)
        model = tracing.model(node)
        sides.append(
            {
                "spec": model["spec"],
                "protocol": model["protocol_settings"],
                "results": node.outputs.summary.get_dict(),
            }
        )
    found = differences(*sides)
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("no difference")
    for key, (a, b) in found.items():
        click.echo(f"{key}: {a} → {b}")
