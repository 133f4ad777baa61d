"""Nothing that the scheduler would refuse, or queue for ever, passes the profile checks."""

from __future__ import annotations

import os

import pytest

from aiida_chargeflow.clusters.check import aiida_options, check_options
from aiida_chargeflow.clusters.profile import RunOptions, load_profile, profile_for, profile_names
from aiida_chargeflow.science.errors import InputError

GOOD = {
    "computer": "leonardo-dcgp",
    "account": "IscrB_QDOTS",
    "partition": "dcgp_usr_prod",
    "nodes": 4,
    "walltime_hours": 24,
}


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_is_valid_and_its_default_partition_exists(name: str) -> None:
    profile = load_profile(name)
    assert profile.default_partition in profile.partitions


def test_good_options_pass() -> None:
    assert check_options(load_profile("leonardo"), RunOptions.from_mapping(GOOD)) == []


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"account": None}, "options.account", "budget"),
        ({"partition": "boost"}, "options.partition", "boost_usr_prod"),
        ({"qos": "boost_qos_dbg"}, "options.qos", "dcgp_qos_dbg"),
        ({"nodes": 17}, "options.nodes", "dcgp_qos_bprod"),
        ({"nodes": 3, "walltime_hours": 25}, "options.walltime_hours", "dcgp_qos_lprod"),
        ({"walltime_hours": 200}, "options.walltime_hours", "less"),
        ({"qos": "dcgp_qos_bprod", "nodes": 3}, "options.nodes", "dcgp_qos_lprod"),
        (
            {"qos": "dcgp_qos_dbg", "nodes": 1, "walltime_hours": "00:31:00"},
            "options.walltime_hours",
            "normal",
        ),
        ({"tasks_per_node": 113}, "options.tasks_per_node", "112"),
        ({"memory_gb": 512}, "options.memory_gb", "494"),
    ],
)
def test_bad_option_is_named_with_a_remedy(change: dict[str, object], field: str, remedy: str) -> None:
    options = RunOptions.from_mapping({**GOOD, **change})
    (problem,) = check_options(load_profile("leonardo"), options)
    assert problem.field == field
    assert remedy in problem.remedy


def test_all_problems_are_reported_at_once() -> None:
    options = RunOptions.from_mapping({**GOOD, "account": None, "nodes": 500, "memory_gb": 1e4})
    fields = [problem.field for problem in check_options(load_profile("leonardo"), options)]
    assert fields == ["options.account", "options.nodes", "options.memory_gb"]


@pytest.mark.parametrize("field", ["account", "partition", "qos", "computer"])
@pytest.mark.parametrize(
    "text", ["a; rm -rf ~", "$(id)", "a\n#SBATCH --uid=0", "`id`", "-x", "", "a\n", "FILL_IN"]
)
def test_user_text_never_becomes_a_directive_or_a_command(field: str, text: str) -> None:
    with pytest.raises(InputError, match=f"options.{field}"):
        RunOptions.from_mapping({**GOOD, field: text})


@pytest.mark.parametrize(
    "bad",
    [
        {"nods": 2},
        {"nodes": 0},
        {"walltime_hours": "tomorrow"},
        {"walltime_hours": 1e-9},
        {"walltime_hours": float("inf")},
        {"memory_gb": 1e-9},
        {"max_concurrent": 0},
        {"stash": "/scratch/kept\n"},
    ],
)
def test_malformed_options_are_input_errors(bad: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(bad))):
        RunOptions.from_mapping({**GOOD, **bad})


def test_walltime_reads_the_clock() -> None:
    assert RunOptions.from_mapping({"walltime_hours": "01:30:00"}).walltime_hours == 1.5


def test_profile_is_told_by_the_computer_or_named() -> None:
    assert profile_for(RunOptions(computer="leonardo-booster")).name == "leonardo"  # type: ignore[union-attr]
    assert profile_for(RunOptions(computer="elsewhere")) is None
    with pytest.raises(InputError, match="no such cluster profile"):
        load_profile("marconi")


def test_aiida_options_hold_what_was_asked_and_the_profiles_defaults() -> None:
    options = aiida_options(load_profile("leonardo"), RunOptions.from_mapping({**GOOD, "memory_gb": 200}))
    assert options == {
        "resources": {"num_machines": 4, "num_mpiprocs_per_machine": 112},
        "max_wallclock_seconds": 86400,
        "max_memory_kb": 200000000,
        "account": "IscrB_QDOTS",
        "queue_name": "dcgp_usr_prod",
    }
    local = aiida_options(load_profile("localhost"), RunOptions())
    assert local["resources"]["num_mpiprocs_per_machine"] == len(os.sched_getaffinity(0))
    assert "queue_name" not in local


def test_what_becomes_of_the_files_is_an_option() -> None:
    asked = RunOptions.from_mapping({**GOOD, "stash": "/leonardo_work/P/kept", "clean_workdir": True})
    options = aiida_options(load_profile("leonardo"), asked)
    assert (options["stash"], options["clean_workdir"]) == ("/leonardo_work/P/kept", True)
    for bad in ("kept", "/scratch/$HOME", "/scratch/a b", "/scratch/../up"):
        with pytest.raises(InputError, match="stash"):
            RunOptions.from_mapping({**GOOD, "stash": bad})
