"""Where each point of a sweep stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any

from aiida import orm
from aiida.common import timezone

from ..results.cautions import misplaced_edges
from ..workchains.point_runs import RunState, latest_states
from ..workchains.sweep_point import SweepPoint
from .diagnosis import diagnose
from .job_records import JobRecord, job_records
from .progress import progress
from .sweep import active_sweeps, group_of, points_of


@dataclass(frozen=True)
class PointStatus:
    """One row of ``sweep status``.

    :param state: waiting (for a slot), running, stuck, done or failed.
    :param n_jobs: CP2K and Bader jobs so far.
    :param n_failed_jobs: those of them that failed; a further one may have mended it.
    :param queue_s: time in the queue of the cluster, all jobs together.
    :param ended_ago_s: time since the end of the run; None while there is none.
    """

    label: str
    formula: str
    n_atoms: int
    state: str
    what: str
    remedy: str = ""
    pk: int | None = None
    n_jobs: int = 0
    n_failed_jobs: int = 0
    queue_s: float = 0.0
    elapsed_s: float = 0.0
    ended_ago_s: float | None = None


@dataclass(frozen=True)
class SweepStatus:
    """All points of a sweep, and whether anything still submits them."""

    name: str
    points: tuple[PointStatus, ...]
    submitting: bool
    paused: bool

    @property
    def counts(self) -> dict[str, int]:
        """State → number of points."""
        return dict(Counter(point.state for point in self.points))

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen by itself."""
        return not self.submitting and "running" not in self.counts

    def to_mapping(self) -> dict[str, Any]:
        """Return the status as plain data."""
        return {**asdict(self), "counts": self.counts, "finished": self.finished}


def sweep_status(name: str, *, read_outputs: bool = False) -> SweepStatus:
    """Look every point of a sweep up.

    :param read_outputs: read the SCF step of running jobs from the cluster, one connection for each.
    :raises InputError: no such sweep.
    """
    group = group_of(name)
    points = points_of(group)
    runs = latest_states(point.digest for point in points)
    sweeps = active_sweeps(group)
    paused = bool(sweeps) and all(sweep.paused for sweep in sweeps)
    jobs = job_records(group)
    edges = misplaced_edges(run.pk for run in runs.values() if run.is_finished_ok)
    rows = [_row(point, runs.get(point.digest), name, bool(sweeps), paused, jobs, edges) for point in points]
    if read_outputs:
        rows = [_with_output(row) if row.state == "running" else row for row in rows]
    return SweepStatus(name, tuple(rows), bool(sweeps), paused)


def _row(
    point: SweepPoint,
    run: RunState | None,
    name: str,
    submitting: bool,
    paused: bool,
    jobs: dict[int, JobRecord],
    edges: dict[int, list[str]],
) -> PointStatus:
    base: dict[str, Any] = {"label": point.label, "formula": point.formula, "n_atoms": point.n_atoms}
    if run is None:
        if not submitting:
            what = "not submitted"
            return PointStatus(**base, state="waiting", what=what, remedy="`sweep submit FILE`")
        what = "for `sweep resume`" if paused else "for a free slot"
        return PointStatus(**base, state="waiting", what=what)
    now = timezone.now()
    end = run.mtime if run.is_terminated else now
    record = jobs.get(run.pk, JobRecord())
    known = {
        **base,
        "pk": run.pk,
        "n_jobs": record.n_jobs,
        "n_failed_jobs": record.n_failed,
        "queue_s": record.queue_s,
        "elapsed_s": (end - run.ctime).total_seconds(),
        "ended_ago_s": (now - end).total_seconds() if run.is_terminated else None,
    }
    if run.is_finished_ok:
        return PointStatus(**known, state="done", what="; ".join(edges.get(run.pk, ())))
    if run.is_terminated:
        what = run.exit_message or run.process_state or ""
        return PointStatus(**known, state="failed", what=what, remedy=f"`sweep retry {name}`")
    found = diagnose(orm.load_node(run.pk), name)
    state = "stuck" if found.stuck else "running"
    return PointStatus(**known, state=state, what=found.what, remedy=found.remedy)


def _with_output(row: PointStatus) -> PointStatus:
    run = orm.load_node(row.pk)
    detail = progress(run).detail
    return replace(row, what=f"{row.what}, {detail}") if detail.startswith("SCF") else row
