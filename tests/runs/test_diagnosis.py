"""Whatever stops a run, `sweep status` names the cause and a remedy that fits it."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.engine import ProcessState

from aiida_chargeflow.runs.diagnosis import diagnose, never_starts, remedy_for

# what sbatch, ssh and sftp were seen to say
REASONS = {
    "Batch job submission failed: Invalid qos specification": "retry",
    "Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)": "retry",
    "Batch job submission failed: Invalid account or account/partition combination specified": "account",
    "invalid account or account has no budget left": "account",
    "Connect call failed ('127.0.0.1', 46820)": "cannot be reached",
    "Permission denied for user you on host login": "renew the certificate",
    "write: No space left on device": "free space",
    "Disk quota exceeded": "free space",
    "Error while uploading file /tmp/x/.aiida/calcinfo.json:": "free space or mend its permissions",
    "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, …)": "later",
    "Unable to contact slurm controller (connect failure)": "scheduler does not answer",
    "something never seen": "verdi process report",
}


@pytest.mark.parametrize(("reason", "part"), REASONS.items())
def test_remedy_fits_the_reason_and_names_the_sweep(reason: str, part: str) -> None:
    remedy = remedy_for(reason, "mysweep", "p1")
    assert part in remedy
    assert "mysweep" in remedy
    assert "{" not in remedy


@pytest.mark.parametrize(
    ("reason", "never"),
    [
        ("QOSMaxWallDurationPerJobLimit", True),
        ("PartitionTimeLimit", True),
        ("AssocGrpCPUMinutesLimit", False),
        ("AssocGrpWallLimit", False),
        ("QOSMaxCpuPerUserLimit", False),
        ("QOSMaxMemoryPerUser", False),
        ("QOSMaxNodePerAccountLimit", False),
        ("QOSMaxSubmitJobPerUserLimit", False),
        ("QOSGrpCpuLimit", False),
        ("AssocMaxJobsLimit", False),
        ("AssocMaxCpuPerJobLimit", True),
        ("AssocMaxNodePerJobLimit", True),
        ("AssocMaxMemPerJob", True),
        ("AssocMaxWallDurationPerJobLimit", True),
        ("QOSMaxTRESPerJob", True),
        ("QOSMaxBillingPerJob", True),
        ("QOSMaxCpuPerNode", True),
        ("QOSMinCpuNotSatisfied", True),
        ("MaxMemPerLimit", True),
        ("JobLaunchFailure", True),
        ("launch failed requeued held", True),
        ("(launch_failed_requeued_held)", True),
        ("JobHeldUser", True),
        ("InvalidAccount", True),
        ("Resources", False),
        ("Priority", False),
        ("ReqNodeNotAvail", False),
        ("QOSMaxJobsPerUserLimit", False),
        ("", False),
    ],
)
def test_reasons_that_pass_are_told_from_those_that_never_do(reason: str, never: bool) -> None:
    assert never_starts(reason) is never


@pytest.fixture
def run(aiida_profile_clean: object) -> orm.WorkChainNode:  # noqa: ARG001
    node = orm.WorkChainNode()
    node.label = "p1"
    node.set_process_state(ProcessState.WAITING)
    return node.store()


def test_a_paused_run_tells_the_last_complaint_of_its_log(run: orm.WorkChainNode) -> None:
    run.pause()
    run.set_process_status(
        "Pausing after failed transport task: submit_calculation failed 5 times consecutively"
    )
    message = "stderr=sbatch: error: Batch job submission failed: Invalid qos specification"
    orm.Log(run.ctime, "aiida", "ERROR", run.pk, message)
    found = diagnose(run, "mysweep")
    assert found.stuck
    assert "Invalid qos" in found.what
    assert "sweep retry mysweep" in found.remedy


def test_the_telling_line_wins_over_the_last_one(run: orm.WorkChainNode) -> None:
    run.pause()
    lines = "sbatch: error: invalid account or no budget left\nsbatch: error: Unspecified error"
    orm.Log(
        run.ctime,
        "aiida",
        "ERROR",
        run.pk,
        f"Traceback\nSchedulerError: Error during submission, retval=1\n{lines}",
    )
    assert diagnose(run, "mysweep").what == "paused: invalid account or no budget left"


def test_a_waiting_run_without_a_job_is_not_stuck(run: orm.WorkChainNode) -> None:
    assert diagnose(run, "mysweep").what == "preparing"
    assert not diagnose(run, "mysweep").stuck
