"""Time the Bader engine on a large synthetic dot, against the limits of the machine and other programs.

    python tests/benchmarks/bench_bader.py [--points 486] [--pybader PYTHON] [--bader PROGRAM]
    python tests/benchmarks/bench_bader.py --cube DENSITY --bader PROGRAM      on a density of a run

The cube (1.5 GB at 486³) is written to a temporary directory and removed at the end. ``--pybader`` takes the
interpreter of an environment where pybader is installed, ``--bader`` the reference program.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from synthetic_density import density_of, radii_bohr, write_cube

ROOT = Path(__file__).resolve().parents[2]
LATTICE_BOHR = 11.45
SPACING_BOHR = 0.2
# The least of several runs in turn is free of what a machine does once: giving out memory, for one.
REPEATS = 4

PYBADER = """
import sys, time, numpy as np
from pybader.interface import Bader
start = time.perf_counter()
run = Bader.from_file(sys.argv[1])
read = time.perf_counter() - start
run.apply_config(dict(method="neargrid", refine_method="neargrid", refine_mode=("changed", -1),
                      vacuum_tol=1e-6 / 0.52917721067**3, threads=int(sys.argv[2]), speed_flag=True))
try:
    run()
except Exception as error:  # its writer fails with pandas 2; the numbers are there
    print("pybader stopped with", repr(error)[:60], file=sys.stderr)
np.save(sys.argv[3], run.atoms_charge)
print("PARTS", read, time.perf_counter() - start - read)
"""


def dot(radius_bohr: float) -> tuple[np.ndarray, np.ndarray]:
    """Return sites (n, 3) around the origin and kinds (n,) of a zinc-blende sphere."""
    cells = np.array(list(product(range(-6, 7), repeat=3)))
    basis = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0]])
    sites = np.concatenate([4 * cells + point + shift for shift in (0, 1) for point in basis])
    kinds = np.repeat([0, 1], 4 * len(cells))
    sites = sites * LATTICE_BOHR / 4
    inside = np.linalg.norm(sites, axis=1) < radius_bohr
    return sites[inside], kinds[inside]


def make_cube(path: Path, n: int) -> float:
    """Write a dot with shells around its nuclei and noise in its vacuum; return the part above 1e-6."""
    box = np.full(3, n * SPACING_BOHR)
    sites, kinds = dot(0.29 * box[0])
    sites = sites + box / 2
    radii = radii_bohr()
    cation = 1.2 * radii**2 * np.exp(-3.4 * radii) + 0.004 * np.exp(-1.05 * radii)
    anion = 0.35 * radii**2 * np.exp(-2.0 * radii) + 0.004 * np.exp(-1.0 * radii)
    density = density_of(sites, np.array([cation, anion]), kinds, box, n)
    write_cube(path, density, [(49, 33)[kind] for kind in kinds], sites, box, "synthetic")
    return float(np.mean(density > 1e-6))


def plain_passes(path: Path, n: int) -> tuple[float, float]:
    """Return the seconds to read all bytes and count their lines, and to sum as many points as the grid has."""
    start = time.perf_counter()
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(1 << 24):
            block.count(b"\n")
    read = time.perf_counter() - start
    grid = np.ones(n**3)
    start = time.perf_counter()
    grid.sum()
    return read, time.perf_counter() - start


def run(command: list[str], **options: object) -> tuple[float, float, str]:
    """Run a program; return seconds, peak memory in bytes, and what it printed."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options)  # type: ignore[call-overload]
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        log.seek(0)
        text = log.read()
    if status != 0:
        sys.exit(f"{command[:4]} failed:\n{text[-2000:]}")
    return seconds, usage.ru_maxrss * 1024.0, text


def engine(cube: Path, out: Path, *flags: str) -> tuple[float, float, np.ndarray]:
    """Run the engine; return seconds, peak memory and populations."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CHARGEFLOW_CACHE_DIR": str(out / "cache")}
    command = [sys.executable, "-m", "aiida_chargeflow.bader.cli", str(cube), "-o", str(out), *flags]
    seconds, memory, text = run(command, env=environment)
    print("\n".join("    " + line for line in text.splitlines() if " s" in line), file=sys.stderr)
    return seconds, memory, populations(out / "ACF.dat")


def least(cube: Path, out: Path, *flags: str) -> tuple[float, float, np.ndarray]:
    """Return what the fastest of several runs in turn took; the first may still have to compile."""
    return min((engine(cube, out, *flags) for _ in range(REPEATS)), key=lambda run: run[0])


def populations(path: Path) -> np.ndarray:
    """Return the CHARGE column."""
    rows = [line.split() for line in path.read_text().splitlines()]
    return np.array([float(row[4]) for row in rows if len(row) == 7 and row[0].isdigit()])


def on_density(cube: Path, program: str | None) -> None:
    """Print the processor time of the engine and of the reference program on a density, and their charges apart."""
    print("| | processor time (s) | charges, largest difference from the engine's near-grid (e) |")
    print("|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="bench-bader-") as name:
        folder = Path(name)
        (folder / "rho.cube").symlink_to(cube.resolve())
        ours = [
            sys.executable,
            "-m",
            "aiida_chargeflow.bader.cli",
            "rho.cube",
            "-vac",
            "1e-6",
            "--threads",
            "1",
        ]
        commands = {
            "engine, near-grid": [*ours, "-b", "neargrid"],
            "engine, weight": [*ours, "-b", "weight"],
        }
        if program is not None:
            commands["Henkelman's bader, near-grid"] = [program, "rho.cube", "-vac", "1e-6"]
        near = None
        for label, command in commands.items():
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            run(command, cwd=folder, env=environment)  # compiles, and fills the page cache
            spent = min(_processor_time(command, folder, environment) for _ in range(REPEATS))
            charges = populations(folder / "ACF.dat")
            near = charges if near is None else near
            print(f"| {label} | {spent:.1f} | {np.abs(charges - near).max():.1e} |")


def _processor_time(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, cwd=folder, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=486, help="along an edge")
    options.add_argument("--pybader", help="Python with pybader")
    options.add_argument("--bader", help="the reference program")
    options.add_argument("--cube", type=Path, help="a density to compare on, instead of a synthetic one")
    options = options.parse_args()
    if options.cube is not None:
        on_density(options.cube, options.bader)
        return
    n = options.points
    with tempfile.TemporaryDirectory(prefix="bench-bader-") as name:
        folder = Path(name)
        cube = folder / "rho.cube"
        above = make_cube(cube, n)
        size = cube.stat().st_size
        print(f"{n}³ = {n**3 / 1e6:.0f} M points, {size / 1e9:.2f} GB, {above:.0%} above the vacuum cut")
        passes = min(sum(plain_passes(cube, n)) for _ in range(REPEATS))
        grid = 8.0 * n**3
        first, memory, _ = engine(cube, folder, "-b", "weight")
        rows = [("one pass over the bytes + one over the points", passes, 0.0, "")]
        rows.append(("engine, weight, first call with compilation", first, memory, ""))
        seconds, memory, _ = least(cube, folder, "-b", "weight")
        rows.append(("engine, weight", seconds, memory, ""))
        seconds, memory, ours = least(cube, folder, "-b", "neargrid")
        rows.append(("engine, near-grid", seconds, memory, ""))
        if options.pybader:
            script = [options.pybader, "-c", PYBADER, str(cube), str(len(os.sched_getaffinity(0)))]
            seconds, memory, text = run([*script, str(folder / "q.npy")], cwd=folder)
            print(next(line for line in text.splitlines() if line.startswith("PARTS")), file=sys.stderr)
            deviation = np.abs(np.load(folder / "q.npy") - ours).max()
            rows.append(("pybader, near-grid", seconds, memory, f"{deviation:.1e}"))
        if options.bader:
            seconds, memory, _ = run([options.bader, cube.name, "-vac", "1e-6"], cwd=folder)
            deviation = np.abs(populations(folder / "ACF.dat") - ours).max()
            rows.append(("Henkelman's bader, near-grid", seconds, memory, f"{deviation:.1e}"))
        print(
            "| | seconds | × the plain passes | peak memory / grid | largest deviation from near-grid (e) |"
        )
        print("|---|---|---|---|---|")
        for label, seconds, memory, deviation in rows:
            share = f"{memory / grid:.2f}" if memory else ""
            print(f"| {label} | {seconds:.1f} | {seconds / passes:.1f} | {share} | {deviation} |")
    print(
        f"peak of this script {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
