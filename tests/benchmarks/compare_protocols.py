"""What a cheap protocol is worth: the same dots by it and by another one, from finished runs.

    python tests/benchmarks/compare_protocols.py CHEAP=REFERENCE [CHEAP=REFERENCE ...]

Labels or PKs of finished models in the default AiiDA profile. Prints two Markdown tables: gaps and where the edges are,
then charges and flows; and whether the cheap gaps come in the right order.
"""

from __future__ import annotations

import sys

import numpy as np
from aiida import load_profile, orm
from scipy.stats import spearmanr

from aiida_chargeflow.results.gap_rows import gap_rows
from aiida_chargeflow.results.select import load_model, model_row

_GAPS = ("gap_ev", "band_edge_gap_ev", "n_traps", "homo_on", "lumo_on")


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
        q, q_reference = (node.outputs.charge_flow.get_array("bader_charge") for node in nodes)
        flow, flow_reference = (node.outputs.charge_flow.get_array("flow_magnitude") for node in nodes)
        factor = (q @ q_reference) / (q @ q)
        left = np.sqrt(np.mean((q_reference - factor * q) ** 2))
        means = [model_row(node)["environments"] for node in nodes]
        anions = [" / ".join(_cell(mean[name]) for mean in means) for name in ("3c anion", "4c anion")]
        r = np.corrcoef(flow, flow_reference)[0, 1]
        print(
            f"| {nodes[0].outputs.summary['formula']} | {factor:.3f} | {left:.3f} "
            f"| {flow.mean():.3f} / {flow_reference.mean():.3f} | {' | '.join(anions)} | {r:.3f} |"
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
