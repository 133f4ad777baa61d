"""What a cheap protocol is worth: the same dots by it and by another one, from finished runs.

    python tests/benchmarks/compare_protocols.py CHEAP=REFERENCE [CHEAP=REFERENCE ...]

Labels or PKs of finished models in the default AiiDA profile. Prints two Markdown tables: gaps and where the edges are,
then charges and flows; and whether the cheap gaps come in the right order.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from aiida import load_profile, orm
from numpy.typing import NDArray
from scipy.stats import spearmanr

from aiida_chargeflow.results.gap_rows import gap_rows
from aiida_chargeflow.results.select import load_model
from aiida_chargeflow.science.elements import element
from aiida_chargeflow.science.kinds import LIGAND, decode

Array = NDArray[np.float64]

_GAPS = ("gap_ev", "band_edge_gap_ev", "n_traps", "homo_on", "lumo_on")


@dataclass(frozen=True)
class Flows:
    """Charges and flow magnitudes of a dot, shape (n_atoms,), and the kinds of its atoms."""

    kinds: list[str]
    charge: Array
    magnitude: Array

    @classmethod
    def of(cls, node: orm.WorkChainNode) -> Flows:
        stored = node.outputs.charge_flow
        kinds = [site.kind_name for site in node.outputs.structure.sites]
        return cls(kinds, stored.get_array("bader_charge"), stored.get_array("flow_magnitude"))

    def mean_of_anions(self, coordination: int) -> float | None:
        """Return the mean flow of the framework's anions with so many bonds."""
        is_such = np.array([_is_anion(kind, coordination) for kind in self.kinds])
        return float(self.magnitude[is_such].mean()) if is_such.any() else None


def _is_anion(name: str, coordination: int) -> bool:
    kind = decode(name)
    inside = kind.region != LIGAND and kind.coordination == coordination
    return inside and element(kind.symbol).oxidation_state < 0


def gaps(pairs: list[tuple[orm.WorkChainNode, orm.WorkChainNode]]) -> None:
    """Print gaps and edges, and the rank correlation of the gaps."""
    print(
        "| dot | gap (eV) | edge gap (eV) | traps | highest occupied on | lowest empty on |\n|---|---|---|---|---|---|"
    )
    cheap, reference = (gap_rows(list(side)) for side in zip(*pairs, strict=True))
    for row, other in zip(cheap, reference, strict=True):
        cells = [f"{_cell(row[key])} / {_cell(other[key])}" for key in _GAPS]
        print(f"| {row['formula']} | {' | '.join(cells)} |")
    for key in ("gap_ev", "band_edge_gap_ev"):
        both = [[row[key] for row in rows] for rows in (cheap, reference)]
        rank = spearmanr(*both)
        print(
            f"\n{key}: rank correlation {rank.statistic:.2f} (p = {rank.pvalue:.2f}, {len(pairs)} dots), ",
            end="",
        )
        print(f"mean absolute difference {np.abs(np.subtract(*both)).mean():.2f} eV")


def flows(pairs: list[tuple[orm.WorkChainNode, orm.WorkChainNode]]) -> None:
    """Print how far charges are apart, after the best common factor, and mean flows."""
    print(
        "\n| dot | charges: factor | left after it, rms (e) | flow, all atoms (e) | 3c anions (e) "
        "| 4c anions (e) | flow, r |"
    )
    print("|---|---|---|---|---|---|---|")
    for nodes in pairs:
        cheap, reference = (Flows.of(node) for node in nodes)
        factor = (cheap.charge @ reference.charge) / (cheap.charge @ cheap.charge)
        left = np.sqrt(np.mean((reference.charge - factor * cheap.charge) ** 2))
        anions = [f"{_cell(cheap.mean_of_anions(c))} / {_cell(reference.mean_of_anions(c))}" for c in (3, 4)]
        r = np.corrcoef(cheap.magnitude, reference.magnitude)[0, 1]
        print(
            f"| {nodes[0].outputs.summary['formula']} | {factor:.3f} | {left:.3f} "
            f"| {cheap.magnitude.mean():.3f} / {reference.magnitude.mean():.3f} | {' | '.join(anions)} | {r:.3f} |"
        )


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    """Print the tables."""
    load_profile()
    pairs = []
    for argument in sys.argv[1:]:
        cheap, reference = (load_model(name) for name in argument.split("="))
        if len(cheap.outputs.structure.sites) != len(reference.outputs.structure.sites):
            raise SystemExit(f"{argument}: not the same dot")
        pairs.append((cheap, reference))
    gaps(pairs)
    flows(pairs)


if __name__ == "__main__":
    main()
