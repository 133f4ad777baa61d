"""Basis sets and potentials as nodes, so that their content is part of the provenance."""

from __future__ import annotations

from importlib import resources

from aiida import orm

_FILES = {"basis": "BASIS_MOLOPT_UZH", "potential": "POTENTIAL_UZH"}


def cp2k_data_files() -> dict[str, orm.SinglefileData]:
    """Return the nodes for the ``file`` namespace of a CP2K job; the same content gives the same hash."""
    folder = resources.files("aiida_chargeflow") / "data"
    nodes = {}
    for key, name in _FILES.items():
        with resources.as_file(folder / name) as path:
            nodes[key] = orm.SinglefileData(path, filename=name)
    return nodes
