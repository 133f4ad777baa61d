"""What a sweep lacks, what has failed, and where each point stands, asked of the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState, run_get_node
from sweep_standin import StandInSweepWorkChain

from aiida_chargeflow.clusters.profile import RunOptions
from aiida_chargeflow.names import SWEEP_GROUP
from aiida_chargeflow.runs import sweep
from aiida_chargeflow.runs.status import sweep_status
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.workchains.sweep_point import SweepPoint

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def entries(*specs: dict[str, Any], prefix: str = "d") -> list[SweepPoint]:
    return [
        SweepPoint(f"p{n}", "fast", {"x": n, **spec}, f"{prefix}{n}", formula="Cd16Se13Cl6", n_atoms=35)
        for n, spec in enumerate(specs)
    ]


def run(name: str, points: list[SweepPoint]) -> None:
    run_get_node(
        StandInSweepWorkChain,
        campaign=orm.Dict({"points": [point.to_mapping() for point in points]}),
        models={"fast": {}},
        group=orm.Str(SWEEP_GROUP + name),
        max_concurrent=orm.Int(2),
    )


def test_status_and_what_is_missing_or_failed_follow_the_runs() -> None:
    points = entries({}, {"fail": True}, {})
    sweep.record("a", points, RunOptions(), {"cp2k": "cp2k@x", "bader": "bader@x"})
    assert [e.label for e in sweep.missing("a", points)] == ["p0", "p1", "p2"]
    assert sweep_status("a").counts == {"waiting": 3}
    run("a", points[:2])
    now = sweep_status("a")
    assert [point.state for point in now.points] == ["done", "failed", "waiting"]
    assert now.points[1].what == "The stand-in failed: as it was told to"
    assert now.points[1].remedy == "`sweep retry a`"
    assert now.finished
    assert [e.label for e in sweep.missing("a", points)] == ["p2"]
    assert [e.label for e in sweep.failed("a")] == ["p1"]


def test_new_options_take_the_codes_of_their_computer(aiida_localhost: orm.Computer, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    for label in ("cp2k", "bader"):
        orm.InstalledCode(label=label, computer=aiida_localhost, filepath_executable=str(program)).store()
    group = sweep.record("a", entries({}), RunOptions(), {"cp2k": "cp2k@old", "bader": "bader@old"})
    with pytest.raises(InputError, match=r"no such code.*cp2k@elsewhere"):
        sweep.set_options("a", RunOptions(computer="elsewhere"))
    assert group.base.extras.get("chargeflow_sweep")["codes"]["cp2k"] == "cp2k@old"
    sweep.set_options("a", RunOptions(computer=aiida_localhost.label, max_concurrent=5))
    state = group.base.extras.get("chargeflow_sweep")
    assert state["codes"] == {role: f"{role}@{aiida_localhost.label}" for role in ("cp2k", "bader")}
    assert state["options"]["max_concurrent"] == 5
    assert len(state["points"]) == 1


def test_results_of_an_earlier_sweep_are_reused_under_another_name() -> None:
    points = entries({}, {})
    sweep.record("first", points, RunOptions(), {})
    run("first", points)
    wanted = entries({}, {}, {})
    assert [e.label for e in sweep.missing("second", wanted)] == ["p2"]
    sweep.record("second", wanted, RunOptions(), {})
    assert sweep_status("second").counts == {"done": 2, "waiting": 1}
    assert sweep.sweep_names() == ["first", "second"]


def test_adding_points_keeps_the_old_ones_in_their_order() -> None:
    sweep.record("a", entries({}, {}), RunOptions(), {})
    more = [replace(entries({})[0], label="new", digest="other")]
    sweep.record("a", more, RunOptions(nodes=2), {})
    assert [point.label for point in sweep_status("a").points] == ["p0", "p1", "new"]


def test_sweeps_of_the_first_versions_are_read() -> None:
    overrides = {"scf": {"cutoff_ry": 200}}
    point = SweepPoint("p0", "fast", {"x": 0}, "d0", overrides, "Cd16Se13Cl6", 35)
    old = {**point.to_mapping(), "protocol": point.inputs_key, "protocol_name": "fast"}
    group = sweep.record("a", [], RunOptions(), {})
    group.base.extras.set("chargeflow_sweep", {"points": [old], "options": {}, "codes": {}})
    assert sweep.points_of(group) == [point]
    assert [e.label for e in sweep.missing("a", sweep.points_of(group))] == ["p0"]


def test_a_retry_does_not_take_the_failure_from_the_cache(aiida_localhost: orm.Computer) -> None:
    run_node = orm.WorkChainNode()
    run_node.base.links.add_incoming(orm.Str("d0").store(), LinkType.INPUT_WORK, "digest")
    run_node.store()
    jobs = []
    for status in (0, 303):
        job = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:core.arithmetic.add")
        job.base.links.add_incoming(run_node, LinkType.CALL_CALC, f"job_{status}")
        job.set_process_state(ProcessState.FINISHED)
        job.set_exit_status(status)
        jobs.append(job.store().seal())
    run_node.set_process_state(ProcessState.FINISHED)
    run_node.set_exit_status(410)
    assert sweep.forget_failures(entries({})) == 1
    assert [job.base.caching.is_valid_cache for job in jobs] == [True, False]


def test_the_models_of_a_paused_sweep_are_cancelled_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """AiiDA kills with a work chain what it has called, but not if it is paused."""
    sweep.record("a", entries({}, {}), RunOptions(), {})
    group = sweep.group_of("a")
    model, other, parent = (orm.WorkChainNode() for _ in range(3))
    for node, digest in ((model, "d0"), (other, "elsewhere")):
        node.base.links.add_incoming(orm.Str(digest).store(), LinkType.INPUT_WORK, "digest")
    for node, label in ((model, "ModelWorkChain"), (other, "ModelWorkChain"), (parent, "SweepWorkChain")):
        node.set_process_label(label)
        node.set_process_state(ProcessState.WAITING)
        group.add_nodes(node.store())
    asked = []

    def control(action: str, nodes: list[orm.ProcessNode]) -> int:
        asked.append((action, [node.pk for node in nodes]))
        return len(nodes)

    monkeypatch.setattr(sweep, "_control", control)
    assert sweep.cancel("a") == 2
    assert asked == [("kill", [parent.pk]), ("kill", [model.pk])]


def test_unknown_names_are_input_errors() -> None:
    with pytest.raises(InputError, match="no such sweep"):
        sweep_status("nowhere")
    sweep.record("a", entries({}), RunOptions(), {})
    with pytest.raises(InputError, match="no such point"):
        sweep.cancel("a", ["p9"])
    assert sweep.pause("a") == 0
    assert sweep.resume("a") == 0
