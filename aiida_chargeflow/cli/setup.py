"""``setup``: put everything in place for the first job on this machine, and check it on any."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from . import NearGroup, json_option, print_json

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "failed": "[red]✗[/]", "skipped": "[dim]·[/]"}


@click.group(cls=NearGroup)
def setup() -> None:
    """Set up this machine; check profile, computers and codes."""


@setup.command()
@click.option("-p", "--profile", help="AiiDA profile [default: the default one, or a new one: chargeflow].")
@click.option("--cp2k", type=click.Path(path_type=Path), help="The program [default: the first on PATH].")
@click.option("--cp2k-label", default="cp2k", show_default=True, help="Label of its code, for a second CP2K.")
@click.option("--no-run", is_flag=True, help="Leave out the trial run.")
@click.option("--no-daemon", is_flag=True, help="Start no daemon.")
def local(profile: str | None, cp2k: Path | None, cp2k_label: str, no_run: bool, no_daemon: bool) -> None:
    """Set up this machine: profile, computer, codes, daemon, and a short trial run.

    What exists is used as it is, so that running this again changes nothing.
    """
    from ..clusters.blas import REMEDY
    from ..clusters.programs import find_bader, find_cp2k

    tell = _Teller()
    program = find_cp2k(cp2k)
    engine = find_bader()
    from ..runs import local_setup

    name, is_new = local_setup.use_profile(profile)
    tell.done("profile", name, is_new)
    computer, is_new = local_setup.use_computer()
    n_processes = computer.get_default_mpiprocs_per_machine() or 1
    tell.done("computer", f"{computer.label}, {n_processes} processes a job", is_new)
    code, is_new = local_setup.use_cp2k(computer, program, cp2k_label)
    version = ".".join(map(str, program.build.version))
    told = [f"{code.full_label}: CP2K {version}", str(code.filepath_executable), "MPI", program.blas.name]
    tell.done("cp2k", ", ".join(filter(None, [*told, *program.build.notes])), is_new)
    if program.blas.is_reference:
        tell.note(f"the reference BLAS is several times slower than OpenBLAS. {REMEDY}")
    bader, is_new = local_setup.use_bader(computer, engine)
    tell.done("bader", f"{bader.full_label}: {bader.filepath_executable}", is_new)
    if not no_daemon:
        local_setup.start_daemon()
        tell.done("daemon", "running", None)
    if not no_run:
        tell.step("trial run: Cl2In-AsCl2 through CP2K, Bader and charge flow, some 10 s on an idle machine")
        node = local_setup.trial_run({"cp2k": code, "bader": bader}, tell.step)
        gap = node.outputs.summary.get_dict()["gap_ev"]
        tell.done("trial run", f"finished, gap {gap:.2f} eV", None)
    click.echo(
        "Ready. Next: aiida-chargeflow examples demo-pure && aiida-chargeflow launch demo-pure.yaml --protocol demo"
    )


class _Teller:
    """Prints each finding with the seconds that it took."""

    def __init__(self) -> None:
        self._console = Console(soft_wrap=True)
        self._since = time.monotonic()

    def done(self, name: str, found: str, is_new: bool | None) -> None:
        """Print what is in place; ``is_new`` says whether it was made now, None where that is no question."""
        now = time.monotonic()
        made = {True: "made: ", False: "exists: ", None: ""}[is_new]
        took = f" ({now - self._since:.0f} s)" if now - self._since > 1 else ""
        self._since = now
        self._console.print(f"{_MARKS['ok']} {name}: {made}{escape(found)}{took}", highlight=False)

    def step(self, text: str) -> None:
        """Print what begins now."""
        self._console.print(f"{_MARKS['skipped']} {escape(text)}", highlight=False)

    def note(self, text: str) -> None:
        """Print a remark on the finding above."""
        self._console.print(f"    → {escape(text)}", highlight=False)


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
    from ..science.models.campaign import Campaign

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
