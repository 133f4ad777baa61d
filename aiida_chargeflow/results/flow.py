"""The charge flow of finished models as it was stored, for figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from aiida import orm

from ..calculations.structures import to_atoms
from ..science.charges.analysis import Analysis, analyse
from ..science.errors import InputError
from ..science.settings import ChargeFlowSettings

_STORED = ("bond_flow", "flow_vector", "flow_magnitude")


def flow_analysis(node: orm.WorkChainNode) -> Analysis:
    """Return the charge flow of a finished model run: bonds and components found again, flows as stored.

    :raises InputError: this version of the package finds other bonds than those that were stored.
    """
    if "charge_flow" not in node.outputs:
        raise InputError(
            "this model has no charge flow",
            field="PK",
            value=node.pk,
            remedy="It was imported without an ACF.dat; import it again with one.",
        )
    stored = node.outputs.charge_flow
    settings = ChargeFlowSettings.from_mapping(
        node.inputs.charge_flow.get_dict() if "charge_flow" in node.inputs else {}
    )
    result = analyse(
        to_atoms(node.outputs.structure),
        stored.get_array("bader_charge"),
        scale=settings.bond_scale,
        exclude_like_charges=settings.exclude_like_charges,
        regularisation=settings.regularisation,
    )
    if not np.array_equal(result.flow.bonds, stored.get_array("bonds")):
        raise InputError(
            "the stored bonds are not those that this version finds",
            field="PK",
            value=node.pk,
            remedy="Draw it with the version that computed it, see `trace`.",
        )
    return replace(result, flow=replace(result.flow, **{name: stored.get_array(name) for name in _STORED}))
