"""Submit, look up and steer sweeps: what stands behind ``aiida-chargeflow sweep``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from aiida import orm
from aiida.engine import submit as engine_submit
from aiida.engine.processes import control

from ..calculations.screen import chosen_models
from ..clusters.check import aiida_options
from ..clusters.profile import RunOptions, profile_for
from ..names import SWEEP_GROUP
from ..science.errors import InputError, one_of
from ..science.models.spec import ModelSpec
from ..workchains.model import ModelWorkChain, point_digest
from ..workchains.point_runs import ACTIVE_STATES, active_runs, latest_runs
from ..workchains.sweep import SweepWorkChain
from ..workchains.sweep_point import SweepPoint
from . import submit as launcher
from .plan import Plan

_OBEY_WITHIN_S = 30.0
_STATE = "chargeflow_sweep"  # the extra of the group: points in their order, options, code labels


def group_of(name: str) -> orm.Group:
    """Return the group of a sweep.

    :raises InputError: there is none of this name.
    """
    found = orm.QueryBuilder().append(orm.Group, filters={"label": SWEEP_GROUP + name}).first(flat=True)
    if found is None:
        raise InputError("no such sweep", field="NAME", value=name, remedy=one_of(name, sweep_names()))
    return found


def sweep_names() -> list[str]:
    """Return the names of all sweeps, sorted."""
    query = orm.QueryBuilder().append(
        orm.Group, filters={"label": {"like": f"{SWEEP_GROUP}%"}}, project="label"
    )
    return sorted(label.removeprefix(SWEEP_GROUP) for label in query.all(flat=True))


def points_of(group: orm.Group) -> list[SweepPoint]:
    """Return the points of a sweep in the order in which they were asked for."""
    stored = group.base.extras.get(_STATE, {}).get("points", [])
    return [SweepPoint.from_stored(point) for point in stored]


def planned_points(plan: Plan) -> list[SweepPoint]:
    """Return the points of a plan as the sweep's work chain takes them."""
    return [
        SweepPoint(
            label=point.label,
            protocol=point.protocol,
            spec=point.spec,
            digest=point_digest(point.spec, point.settings),
            overrides=point.overrides,
            formula=point.outlook.formula if point.outlook else "",
            n_atoms=point.outlook.n_atoms if point.outlook else 0,
        )
        for point in plan.points
    ]


def missing(name: str, points: Sequence[SweepPoint]) -> list[SweepPoint]:
    """Return the points to submit: neither done, nor under way, nor failed, nor waiting for a slot."""
    runs = latest_runs(point.digest for point in points)
    queued = _queued(name)
    return [point for point in points if point.digest not in queued.union(runs)]


def failed(name: str) -> list[SweepPoint]:
    """Return the points of a sweep whose newest run has failed and that no other run has made good.

    :raises InputError: no such sweep.
    """
    points = points_of(group_of(name))
    runs = latest_runs(point.digest for point in points)
    queued = _queued(name)
    return [
        point
        for point in points
        if (run := runs.get(point.digest)) is not None
        and run.is_terminated
        and not run.is_finished_ok
        and point.digest not in queued
    ]


def forget_failures(points: Sequence[SweepPoint]) -> int:
    """Take failed jobs of these points out of the cache, which would else repeat the failure; return how many."""
    n_jobs = 0
    for run in latest_runs(point.digest for point in points).values():
        for node in run.called_descendants:
            if isinstance(node, orm.CalcJobNode) and node.is_terminated and not node.is_finished_ok:
                node.base.caching.is_valid_cache = False
                n_jobs += 1
    return n_jobs


def _queued(name: str) -> set[str]:
    """Return the digests of the points that an active sweep has still to submit."""
    if name not in sweep_names():
        return set()
    queued = set()
    for sweep in active_sweeps(group_of(name)):
        query = orm.QueryBuilder().append(orm.WorkChainNode, filters={"id": sweep.pk}, tag="sweep")
        query.append(orm.WorkChainNode, with_incoming="sweep", tag="run")
        query.append(
            orm.Str, with_outgoing="run", edge_filters={"label": "digest"}, project="attributes.value"
        )
        begun = set(query.all(flat=True))
        asked = (SweepPoint.from_stored(point) for point in sweep.inputs.campaign["points"])
        queued |= {point.digest for point in asked} - begun
    return queued


def record(
    name: str, points: Sequence[SweepPoint], options: RunOptions, codes: Mapping[str, str]
) -> orm.Group:
    """Make or update the group of a sweep: its points, its options, and runs of earlier sweeps that serve."""
    group = orm.Group.collection.get_or_create(SWEEP_GROUP + name)[0]
    known = {point.label: point.to_mapping() for point in [*points_of(group), *points]}
    state = {"points": list(known.values()), "options": options.model_dump(), "codes": dict(codes)}
    group.base.extras.set(_STATE, state)
    runs = latest_runs(point.digest for point in points).values()
    group.add_nodes([run for run in runs if run.is_finished_ok or not run.is_terminated])
    return group


def set_options(name: str, options: RunOptions) -> None:
    """Give a recorded sweep new options; they hold for what is submitted from now on.

    The codes are those of the same labels on the computer that the options name.

    :raises InputError: a code does not exist there; nothing is changed.
    """
    group = group_of(name)
    state = group.base.extras.get(_STATE)
    codes = {
        role: f"{label.split('@')[0]}@{options.computer}" for role, label in state.get("codes", {}).items()
    }
    launcher.load_codes(**codes)
    group.base.extras.set(_STATE, {**state, "options": options.model_dump(), "codes": codes})


def start(name: str, points: Sequence[SweepPoint], ranking: orm.Dict | None = None) -> orm.WorkChainNode:
    """Submit the work chain that runs the given points of a recorded sweep.

    :param ranking: of the screening that chose the points' models; their campaign is then made from it.
    :raises InputError: a code does not exist.
    """
    group = group_of(name)
    state = group.base.extras.get(_STATE)
    options = RunOptions.from_mapping(state["options"])
    codes = launcher.load_codes(**state["codes"])
    scheduler_options = aiida_options(profile_for(options), options)
    models = {}
    for point in points:
        if point.inputs_key not in models:
            builder = ModelWorkChain.get_builder_from_protocol(
                codes,
                ModelSpec.from_stored(point.spec),
                point.protocol,
                point.overrides,
                scheduler_options,
            )
            inputs = builder._inputs(prune=True)
            models[point.inputs_key] = {k: v for k, v in inputs.items() if k not in ("spec", "digest")}
    campaign = orm.Dict({"name": name, "points": [point.to_mapping() for point in points]}, label=name)
    if ranking is not None:
        campaign = chosen_models(ranking, campaign)
    node = engine_submit(
        SweepWorkChain,
        campaign=campaign,
        models=models,
        group=orm.Str(group.label),
        max_concurrent=orm.Int(options.max_concurrent),
        metadata={"label": name},
    )
    group.add_nodes(node)
    return node


def active_sweeps(group: orm.Group) -> list[orm.WorkChainNode]:
    """Return the work chains that are still submitting points of a sweep."""
    query = orm.QueryBuilder().append(orm.Group, filters={"id": group.pk}, tag="group")
    query.append(
        orm.WorkChainNode,
        with_group="group",
        filters={
            "attributes.process_label": {"like": "%SweepWorkChain"},
            "attributes.process_state": {"in": list(ACTIVE_STATES)},
        },
        project="*",
    )
    sweeps: list[orm.WorkChainNode] = query.all(flat=True)
    return sweeps


def pause(name: str) -> int:
    """Stop submitting further points; what is under way goes on. Return how many work chains were paused."""
    return _control("pause", [sweep for sweep in active_sweeps(group_of(name)) if not sweep.paused])


def resume(name: str) -> int:
    """Go on with all of a sweep that is paused, by the user or by repeated failures. Return how many."""
    group = group_of(name)
    roots = [*active_sweeps(group), *active_runs(group)]
    below = [node for root in roots for node in root.called_descendants]
    paused = {node.pk: node for node in [*roots, *below] if isinstance(node, orm.ProcessNode) and node.paused}
    return _control("play", list(paused.values()))


def cancel(name: str, labels: Sequence[str] = ()) -> int:
    """Kill the runs of the given points, or the whole sweep; finished points stay. Return how many.

    :raises InputError: a label that is not a point of this sweep.
    """
    group = group_of(name)
    digests = {point.label: point.digest for point in points_of(group)}
    for label in labels:
        if label not in digests:
            raise InputError(
                "no such point", field="--point", value=label, remedy="`sweep status` lists them."
            )
    # a sweep that is paused leaves alive what it has called
    n_sweeps = 0 if labels else _control("kill", active_sweeps(group))
    wanted = {digests[label] for label in labels or digests}
    runs = [run for run in active_runs(group) if run.inputs.digest.value in wanted]
    return n_sweeps + _control("kill", runs)


_ACTIONS: dict[str, tuple[Callable[..., None], Callable[[orm.ProcessNode], bool]]] = {
    "pause": (control.pause_processes, lambda node: node.paused or node.is_terminated),
    "play": (control.play_processes, lambda node: not node.paused),
    "kill": (control.kill_processes, lambda node: node.is_terminated),
}


def _control(action: str, nodes: Sequence[orm.ProcessNode]) -> int:
    """Ask the daemon to act on processes, wait until it has, and return how many there were.

    :raises InputError: the daemon does not run, or processes did not obey.
    """
    if not nodes:
        return 0
    launcher.require_daemon()
    perform, has_obeyed = _ACTIONS[action]
    # whether they obey is seen below; its own reports say "failed" of a kill that only takes long
    logging.getLogger("aiida.process_control").setLevel(logging.CRITICAL)
    perform(list(nodes), timeout=_OBEY_WITHIN_S)
    deadline = time.monotonic() + _OBEY_WITHIN_S
    while not all(has_obeyed(node) for node in nodes) and time.monotonic() < deadline:
        time.sleep(0.5)
    deaf = [str(node.pk) for node in nodes if not has_obeyed(node)]
    if deaf:
        raise InputError(
            f"{len(deaf)} of {len(nodes)} processes did not obey: {', '.join(deaf)}",
            remedy="Run `verdi daemon restart`, wait a little, and give the same command again.",
        )
    return len(nodes)
