"""The estimated cost of a campaign, corrected by what finished runs of the profile have taken."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from aiida import orm

from ..science.cp2k.cost import outlook
from ..science.cp2k.input import ScfSettings
from ..science.errors import InputError
from .plan import Plan, PlannedPoint

_NEWEST = 100
# What makes two runs alike: the functional and the stages. Atoms, cell and cutoff are in the estimate.
_ALIKE = ("functional", "xc_derivative", "method", "basis", "stages")


def calibrated(plan: Plan) -> Plan:
    """Return a plan whose core-hours agree with the finished runs of the same protocol on its computer.

    The estimate of each point is multiplied by the median, over these runs, of measured to estimated
    core-hours. Points of a protocol without a finished run keep the built-in estimate.
    """
    measured: dict[str, list[float]] = {}
    for settings, ratio in _measured_to_estimated(plan.options.computer):
        measured.setdefault(_key(settings), []).append(ratio)
    return replace(plan, points=tuple(_corrected(point, measured) for point in plan.points))


def _corrected(point: PlannedPoint, measured: Mapping[str, list[float]]) -> PlannedPoint:
    if point.outlook is None or not (ratios := measured.get(_key(point.settings["scf"]))):
        return point
    core_hours = point.outlook.core_hours * statistics.median(ratios)
    return replace(point, outlook=replace(point.outlook, core_hours=core_hours, n_measured=len(ratios)))


def _key(scf: Mapping[str, Any]) -> str:
    settings = ScfSettings.from_mapping(scf).model_dump()
    return repr([settings[name] for name in _ALIKE])


def _measured_to_estimated(computer: str) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield SCF settings and measured over estimated core-hours of the newest finished models."""
    query = orm.QueryBuilder()
    query.append(orm.Computer, filters={"label": computer}, tag="computer")
    query.append(orm.InstalledCode, with_computer="computer", tag="code")
    query.append(
        orm.WorkChainNode,
        with_incoming="code",
        edge_filters={"label": "scf__cp2k__code"},
        filters={"attributes.exit_status": 0},
        project="*",
        tag="run",
    )
    query.order_by({"run": {"id": "desc"}}).limit(_NEWEST)
    for run in query.all(flat=True):  # an open iterator would hold a transaction over the yields
        settings = run.inputs.scf.settings.get_dict()
        core_hours = _core_hours(run)
        try:
            scf = ScfSettings.from_mapping(settings)
        except InputError:  # of another version of this package
            continue
        if core_hours is None:
            continue
        atoms = run.outputs.structure.get_ase()
        yield settings, core_hours / outlook(atoms, scf).core_hours


def _core_hours(run: orm.WorkChainNode) -> float | None:
    """Return what the ground state of a model has taken, all jobs together; None if none says."""
    total = 0.0
    for scf in run.base.links.get_outgoing(link_label_filter="scf").all_nodes():
        for job in scf.called:
            if isinstance(job, orm.CalcJobNode) and "output_parameters" in job.outputs:
                used = job.outputs.output_parameters.get_dict()
                cores = (used.get("n_mpi_ranks") or 1) * (used.get("n_threads") or 1)
                total += cores * (used.get("walltime_s") or 0.0) / 3600
    return total or None
