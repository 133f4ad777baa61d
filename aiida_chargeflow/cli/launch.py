"""``launch``: one or more model files through the whole chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..science.errors import InputError, naming_file
from . import json_option, print_json

if TYPE_CHECKING:
    from ..science.models.spec import ModelSpec


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--protocol", default="balanced", show_default=True, help="fast, balanced, …: what the DFT job is."
)
@click.option(
    "--overrides", type=click.Path(dir_okay=False, path_type=Path), help="YAML laid over the protocol."
)
@click.option("--options", type=click.Path(dir_okay=False, path_type=Path), help="YAML of scheduler options.")
@click.option("--cp2k", default="cp2k", show_default=True, help="Label of the CP2K code.")
@click.option("--bader", default="bader", show_default=True, help="Label of the Bader code.")
@click.option(
    "--group", default="chargeflow/models", show_default=True, help="Group that collects the models."
)
@click.option("--dry-run", is_flag=True, help="Build the models, show what would run, submit nothing.")
@click.option("--estimate", is_flag=True, help="Print basis, grid, memory, core-hours; submit nothing.")
@click.option("--cluster", help="With --estimate: a cluster profile, for the number of nodes.")
@click.option("--daemon", is_flag=True, help="Return once submitted instead of following the run.")
@click.option("--again", is_flag=True, help="Run anew although a run of the same model and protocol exists.")
@json_option
def launch(files: tuple[Path, ...], as_json: bool, **given: Any) -> None:
    """Run FILES through build, SCF, Bader and charge flow.

    A run of the same model and protocol that is finished or under way is followed instead of paid twice.
    Ctrl-C stops following; the daemon carries on.
    """
    from ..science.models.spec import ModelSpec

    specs = {file: ModelSpec.from_yaml(file) for file in files}
    overrides, options = (_yaml(given[key]) for key in ("overrides", "options"))
    if given["estimate"]:
        from .estimates import print_estimates

        print_estimates(specs, given["protocol"], overrides, given["cluster"], as_json)
        return
    if given["dry_run"]:
        _preview(specs, given["protocol"], overrides, as_json)
        return

    from ..runs import submit as launcher
    from ..runs.progress import follow

    launcher.load_profile()
    codes = launcher.load_codes(cp2k=given["cp2k"], bader=given["bader"])
    if not given["daemon"]:
        launcher.require_daemon()
    nodes = [
        launcher.submit(
            spec,
            codes,
            given["protocol"],
            overrides,
            options,
            given["group"],
            label=file.stem,
            again=given["again"],
        )
        for file, spec in specs.items()
    ]
    if not given["daemon"]:
        follow(nodes)
    _report(nodes, as_json)


def _yaml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from ..science.yaml_file import read_yaml

    content = read_yaml(path)
    if not isinstance(content, dict):
        raise InputError("expected keys and values", file=path, value=content)
    return content


def _preview(specs: dict[Path, ModelSpec], protocol: str, overrides: dict[str, Any], as_json: bool) -> None:
    from ..science.cp2k.cost import outlook
    from ..science.cp2k.input import ScfSettings
    from ..science.models.build import build
    from ..workchains.protocols import load_protocol

    resolved = load_protocol(protocol, overrides)
    settings = ScfSettings.from_mapping(resolved["scf"])
    levels = [level["name"] for level in resolved.get("relax", {}).get("levels", ())]
    rows: list[dict[str, Any]] = []
    for file, spec in specs.items():
        with naming_file(file):
            expected = outlook(build(spec).atoms, settings)
        rows.append(
            {
                "file": str(file),
                "formula": expected.formula,
                "n_atoms": expected.n_atoms,
                "protocol": protocol,
                "cell_ang": [round(edge, 3) for edge in expected.cell_ang],
                "relax_levels": levels,
                "stages": [stage.name for stage in settings.stages],
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        cell = " × ".join(f"{a:.1f}" for a in row["cell_ang"])
        click.echo(f"{row['file']}: {row['formula']}, {row['n_atoms']} atoms, cell {cell} Å")
        steps = [*(f"relax {level}" for level in levels), *row["stages"], "bader", "charge flow"]
        click.echo(f"  protocol {protocol}: {' → '.join(steps)}")


def _report(nodes: list[Any], as_json: bool) -> None:
    rows = [
        {
            "pk": node.pk,
            "label": node.label,
            "state": node.process_state.value,
            "exit_status": node.exit_status,
            "exit_message": node.exit_message,
            "failed": node.is_terminated and not node.is_finished_ok,
        }
        for node in nodes
    ]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            outcome = f"failed: {row['exit_message'] or row['state']}" if row["failed"] else row["state"]
            click.echo(f"{row['label']}<{row['pk']}>: {outcome}")
        pks = " ".join(str(row["pk"]) for row in rows)
        click.echo(f"Next: aiida-chargeflow show {pks}")
    if any(row["failed"] for row in rows):
        raise SystemExit(1)
