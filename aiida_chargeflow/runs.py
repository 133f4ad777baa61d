"""Find the runs of a point by its digest: every work chain with an input ``digest`` is the run of a point."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiida import orm
from aiida.manage import get_config, get_manager

ACTIVE_STATES = ("created", "running", "waiting")


@contextmanager
def submission_lock() -> Iterator[None]:
    """Let one process of this profile at a time look for a run and submit it if there is none.

    AiiDA's workers and the user's commands run on one machine, so a lock of the file system serves; it is
    gone with the process that held it.
    """
    profile = get_manager().get_profile()
    assert profile is not None
    with (Path(get_config().dirpath) / f"chargeflow-{profile.uuid}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def find_run(digest: str) -> orm.WorkChainNode | None:
    """Return the newest run of a point that has succeeded or is under way, or nothing."""
    return _runs([digest], usable_only=True).get(digest)


def latest_runs(digests: Iterable[str]) -> dict[str, orm.WorkChainNode]:
    """Return the run of each point: one that has succeeded or is under way, else the newest failed one."""
    wanted = list(digests)
    found: dict[str, orm.WorkChainNode] = {}
    for start in range(0, len(wanted), 500):  # databases limit the number of values in one query
        chunk = wanted[start : start + 500]
        found |= {**_runs(chunk, usable_only=False), **_runs(chunk, usable_only=True)}
    return found


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
    query = orm.QueryBuilder()
    query.append(
        orm.Str, filters={"attributes.value": {"in": digests}}, project="attributes.value", tag="digest"
    )
    usable = {
        "or": [{"attributes.exit_status": 0}, {"attributes.process_state": {"in": list(ACTIVE_STATES)}}]
    }
    query.append(
        orm.WorkChainNode,
        with_incoming="digest",
        edge_filters={"label": "digest"},
        filters=usable if usable_only else {},
        project="*",
        tag="run",
    )
    query.order_by({"run": {"id": "asc"}})
    return dict(query.all())
