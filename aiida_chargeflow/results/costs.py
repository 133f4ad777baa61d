"""What models cost: cores, time in the queue and at work of every job, from the scheduler or from the programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from aiida import orm

from ..calculations.bader import BaderCalculation
from ..clusters.accounting import JobTime, from_bader_output, from_sacct
from .select import by_age

Row = dict[str, Any]

#: Columns that can be added up over jobs.
_SUMS = ("queue_s", "walltime_s", "core_hours", "n_scf_steps")


def cost(node: orm.WorkChainNode) -> Iterator[Row]:
    """Yield what every job of a model took, failed ones included; jobs taken from the cache took nothing."""
    jobs = (called for called in node.called_descendants if isinstance(called, orm.CalcJobNode))
    for job in sorted(jobs, key=by_age):
        if job.base.caching.is_created_from_cache:
            continue
        time, source = _time(job)
        core_hours = None
        if time.n_cores is not None and time.walltime_s is not None:
            core_hours = time.n_cores * time.walltime_s / 3600
        used = _parameters(job)
        memory_mib = used.get("peak_memory_mib")
        yield {
            "job": (job.process_type or job.process_label or "").split(".")[-1],
            "stage": job.label or None,
            "job_pk": job.pk,
            "user": job.user.email,
            "account": job.get_option("account"),
            "computer": job.computer.label if job.computer else None,
            "exit_status": job.exit_status,
            "n_atoms": _n_atoms(job),
            "n_cores": time.n_cores,
            "queue_s": time.queue_s,
            "walltime_s": time.walltime_s,
            "core_hours": core_hours,
            "time_from": source,
            "n_scf_steps": used.get("n_scf_steps"),
            "peak_memory_mib": None if memory_mib is None else round(memory_mib),
        }


def total(rows: Sequence[Row]) -> Row:
    """Return the sums over the rows of ``cost``, leaving out what a job does not tell."""
    sums: Row = {"label": "total", "job": f"{len(rows)} job{'s' if len(rows) != 1 else ''}"}
    for name in _SUMS:
        known = [row[name] for row in rows if row[name] is not None]
        sums[name] = sum(known) if known else None
    return sums


def by(rows: Sequence[Row], key: str) -> list[Row]:
    """Return one row for each value of a column of ``cost``, the dearest first: jobs, and the sums over them."""
    values = dict.fromkeys(row[key] for row in rows)
    groups = {value: [row for row in rows if row[key] == value] for value in values}
    sums = [
        {key: value, "n_jobs": len(group), **{name: total(group)[name] for name in _SUMS}}
        for value, group in groups.items()
    ]
    return sorted(sums, key=lambda row: -(row["core_hours"] or 0.0))


def _time(job: orm.CalcJobNode) -> tuple[JobTime, str | None]:
    """Return what a job took and who says so: the scheduler's accounting before the program."""
    told = from_sacct(str((job.get_detailed_job_info() or {}).get("stdout") or ""))
    if told is not None:
        return told, "scheduler"
    told = from_bader_output(_output(job)) if job.process_label == BaderCalculation.__name__ else _cp2k(job)
    if told is None:
        return JobTime(n_cores=_requested_cores(job)), None
    return replace(told, n_cores=told.n_cores or _requested_cores(job)), "program"


def _cp2k(job: orm.CalcJobNode) -> JobTime | None:
    used = _parameters(job)
    if used.get("walltime_s") is None:
        return None
    return JobTime(
        n_cores=(used.get("n_mpi_ranks") or 1) * (used.get("n_threads") or 1), walltime_s=used["walltime_s"]
    )


def _parameters(job: orm.CalcJobNode) -> Row:
    found: Row = job.outputs.output_parameters.get_dict() if "output_parameters" in job.outputs else {}
    return found


def _n_atoms(job: orm.CalcJobNode) -> int | None:
    return len(job.inputs.structure.base.attributes.get("sites")) if "structure" in job.inputs else None


def _requested_cores(job: orm.CalcJobNode) -> int | None:
    resources = job.get_option("resources") or {}
    ranks = resources.get("tot_num_mpiprocs")
    if ranks is None and "num_machines" in resources:
        ranks = resources["num_machines"] * resources.get("num_mpiprocs_per_machine", 1)
    return None if ranks is None else ranks * resources.get("num_cores_per_mpiproc", 1)


def _output(job: orm.CalcJobNode) -> str:
    name = job.get_option("output_filename")
    if (
        "retrieved" not in job.outputs
        or name not in job.outputs.retrieved.base.repository.list_object_names()
    ):
        return ""
    return str(job.outputs.retrieved.base.repository.get_object_content(name))
