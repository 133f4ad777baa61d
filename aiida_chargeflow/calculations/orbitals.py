"""Orbitals and their weights by kind as a node, and back."""

from __future__ import annotations

import numpy as np
from aiida import orm

from ..science.pdos import Pdos


def orbitals_node(pdos: Pdos) -> orm.ArrayData:
    """Return the node: arrays ``index``, ``eigenvalue_ev``, ``occupation`` (n_orbitals,) and ``kind_weight``
    (n_kinds, n_orbitals), with the kinds and their atoms as attributes.
    """
    node = orm.ArrayData()
    node.set_array("index", pdos.index)
    node.set_array("eigenvalue_ev", pdos.eigenvalues_ev)
    node.set_array("occupation", pdos.occupations)
    node.set_array("kind_weight", pdos.kind_weights)
    node.base.attributes.set_many(
        {
            "kind_names": list(pdos.kind_names),
            "kind_counts": pdos.kind_counts.tolist(),
            "fermi_level_ev": pdos.fermi_level_ev,
        }
    )
    return node


def to_pdos(node: orm.ArrayData) -> Pdos:
    """Return the projected density of states that ``orbitals_node`` stored."""
    return Pdos(
        spin="both",
        fermi_level_ev=node.base.attributes.get("fermi_level_ev"),
        index=node.get_array("index"),
        eigenvalues_ev=node.get_array("eigenvalue_ev"),
        occupations=node.get_array("occupation"),
        kind_names=tuple(node.base.attributes.get("kind_names")),
        kind_weights=node.get_array("kind_weight"),
        kind_counts=np.array(node.base.attributes.get("kind_counts"), dtype=np.int64),
    )
