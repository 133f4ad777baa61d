"""A campaign is built, estimated and checked before anything is submitted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from click.testing import CliRunner

from aiida_chargeflow.cli import main
from aiida_chargeflow.runs.plan import make_plan
from aiida_chargeflow.science.models.campaign import Campaign

BASE: dict[str, Any] = {
    "name": "small",
    "protocol": "demo",
    "core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]},
    "passivation": {"ligand": "Cl", "rule": "balance"},
    "options": {
        "computer": "leonardo-dcgp",
        "account": "IscrB",
        "walltime_hours": 2,
        "memory_gb": 100,
    },
}


def write(path: Path, **change: Any) -> Path:
    path.write_text(json.dumps({**BASE, **change}))  # JSON is YAML
    return path


def test_points_are_built_and_priced() -> None:
    axes = {"core.material": ["InAs", "CdSe"]}
    plan = make_plan(Campaign.from_mapping({**BASE, "axes": axes}))
    assert [(p.label, p.outlook.formula, p.outlook.n_atoms) for p in plan.points if p.outlook] == [
        ("InAs", "In16As13Cl9", 38),
        ("CdSe", "Cd16Se13Cl6", 35),
    ]
    assert plan.problems == ()
    assert plan.core_hours == pytest.approx(sum(p.outlook.core_hours for p in plan.points if p.outlook))


def test_a_finer_grid_costs_more_and_is_another_point() -> None:
    axes = {"overrides.scf.cutoff_ry": [200, 400]}
    coarse, fine = make_plan(Campaign.from_mapping({**BASE, "axes": axes})).points
    assert coarse.outlook is not None
    assert fine.outlook is not None
    assert fine.outlook.core_hours > coarse.outlook.core_hours
    assert coarse.settings != fine.settings
    assert coarse.spec == fine.spec


def test_one_impossible_point_refuses_the_whole_sweep_with_a_table(tmp_path: Path) -> None:
    bad = {"pattern": "exchange", "fraction": 7}
    file = write(
        tmp_path / "c.yaml", axes={"surface": {"good": {"surface": "pure"}, "bad": {"surface": bad}}}
    )
    result = CliRunner().invoke(main, ["sweep", "submit", str(file), "--dry-run"])
    assert result.exit_code == 1
    assert "1 of 2 points are impossible; nothing was submitted" in result.output
    assert "why it is impossible" in result.output
    assert "good" not in result.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"account": None}, "options.account: an account is required"),
        ({"qos": "gold"}, "options.qos: no such QOS"),
        ({"walltime_hours": 100}, "options.walltime_hours"),
        ({"memory_gb": 1}, "needs about"),
        ({"accuont": "x"}, "options.accuont"),
    ],
)
def test_options_that_the_scheduler_would_refuse_never_reach_it(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    file = write(tmp_path / "c.yaml", options={**BASE["options"], **options})
    result = CliRunner().invoke(main, ["sweep", "submit", str(file), "--dry-run"])
    assert result.exit_code == 1
    assert told in result.output
    assert str(file) in result.output
    assert "Traceback" not in result.output


def test_dry_run_prints_the_plan_as_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["sweep", "submit", str(write(tmp_path / "c.yaml")), "--dry-run", "--json"]
    )
    assert result.exit_code == 0
    plan = json.loads(result.output)
    assert [point["label"] for point in plan["points"]] == ["small"]
    assert plan["budget_units"] == plan["core_hours"]


def test_without_a_daemon_nothing_is_recorded(
    aiida_profile_clean: object,  # noqa: ARG001
    aiida_localhost: orm.Computer,
    tmp_path: Path,
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    for label in ("cp2k", "bader"):
        orm.InstalledCode(label=label, computer=aiida_localhost, filepath_executable=str(program)).store()
    file = write(tmp_path / "c.yaml", options={"computer": aiida_localhost.label, "cluster": "localhost"})
    result = CliRunner().invoke(main, ["sweep", "submit", str(file), "--yes"])
    assert result.exit_code == 1
    assert "Error: the daemon is not running. Start it with `verdi daemon start`." in result.output
    assert orm.QueryBuilder().append(orm.Group).count() == 0
    result = CliRunner().invoke(main, ["sweep", "submit", str(file), "--yes", "--cp2k", "cp2k@x"])
    assert "--cp2k: must be a label without its computer" in result.output
