"""Accepted atomic charges as a node."""

from __future__ import annotations

from aiida import orm

from ..science.charges.partition import AtomicCharges


def charges_node(charges: AtomicCharges) -> orm.ArrayData:
    """Return the node: arrays ``bader_population``, ``bader_charge``, ``min_distance_ang``, ``volume_ang3``, each
    (n_atoms,).
    """
    node = orm.ArrayData()
    for name, values in charges.arrays().items():
        node.set_array(name, values)
    return node
