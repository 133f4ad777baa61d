"""Estimates follow what finished runs of the same protocol on the same computer have taken."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_chargeflow.runs.calibration import calibrated
from aiida_chargeflow.runs.plan import Plan, make_plan
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.campaign import Campaign
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.workchains.protocols import load_protocol

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

MODEL = {
    "core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]},
    "passivation": {"ligand": "Cl"},
}


def plan(protocol: str = "demo", **scf: Any) -> Plan:
    overrides = {"overrides": {"scf": scf}} if scf else {}
    return make_plan(Campaign.from_mapping({"name": "small", "protocol": protocol, **MODEL, **overrides}))


def finished_run(computer: orm.Computer, core_hours: float, protocol: str = "demo") -> None:
    """Store what a finished model of the sweep would have left, its ground state in two jobs on two ranks."""
    atoms = build(ModelSpec.from_mapping(MODEL)).atoms
    code = orm.InstalledCode(computer, "/bin/true", label=f"cp2k{core_hours:g}").store()
    run, scf = orm.WorkChainNode(), orm.WorkChainNode()
    run.base.links.add_incoming(code, LinkType.INPUT_WORK, "scf__cp2k__code")
    settings = orm.Dict(load_protocol(protocol)["scf"]).store()
    run.base.links.add_incoming(settings, LinkType.INPUT_WORK, "scf__settings")
    run.set_process_state(ProcessState.FINISHED)
    run.set_exit_status(0)
    run.store()
    scf.base.links.add_incoming(run, LinkType.CALL_WORK, "scf")
    scf.store()
    for number in range(2):
        job = orm.CalcJobNode(computer=computer)
        job.base.links.add_incoming(scf, LinkType.CALL_CALC, f"iteration_{number}")
        job.store()
        used = {"walltime_s": core_hours * 3600 / 4, "n_mpi_ranks": 2, "n_threads": 1}
        parameters = orm.Dict(used)
        parameters.base.links.add_incoming(job, LinkType.CREATE, "output_parameters")
        parameters.store()
    structure = orm.StructureData(ase=atoms).store()
    structure.base.links.add_incoming(run, LinkType.RETURN, "structure")


def test_without_a_finished_run_the_estimate_is_built_in() -> None:
    planned = plan()
    assert calibrated(planned).points == planned.points


def test_the_median_of_like_runs_on_the_computer_counts(aiida_localhost: orm.Computer) -> None:
    for core_hours in (0.5, 2.0, 8.0):
        finished_run(aiida_localhost, core_hours)
    finished_run(aiida_localhost, 100.0, "stringent")
    (point,) = calibrated(plan()).points
    assert point.outlook is not None
    assert point.outlook.core_hours == pytest.approx(2.0), "the same model takes what it took"
    assert point.outlook.n_measured == 3


def test_another_cutoff_is_scaled_and_another_functional_is_not_like(aiida_localhost: orm.Computer) -> None:
    finished_run(aiida_localhost, 2.0)
    (fine,) = calibrated(plan(cutoff_ry=400)).points
    (built_in,), (base,) = plan(cutoff_ry=400).points, plan().points
    assert fine.outlook is not None
    assert built_in.outlook is not None
    assert base.outlook is not None
    assert fine.outlook.core_hours == pytest.approx(
        2.0 * built_in.outlook.core_hours / base.outlook.core_hours
    )
    (other,) = calibrated(plan(functional="pbe")).points
    assert other.outlook.n_measured == 0
