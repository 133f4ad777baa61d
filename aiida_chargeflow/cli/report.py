"""``report``: finished models as a static HTML report that opens offline."""

from __future__ import annotations

from pathlib import Path

import click

from . import json_option, print_json


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="PK|GROUP|SWEEP...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory to make; an older report there is replaced.",
)
@click.option("--title", help="Heading of the report; by default the names of what it shows.")
@json_option
def report(models: tuple[str, ...], output: Path, title: str | None, as_json: bool) -> None:
    """Write an HTML report of finished models: a summary table, and a page for each model.

    Open index.html in a browser; no network is needed. Every number names the node that holds it.
    """
    from ..report.directory import check_target
    from ..report.site import write_report
    from ..results import tables
    from ..runs import submit as launcher

    check_target(output)
    launcher.load_profile()
    members = tables.models_of(models, finished_only=False)
    finished = tables.models_of(models)
    left_out = [node for node in members if not node.is_finished_ok]
    size = write_report(
        finished,
        output,
        title=title or ", ".join(models),
        left_out=left_out,
        progress=lambda label: None if as_json else click.echo(f"{label} …", err=True),
    )
    if as_json:
        print_json({"path": str(output), "models": [node.uuid for node in finished], "bytes": size})
        return
    click.echo(f"wrote {output / 'index.html'}: {len(finished)} models, {size / 1e6:.1f} MB")
