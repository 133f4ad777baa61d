"""``setup``: is everything in place for the first job?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from ..science.models.campaign import Campaign
from . import json_option, print_json

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]·[/]"}


@click.group()
def setup() -> None:
    """Check profile, computers and codes."""


@setup.command()
@click.option(
    "--computer", default=None, help="Label of the computer [default: the campaign's, or localhost]."
)
@click.option("--cp2k", default="cp2k", show_default=True, help="Label of the CP2K code on it.")
@click.option("--bader", default="bader", show_default=True, help="Label of the Bader code on it.")
@click.option(
    "--campaign",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Check the account, partition, QOS and limits that this campaign asks for, too.",
)
@json_option
def check(computer: str | None, cp2k: str, bader: str, campaign: Path | None, as_json: bool) -> None:
    """Try everything that a first job would trip over, and say what to mend."""
    from ..clusters.profile import RunOptions
    from ..runs import submit as launcher
    from ..runs.setup_check import check_setup

    options = RunOptions.from_mapping(Campaign.from_yaml(campaign).options) if campaign else None
    label = computer or (options.computer if options else "localhost")
    launcher.load_profile()
    console = Console(soft_wrap=True, quiet=as_json)
    findings = []
    for finding in check_setup(label, {"cp2k": cp2k, "bader": bader}, options):
        findings.append(finding)
        console.print(f"{_MARKS[finding.state]} {finding.name}: {escape(finding.found)}", highlight=False)
        if finding.remedy and finding.state != "ok":
            console.print(f"    → {escape(finding.remedy)}", highlight=False)
    failed = [finding.name for finding in findings if finding.state == "failed"]
    if as_json:
        print_json({"computer": label, "ok": not failed, "checks": [asdict(f) for f in findings]})
    elif failed:
        click.echo(f"Not ready: {', '.join(failed)}.")
    else:
        click.echo("Ready. Next: aiida-chargeflow sweep submit FILE --dry-run")
    if failed:
        raise SystemExit(1)
