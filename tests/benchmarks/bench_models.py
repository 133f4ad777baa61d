"""Time and memory of building models: ``python tests/benchmarks/bench_models.py`` prints the scaling table."""

from __future__ import annotations

import resource
import time

from aiida_chargeflow.science.model import build
from aiida_chargeflow.science.spec import ModelSpec

N_MONOLAYERS = (1, 3, 6, 9, 14, 20)
REPEATS = 3


def seconds(spec: ModelSpec) -> tuple[float, int]:
    """Return the shortest time of a few builds and the number of atoms."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        n_atoms = len(build(spec).atoms)
        times.append(time.perf_counter() - start)
    return min(times), n_atoms


def main() -> None:
    """Print one row for each shell thickness."""
    print("ML   atoms   lattice_s  per_atom_us   force_field_s  per_atom_us   peak_mb")
    for n in N_MONOLAYERS:
        row = []
        for geometry in ("lattice", "force-field"):
            content = {
                "core": {"material": "InAs", "planes": [9, 16, 7]},
                "shells": [{"material": "CdSe", "n_monolayers": n}],
                "interface": "alloyed",
                "start_geometry": geometry,
            }
            elapsed, n_atoms = seconds(ModelSpec.from_mapping(content))
            row += [elapsed, 1e6 * elapsed / n_atoms]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{n:<3} {n_atoms:>7}   {row[0]:>9.4f}  {row[1]:>11.2f}   {row[2]:>13.3f}  {row[3]:>11.1f} {peak:>9.0f}"
        )


if __name__ == "__main__":
    main()
