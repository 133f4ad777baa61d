"""Time and memory of building models: ``python tests/benchmarks/bench_models.py`` prints the scaling table.

CPU seconds are printed beside wall seconds, because they do not depend on what else the machine does.
"""

from __future__ import annotations

import os
import resource
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec

N_MONOLAYERS = (1, 3, 6, 9, 14, 20)


def measure(n_monolayers: int, start_geometry: str) -> tuple[int, float, float]:
    """Return the number of atoms and the shortest wall and CPU seconds of a few builds."""
    spec = ModelSpec.from_mapping(
        {
            "core": {"material": "InAs", "planes": [9, 16, 7]},
            "shells": [{"material": "CdSe", "n_monolayers": n_monolayers}],
            "interface": "alloyed",
            "start_geometry": start_geometry,
        }
    )
    wall, cpu = [], []
    for _ in range(3 if n_monolayers < 9 else 1):
        start = time.perf_counter(), time.process_time()
        n_atoms = len(build(spec).atoms)
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    return n_atoms, min(wall), min(cpu)


def main() -> None:
    """Print one row for each shell thickness and start geometry."""
    print(
        f"{'ML':>2} {'atoms':>7} {'geometry':>12} {'wall_s':>8} {'cpu_s':>8} {'cpu_us_per_atom':>16} {'peak_mb':>8}"
    )
    for n in N_MONOLAYERS:
        for geometry in ("lattice", "force-field"):
            n_atoms, wall, cpu = measure(n, geometry)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{n:>2} {n_atoms:>7} {geometry:>12} {wall:>8.3f} {cpu:>8.3f} {1e6 * cpu / n_atoms:>16.1f} {peak:>8.0f}"
            )


if __name__ == "__main__":
    main()
