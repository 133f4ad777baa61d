"""What a campaign asks for, before AiiDA is involved: models built, costs estimated, options checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..clusters.check import check_options
from ..clusters.profile import ClusterProfile, RunOptions, profile_for
from ..science.cp2k.cost import Outlook, outlook
from ..science.cp2k.input import ScfSettings
from ..science.errors import InputError
from ..science.models.build import build
from ..science.models.campaign import Campaign, Point
from ..workchains.protocols import load_protocol


@dataclass(frozen=True)
class PlannedPoint:
    """One point of a campaign, built; or the reason why it cannot be.

    :param spec: the normalised content of its model file.
    :param settings: the resolved protocol.
    :param outlook: None for a point that cannot be built.
    """

    label: str
    protocol: str
    overrides: dict[str, Any]
    spec: dict[str, Any]
    settings: dict[str, Any]
    outlook: Outlook | None
    problem: InputError | None = None


@dataclass(frozen=True)
class Plan:
    """A campaign, built and checked.

    :param problems: what is wrong with the options; impossible points carry their own problem.
    """

    name: str
    options: RunOptions
    profile: ClusterProfile | None
    points: tuple[PlannedPoint, ...]
    problems: tuple[InputError, ...]

    @property
    def core_hours(self) -> float:
        """Estimated core-hours of all points together."""
        return sum(point.outlook.core_hours for point in self.points if point.outlook)


def make_plan(campaign: Campaign, progress: Callable[[Point], None] = lambda _: None) -> Plan:
    """Build every point of a campaign and collect all that is wrong with it, raising nothing for a bad point.

    :param progress: called before each point is built.
    :raises InputError: the options are malformed, or the cluster profile is.
    """
    options = RunOptions.from_mapping(campaign.options)
    profile = profile_for(options)
    points = []
    for point in campaign.points:
        progress(point)
        points.append(_plan_point(point))
    problems = check_options(profile, options) if profile else []
    problems += _memory_problems(points, options)
    return Plan(campaign.name, options, profile, tuple(points), tuple(problems))


def _plan_point(point: Point) -> PlannedPoint:
    spec: Mapping[str, Any] = point.model
    settings: dict[str, Any] = {}
    try:
        settings = load_protocol(point.protocol, point.overrides)
        model_spec = point.spec()
        spec = model_spec.to_mapping()
        expected = outlook(build(model_spec).atoms, ScfSettings.from_mapping(settings["scf"]))
    except InputError as error:
        return PlannedPoint(point.label, point.protocol, point.overrides, dict(spec), settings, None, error)
    return PlannedPoint(point.label, point.protocol, point.overrides, dict(spec), settings, expected)


def _memory_problems(points: list[PlannedPoint], options: RunOptions) -> list[InputError]:
    if options.memory_gb is None:
        return []
    available = options.memory_gb * options.nodes
    needs = {point.label: point.outlook.memory_gb for point in points if point.outlook}
    worst = max(needs, key=lambda label: needs[label], default=None)
    if worst is None or needs[worst] <= available:
        return []
    return [
        InputError(
            f"{worst} needs about {needs[worst]:.0f} GB, a job gets {available:.0f} GB in all",
            field="options.memory_gb",
            value=options.memory_gb,
            remedy="Raise memory_gb or nodes, or exclude the point.",
        )
    ]
