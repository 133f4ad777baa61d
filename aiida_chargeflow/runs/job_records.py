"""What the scheduler has told of the jobs below many runs, asked of the database in two queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiida import orm
from aiida.common import timezone
from aiida.schedulers.datastructures import JobInfo, JobState

_PROJECTED = (
    "ctime",
    "attributes.exit_status",
    "attributes.detailed_job_info",
    "attributes.last_job_info",
)


@dataclass
class JobRecord:
    """The jobs below one run.

    :param n_failed: jobs that ended with an exit code; what follows them in the same run mends them.
    :param queue_s: time in the queue of the cluster, all jobs together.
    """

    n_jobs: int = 0
    n_failed: int = 0
    queue_s: float = 0.0


def job_records(group: orm.Group) -> dict[int, JobRecord]:
    """Return the jobs below every run of a group, by the PK of the run."""
    records: dict[int, JobRecord] = {}
    for run, ctime, exit_status, detailed, last in _jobs(group):
        record = records.setdefault(run, JobRecord())
        record.n_jobs += 1
        record.n_failed += bool(exit_status)
        record.queue_s += queue_seconds(detailed, last, (timezone.now() - ctime).total_seconds())
    return records


def queue_seconds(detailed: dict[str, Any] | None, last: dict[str, Any] | None, age_s: float) -> float:
    """Return how long a job was or is in the queue: by the accounting, or by the last look at the queue.

    :param detailed: the answer of ``sacct`` as AiiDA stores it.
    :param last: AiiDA's ``JobInfo``, as stored.
    :param age_s: time since the job was made; for a job still queued, as its clock may not be ours.
    """
    if detailed and (seconds := _from_accounting(str(detailed.get("stdout", "")))) is not None:
        return seconds
    info = JobInfo.load_from_dict(last) if last else {}
    if info.get("job_state") in (JobState.QUEUED, JobState.QUEUED_HELD):
        return age_s
    begin, end = info.get("submission_time"), info.get("dispatch_time")
    return max(0.0, (end - begin).total_seconds()) if begin and end else 0.0


def _from_accounting(text: str) -> float | None:
    lines = [line.split("|") for line in text.splitlines() if "|" in line]
    if len(lines) < 2:
        return None
    row = dict(zip(lines[0], lines[1], strict=False))  # the job; its steps follow
    try:
        begin, end = (datetime.fromisoformat(row[key]) for key in ("Submit", "Start"))
    except (KeyError, ValueError):
        return None
    return max(0.0, (end - begin).total_seconds())


def _jobs(group: orm.Group) -> Iterator[list[Any]]:
    for steps in (["job"], ["part", "job"]):  # Bader is called by the model itself, CP2K by its SCF
        query = orm.QueryBuilder()
        query.append(orm.Group, filters={"id": group.pk}, tag="group")
        query.append(orm.WorkChainNode, with_group="group", tag="run", project="id")
        caller = "run"
        for step in steps:
            kind = orm.CalcJobNode if step == "job" else orm.WorkChainNode
            query.append(kind, with_incoming=caller, tag=step)
            caller = step
        query.add_projection("job", list(_PROJECTED))
        yield from query.all()  # an open iterator would hold a transaction over the yields
