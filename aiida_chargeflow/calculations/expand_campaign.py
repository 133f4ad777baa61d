"""The points of a campaign as nodes, so that every model can be traced to the campaign that asked for it."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction


@calcfunction
def expand_campaign(campaign: orm.Dict) -> dict[str, dict[str, orm.Node]]:
    """Return ``specs.point_N`` and ``digests.point_N`` for the N-th entry of the campaign's ``points``."""
    points = campaign["points"]
    return {
        "specs": {f"point_{n}": orm.Dict(point["spec"]) for n, point in enumerate(points)},
        "digests": {f"point_{n}": orm.Str(point["digest"]) for n, point in enumerate(points)},
    }
