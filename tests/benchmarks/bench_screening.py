"""Time and memory of a screening: wall time, processor time of all processes, and the largest of them.

python tests/benchmarks/bench_screening.py workflows/screen-paper.yaml --evaluations 10000 --workers 2
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

from aiida_chargeflow.science.screening.ranking import screen
from aiida_chargeflow.science.screening.settings import ScreeningSettings


def main() -> None:
    """Run the screening of a file and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--evaluations", type=int)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    settings = ScreeningSettings.from_yaml(given.file)
    if given.evaluations:
        search = settings.search.model_copy(update={"evaluations": given.evaluations})
        settings = settings.model_copy(update={"search": search})
    start = time.perf_counter()
    result = screen(settings, progress=lambda n: print(f"\r{n}", end="", flush=True), workers=given.workers)
    wall_s = time.perf_counter() - start
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(one.ru_utime + one.ru_stime for one in usage)
    largest_mb = [one.ru_maxrss / 1024 for one in usage]
    print(
        f"\r{result.n_looked_at} candidates, {result.ranked[0].n_atoms} atoms: {wall_s:.0f} s of wall time, "
    )
    print(
        f"{cpu_s:.0f} s of processor time, {largest_mb[0]:.0f} MB here and {largest_mb[1]:.0f} MB in a worker"
    )
    for one in result.ranked:
        print(one.rank, one.formula, round(one.score, 4), one.counts, one.values)


if __name__ == "__main__":
    main()
