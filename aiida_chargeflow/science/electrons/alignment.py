"""Band edges of core, interlayer and shell from the region-projected states, and the type of alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..elements import element
from ..errors import InputError
from ..kinds import CORE, INTERLAYER, REGIONS, SHELL
from .pdos import Pdos
from .rules import AlignmentRule

_NO_SHARE = 1e-6

AlignmentType = Literal["I", "inverse I", "quasi-II", "II", "III"]


@dataclass(frozen=True)
class RegionEdges:
    """The gap of one region, in eV on the energy scale that was passed in.

    :param valence_edge_ev: highest state below the region's gap in which it takes part.
    :param conduction_edge_ev: lowest state above it.
    """

    region: str
    valence_edge_ev: float
    conduction_edge_ev: float

    @property
    def gap_ev(self) -> float:
        """Return the width of the region's gap."""
        return self.conduction_edge_ev - self.valence_edge_ev


def region_edges(
    energies_ev: NDArray[np.float64],
    share: NDArray[np.float64],
    anion_fraction: NDArray[np.float64],
    region: str,
    *,
    is_trap: NDArray[np.bool_] | None = None,
    rule: AlignmentRule | None = None,
) -> RegionEdges | None:
    """Return the gap of one region, or None if the window shows only one side of it.

    Valence states live on anions, conduction states more on cations. The gap is where the anion fraction drops of
    the states in which the region takes part: the split in energy that leaves the least share-weighted variance of
    that fraction on its two sides, among splits with the more anion-like states below. The fraction is that of the
    whole orbital: what a conduction state of the core leaves in the shell may sit on anions there. Occupation is
    not asked: with a broken alignment the core's conduction states are filled and the shell's valence states empty.

    :param energies_ev: (n_states,) ascending, relative to the energy zero.
    :param share: (n_states,) share of the region in each state.
    :param anion_fraction: (n_states,) share of the framework's anions in each state, of that of all its atoms.
    :param is_trap: (n_states,) states to pass over.
    """
    rule = rule or AlignmentRule()
    keep = (np.abs(energies_ev) <= rule.window_ev) & (share > _NO_SHARE)
    if is_trap is not None:
        keep &= ~is_trap
    if keep.any():
        keep &= share >= rule.min_relative_share * share[keep].mean()
    if np.count_nonzero(keep) < 2:
        return None
    weight, energies = share[keep], energies_ev[keep]
    anions = weight * anion_fraction[keep]
    below, above = np.cumsum(weight)[:-1], weight.sum() - np.cumsum(weight)[:-1]
    drop = np.cumsum(anions)[:-1] / below - (anions.sum() - np.cumsum(anions)[:-1]) / above
    between = np.where(drop > 0, below * above * drop**2, 0.0)
    split = int(np.argmax(between))
    if drop[split] < rule.min_character_drop:
        return None
    return RegionEdges(region, float(energies[split]), float(energies[split + 1]))


def alignment_type(
    inner: RegionEdges, outer: RegionEdges, *, tolerance_ev: float = AlignmentRule().tolerance_ev
) -> AlignmentType:
    """Classify the alignment of an inner region (core) and an outer one (shell).

    - ``I``: the inner gap lies inside the outer one by more than the tolerance on both sides; ``inverse I``
      the other way round.
    - ``quasi-II``: one pair of edges is level within the tolerance, so that one carrier spreads over both.
    - ``II``: both edges are shifted the same way, and a common gap remains.
    - ``III``: the conduction edge of one region lies at or below the valence edge of the other.
    """
    if inner.conduction_edge_ev <= outer.valence_edge_ev or outer.conduction_edge_ev <= inner.valence_edge_ev:
        return "III"
    hole = inner.valence_edge_ev - outer.valence_edge_ev
    electron = outer.conduction_edge_ev - inner.conduction_edge_ev
    if abs(hole) <= tolerance_ev or abs(electron) <= tolerance_ev:
        return "quasi-II"
    if hole > 0 and electron > 0:
        return "I"
    if hole < 0 and electron < 0:
        return "inverse I"
    return "II"


@dataclass(frozen=True)
class BandAlignment:
    """Edges of every region that has them, and the type between core and shell (None without both)."""

    regions: tuple[RegionEdges, ...]
    type: AlignmentType | None

    @property
    def warning(self) -> str | None:
        """Return a clause about core and shell if their bands overlap, else None."""
        if self.type != "III":
            return None
        edges = {item.region: item for item in self.regions}
        low, high = sorted(
            (edges[REGIONS[CORE]], edges[REGIONS[SHELL]]), key=lambda item: item.conduction_edge_ev
        )
        return (
            f"conduction states of the {low.region} (from {low.conduction_edge_ev:.2f} eV) lie below valence states "
            f"of the {high.region} (up to {high.valence_edge_ev:.2f} eV): type III, the {low.region} is filled at the "
            f"expense of the {high.region}"
        )

    def summary(self) -> dict[str, object]:
        """Return plain Python values, ready for JSON."""
        return {
            "type": self.type,
            "regions": {
                edges.region: {
                    "valence_edge_ev": edges.valence_edge_ev,
                    "conduction_edge_ev": edges.conduction_edge_ev,
                    "gap_ev": edges.gap_ev,
                }
                for edges in self.regions
            },
        }


def band_alignment(
    pdos: Pdos,
    energies_ev: NDArray[np.float64],
    *,
    is_trap: NDArray[np.bool_] | None = None,
    rule: AlignmentRule | None = None,
) -> BandAlignment:
    """Return the edges of core, interlayer and shell and the alignment of the core with the shell.

    :param pdos: shares by kind, kinds with regions.
    :param energies_ev: (n_states,) relative to the energy zero, as ``ElectronicStructure.energies_ev``.
    :param is_trap: (n_states,) states to pass over, as ``ElectronicStructure.is_trap``.
    :raises InputError: no kind carries a region.
    """
    rule = rule or AlignmentRule()
    regions = [region for region in (CORE, INTERLAYER, SHELL) if any(k.region == region for k in pdos.kinds)]
    if not regions:
        raise InputError(
            "no region among the kinds",
            field="pdos",
            value=list(pdos.kind_names),
            remedy="Kinds must carry their region, such as As14: build the model with this package.",
        )
    anions, cations = (sum(_share(pdos, region, sign) for region in regions) for sign in (-1, 1))
    fraction = anions / np.maximum(anions + cations, _NO_SHARE)
    edges = {}
    for region in regions:
        share = _share(pdos, region, -1) + _share(pdos, region, 1)
        name = REGIONS[region]
        found = region_edges(energies_ev, share, fraction, name, is_trap=is_trap, rule=rule)
        if found is not None:
            edges[name] = found
    kind: AlignmentType | None = None
    if REGIONS[CORE] in edges and REGIONS[SHELL] in edges:
        kind = alignment_type(edges[REGIONS[CORE]], edges[REGIONS[SHELL]], tolerance_ev=rule.tolerance_ev)
    return BandAlignment(tuple(edges.values()), kind)


def _share(pdos: Pdos, region: int, sign: int) -> NDArray[np.float64]:
    """Return the (n_states,) share of the region's cations (sign 1) or anions (sign -1)."""
    rows = [kind.region == region and sign * element(kind.symbol).oxidation_state > 0 for kind in pdos.kinds]
    total: NDArray[np.float64] = pdos.kind_weights[rows].sum(axis=0)
    return total
