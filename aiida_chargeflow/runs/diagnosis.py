"""Why a process does not go on, in the words of its logs and its scheduler, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiida import orm
from aiida.common import timezone
from aiida.engine import ProcessState

from .progress import clock

_OTHER_OPTIONS = (
    "mend `options` in the campaign FILE, then `sweep cancel {name} --point {point}`, "
    "then `sweep retry {name} FILE`"
)
# (what the log or the scheduler says, what to do); the first match counts.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"invalid qos|invalid partition|time limit|node configuration|memory specification|invalid wall",
        _OTHER_OPTIONS,
    ),
    (
        r"invalid account|account.*(expired|budget)|budget",
        "the account is wrong or spent: renew it and `sweep resume {name}`, or " + _OTHER_OPTIONS,
    ),
    (r"no space left|quota", "free space in the work directory, then `sweep resume {name}`"),
    (  # SFTP does not say why
        r"while uploading file",
        "the work directory cannot be written: free space or mend its permissions, then `sweep resume {name}`",
    ),
    (
        r"permission denied|authenticat|certificate|host key",
        "renew the certificate or key (`step ssh login …`), then `sweep resume {name}`",
    ),
    (
        r"submit.*limit|jobs? limit|QOSMaxSubmit|AssocMaxSubmit",
        "the queue takes no more of your jobs for now: later `sweep resume {name}`",
    ),
    (
        r"slurm controller|socket timed out|slurm_|scheduler",
        "the scheduler does not answer: once it does, `sweep resume {name}`",
    ),
    (
        r"connection|connect call|timed? ?out|unreachable|resolve|transport",
        "the cluster cannot be reached: once it can, `sweep resume {name}`",
    ),
)
_REPAIR = "`verdi daemon stop`, `verdi process repair`, `verdi daemon start`"
_PICKED_UP_WITHIN_S = 60
# Reasons with which Slurm lets a job wait for ever: it asks for more than one job, or a node, can have. What all jobs
# of a user, an account or a QOS have together (PerUser, PerAccount, Grp) becomes free again.
_NEVER = re.compile(
    r"(QOSMax|AssocMax)\w*Per(Job|Node)(Limit)?|QOSMin\w*|MaxMemPerLimit"
    r"|PartitionTimeLimit|PartitionNodeLimit|BadConstraints|InvalidAccount|InvalidQOS|AccountNotAllowed"
    r"|QOSNotAllowed|QOSTimeLimit|DependencyNeverSatisfied"
)
# Held until somebody releases the job.
_HELD = re.compile(r"JobHeld\w*|JobLaunchFailure|launch[ _]failed[ _]requeued[ _]held")
_RELEASE = "`scontrol release {job}` on the cluster once the cause is mended, or `sweep cancel {name} --point {point}`"


@dataclass(frozen=True)
class Diagnosis:
    """What a run waits for.

    :param stuck: it will not go on by itself.
    :param remedy: what to do; empty if nothing is needed.
    """

    what: str
    stuck: bool = False
    remedy: str = ""


def diagnose(run: orm.WorkChainNode, sweep: str) -> Diagnosis:
    """Say what an unfinished run waits for."""
    processes = [run, *(node for node in run.called_descendants if isinstance(node, orm.ProcessNode))]
    alive = [node for node in processes if not node.is_terminated]
    for node in reversed(alive):
        if node.paused:
            reason = _last_complaint(node) or node.process_status or "paused"
            return Diagnosis(f"paused: {reason}", True, remedy_for(reason, sweep, run.label))
    for node in alive:
        waited_s = (timezone.now() - node.ctime).total_seconds()
        if node.process_state == ProcessState.CREATED and waited_s > _PICKED_UP_WITHIN_S:
            return Diagnosis(f"{node.process_label}<{node.pk}> is not picked up by the daemon", True, _REPAIR)
    jobs = [node for node in alive if isinstance(node, orm.CalcJobNode)]
    if not jobs:
        return Diagnosis("preparing")
    job = jobs[-1]
    state = job.get_scheduler_state()
    stage = job.label or job.process_label.removesuffix("Calculation").lower()
    if state is None:
        return Diagnosis(f"{stage}: {job.process_status or 'preparing'}")
    if state.value != "queued":
        return Diagnosis(f"{stage}: {state.value}")
    reason = _pending_reason(job)
    if never_starts(reason):
        remedy = _RELEASE if _HELD.fullmatch(_bare(reason)) else _OTHER_OPTIONS
        return Diagnosis(
            f"{stage}: in the queue, never to start ({reason})",
            True,
            remedy.format(name=sweep, point=run.label, job=job.get_job_id()),
        )
    queued = clock((timezone.now() - job.ctime).total_seconds())
    return Diagnosis(f"{stage}: in the queue for {queued}" + (f" ({reason})" if reason else ""))


def _pending_reason(job: orm.CalcJobNode) -> str:
    info = job.get_last_job_info()
    return (getattr(info, "annotation", None) or "") if info else ""


def never_starts(reason: str) -> bool:
    """Return whether Slurm lets a job wait for ever for this reason."""
    return any(pattern.fullmatch(_bare(reason)) for pattern in (_NEVER, _HELD))


def _bare(reason: str) -> str:
    return reason.strip().removeprefix("(").removesuffix(")")


def remedy_for(reason: str, sweep: str, point: str) -> str:
    """Return what to do about a process that was paused for this reason."""
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, reason, re.IGNORECASE):
            return remedy.format(name=sweep, point=point)
    return f"`verdi process report` says more; then `sweep resume {sweep}`"


def _last_complaint(node: orm.ProcessNode) -> str:
    """Return the line of the newest log entry that tells most about the cause, or nothing."""
    for log in reversed(orm.Log.collection.get_logs_for(node)):
        trace = str((log.metadata or {}).get("exc_text") or "")
        lines = [line.strip() for line in f"{log.message}\n{trace}".splitlines() if line.strip()]
        told = [
            line for line in lines if re.search(r"error|denied|refused|space left|quota", line, re.IGNORECASE)
        ]
        if told:
            line = min(reversed(told), key=_rank)
            return re.sub(r"^(stderr=)?(sbatch: )?(error: )?([\w.]+(Error|Exception): )?", "", line)[:200]
    return ""


def _rank(line: str) -> int:
    """Return the number of the remedy that a line leads to: the first ones are the most specific."""
    matches = [n for n, (pattern, _) in enumerate(_REMEDIES) if re.search(pattern, line, re.IGNORECASE)]
    return min(matches, default=len(_REMEDIES))
