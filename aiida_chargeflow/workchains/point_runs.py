"""Find the runs of a point by its digest: every work chain with an input ``digest`` is the run of a point."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.manage import get_config, get_manager

ACTIVE_STATES = ("created", "running", "waiting")
_CHUNK = 500  # databases limit the number of values in one query


@dataclass(frozen=True)
class RunState:
    """What the status needs of a run: a node asks the database again for each of these."""

    pk: int
    ctime: datetime
    mtime: datetime
    process_state: str | None
    exit_status: int | None
    exit_message: str | None

    @property
    def is_terminated(self) -> bool:
        """Return whether the run has ended, in whatever way."""
        return self.process_state not in ACTIVE_STATES

    @property
    def is_finished_ok(self) -> bool:
        """Return whether the run has succeeded."""
        return self.process_state == "finished" and self.exit_status == 0


@contextmanager
def submission_lock() -> Iterator[None]:
    """Let one process of this profile at a time look for a run and submit it if there is none.

    AiiDA's workers and the user's commands run on one machine, so a lock of the file system serves; it is
    gone with the process that held it.
    """
    with lock_file().open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_file() -> Path:
    """Return the file that `submission_lock` locks, one for each profile."""
    profile = get_manager().get_profile()
    assert profile is not None
    return Path(get_config().dirpath) / f"chargeflow-{profile.uuid}.lock"


def find_run(digest: str) -> orm.WorkChainNode | None:
    """Return the newest run of a point that has succeeded or is under way, or nothing."""
    return _runs([digest], usable_only=True).get(digest)


def latest_runs(digests: Iterable[str]) -> dict[str, orm.WorkChainNode]:
    """Return the run of each point: one that has succeeded or is under way, else the newest failed one."""
    found: dict[str, orm.WorkChainNode] = {}
    for chunk in _chunks(digests):
        found |= {**_runs(chunk, usable_only=False), **_runs(chunk, usable_only=True)}
    return found


def latest_states(digests: Iterable[str]) -> dict[str, RunState]:
    """Return the state of the run that `latest_runs` gives for each point, without loading any node."""
    found: dict[str, RunState] = {}
    names = ("process_state", "exit_status", "exit_message")
    project = ["id", "ctime", "mtime", *(f"attributes.{name}" for name in names)]
    for chunk in _chunks(digests):
        query = _query(chunk, {}, project)
        for digest, *fields in query.iterall():
            state = RunState(*fields)
            if _is_usable(state) or digest not in found or not _is_usable(found[digest]):
                found[digest] = state
    return found


def _is_usable(state: RunState) -> bool:
    return state.is_finished_ok or not state.is_terminated


def _chunks(digests: Iterable[str]) -> Iterator[list[str]]:
    wanted = list(digests)
    for start in range(0, len(wanted), _CHUNK):
        yield wanted[start : start + _CHUNK]


def active_runs(group: orm.Group) -> list[orm.WorkChainNode]:
    """Return the runs of points in the group that have not ended, oldest first."""
    query = orm.QueryBuilder()
    query.append(orm.Group, filters={"id": group.pk}, tag="group")
    query.append(
        orm.WorkChainNode,
        with_group="group",
        tag="run",
        filters={"attributes.process_state": {"in": list(ACTIVE_STATES)}},
    )
    query.append(orm.Str, with_outgoing="run", edge_filters={"label": "digest"})
    query.order_by({"run": {"id": "asc"}})
    query.add_projection("run", "*")
    runs: list[orm.WorkChainNode] = query.all(flat=True)
    return runs


def _runs(digests: list[str], *, usable_only: bool) -> dict[str, orm.WorkChainNode]:
    usable = {
        "or": [{"attributes.exit_status": 0}, {"attributes.process_state": {"in": list(ACTIVE_STATES)}}]
    }
    return dict(_query(digests, usable if usable_only else {}, "*").all())


def _query(digests: list[str], filters: dict[str, Any], project: str | list[str]) -> orm.QueryBuilder:
    """Return a query for the runs of points, oldest first: the digest, then what is projected of the run."""
    query = orm.QueryBuilder()
    query.append(
        orm.Str, filters={"attributes.value": {"in": digests}}, project="attributes.value", tag="digest"
    )
    query.append(
        orm.WorkChainNode,
        with_incoming="digest",
        edge_filters={"label": "digest"},
        filters=filters,
        project=project,
        tag="run",
    )
    return query.order_by({"run": {"id": "asc"}})
