"""A sweep: the points of a campaign, a limited number at a time, in the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ExitCode, ProcessState, WorkChain, while_
from aiida.engine.processes.workchains.awaitable import Awaitable
from aiida.engine.processes.workchains.workchain import WorkChainSpec
from aiida.plugins import WorkflowFactory

from ..calculations.expand_campaign import expand_campaign
from .point_runs import active_runs, find_run, submission_lock
from .sweep_point import REQUIRED, SweepPoint


class SweepWorkChain(WorkChain):
    """Submit what is missing of a campaign's points, as slots become free.

    A point is known by its digest: one that has succeeded or is under way, in whatever sweep, is not
    submitted again. What is under way is read from the database at every step, never remembered, so a step
    that a crash has interrupted can run again. Sweeps of the same group share its slots.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        super().define(spec)
        spec.input(
            "campaign",
            valid_type=orm.Dict,
            validator=validate_campaign,
            help="`points`: a list of label, protocol, digest and spec.",
        )
        spec.input_namespace(
            "models", dynamic=True, help="Protocol → inputs of its models but spec and digest."
        )
        spec.input("group", valid_type=orm.Str, help="Group that collects the models and shares the slots.")
        spec.input("max_concurrent", valid_type=orm.Int, help="Models under way at the same time.")
        spec.inputs.validator = validate_inputs
        spec.outline(
            cls.expand,
            while_(cls.has_work)(cls.fill_slots),
            cls.results,
        )
        spec.exit_code(
            410,
            "ERROR_POINTS_FAILED",
            message="{failed} of {total} points failed. `aiida-chargeflow sweep status` says why; "
            "`sweep retry` submits them again.",
        )

    @classmethod
    def model_class(cls) -> type[WorkChain]:
        """Return the work chain of one point."""
        model: type[WorkChain] = WorkflowFactory("chargeflow.model")
        return model

    def expand(self) -> None:
        """Make the points' specifications."""
        if self._expansion() is None:  # it exists if a crash has interrupted this step
            expand_campaign(self.inputs.campaign)
        self.ctx.n_points = len(self._points)
        self.ctx.next = 0
        self.ctx.n_active = 0

    def has_work(self) -> bool:
        """Return whether points are to be submitted or waited for."""
        return bool(self.ctx.next < self.ctx.n_points or self.ctx.n_active > 0)

    def fill_slots(self) -> None:
        """Submit the next missing points while there are slots, then wait until any model ends."""
        with submission_lock():  # other workers look for runs and free slots too
            active = self._submit_missing()
        self.ctx.n_active = len(active)
        for slot, pk in enumerate(sorted(active)):
            self.to_context(**{f"slot_{slot}": active[pk]})

    def _submit_missing(self) -> dict[int, orm.WorkChainNode]:
        """Submit the next missing points while there are slots; return the runs under way by PK."""
        group = orm.Group.collection.get_or_create(self.inputs.group.value)[0]
        active = {node.pk: node for node in active_runs(group)}
        points = self._points
        while self.ctx.next < len(points) and len(active) < self.inputs.max_concurrent.value:
            number = self.ctx.next
            node = find_run(points[number].digest) or self._submit_point(number, points[number])
            group.add_nodes(node)
            if not node.is_terminated:
                active[node.pk] = node
            self.ctx.next += 1
        return active

    def results(self) -> ExitCode | None:
        """Count the points without a successful run."""
        failed = [point.label for point in self._points if find_run(point.digest) is None]
        if not failed:
            return None
        self.report(f"failed: {', '.join(failed)}")
        return self.exit_codes.ERROR_POINTS_FAILED.format(failed=len(failed), total=len(self._points))

    @property
    def _points(self) -> list[SweepPoint]:
        return [SweepPoint.from_stored(point) for point in self.inputs.campaign["points"]]

    def _expansion(self) -> orm.CalcFunctionNode | None:
        calls = self.node.base.links.get_outgoing(link_type=LinkType.CALL_CALC).all_nodes()
        return next((node for node in calls if node.is_finished_ok), None)

    def _point_nodes(self, number: int) -> dict[str, orm.Node]:
        """Return the outputs of the expansion for the point of this number: ``spec`` and ``digest``."""
        labels = {f"{kind}s__point_{number}": kind for kind in ("spec", "digest")}
        query = orm.QueryBuilder().append(orm.WorkChainNode, filters={"id": self.node.pk}, tag="sweep")
        query.append(
            orm.CalcFunctionNode,
            with_incoming="sweep",
            filters={"attributes.exit_status": 0},
            tag="expansion",
        )
        query.append(
            orm.Node,
            with_incoming="expansion",
            edge_filters={"label": {"in": list(labels)}},
            edge_project="label",
            project="*",
        )
        return {labels[label]: node for node, label in query.all()}

    def _submit_point(self, number: int, point: SweepPoint) -> orm.WorkChainNode:
        inputs = dict(self.inputs.models[point.inputs_key])
        metadata = {
            **inputs.pop("metadata", {}),
            "label": point.label,
            "call_link_label": f"point_{number}",
        }
        self.report(f"submitting {point.label} ({number + 1} of {self.ctx.n_points})")
        return self.submit(
            self.model_class(),
            **self._point_nodes(number),
            metadata=metadata,
            **inputs,
        )

    def _on_awaitable_finished(self, awaitable: Awaitable) -> None:
        """Go on when one of the models has ended; a work chain by itself waits for all of them.

        Nothing is taken from the awaitable: the next step asks the database. So it does no harm if the call
        of an earlier step comes late, or a call comes twice.
        """
        if self.state == ProcessState.WAITING and awaitable in self._awaitables:
            self.resume()


def validate_campaign(campaign: orm.Dict, _: object = None) -> str | None:
    """Return what is wrong with the points, or nothing."""
    points = campaign.get_dict().get("points")
    if not isinstance(points, list) or not points:
        return "`points` must be a list with at least one entry"
    for number, point in enumerate(points):
        missing = set(REQUIRED) - set(point)
        if missing:
            return f"point {number} lacks {', '.join(sorted(missing))}"
    return None


def validate_inputs(inputs: Mapping[str, Any], _: object = None) -> str | None:
    """Return which protocol of the points has no inputs, or nothing."""
    wanted = {SweepPoint.from_stored(point).inputs_key for point in inputs["campaign"]["points"]}
    missing = sorted(wanted - set(inputs.get("models", {})))
    return f"`models` lacks the inputs of protocol {', '.join(missing)}" if missing else None
