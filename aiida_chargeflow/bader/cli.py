"""The command ``chargeflow-bader``: a cube in, ACF.dat out, with the flags of the reference program."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..science.errors import InputError
from .acf import write_acf
from .cube import read_cube
from .engine import partition
from .jit import available_threads
from .result import Partition

_NO_VACUUM = "off"


def _vacuum(text: str) -> float | None:
    """Read the value of -vac: a density, ``auto`` (1e-3 as in the reference program) or ``off``."""
    if text == _NO_VACUUM:
        return None
    if text == "auto":
        return 1e-3
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="chargeflow-bader", description="Partition an electron density among its atoms (Bader)."
    )
    result.add_argument("cube", type=Path, help="density in e/bohr³; .gz and .zst are read too")
    result.add_argument(
        "-vac",
        "--vacuum",
        type=_vacuum,
        default=1e-6,
        metavar="E/BOHR³|auto|off",
        help="density at or below which a point belongs to no atom (default 1e-6; auto is 1e-3)",
    )
    result.add_argument("-b", "--method", choices=("weight",), default="weight", help="default weight")
    result.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="where ACF.dat goes")
    boundary = result.add_mutually_exclusive_group()
    boundary.add_argument(
        "--periodic",
        dest="periodic",
        action="store_true",
        default=True,
        help="the grid continues at its faces (default, as in the reference program)",
    )
    boundary.add_argument(
        "--isolated", dest="periodic", action="store_false", help="the grid ends at its faces"
    )
    result.add_argument("--threads", type=int, help="default: OMP_NUM_THREADS, else all usable cores")
    result.add_argument("--version", action="version", version=f"chargeflow-bader {__version__}")
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; exit with 0 only when a complete ACF.dat was written, with 1 on bad input."""
    options = parser().parse_args(arguments)
    try:
        run(options)
    except InputError as error:
        sys.exit(f"Error: {error}")


def run(options: argparse.Namespace) -> None:
    """Read, partition, write, and print what provenance needs."""
    target = options.output / "ACF.dat"
    try:
        target.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot replace ACF.dat: {error.strerror}",
            file=target,
            remedy="Choose another directory with -o.",
        ) from error
    threads = options.threads or available_threads()
    started = time.perf_counter()
    cube = read_cube(options.cube, threads=threads)
    was_read = time.perf_counter()
    vacuum = _NO_VACUUM if options.vacuum is None else f"{options.vacuum:g} e/bohr^3"
    shape = cube.header.shape
    for name, value in (
        ("ENGINE", f"chargeflow-bader {__version__}"),
        ("METHOD", options.method),
        ("VACUUM CUT", vacuum),
        ("REFERENCE", "none"),
        ("BOUNDARY", "periodic" if options.periodic else "isolated"),
        ("GRID", f"{shape[0]} x {shape[1]} x {shape[2]}"),
        ("STRIDE", "not stated in a cube"),
        ("ATOMS", len(cube.header.numbers)),
        ("THREADS", threads),
    ):
        print(f"{name + ':':<22}{value}")
    result = partition(
        cube, method=options.method, vacuum=options.vacuum, periodic=options.periodic, threads=threads
    )
    path = write_acf(result, options.output)
    _print_result(result, path, was_read - started, time.perf_counter() - was_read)


def _print_result(result: Partition, path: Path, seconds_reading: float, seconds_partition: float) -> None:
    print(f"{'MAXIMA:':<22}{result.n_maxima}")
    for maximum in result.non_nuclear:
        xyz = " ".join(f"{value:.4f}" for value in maximum.position_bohr)
        print(
            f"{'NON-NUCLEAR MAXIMUM:':<22}{maximum.population:.6f} e at {xyz} bohr, "
            f"{maximum.distance_bohr:.3f} bohr from atom {maximum.nearest_atom + 1}"
        )
    print(f"{'VACUUM CHARGE:':<22}{result.vacuum_charge:.6f} e")
    print(f"{'NUMBER OF ELECTRONS:':<22}{result.n_electrons:.6f}")
    print(f"{'SECONDS:':<22}read {seconds_reading:.1f}, partition {seconds_partition:.1f}")
    print(f"{'WRITTEN:':<22}{path}")


if __name__ == "__main__":
    main()
