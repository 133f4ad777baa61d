"""StructureData to atoms without loss of the kinds."""

from __future__ import annotations

from aiida import orm
from ase import Atoms

from ..science.kinds import decode, tag


def to_atoms(structure: orm.StructureData) -> Atoms:
    """Return the atoms with tags 10·region + coordination decoded from the kind names.

    ``StructureData.get_ase`` keeps only the first digit of a kind name.
    """
    kinds = [decode(site.kind_name) for site in structure.sites]
    return Atoms(
        symbols=[structure.get_kind(site.kind_name).symbol for site in structure.sites],
        positions=[site.position for site in structure.sites],
        tags=[tag(kind.region, kind.coordination) for kind in kinds],
        cell=structure.cell,
        pbc=structure.pbc,
    )
