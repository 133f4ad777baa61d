"""``sweep``: campaigns of many models, submitted by the daemon a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..science.errors import InputError
from . import NearGroup, json_option, print_json
from .terminal import print_table

if TYPE_CHECKING:
    from aiida import orm

    from ..runs.plan import Plan
    from ..runs.status import SweepStatus

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=NearGroup)
def sweep() -> None:
    """Run a campaign of models, a limited number at a time, without a terminal left open."""


def _submission(function: Any) -> Any:
    for option in (
        click.option(
            "--cp2k", default="cp2k", show_default=True, help="Label of the CP2K code on the computer."
        ),
        click.option("--bader", default="bader", show_default=True, help="Label of the Bader code there."),
        click.option("-y", "--yes", is_flag=True, help="Submit without asking."),
        click.option("--dry-run", is_flag=True, help="Build, check and estimate; submit nothing."),
        json_option,
    ):
        function = option(function)
    return function


@sweep.command()
@click.argument("file", type=_FILE)
@_submission
def submit(file: Path, as_json: bool, **given: Any) -> None:
    """Build all models of the campaign FILE, show what they cost, ask, and submit those that are missing.

    The same command again submits only what is still missing. Failed points are left to `sweep retry`.
    """
    plan = _checked_plan(file, as_json)
    submit_missing(plan.name, plan, given, as_json)


@sweep.command()
@click.argument("name")
@click.argument("file", type=_FILE)
@_submission
def add(name: str, file: Path, as_json: bool, **given: Any) -> None:
    """Add the points of another campaign FILE to the sweep NAME; they share its slots."""
    from ..runs import submit as launcher
    from ..runs import sweep as service

    launcher.load_profile()
    service.group_of(name)
    submit_missing(name, _checked_plan(file, as_json), given, as_json)


@sweep.command()
@click.argument("name")
@click.argument("file", type=_FILE, required=False)
@click.option("-y", "--yes", is_flag=True, help="Submit without asking.")
def retry(name: str, file: Path | None, yes: bool) -> None:
    """Submit the failed points of the sweep NAME again, with the options of FILE if one is given."""
    from ..runs import submit as launcher
    from ..runs import sweep as service

    launcher.load_profile()
    points = service.failed(name)
    if not points:
        click.echo(f"{name}: no failed points.")
        return
    plan = _checked_plan(file, quiet=False) if file is not None else None
    click.echo(f"{name}: {len(points)} failed: {', '.join(point.label for point in points)}")
    launcher.require_daemon()
    if yes or click.confirm("Submit them again?"):
        if plan is not None:
            service.set_options(name, plan.options)
        service.forget_failures(points)
        node = service.start(name, points)
        click.echo(f"Submitted as sweep<{node.pk}>. Next: aiida-chargeflow sweep status {name}")


@sweep.command()
@click.argument("name", required=False)
@click.option("--watch", is_flag=True, help="Show a live view until nothing is under way any more.")
@click.option("--scf", is_flag=True, help="Read the SCF step of running jobs: one connection for each.")
@click.option("--interval", default=10.0, show_default=True, type=click.FloatRange(min=1), help="Seconds.")
@json_option
def status(name: str | None, watch: bool, scf: bool, interval: float, as_json: bool) -> None:
    """Show where each point of the sweep NAME stands and what to do about it; or list all sweeps.

    *queued* is the time in the queue of the cluster, *failed* counts jobs; a further job may have mended it.
    """
    from ..runs import submit as launcher
    from ..runs import sweep as service
    from ..runs.status import sweep_status
    from . import sweep_view

    launcher.load_profile()
    if name is None:
        _list([sweep_status(known) for known in service.sweep_names()], as_json)
        return
    now = sweep_status(name, read_outputs=scf)
    if as_json:
        print_json(now.to_mapping())
        return
    console = _console()
    if watch:
        sweep_view.watch(now, lambda: sweep_status(name, read_outputs=scf), interval, console)
    else:
        console.print(sweep_view.status_table(now))


@sweep.command()
@click.argument("name")
def pause(name: str) -> None:
    """Submit no further points of the sweep NAME for now; what is under way goes on."""
    from ..runs import submit as launcher
    from ..runs import sweep as service

    launcher.load_profile()
    n = service.pause(name)
    click.echo(
        f"{name}: paused. Resume with: aiida-chargeflow sweep resume {name}"
        if n
        else f"{name}: nothing to pause."
    )


@sweep.command()
@click.argument("name")
def resume(name: str) -> None:
    """Go on with all of the sweep NAME that is paused, by you or after repeated failures."""
    from ..runs import submit as launcher
    from ..runs import sweep as service

    launcher.load_profile()
    n = service.resume(name)
    click.echo(f"{name}: {n} paused processes play again." if n else f"{name}: nothing is paused.")


@sweep.command()
@click.argument("name")
@click.option("--point", "points", multiple=True, metavar="LABEL", help="Only this point; may be repeated.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def cancel(name: str, points: tuple[str, ...], yes: bool) -> None:
    """Kill what is under way of the sweep NAME, with its jobs on the cluster; finished points stay."""
    from ..runs import submit as launcher
    from ..runs import sweep as service

    launcher.load_profile()
    what = ", ".join(points) or "the whole sweep"
    if yes or click.confirm(f"Kill {what} of {name}?"):
        click.echo(f"{name}: {service.cancel(name, points)} work chains killed, and all they had called.")


def _checked_plan(file: Path, quiet: bool) -> Plan:
    """Build everything; refuse the whole campaign if any part of it is impossible."""
    from ..runs.plan import make_plan
    from ..science.models.campaign import Campaign

    campaign = Campaign.from_yaml(file)
    console = Console(stderr=True, quiet=quiet)
    with console.status("building models") as line:
        try:
            plan = make_plan(campaign, lambda point: line.update(f"building {point.label}"))
        except InputError as error:
            raise error.in_file(file) from error
    impossible = [point for point in plan.points if point.problem]
    if impossible:
        table = Table("point", "why it is impossible", box=box.SIMPLE)
        for point in impossible:
            table.add_row(escape(point.label), escape(str(point.problem)))
        _console(stderr=True).print(table)
        raise InputError(
            f"{len(impossible)} of {len(plan.points)} points are impossible; nothing was submitted",
            file=file,
            remedy="Mend or exclude them.",
        )
    if plan.problems:
        for problem in plan.problems[:-1]:
            click.echo(f"Error: {problem.in_file(file)}", err=True)
        raise plan.problems[-1].in_file(file)
    return plan


def submit_missing(
    name: str, plan: Plan, given: dict[str, Any], as_json: bool, ranking: orm.Dict | None = None
) -> None:
    """Show what is missing of a plan, ask, and submit it; a ``ranking`` says which screening chose the models."""
    from ..runs import submit as launcher
    from ..runs import sweep as service
    from ..runs.calibration import calibrated

    if given["dry_run"]:
        _show_plan(_calibrated_if_possible(plan), as_json)
        return
    launcher.load_profile()
    plan = calibrated(plan)
    computer = plan.options.computer
    for role in ("cp2k", "bader"):
        if "@" in given[role]:
            raise InputError(
                "must be a label without its computer",
                field=f"--{role}",
                value=given[role],
                remedy=f"The computer is the campaign's `options.computer`, {computer}.",
            )
    codes = {role: f"{given[role]}@{computer}" for role in ("cp2k", "bader")}
    launcher.load_codes(**codes)
    points = service.planned_points(plan)
    wanted = service.missing(name, points)
    if not as_json:
        _show_plan(plan, as_json=False)
        click.echo(
            f"{len(wanted)} of {len(points)} points are missing, {plan.options.max_concurrent} at a time."
        )
    if wanted:
        launcher.require_daemon()
    if wanted and not given["yes"] and not click.confirm("Submit them?"):
        raise click.Abort
    service.record(name, points, plan.options, codes)
    node = service.start(name, wanted, ranking) if wanted else None
    if as_json:
        labels = [point.label for point in wanted]
        print_json({"name": name, "submitted": labels, "sweep_pk": node.pk if node else None})
    elif node:
        click.echo(f"Submitted as sweep<{node.pk}>. Next: aiida-chargeflow sweep status {name}")


def _calibrated_if_possible(plan: Plan) -> Plan:
    from ..runs import submit as launcher
    from ..runs.calibration import calibrated

    try:
        launcher.load_profile()
    except InputError:  # a plan needs no profile
        return plan
    return calibrated(plan)


def _show_plan(plan: Plan, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "label": point.label,
            "protocol": point.protocol,
            "formula": point.outlook.formula if point.outlook else "",
            "n_atoms": point.outlook.n_atoms if point.outlook else 0,
            "core_hours": round(point.outlook.core_hours, 3) if point.outlook else None,
            "memory_gb": round(point.outlook.memory_gb, 1) if point.outlook else None,
            "n_measured": point.outlook.n_measured if point.outlook else 0,
        }
        for point in plan.points
    ]
    budget = plan.core_hours * (plan.profile.price_per_core_hour if plan.profile else 1)
    if as_json:
        print_json({"name": plan.name, "points": rows, "core_hours": plan.core_hours, "budget_units": budget})
        return
    heads = ("point", "protocol", "formula", "atoms", "core-h", "GB", "core-h from")
    texts = [
        [
            row["label"], row["protocol"], row["formula"],
            str(row["n_atoms"]), f"{row['core_hours']:.2g}", f"{row['memory_gb']:.0f}",
            f"{row['n_measured']} finished runs" if row["n_measured"] else "built-in model",
        ]
        for row in rows
    ]  # fmt: skip
    print_table(heads, texts, numbers=(False, False, False, True, True, True))
    where = plan.profile.name if plan.profile else f"{plan.options.computer} (no profile: options unchecked)"
    click.echo(
        f"{len(rows)} points, about {plan.core_hours:.2g} core-hours, {budget:.2g} budget units on {where}; "
        "estimates hold within a factor of about three."
    )


def _list(sweeps: Sequence[SweepStatus], as_json: bool) -> None:
    if as_json:
        print_json([{"name": s.name, "counts": s.counts, "finished": s.finished} for s in sweeps])
        return
    for s in sweeps:
        counts = ", ".join(f"{n} {state}" for state, n in s.counts.items())
        click.echo(f"{s.name}: {counts}{' (paused)' if s.paused else ''}")
    if not sweeps:
        click.echo("No sweeps yet. Next: aiida-chargeflow sweep submit FILE")


def _console(stderr: bool = False) -> Console:
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=160)
