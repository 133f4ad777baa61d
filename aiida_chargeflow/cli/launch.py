"""``launch``: one or more model files through the whole chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..science.errors import InputError, naming_file
from . import json_option, print_json

if TYPE_CHECKING:
    from ..science.models.spec import ModelSpec


@dataclass(frozen=True)
class Order:
    """One model to run, and how."""

    file: Path
    spec: ModelSpec
    protocol: str
    overrides: dict[str, Any]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--protocol",
    help="fast, balanced, …: what the DFT job is.  [default: that of the model file, else balanced]",
)
@click.option(
    "--overrides",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML laid over the protocol, and over the overrides of the model file.",
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
    Ctrl-C stops following; the daemon carries on. The keys protocol and overrides of a model file count, its
    options are those of a sweep.
    """
    overrides, options = (_yaml(given[key]) for key in ("overrides", "options"))
    orders = [_order(file, given["protocol"], overrides) for file in files]
    if given["estimate"]:
        from .estimates import print_estimates

        print_estimates(orders, given["cluster"], as_json)
        return
    if given["dry_run"]:
        _preview(orders, as_json)
        return

    from ..runs import submit as launcher
    from ..runs.progress import follow

    launcher.load_profile()
    codes = launcher.load_codes(cp2k=given["cp2k"], bader=given["bader"])
    if not given["daemon"]:
        launcher.require_daemon()
    nodes = [
        launcher.submit(
            order.spec,
            codes,
            order.protocol,
            order.overrides,
            options,
            given["group"],
            label=order.file.stem,
            again=given["again"],
        )
        for order in orders
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


def _order(file: Path, protocol: str | None, overrides: dict[str, Any]) -> Order:
    """Return what is to be run for a file: its own protocol and overrides, under those of the command line."""
    from ..science.models.campaign import Campaign
    from ..science.models.spec import ModelSpec
    from ..workchains.protocols import lay_over, load_protocol

    content = _yaml(file)
    with naming_file(file):
        spec = ModelSpec.from_mapping(content)  # refuses a campaign of several models
        (point,) = Campaign.from_mapping({**content, "name": "model"}).points
        load_protocol(point.protocol, point.overrides)
    return Order(file, spec, protocol or point.protocol, lay_over(point.overrides, overrides))


def _preview(orders: list[Order], as_json: bool) -> None:
    from ..science.cp2k.cost import outlook
    from ..science.cp2k.input import ScfSettings
    from ..science.models.build import build
    from ..workchains.protocols import load_protocol

    rows: list[dict[str, Any]] = []
    for order in orders:
        resolved = load_protocol(order.protocol, order.overrides)
        settings = ScfSettings.from_mapping(resolved["scf"])
        with naming_file(order.file):
            expected = outlook(build(order.spec).atoms, settings)
        rows.append(
            {
                "file": str(order.file),
                "formula": expected.formula,
                "n_atoms": expected.n_atoms,
                "protocol": order.protocol,
                "cell_ang": [round(edge, 3) for edge in expected.cell_ang],
                "relax_levels": [level["name"] for level in resolved.get("relax", {}).get("levels", ())],
                "stages": [stage.name for stage in settings.stages],
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        cell = " × ".join(f"{a:.1f}" for a in row["cell_ang"])
        click.echo(f"{row['file']}: {row['formula']}, {row['n_atoms']} atoms, cell {cell} Å")
        relaxations = (f"relax {level}" for level in row["relax_levels"])
        steps = [*relaxations, *row["stages"], "bader", "charge flow"]
        click.echo(f"  protocol {row['protocol']}: {' → '.join(steps)}")


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
