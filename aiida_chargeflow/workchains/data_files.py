"""Basis sets and potentials as nodes, so that their content is part of the provenance."""

from __future__ import annotations

from importlib import resources

from aiida import orm

from ..science.cp2k.basis import Basis, basis_file


def cp2k_data_files(*bases: Basis) -> dict[str, orm.SinglefileData]:
    """Return the nodes for the ``file`` namespace of a CP2K job; the same content gives the same hash.

    :param bases: those that the job names; DZVP if none is given.
    """
    names = sorted({basis_file(basis) for basis in bases or ("DZVP",)})
    keys = ["basis", *(f"basis_{k}" for k in range(2, len(names) + 1))]
    files = dict(zip(keys, names, strict=True)) | {"potential": "POTENTIAL_UZH"}
    folder = resources.files("aiida_chargeflow") / "data"
    nodes = {}
    for key, name in files.items():
        with resources.as_file(folder / name) as path:
            nodes[key] = orm.SinglefileData(path, filename=name)
    return nodes
