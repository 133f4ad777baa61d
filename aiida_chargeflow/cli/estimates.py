"""What ``launch --estimate`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..clusters.profile import load_profile
from ..science.cp2k.cost import ACCURACY, outlook
from ..science.cp2k.input import ScfSettings
from ..science.errors import naming_file
from ..science.models.build import build
from ..workchains.protocols import load_protocol
from . import print_json
from .terminal import print_table

if TYPE_CHECKING:
    from .launch import Order


def print_estimates(orders: Sequence[Order], cluster: str | None, as_json: bool) -> None:
    """Print the expected cost of the ground state of every model.

    :raises InputError: an impossible model, an unknown protocol or cluster.
    """
    rows = [_row(order, cluster) for order in orders]
    if as_json:
        print_json(rows)
        return
    heads = ("model", "protocol", "atoms", "functions", "grid points", "memory / GB", "core-hours", "nodes")
    texts = [
        [
            row["file"],
            row["protocol"],
            str(row["n_atoms"]),
            f"{row['n_basis_functions']:,}",
            f"{row['n_grid_points']:,}",
            f"{row['memory_gb']:.1f}",
            f"{row['core_hours']:.2g}",
            str(row["nodes"] or "give --cluster"),
        ]
        for row in rows
    ]
    click.echo("One ground state")
    print_table(heads, texts, numbers=[False] * 2 + [True] * 6)
    click.echo(ACCURACY)


def _row(order: Order, cluster: str | None) -> dict[str, Any]:
    settings = ScfSettings.from_mapping(load_protocol(order.protocol, order.overrides)["scf"])
    with naming_file(order.file):
        expected = outlook(build(order.spec).atoms, settings)
    nodes = None
    if cluster is not None:
        profile = load_profile(cluster)
        partition = profile.partitions[profile.default_partition]
        nodes = expected.suggest_nodes(partition.cores, partition.memory_gb)
    return {
        "file": str(order.file),
        "protocol": order.protocol,
        "n_atoms": expected.n_atoms,
        "n_basis_functions": expected.n_basis_functions,
        "n_grid_points": expected.n_grid_points,
        "memory_gb": expected.memory_gb,
        "core_hours": expected.core_hours,
        "nodes": nodes,
    }
