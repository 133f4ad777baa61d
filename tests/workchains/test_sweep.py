"""A sweep keeps its slots full, submits nothing twice, and says what failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.engine import run_get_node
from sweep_standin import StandInModel, StandInSweepWorkChain

from aiida_chargeflow.workchains.point_runs import active_runs, find_run, latest_runs

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

GROUP = "chargeflow/sweep/test"


def points(specs: list[dict[str, Any]], start: int = 0) -> list[dict[str, Any]]:
    return [
        {"label": f"p{n}", "protocol": "fast", "digest": f"digest-{n}", "spec": {"x": n, "sleep": 0, **spec}}
        for n, spec in enumerate(specs, start)
    ]


def sweep(wanted: list[dict[str, Any]], max_concurrent: int = 2, **model: Any) -> orm.WorkChainNode:
    _, node = run_get_node(
        StandInSweepWorkChain,
        campaign=orm.Dict({"points": wanted}),
        models={"fast": model},
        group=orm.Str(GROUP),
        max_concurrent=orm.Int(max_concurrent),
    )
    return node


def test_every_point_runs_once_and_is_traced_to_its_campaign() -> None:
    node = sweep(points([{}] * 5))
    assert node.is_finished_ok
    assert [child.label for child in node.called if isinstance(child, orm.WorkChainNode)] == [
        "p0", "p1", "p2", "p3", "p4",
    ]  # fmt: skip
    child = find_run("digest-3")
    assert child is not None
    assert child.inputs.spec["x"] == 3
    expansion = child.inputs.spec.creator
    assert expansion.inputs.campaign.uuid == node.inputs.campaign.uuid
    assert {n.uuid for n in orm.Group.collection.get(label=GROUP).nodes} == {
        n.uuid for n in node.called if isinstance(n, orm.WorkChainNode)
    }


def test_same_campaign_again_submits_nothing() -> None:
    sweep(points([{}] * 3))
    again = sweep(points([{}] * 4))
    assert again.is_finished_ok
    assert [child.label for child in again.called if isinstance(child, orm.WorkChainNode)] == ["p3"]


def test_failed_points_are_named_and_only_they_run_again() -> None:
    first = sweep(points([{}, {"fail": True}, {}]))
    assert first.exit_status == StandInSweepWorkChain.exit_codes.ERROR_POINTS_FAILED.status
    assert "1 of 3" in first.exit_message
    assert find_run("digest-1") is None
    assert latest_runs(["digest-0", "digest-1", "nowhere"]).keys() == {"digest-0", "digest-1"}
    wanted = points([{}, {}, {}])  # what was wrong has been mended
    again = sweep(wanted)
    assert again.is_finished_ok
    assert [child.label for child in again.called if isinstance(child, orm.WorkChainNode)] == ["p1"]
    assert latest_runs(["digest-1"])["digest-1"].is_finished_ok


def test_slots_are_refilled_as_any_model_ends_and_never_exceeded(
    aiida_code_installed: Callable[..., orm.InstalledCode], tmp_path: Path
) -> None:
    code = aiida_code_installed(
        default_calc_job_plugin="core.arithmetic.add", filepath_executable="/bin/bash"
    )
    code.computer.set_minimum_job_poll_interval(0.2)
    sign = tmp_path / "last one has begun"  # the first job ends only if the others did not wait for it
    wait = f"for _ in $(seq 3000); do [ -e '{sign}' ] && break; sleep 0.1; done; [ -e '{sign}' ] || exit 1"
    first_waits_for_last = [{"shell": wait}, {}, {}, {"shell": f"touch '{sign}'"}]
    node = sweep(points(first_waits_for_last), max_concurrent=2, code=code)
    assert node.is_finished_ok
    runs = [child for child in node.called if isinstance(child, orm.WorkChainNode)]
    ends = {run.label: run.outputs.result.ctime for run in runs}
    for run in runs:
        others = [o for o in runs if o.pk != run.pk and o.ctime < run.ctime and ends[o.label] > run.ctime]
        assert len(others) < 2, "more than two at a time"
    assert active_runs(orm.Group.collection.get(label=GROUP)) == []


@pytest.mark.parametrize("campaign", [{}, {"points": []}, {"points": [{"label": "x"}]}])
def test_malformed_campaign_is_refused_before_anything_runs(campaign: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="point"):
        run_get_node(
            StandInSweepWorkChain,
            campaign=orm.Dict(campaign),
            models={"fast": {}},
            group=orm.Str(GROUP),
            max_concurrent=orm.Int(1),
        )
    assert orm.QueryBuilder().append(orm.WorkChainNode).count() == 0


def test_protocol_without_inputs_is_refused() -> None:
    wanted = [{**point, "protocol": "stringent"} for point in points([{}])]
    with pytest.raises(ValueError, match="stringent"):
        sweep(wanted)


def test_the_models_own_class_is_the_default() -> None:
    assert StandInSweepWorkChain.model_class() is StandInModel
