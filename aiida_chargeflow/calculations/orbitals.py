"""Orbitals and their weights by kind as a node, and back."""

from __future__ import annotations

import numpy as np
from aiida import orm

from ..science.electrons.pdos import Pdos


def orbitals_node(pdos: Pdos) -> orm.ArrayData:
    """Return the node: arrays ``index``, ``eigenvalue_ev``, ``occupation`` (n_orbitals,) and ``kind_weight``
    (n_kinds, n_orbitals), with the kinds and their atoms as attributes; ``atom_weight`` (n_atoms, n_orbitals)
    where the run printed it, in single precision, which holds more digits than CP2K prints.
    """
    node = orm.ArrayData()
    node.set_array("index", pdos.index)
    node.set_array("eigenvalue_ev", pdos.eigenvalues_ev)
    node.set_array("occupation", pdos.occupations)
    node.set_array("kind_weight", pdos.kind_weights)
    if pdos.atom_weights is not None:
        node.set_array("atom_weight", pdos.atom_weights.astype(np.float32))
    node.base.attributes.set_many(
        {
            "spin": pdos.spin,
            "kind_names": list(pdos.kind_names),
            "kind_counts": pdos.kind_counts.tolist(),
            "fermi_level_ev": pdos.fermi_level_ev,
        }
    )
    return node


def to_pdos(node: orm.ArrayData) -> Pdos:
    """Return the projected density of states that ``orbitals_node`` stored, without shares of atoms where the
    node has none.
    """
    by_atom = None
    if "atom_weight" in node.get_arraynames():
        by_atom = node.get_array("atom_weight").astype(np.float64)
        by_atom /= by_atom.sum(axis=0)
    return Pdos(
        spin=node.base.attributes.get("spin", "both"),
        fermi_level_ev=node.base.attributes.get("fermi_level_ev"),
        index=node.get_array("index"),
        eigenvalues_ev=node.get_array("eigenvalue_ev"),
        occupations=node.get_array("occupation"),
        kind_names=tuple(node.base.attributes.get("kind_names")),
        kind_weights=node.get_array("kind_weight"),
        kind_counts=np.array(node.base.attributes.get("kind_counts"), dtype=np.int64),
        atom_weights=by_atom,
    )
