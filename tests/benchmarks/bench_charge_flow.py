"""Time the charge flow from 10² to 10⁶ atoms on one core, beside the dense least squares where it can run.

    python tests/benchmarks/bench_charge_flow.py [--largest 1000000] [--dense-up-to 2000]

Each size runs in a process of its own, so that its peak memory is its own. The dots are zinc-blende spheres
with random charges that sum to zero; positions are displaced at random by 0.05 Å.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time

SIZES = (100, 1_000, 2_000, 10_000, 100_000, 1_000_000)
LATTICE_ANG = 6.06


def ball(n_atoms: int):  # type: ignore[no-untyped-def]
    """Return a compact ball of about ``n_atoms`` zinc-blende atoms and neutral random charges."""
    import numpy as np
    from ase import Atoms

    n_cells = int(np.ceil((n_atoms / 8 * 6 / np.pi) ** (1 / 3))) + 2
    cells = np.stack(np.meshgrid(*[np.arange(n_cells)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    sites = np.concatenate([(cells + fcc).reshape(-1, 3), (cells + fcc + 0.25).reshape(-1, 3)])
    numbers = np.repeat([49, 33], len(sites) // 2)
    order = np.argsort(np.linalg.norm(sites - n_cells / 2, axis=1), kind="stable")[:n_atoms]
    rng = np.random.default_rng(7)
    positions = LATTICE_ANG * sites[order] + rng.uniform(-0.05, 0.05, (n_atoms, 3))
    charge = np.where(numbers[order] == 49, 1.0, -1.0) + rng.normal(0, 0.1, n_atoms)
    return Atoms(numbers=numbers[order], positions=positions), charge


def measure(n_atoms: int, dense: bool) -> str:
    """Return one row of the table."""
    import numpy as np

    from aiida_chargeflow.science.charges.bonds import bond_graph
    from aiida_chargeflow.science.charges.charge_flow import solve
    from aiida_chargeflow.science.charges.laplacian import components, incidence

    atoms, charge = ball(n_atoms)
    solve(atoms.positions[:8], np.array([[0, 1]]), np.zeros(8))  # load what loads on first use
    start = time.perf_counter()
    graph = bond_graph(atoms)
    found = time.perf_counter()
    labels = components(n_atoms, graph.bonds)
    charge -= (np.bincount(labels, weights=charge) / np.bincount(labels))[labels]
    begun = time.perf_counter()
    flow = solve(atoms.positions, graph.bonds, charge)
    solved = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    columns = [f"{n_atoms}", f"{graph.n_bonds}", f"{found - start:.3f}", f"{solved - begun:.3f}"]
    columns += [f"{memory:.0f}", f"{flow.residual:.0e}"]
    if dense:
        matrix = incidence(n_atoms, graph.bonds).toarray()
        begun = time.perf_counter()
        reference = np.linalg.lstsq(matrix, charge, rcond=None)[0]
        columns += [f"{time.perf_counter() - begun:.2f}", f"{np.abs(reference - flow.bond_flow).max():.0e}"]
    else:
        columns += ["-", "-"]
    return "| " + " | ".join(columns) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--dense-up-to", type=int, default=2000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(measure(arguments.one, arguments.one <= arguments.dense_up_to))
        return
    print(
        "| atoms | bonds | bonds found (s) | solved (s) | peak memory (MB) | residual | dense (s) | difference (e) |"
    )
    print("|" + "---|" * 8)
    one_core = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    for size in (size for size in SIZES if size <= arguments.largest):
        command = [sys.executable, __file__, "--one", str(size), "--dense-up-to", str(arguments.dense_up_to)]
        subprocess.run(command, check=True, env=os.environ | one_core)


if __name__ == "__main__":
    main()
