"""``trace VALUE|PK|FILE``: from a number or a file back to what made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from ..science.errors import InputError
from ..science.writing.printed import PrintedNumber, printed_number
from . import json_option, print_json

_MANY = 3  # more sources of a file than this are listed instead of traced one after the other


@click.command(context_settings={"ignore_unknown_options": True})  # else -0.62 would be an option
@click.argument("source", metavar="VALUE|PK|UUID|FILE")
@click.option(
    "--in", "names", multiple=True, metavar="PK|GROUP|SWEEP", help="Look for VALUE in these models only."
)
@click.option("--column", metavar="NAME", help="Look for VALUE in this column only, such as gap_ev.")
@json_option
def trace(source: str, names: tuple[str, ...], column: str | None, as_json: bool) -> None:
    """Show the calculations, codes, versions and inputs behind a printed number, a node or a file.

    VALUE is a number as a table or a report prints it: 0.722 is found in all models of the profile, a whole
    number (which could be a PK) only with --in or --column. FILE is a figure, a report page or a table.
    """
    from ..results import tracing
    from ..runs import submit as launcher

    launcher.load_profile()
    number = printed_number(source)
    is_value = number is not None and (bool(names) or column is not None or not number.is_whole)
    if number is not None and is_value and not Path(source).is_file():
        _trace_value(number, names, column, as_json)
        return
    nodes = tracing.sources(source)
    if as_json:
        print_json([tracing.origin(node) for node in nodes])
    elif len(nodes) > _MANY:
        runs = [node for node in nodes if getattr(node, "process_label", None)]
        for node in runs or nodes:  # a report names the nodes of its numbers, too
            name = getattr(node, "process_label", None) or type(node).__name__
            click.echo(f"{name} {node.pk} {node.label}: aiida-chargeflow trace {node.pk}")
    else:
        for node in nodes:
            _print(tracing.origin(node))


def _trace_value(number: PrintedNumber, names: tuple[str, ...], column: str | None, as_json: bool) -> None:
    from ..results import sources_of_numbers as values
    from ..results import tables, tracing

    models = tables.models_of(names) if names else tables.all_models()
    matches = values.find(number, models, column)
    if not matches:
        raise InputError(
            f"no quantity of {len(models)} models prints as this",
            field="VALUE",
            value=number.text,
            remedy="Give the digits as printed; --in and --column say where to look.",
        )
    origins = [tracing.origin(matches[0].node)] if len(matches) == 1 else []
    if as_json:
        print_json({"matches": [_match(number, match) for match in matches], "origins": origins})
    elif origins:
        _print_match(number, matches[0])
        _print(origins[0])
    else:
        click.echo(f"{number.text} is one of {len(matches)}:")
        for match in matches:
            entry = _match(number, match)
            click.echo(f"  {entry['model_label']}<{entry['model_pk']}> {match.quantity} = {match.value:.6g}")
            click.echo(f"    {entry['command']}")


def _match(number: PrintedNumber, match: Any) -> dict[str, Any]:
    meaning = match.meaning
    return {
        "model_pk": match.model.pk,
        "model_uuid": match.model.uuid,
        "model_label": match.model.label,
        "table": match.table,
        "quantity": match.quantity,
        "value": match.value,
        "unit": meaning.unit if meaning else None,
        "definition": meaning.definition if meaning else None,
        "node_pk": match.node.pk,
        "node_uuid": match.node.uuid,
        "path": match.path,
        "command": f"aiida-chargeflow trace {number.text} --in {match.model.pk} --column {match.quantity}",
    }


def _print_match(number: PrintedNumber, match: Any) -> None:
    entry = _match(number, match)
    unit = f" {entry['unit']}" if entry["unit"] else ""
    where = f" (table {match.table})" if match.table else ""
    click.echo(f"{number.text} is {match.quantity} of {match.model.label}<{match.model.pk}>{where}")
    click.echo(f"  value: {match.value!r}{unit}")
    if entry["definition"]:
        click.echo(f"  meaning: {entry['definition']}")
    click.echo(f"  held by: {type(match.node).__name__} {match.node.pk} ({match.node.uuid}), {match.path}")


def _print(origin: dict[str, Any]) -> None:
    click.echo(
        " ".join(filter(None, (origin["type"], str(origin["pk"]), origin["label"], f"({origin['uuid']})")))
    )
    if origin["role"]:
        click.echo(f"  {origin['role']}")
    for model in origin["models"]:
        click.echo(f"  model: {model['pk']} {model['label']} ({model['uuid']})")
        if not origin["processes"]:
            continue  # an input: its users by name are enough
        for key in ("spec", "imported", "protocol_settings"):
            if model.get(key) is None:
                continue
            click.echo(f"    {key}:")
            text = yaml.safe_dump(model[key], sort_keys=False, default_flow_style=None, width=100)
            click.echo("".join(f"      {line}\n" for line in text.splitlines()), nl=False)
    for process in origin["processes"]:
        code = f", code {process['code']}" if process["code"] else ""
        versions = ", ".join(f"{name} {version}" for name, version in process["versions"].items())
        click.echo(f"  {process['pk']} {process['process']}{code} [{versions}]")
        for name, node in process["inputs"].items():
            click.echo(f"      {name} = {node['type']} {node['pk']}")
