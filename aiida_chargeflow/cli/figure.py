"""``figure NAME``: figures of finished models as PNG, SVG or PDF."""

from __future__ import annotations

import click

from . import NearGroup
from .flow_figures import depth_profile, flow_map, region_flow
from .orbital_figures import alignment, composition, orbitals, traps_flow
from .paper_figures import paper
from .structure_figures import isosurface, structure
from .trend_figures import excess, gap_vs_ligand_density, gap_vs_monolayers, ligand_density


@click.group(cls=NearGroup)
def figure() -> None:
    """Draw figures of finished models; every file carries the UUIDs of its sources."""


for command in (
    structure,
    orbitals,
    composition,
    isosurface,
    traps_flow,
    flow_map,
    depth_profile,
    region_flow,
    alignment,
    gap_vs_monolayers,
    gap_vs_ligand_density,
    ligand_density,
    excess,
    paper,
):
    figure.add_command(command)
