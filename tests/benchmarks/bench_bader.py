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

import numba
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LATTICE_BOHR = 11.45
SPACING_BOHR = 0.2
TABLE_STEP_BOHR = 0.005
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


@numba.njit(nogil=True)
def superpose(density, sites, kinds, tables, spacing):  # type: ignore[no-untyped-def]
    """Add spherical densities, tabulated over the radius, to a cubic grid."""
    n = density.shape[0]
    reach = (tables.shape[1] - 2) * TABLE_STEP_BOHR
    for site in range(sites.shape[0]):
        x, y, z = sites[site]
        for i in range(max(0, int((x - reach) / spacing)), min(n, int((x + reach) / spacing) + 1)):
            for j in range(max(0, int((y - reach) / spacing)), min(n, int((y + reach) / spacing) + 1)):
                for k in range(max(0, int((z - reach) / spacing)), min(n, int((z + reach) / spacing) + 1)):
                    dx, dy, dz = i * spacing - x, j * spacing - y, k * spacing - z
                    at = np.sqrt(dx * dx + dy * dy + dz * dz) / TABLE_STEP_BOHR
                    entry = int(at)
                    if entry + 1 < tables.shape[1]:
                        low, high = tables[kinds[site], entry], tables[kinds[site], entry + 1]
                        density[i, j, k] += low + (at - entry) * (high - low)


@numba.njit(nogil=True)
def format_plane(values, out):  # type: ignore[no-untyped-def]
    """Write values as Fortran's (6E13.5) into out; return the number of bytes."""
    at = 0
    column = 0
    for value in values:
        magnitude = abs(value)
        exponent = 0
        if magnitude > 0:
            exponent = int(np.floor(np.log10(magnitude))) + 1
            digits = int(np.rint(magnitude / 10.0**exponent * 1e5))
            if digits == 100000:
                digits = 10000
                exponent += 1
        else:
            digits = 0
        out[at] = 32
        out[at + 1] = 45 if value < 0 else 32
        out[at + 2] = 48
        out[at + 3] = 46
        for place in range(5):
            out[at + 8 - place] = 48 + digits % 10
            digits //= 10
        out[at + 9] = 69
        out[at + 10] = 45 if exponent < 0 else 43
        out[at + 11] = 48 + abs(exponent) // 10
        out[at + 12] = 48 + abs(exponent) % 10
        at += 13
        column += 1
        if column == 6:
            out[at] = 10
            at += 1
            column = 0
    return at


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
    box = n * SPACING_BOHR
    sites, kinds = dot(0.29 * box)
    sites = sites + box / 2
    radii = np.arange(0, 9.5, TABLE_STEP_BOHR)
    cation = 1.2 * radii**2 * np.exp(-3.4 * radii) + 0.004 * np.exp(-1.05 * radii)
    anion = 0.35 * radii**2 * np.exp(-2.0 * radii) + 0.004 * np.exp(-1.0 * radii)
    tables = np.array([cation, anion])
    density = np.zeros((n, n, n))
    superpose(density, sites, kinds, tables, SPACING_BOHR)
    density += 1e-13 * np.random.default_rng(1).standard_normal((n, n))
    lines = ["synthetic", "ELECTRON DENSITY", f"{len(sites):5d}" + 3 * f"{0:12.6f}"]
    lines += [f"{n:5d}" + "".join(f"{x:12.6f}" for x in row) for row in np.eye(3) * SPACING_BOHR]
    for kind, site in zip(kinds, sites, strict=True):
        lines.append(f"{(49, 33)[kind]:5d}{0:12.6f}" + "".join(f"{x:12.6f}" for x in site))
    out = np.empty(n * n * 14 + 16, dtype=np.uint8)
    with path.open("wb") as stream:
        stream.write(("\n".join(lines) + "\n").encode())
        for plane in density:
            stream.write(out[: format_plane(plane.reshape(-1), out)].tobytes())
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
    options.add_argument("--points", type=int, default=486, help="along an edge; a multiple of 6")
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
