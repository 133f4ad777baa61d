"""Measure what commands take before and while they ask the database, against `verdi process list` in the same run.

usage: python tests/benchmarks/bench_startup.py [MODELS]

Makes a profile of its own in a temporary folder with so many finished models (200), and prints the least processor time
of three runs, the start of Python included, and its ratio to the reference.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

_FILL = """
import sys
from aiida import load_profile, orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
load_profile()
group = orm.Group(label="many").store()
for number in range(int(sys.argv[1])):
    node = orm.WorkChainNode(label=f"dot {number}", process_type="aiida.workflows:chargeflow.model")
    node.set_process_label("ModelWorkChain")
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    inputs = {"digest": orm.Str(str(number)), "scf__settings": orm.Dict({"basis": "DZVP"})}
    for label, data in inputs.items():
        node.base.links.add_incoming(data.store(), LinkType.INPUT_WORK, label)
    node.store()
    cell = orm.StructureData(cell=[[9, 0, 0], [0, 9, 0], [0, 0, 9]], pbc=False)
    for k in range(300):
        cell.append_atom(position=(k % 7, k // 7 % 7, k // 49), symbols="In", name="In14")
    edge = {"index": 7, "carriers": {"In14": 0.9}, "ligand_share": 0.05, "atom": 3,
            "atom_kind": "In14", "atom_share": 0.1}
    summary = {"formula": "In300", "n_atoms": 300, "energy_ev": -1.0, "gap_ev": 1.0, "band_edge_gap_ev": 1.2,
               "n_traps": 1, "max_occupation_deviation_e": 0.0, "electronic_temperature_k": 300.0,
               "n_atoms_of_kind": {"In14": 300}, "frontier": {"homo": edge, "lumo": edge}}
    for label, data in {"structure": cell, "summary": orm.Dict(summary)}.items():
        data.store().base.links.add_incoming(node, LinkType.RETURN, label)
    node.seal()
    group.add_nodes(node)
print(node.pk)
"""


def processor_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return the least processor time of three runs."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def main() -> None:
    """Fill a profile and print the table."""
    n_models = sys.argv[1] if len(sys.argv) > 1 else "200"
    programs = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "AIIDA_PATH": folder}
        make = [str(programs / "verdi"), "presto", "--profile-name", "many"]
        subprocess.run(make, env=environment, check=True, capture_output=True)
        fill = [sys.executable, "-c", _FILL, n_models]
        filled = subprocess.run(fill, env=environment, check=True, capture_output=True, text=True)
        pk = filled.stdout.split()[-1]
        ours = str(programs / "aiida-chargeflow")
        commands = {
            "verdi process list -a": [str(programs / "verdi"), "process", "list", "-a"],
            "aiida-chargeflow --help": [ours, "--help"],
            "aiida-chargeflow show PK": [ours, "show", pk],
            f"aiida-chargeflow table gaps GROUP ({n_models} models)": [ours, "table", "gaps", "many"],
        }
        reference = None
        for name, command in commands.items():
            seconds = processor_seconds(command, environment)
            reference = reference or seconds
            print(f"{name:55s} {seconds:6.2f} s {seconds / reference:6.2f}")


if __name__ == "__main__":
    main()
