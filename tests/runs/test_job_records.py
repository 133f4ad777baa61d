"""Time in the queue, by the accounting or by the last look at the queue, and the jobs below a run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from aiida.schedulers.datastructures import JobInfo, JobState

from aiida_chargeflow.runs.job_records import job_records, queue_seconds

SACCT = (
    "JobID|Submit|Start|End|State|\n"
    "7|2026-03-01T10:00:00|2026-03-01T11:30:00|2026-03-01T12:00:00|COMPLETED|\n"
    "7.batch|2026-03-01T11:30:00|2026-03-01T11:30:00|2026-03-01T12:00:00|COMPLETED|\n"
)


def info(state: JobState, start: datetime | None) -> dict[str, Any]:
    fields = {"job_id": "7", "job_state": state, "submission_time": datetime(2026, 3, 1, 10)}
    job = orm.CalcJobNode()
    job.set_last_job_info(JobInfo({**fields, "dispatch_time": start}))
    stored: dict[str, Any] = job.base.attributes.get("last_job_info")
    return stored


@pytest.mark.usefixtures("aiida_profile")
def test_the_accounting_counts_before_the_queue() -> None:
    last = info(JobState.RUNNING, datetime(2026, 3, 1, 10, 5))
    assert queue_seconds({"stdout": SACCT}, last, age_s=9999) == 5400
    assert queue_seconds(None, last, age_s=9999) == 300
    assert queue_seconds({"stdout": "sacct: error: no accounting"}, last, age_s=9999) == 300


@pytest.mark.usefixtures("aiida_profile")
def test_a_job_still_queued_counts_by_our_clock_and_an_expected_start_by_none() -> None:
    assert queue_seconds(None, info(JobState.QUEUED, datetime(2026, 3, 2)), age_s=42) == 42


@pytest.mark.parametrize("start", ["Unknown", "None", ""])
def test_a_job_that_never_started_has_no_start(start: str) -> None:
    assert queue_seconds({"stdout": SACCT.replace("2026-03-01T11:30:00", start)}, None, age_s=1) == 0


@pytest.mark.usefixtures("aiida_profile_clean")
def test_jobs_are_counted_for_the_run_that_called_them(aiida_localhost: orm.Computer) -> None:
    run, scf, idle = (orm.WorkChainNode() for _ in range(3))
    for node in (run, idle):
        node.store()
    scf.base.links.add_incoming(run, LinkType.CALL_WORK, "scf")
    scf.store()
    for number, (caller, exit_status) in enumerate([(scf, 400), (scf, 0), (run, 0)]):
        job = orm.CalcJobNode(computer=aiida_localhost)
        job.base.links.add_incoming(caller, LinkType.CALL_CALC, f"job_{number}")
        job.set_process_state(ProcessState.FINISHED)
        job.set_exit_status(exit_status)
        job.set_detailed_job_info({"stdout": SACCT})
        job.set_last_job_info(JobInfo({"job_id": str(number), "job_state": JobState.DONE}))
        job.store()
    group = orm.Group("jobs").store()
    group.add_nodes([run, idle])
    records = job_records(group)
    assert set(records) == {run.pk}
    assert (records[run.pk].n_jobs, records[run.pk].n_failed) == (3, 1)
    assert records[run.pk].queue_s == 3 * 5400
