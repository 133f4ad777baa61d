"""What the protocols cost and how far their numbers are apart, on one structure through the whole chain.

usage: python tests/benchmarks/bench_protocols.py DOT.xyz PROTOCOL[=OVERRIDES.yaml] ... [--ranks N]

The first protocol is the reference. Every run starts from scratch, in the default AiiDA profile (codes ``cp2k`` and
``bader``, as `aiida-chargeflow setup local` makes them) and in this process, one after the other; finished runs of the
same structure file and protocol are read instead of repeated. Prints a Markdown table and, as its last line, the rows
as JSON.
"""

from __future__ import annotations

import argparse
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from aiida import load_profile, orm
from aiida.engine import run_get_node

from aiida_chargeflow.science.models.from_atoms import import_model
from aiida_chargeflow.workchains.model import ModelWorkChain
from aiida_chargeflow.workchains.point_runs import find_run

HARTREE_MEV = 27211.386245988


def structure_of(path: Path) -> orm.StructureData:
    """Return the stored structure of a file, the same node for the same content."""
    digest = sha256(path.read_bytes()).hexdigest()
    query = orm.QueryBuilder().append(orm.StructureData, filters={"extras.file_sha256": digest})
    if node := query.first(flat=True):
        return node
    node = orm.StructureData(ase=import_model(path).atoms).store()
    node.base.extras.set("file_sha256", digest)
    return node


def finished_run(structure: orm.StructureData, protocol: str, ranks: int) -> orm.WorkChainNode:
    """Return the model run of a structure by ``NAME`` or ``NAME=OVERRIDES.yaml``."""
    name, _, file = protocol.partition("=")
    overrides = yaml.safe_load(Path(file).read_text()) if file else None
    codes = {role: orm.load_code(role) for role in ("cp2k", "bader")}
    options = {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": ranks}}
    builder = ModelWorkChain.get_builder_from_protocol(codes, structure, name, overrides, options)
    builder.metadata.label = protocol
    node = find_run(builder.digest.value)
    if node is None:
        _, node = run_get_node(builder)
    return node


def cost(node: orm.WorkChainNode) -> dict[str, Any]:
    """Return steps, seconds and memory of the CP2K jobs behind a model."""
    jobs = [job for job in node.called_descendants if job.process_label == "DotCalculation"]
    printed = [job.outputs.output_parameters.get_dict() for job in sorted(jobs, key=lambda job: job.pk)]
    n_steps = sum(job["n_scf_steps"] for job in printed)
    wall_s = sum(job["walltime_s"] for job in printed)
    return {
        "stages": " + ".join(f"{job.label} {p['n_scf_steps']}" for job, p in zip(jobs, printed, strict=True)),
        "n_scf_steps": n_steps,
        "step_s": wall_s / n_steps,
        "wall_s": wall_s,
        "memory_mib": max(job["peak_memory_mib"] for job in printed),
    }


def row(node: orm.WorkChainNode, reference: orm.WorkChainNode) -> dict[str, Any]:
    """Return cost and differences from the reference."""
    here, there = (n.outputs.scf.output_parameters.get_dict() for n in (node, reference))
    charges = [n.outputs.bader.bader.get_array("bader_charge") for n in (node, reference)]
    flows = [n.outputs.charge_flow.get_array("flow_magnitude") for n in (node, reference)]
    return {
        "protocol": node.label,
        **cost(node),
        "energy_hartree": here["energy_hartree"],
        "energy_difference_mev": (here["energy_hartree"] - there["energy_hartree"]) * HARTREE_MEV,
        "gap_ev": here["gap_ev"],
        "gap_difference_mev": (here["gap_ev"] - there["gap_ev"]) * 1000,
        "max_charge_difference_e": float(np.abs(charges[0] - charges[1]).max()),
        "max_flow_difference_e": float(np.abs(flows[0] - flows[1]).max()),
        "cost_ratio": cost(reference)["wall_s"] / cost(node)["wall_s"],
    }


def main() -> None:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("structure", type=Path)
    parser.add_argument("protocols", nargs="+")
    parser.add_argument("--ranks", type=int, default=1)
    arguments = parser.parse_args()
    load_profile()
    structure = structure_of(arguments.structure)
    nodes = [finished_run(structure, protocol, arguments.ranks) for protocol in arguments.protocols]
    for node in nodes:
        if not node.is_finished_ok:
            raise SystemExit(
                f"{node.label}<{node.pk}>: {node.exit_message}; see verdi process report {node.pk}"
            )
    rows = [row(node, nodes[0]) for node in nodes]
    print(
        "| protocol | stages: SCF steps | s a step | wall / s | MiB a rank | energy / Ha | difference / meV "
        "| gap / eV | difference / meV | charge, largest / e | flow, largest / e | cheaper by |"
    )
    print("|---" * 12 + "|")
    for r in rows:
        print(
            f"| `{r['protocol']}` | {r['stages']} | {r['step_s']:.1f} | {r['wall_s']:.0f} | {r['memory_mib']:.0f} "
            f"| {r['energy_hartree']:.7f} | {r['energy_difference_mev']:+.2f} | {r['gap_ev']:.4f} "
            f"| {r['gap_difference_mev']:+.2f} | {r['max_charge_difference_e']:.4f} "
            f"| {r['max_flow_difference_e']:.4f} | {r['cost_ratio']:.2f} |"
        )
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
