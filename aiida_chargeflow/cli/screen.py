"""``screen``: search interlayers before DFT, and hand the best to a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..science.errors import InputError, naming_file
from . import NearGroup, json_option, print_json
from .terminal import print_table

if TYPE_CHECKING:
    from aiida import orm

    from ..science.screening.settings import ScreeningSettings

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(cls=NearGroup)
def screen() -> None:
    """Search interlayers by what is predicted of them, before any DFT."""


def _sweep_options(function: Any) -> Any:
    for option in (
        click.option("--protocol", default="balanced", show_default=True, help="What the DFT job is."),
        click.option(
            "--options", type=_FILE, help="YAML of scheduler options, as under options in a campaign."
        ),
        click.option("--cp2k", default="cp2k", show_default=True, help="Label of the CP2K code there."),
        click.option("--bader", default="bader", show_default=True, help="Label of the Bader code there."),
        click.option("-y", "--yes", is_flag=True, help="Submit without asking."),
    ):
        function = option(function)
    return function


@screen.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", type=_FOLDER, help="Write model files, pictures and the Pareto figure here.")
@click.option(
    "--parameters", help="PK, UUID or label of what `screen learn` stored; the shipped ones by default."
)
@click.option("--dry-run", is_flag=True, help="Say how large the space is; look at nothing, store nothing.")
@click.option("--submit", "n_submit", type=click.IntRange(min=1), help="Hand so many of the best to a sweep.")
@_sweep_options
@json_option
def run(
    file: Path,
    output: Path | None,
    parameters: str | None,
    dry_run: bool,
    n_submit: int | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Search the space of FILE (YAML) and rank the candidates.

    The search is stored with its settings, its parameters and every value, and each model that goes on to a sweep
    names it. The same file gives the same ranking.
    """
    from ..science.screening.settings import ScreeningSettings
    from ..science.screening.space import make_space

    settings = ScreeningSettings.from_yaml(file)
    with naming_file(file):
        space = make_space(settings)
        space.combinations(settings.constraints.excess)
    if n_submit is not None and n_submit > settings.keep:
        raise InputError(
            "more than are kept", field="--submit", value=n_submit, remedy=f"keep is {settings.keep}."
        )
    if dry_run:
        _show_space(space, as_json)
        return
    from ..runs import screening as service
    from ..runs.submit import load_profile

    load_profile()
    known = service.load_parameters(parameters) if parameters else None
    with naming_file(file):
        node = _run(settings, known)
    _present(node, output, as_json)
    if n_submit is not None:
        _submit(node, list(range(1, n_submit + 1)), given)
    elif not as_json:
        click.echo(f"Next: aiida-chargeflow screen submit {node.pk} --best 1, or edit {file}")


@screen.command()
@click.argument("screening")
@click.option("-o", "--output", type=_FOLDER, help="Write model files, pictures and the Pareto figure here.")
@json_option
def show(screening: str, output: Path | None, as_json: bool) -> None:
    """Show the stored SCREENING (PK, UUID or label) again."""
    from ..runs import screening as service
    from ..runs.submit import load_profile

    load_profile()
    node = service.load_screening(screening)
    _present(node, output, as_json)


@screen.command()
@click.argument("screening")
@click.option(
    "--best", type=click.IntRange(min=1), default=1, show_default=True, help="So many, from rank 1 on."
)
@click.option("--rank", "ranks", type=click.IntRange(min=1), multiple=True, help="These ranks instead.")
@_sweep_options
def submit(screening: str, best: int, ranks: tuple[int, ...], **given: Any) -> None:
    """Hand the best models of the SCREENING to a sweep of its name; each keeps a link to the screening."""
    from ..runs import screening as service
    from ..runs.submit import load_profile

    load_profile()
    _submit(service.load_screening(screening), list(ranks) or list(range(1, best + 1)), given)


@screen.command()
@click.argument("models", nargs=-1, required=True, metavar="GROUP|SWEEP|PK...")
@click.option("-o", "--output", type=_FILE, help="Write the parameters here, as YAML.")
@click.option(
    "--report", type=_FOLDER, help="Write all tables (Markdown) and predicted against computed (figure) here."
)
@json_option
def learn(models: tuple[str, ...], output: Path | None, report: Path | None, as_json: bool) -> None:
    """Fit the charge transfer to finished models, and show how well each is predicted when left out.

    Models of one formula are left out together. Later screenings name the result with --parameters. The report has
    errors by environment and region, rank correlations with the gaps, and which traps were foreseen.
    """
    from ..runs import screening as service
    from ..runs.submit import load_profile
    from ..science.files import write_whole

    load_profile()
    node = service.learn(models)
    content = node.outputs.parameters.get_dict()
    errors = node.outputs.errors.get_dict()
    rows = errors["dots"]
    if output is not None:
        write_whole(output, parameters_text(content))
    if report is not None:
        from ..panels.learning import write_assessment

        for path in write_assessment(node, report):
            click.echo(f"wrote {path}", err=True)
    if as_json:
        print_json(
            {"pk": node.outputs.parameters.pk, "parameters": content, "left_out": rows, "assessment": errors}
        )
        return
    print_errors(rows)
    transfer = ", ".join(f"{name} {value:.3f}" for name, value in content["transfer_e"].items())
    click.echo(f"transfer: {transfer}; lone pair: {content['lone_pair_e']:.3f} e per missing neighbour")
    click.echo(f"Next: aiida-chargeflow screen run FILE --parameters {node.outputs.parameters.pk}")


def parameters_text(content: dict[str, Any]) -> str:
    """Return parameters as YAML with a word on what they are."""
    import yaml

    head = (
        "# Charge handed over by a bond of valence x, from its cation to its anion:\n"
        "# (transfer - lone pair · missing neighbours) · x. Fitted to Bader charges of computed dots.\n"
    )
    return head + yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


def print_errors(rows: list[dict[str, Any]]) -> None:
    """Print how well dots are predicted that were left out."""
    heads = ("dot", "formula", "atoms", "charge ± e", "flow ± e", "r of flow", "mean flow e", "predicted")
    texts = [
        [
            row["label"], row["formula"], str(row["n_atoms"]), f"{row['charge_rms_e']:.3f}", f"{row['flow_rms_e']:.3f}",
            f"{row['flow_r']:.3f}", f"{row['mean_flow_e']:.3f}", f"{row['predicted_mean_flow_e']:.3f}",
        ]
        for row in rows
    ]  # fmt: skip
    print_table(heads, texts, numbers=(False, False, *[True] * 6))


def _run(settings: ScreeningSettings, parameters: orm.Dict | None) -> orm.CalcFunctionNode:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..runs import screening as service

    columns = (TextColumn("candidates"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=settings.search.evaluations)
        return service.run_screening(settings, parameters, lambda n: bar.update(task, completed=n))


def _submit(node: orm.CalcFunctionNode, ranks: list[int], given: dict[str, Any]) -> None:
    from ..runs import screening as service
    from ..runs.plan import make_plan
    from ..science.yaml_file import read_yaml
    from .sweep import submit_missing

    options = read_yaml(given["options"]) if given["options"] else {"computer": "localhost"}
    plan = make_plan(service.campaign_of(node, ranks, given["protocol"], options))
    for point in plan.points:
        if point.problem:
            raise point.problem
    if plan.problems:
        raise plan.problems[0]
    submit_missing(plan.name, plan, {**given, "dry_run": False}, as_json=False, ranking=node.outputs.ranking)


def _show_space(space: Any, as_json: bool) -> None:
    rows = [
        {"edit": name, "sites": len(sites), "sets": len(orbits), "counts": list(counts)}
        for name, sites, orbits, counts in zip(
            space.edits, space.sites, space.orbits, space.counts, strict=True
        )
    ]
    if as_json:
        print_json({"n_choices": space.size, "n_surfaces": len(space.specs), "edits": rows})
        return
    texts = [[r["edit"], str(r["sites"]), str(r["sets"]), ", ".join(map(str, r["counts"]))] for r in rows]
    print_table(("edit", "sites", "sets", "counts"), texts, numbers=(False, True, True))
    click.echo(
        f"{space.size} choices on {len(space.specs)} surfaces; about 1 in {len(space.images[0])} differs by symmetry"
    )


def _show(node: orm.CalcFunctionNode) -> None:
    ranking = node.outputs.ranking.get_dict()
    names = list(ranking["objectives"])
    heads = ("rank", "score", "formula", "atoms", "edits", *(name.replace("_", " ") for name in names))
    rows = [
        [
            f"{one['rank']}{'*' if one['on_front'] else ''}",
            f"{one['score']:.3f}",
            one["formula"],
            str(one["n_atoms"]),
            ", ".join(f"{n} {name}" for name, n in one["counts"].items() if n) or "none",
            *(f"{one['values'][name]:.3f}" for name in names),
        ]
        for one in ranking["ranked"]
    ]
    if ranking["reference"]:
        blank = ["", "1.000", "without edits", "", ""]
        rows.append([*blank, *(f"{ranking['reference'][name]:.3f}" for name in names)])
    print_table(heads, rows, numbers=(False, True, False, True, False, *[True] * len(names)))
    how = "all" if ranking["exhaustive"] else "by annealing"
    click.echo(
        f"{ranking['n_looked_at']} candidates looked at, {how}, of {ranking['n_choices']:.3g} choices; "
        f"{ranking['n_possible']} possible, {ranking['n_on_front']} on the Pareto front (*)."
    )
    click.echo(f"screening<{node.pk}>. Values are predictions for the built models, no DFT.")


def _present(node: orm.CalcFunctionNode, output: Path | None, as_json: bool) -> None:
    if output is not None:
        _write(node, output)
    if as_json:
        print_json({"pk": node.pk, "uuid": node.uuid, **node.outputs.ranking.get_dict()})
    else:
        _show(node)


def _write(node: orm.CalcFunctionNode, folder: Path) -> None:
    """Write what a reader of a screening wants beside the table."""
    from ..panels.screening import write_screening

    for path in write_screening(node, folder):
        click.echo(f"wrote {path}", err=True)
