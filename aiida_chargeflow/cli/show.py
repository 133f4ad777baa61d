"""``show``: the numbers of finished models side by side."""

from __future__ import annotations

import click

from . import json_option, print_json
from .terminal import print_table


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="PK...")
@json_option
def show(models: tuple[str, ...], as_json: bool) -> None:
    """Show energy, gaps and mean charge-flow magnitudes of finished models (PK, UUID or label)."""
    from ..results import select as queries
    from ..results.cautions import cautions
    from ..runs import submit as launcher

    launcher.load_profile()
    nodes = [queries.load_model(model) for model in models]
    rows = [queries.model_row(node) for node in nodes]
    if as_json:
        print_json(rows)
        return
    environments = list(queries.ENVIRONMENTS)
    heads = ["model", "PK", "formula", "atoms", "energy (eV)", "gap (eV)", "edge gap (eV)"]
    texts = [
        [
            row["label"],
            str(row["pk"]),
            row["formula"],
            str(row["n_atoms"]),
            _number(row["energy_ev"], 3),
            _number(row["gap_ev"], 3),
            _number(row.get("band_edge_gap_ev"), 3),
            *(_number(row["environments"][name], 3) for name in environments),
        ]
        for row in rows
    ]
    print_table([*heads, *(f"flow {name} (e)" for name in environments)], texts)
    for node, row in zip(nodes, rows, strict=True):
        for caution in cautions(node):
            click.echo(f"{row['label']}: {caution}.")


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
