"""What a job took, from what the scheduler and the program printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

_ELAPSED = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d\d):(\d\d(?:\.\d+)?)")
_ZONE = re.compile(r"([-+])(\d\d)(\d\d)$")  # Python 3.10 wants the colon


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
    """Return the time of a job from ``sacct --parsable``.

    A job that was put back into the queue has a record for each try: the time of all of them counts. The column
    Elapsed is taken where there is one; the clock may have been changed between start and end.

    :returns: None if the table has no record of a job that has ended.
    """
    lines = [line.split("|") for line in table.splitlines() if "|" in line]
    head = next((number for number, words in enumerate(lines) if "JobID" in words), None)
    if head is None:
        return None
    columns = lines[head]
    rows = [dict(zip(columns, words, strict=False)) for words in lines[head + 1 :]]
    tries = [row for row in rows if re.fullmatch(r"\d+(?:[_+]\d+)?", row.get("JobID", ""))]
    if not tries or any(_time(row.get("End")) is None for row in tries):
        return None
    spans = [_elapsed_s(row) for row in tries]
    cores = tries[-1].get("AllocCPUS", "")
    return JobTime(
        n_cores=int(cores) if cores.isdigit() else None,
        queue_s=_between(tries[0].get("Submit"), tries[0].get("Start")),
        walltime_s=None if None in spans else sum(span for span in spans if span is not None),
    )


def _elapsed_s(record: dict[str, str]) -> float | None:
    """Return the seconds of one try."""
    match = _ELAPSED.fullmatch(record.get("Elapsed", ""))
    if match is None:
        return _between(record.get("Start"), record.get("End"))
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _between(first: str | None, second: str | None) -> float | None:
    """Return the seconds between two stamps, None where one is missing, or the second one earlier by its clock."""
    start, end = _time(first), _time(second)
    if start is None or end is None or (start.tzinfo is None) != (end.tzinfo is None):
        return None
    span = (end - start).total_seconds()
    return span if span >= 0 else None


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
    """Return a time with or without its zone, also one in seconds since 1970; None for Unknown, None and the like."""
    text = (stamp or "").strip()
    try:
        if re.fullmatch(r"\d{9,11}", text):
            return datetime.fromtimestamp(int(text), tz=timezone.utc)
        return datetime.fromisoformat(_ZONE.sub(r"\1\2:\3", text))
    except ValueError:
        return None
