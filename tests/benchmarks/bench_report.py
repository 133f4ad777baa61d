"""Measure size and time of a report of one large model with made-up orbitals: MONOLAYERS of CdSe on an InAs core.

usage: python tests/benchmarks/bench_report.py [MONOLAYERS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from aiida import load_profile, orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from aiida.storage.sqlite_temp import SqliteTempBackend

load_profile(SqliteTempBackend.create_profile("bench"))

from aiida_chargeflow.calculations.build_model import build_model  # noqa: E402 (needs a profile)
from aiida_chargeflow.calculations.charge_flow import charge_flow  # noqa: E402
from aiida_chargeflow.calculations.orbitals import orbitals_node  # noqa: E402
from aiida_chargeflow.calculations.structures import to_atoms  # noqa: E402
from aiida_chargeflow.calculations.summarise import summarise  # noqa: E402
from aiida_chargeflow.report.site import write_report  # noqa: E402
from aiida_chargeflow.science.electrons.pdos import Pdos  # noqa: E402
from aiida_chargeflow.science.elements import element  # noqa: E402
from aiida_chargeflow.science.models.spec import ModelSpec  # noqa: E402
from aiida_chargeflow.workchains.model import ModelWorkChain  # noqa: E402
from aiida_chargeflow.workchains.protocols import load_protocol  # noqa: E402


def made_up_pdos(kinds: list[str], n_electrons: int, random: np.random.Generator) -> Pdos:
    """Return all occupied orbitals and 20 empty ones with random shares of the kinds."""
    names, counts = np.unique(kinds, return_counts=True)
    n_occupied = n_electrons // 2
    energies = np.sort(random.uniform(-14.0, -0.3, n_occupied)).tolist() + np.linspace(0.3, 2.0, 20).tolist()
    shares = random.random((len(names), len(energies))) * counts[:, None]
    return Pdos(
        spin="both",
        fermi_level_ev=0.0,
        index=np.arange(1, len(energies) + 1),
        eigenvalues_ev=np.array(energies),
        occupations=np.where(np.arange(len(energies)) < n_occupied, 2.0, 0.0),
        kind_names=tuple(names.tolist()),
        kind_weights=shares / shares.sum(axis=0),
        kind_counts=counts,
    )


def stored_model(n_monolayers: int) -> orm.WorkChainNode:
    """Return a finished run as the work chain leaves it, its density and orbitals made up."""
    random, settings = np.random.default_rng(1), load_protocol("demo")
    shells = [{"material": "CdSe", "n_monolayers": n_monolayers}]
    spec = ModelSpec.from_mapping(CORE | {"shells": shells, "interface": "alloyed"})
    inputs = {
        "spec": orm.Dict(spec.to_mapping()),
        "digest": orm.Str(spec.digest),
        "scf__settings": orm.Dict(settings["scf"]),
        "bader__parameters": orm.Dict(settings["bader"]),
        "charge_flow": orm.Dict(settings["charge_flow"]),
    }
    structure = build_model(inputs["spec"])["structure"]
    atoms = to_atoms(structure)
    charges = np.array([0.35 * element(symbol).oxidation_state for symbol in atoms.symbols])
    charges += random.normal(0.0, 0.03, len(atoms))
    bader = orm.ArrayData()
    bader.set_array("bader_charge", charges - charges.mean())
    n_electrons = 2 * (sum(element(symbol).n_valence for symbol in atoms.symbols) // 2)
    orbitals = orbitals_node(made_up_pdos([site.kind_name for site in structure.sites], n_electrons, random))
    scf = orm.Dict({"energy_ev": -1.0, "fermi_level_ev": 0.0, "n_electrons": n_electrons})
    flow = charge_flow(structure, bader, inputs["charge_flow"])["charge_flow"]
    node = orm.WorkChainNode(label=f"large-{n_monolayers}")
    node.set_process_label(ModelWorkChain.__name__)
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    for label, data in inputs.items():
        node.base.links.add_incoming(data.store(), LinkType.INPUT_WORK, label)
    node.store()
    outputs = {
        "structure": structure,
        "charge_flow": flow,
        "scf__orbitals": orbitals.store(),
        "scf__output_parameters": scf.store(),
        "summary": summarise(structure, scf, orbitals, flow),
    }
    for label, data in outputs.items():
        data.base.links.add_incoming(node, LinkType.RETURN, label)
    return node


CORE = {"core": {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]}}

if __name__ == "__main__":
    model = stored_model(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    n_atoms = len(model.outputs.structure.sites)
    with tempfile.TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        size = write_report([model], Path(folder) / "report", title="large")
        print(
            f"{n_atoms} atoms: {size / 1e6:.2f} MB, {time.perf_counter() - started:.1f} s, "
            f"{time.process_time() - used:.1f} s of CPU"
        )
        for path in sorted(Path(folder).rglob("*.*")):
            if path.is_file():
                print(f"{path.stat().st_size / 1e3:9.1f} kB  {path.relative_to(folder)}")
