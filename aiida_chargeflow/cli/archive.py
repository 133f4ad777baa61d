"""``archive create`` and ``archive import``: what a paper used, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from . import NearGroup, json_option, print_json

_PATH = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=NearGroup)
def archive() -> None:
    """Write the models of a paper with all their provenance into one file, and read such a file."""


@archive.command()
@click.argument("models", nargs=-1, required=True, metavar="GROUP|SWEEP|PK...")
@click.option("-o", "--output", required=True, type=_PATH, help="Name of the archive, ending in .aiida.")
@click.option("--title", default="", help="Title of the paper.")
@click.option(
    "--author", "authors", multiple=True, help="'Family, Given; affiliation'; once for each author."
)
@click.option("--doi", default="", help="DOI of the paper, as 10.1021/….")
@click.option("--description", default="", help="What the data are, as an abstract.")
@click.option("--reference", default="", help="The paper as in a list of references.")
@click.option("--keyword", "keywords", multiple=True, help="Instead of the default keywords.")
@click.option("--license", default="CC-BY-4.0", show_default=True, help="SPDX name of the license.")
@click.option("--without-cubes", is_flag=True, help="Leave the orbital cubes out.")
@click.option("--hide", multiple=True, metavar="WORD", help="Also replace this word or path everywhere.")
@click.option("--email", help="Stands in the archive instead of the e-mail of your AiiDA profile.")
@click.option("--force", is_flag=True, help="Overwrite files that exist.")
@json_option
def create(models: tuple[str, ...], output: Path, as_json: bool, **given: Any) -> None:
    """Write finished models with everything behind them to an AiiDA archive, for a data repository.

    Beside FILE.aiida appear FILE.README.md, FILE.CITATION.cff and FILE.metadata.yaml, the fields that the
    Materials Cloud Archive asks for: upload all four. Accounts, login names and scratch directories are
    replaced; credentials, comments and scratch files are never part of it.
    """
    from ..archive.create import create as write
    from ..archive.papers import Author, Paper
    from ..runs import submit as launcher

    launcher.load_profile()
    paper = Paper(
        authors=tuple(Author.parse(text) for text in given["authors"]),
        **{key: given[key] for key in ("title", "doi", "description", "reference", "keywords", "license")},
    )
    done = write(
        models,
        output,
        paper,
        cubes=not given["without_cubes"],
        hide=given["hide"],
        email=given["email"],
        force=given["force"],
    )
    if as_json:
        print_json(
            {
                "files": [str(path) for path in done.files],
                "models": [node.uuid for node in done.models],
                "groups": done.groups,
                "bytes": done.sizes,
                "nodes": done.nodes,
                "left_out": {"orbital_cubes": done.n_cubes_left_out},
                "private_left_in": done.leaks,
                "missing_metadata": paper.missing(),
            }
        )
        return
    _print_sizes(done.sizes)
    click.echo(
        f"{len(done.models)} models, {sum(done.nodes.values())} nodes, groups: {', '.join(done.groups)}"
    )
    for path in done.files:
        click.echo(f"wrote {path}")
    if done.leaks:
        click.echo(f"an account or login name is still in: {', '.join(done.leaks)}; see --hide", err=True)
    if paper.missing():
        click.echo(f"still to be filled in for Materials Cloud: {', '.join(paper.missing())}", err=True)


def _print_sizes(sizes: Any) -> None:
    grid = Table("content", box=box.SIMPLE)
    grid.add_column("MB", justify="right")
    for kind, size in sizes.items():
        grid.add_row(kind, f"{size / 1e6:.2f}")
    grid.add_row("total", f"{sum(sizes.values()) / 1e6:.2f}")
    Console(width=None if Console().is_terminal else 80).print(grid)


@archive.command("import")
@click.argument("file", type=_PATH)
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Import an archive into the default profile; what the profile holds already stays as it is."""
    from ..archive.restore import restore
    from ..runs import submit as launcher

    launcher.load_profile()
    done = restore(file)
    if as_json:
        models = [{"pk": node.pk, "uuid": node.uuid, "label": node.label} for node in done.models]
        print_json({"models": models, "new": done.n_new, "groups": done.groups})
        return
    for node in done.models:
        click.echo(f"  {node.pk}  {node.label}  {node.uuid}")
    held = len(done.models) - done.n_new
    click.echo(
        f"{done.n_new} models imported{f', {held} were here already' if held else ''}; "
        f"groups: {', '.join(done.groups) or 'none'}"
    )
    target = done.groups[0] if done.groups else done.models[0].pk
    click.echo(f"next: aiida-chargeflow table gaps {target}")
