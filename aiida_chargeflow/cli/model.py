"""``model``: build, list, show and draw quantum-dot models."""

from __future__ import annotations

from pathlib import Path

import click

from . import json_option, print_json

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def model() -> None:
    """Build, inspect and draw quantum-dot models."""


@model.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Write the atoms here, as extended XYZ.")
@json_option
def build(file: Path, output: Path | None, as_json: bool) -> None:
    """Build the model of FILE (YAML) and print what it is made of."""
    from ..science.model import build as build_model
    from ..science.spec import ModelSpec
    from ..science.structure_file import write_model

    made = build_model(ModelSpec.from_yaml(file))
    if output is not None:
        write_model(made, output)
    if as_json:
        print_json(made.summary())
        return
    click.echo(f"{made.formula}  {len(made.atoms)} atoms  formal charge {made.formal_charge:+d}")
    if output is not None:
        click.echo(f"Written to {output}")
