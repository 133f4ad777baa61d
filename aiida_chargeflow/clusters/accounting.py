"""What a job took, from what the scheduler and the program printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class JobTime:
    """Time and cores of one job; None where the source does not tell.

    :param queue_s: seconds between submission and start.
    :param walltime_s: seconds between start and end.
    """

    n_cores: int | None = None
    queue_s: float | None = None
    walltime_s: float | None = None


def from_sacct(table: str) -> JobTime | None:
    """Return the time of a job from ``sacct --parsable``, whose first record is the job as a whole.

    :returns: None if the table has no record of a job that has ended.
    """
    lines = [line.split("|") for line in table.splitlines() if "|" in line]
    if len(lines) < 2 or "JobID" not in lines[0]:
        return None
    record = dict(zip(lines[0], lines[1], strict=False))
    start, end = _time(record.get("Start")), _time(record.get("End"))
    submitted = _time(record.get("Submit"))
    if start is None or end is None:
        return None
    return JobTime(
        n_cores=int(record["AllocCPUS"]) if record.get("AllocCPUS", "").isdigit() else None,
        queue_s=None if submitted is None else (start - submitted).total_seconds(),
        walltime_s=(end - start).total_seconds(),
    )


def from_bader_output(text: str) -> JobTime | None:
    """Return time and threads as ``chargeflow-bader`` printed them.

    :returns: None if the text names no time, as with other programs.
    """
    seconds = re.findall(r"^(?:read density|read reference|partition): +([\d.]+) s", text, re.MULTILINE)
    if not seconds:
        return None
    threads = re.search(r"^THREADS: +(\d+)", text, re.MULTILINE)
    return JobTime(
        n_cores=int(threads.group(1)) if threads else None,
        walltime_s=sum(float(value) for value in seconds),
    )


def _time(stamp: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(stamp or "")
    except ValueError:  # Slurm writes Unknown or None for what has not happened
        return None
