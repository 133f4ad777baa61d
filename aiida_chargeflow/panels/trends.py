"""How gap and ligand density of finished models depend on what was built: the rows of the trend figures."""

from __future__ import annotations

from collections.abc import Sequence

from aiida import orm

from ..figures.trends import TrendPoint
from ..results.structures import spec_of
from ..science.models.spec import ModelSpec

#: Patterns that leave the lattice as it was cut.
_PURE = ("abrupt", "pure")


def trend_points(nodes: Sequence[orm.WorkChainNode]) -> tuple[list[TrendPoint], list[str]]:
    """Return one point for each model that was built from a specification, and a note for each other.

    The same model may come more than once, such as with two protocols.
    """
    points, notes = [], []
    for node in nodes:
        spec = spec_of(node)
        if spec is None:
            notes.append(f"{node.label or node.pk}: it was not built from a specification")
            continue
        summary = node.outputs.summary.get_dict()
        points.append(
            TrendPoint(
                label=node.label or summary["formula"],
                uuid=node.uuid,
                core=spec.core.material,
                n_monolayers=n_monolayers(spec),
                interface=interface_of(spec),
                surface=surface_of(spec),
                gap_ev=summary.get("gap_ev"),
                band_edge_gap_ev=summary.get("band_edge_gap_ev"),
                ligands_per_nm2=summary.get("ligands_per_nm2"),
            )
        )
    return points, notes


def n_monolayers(spec: ModelSpec) -> int:
    """Return the thickness of all shells together, in monolayers."""
    return sum(shell.n_monolayers for shell in spec.shells)


def interface_of(spec: ModelSpec) -> str:
    """Return ``pure`` for an abrupt interface, ``recon`` for any pattern, ``none`` without a shell."""
    if not spec.shells:
        return "none"
    return "pure" if spec.interface.pattern in _PURE else "recon"


def surface_of(spec: ModelSpec) -> str:
    """Return ``pure`` for the surface as cut, ``recon`` for any pattern."""
    return "pure" if all(item.pattern in _PURE for item in spec.surface) else "recon"
