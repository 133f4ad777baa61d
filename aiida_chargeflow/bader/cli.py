"""The command ``chargeflow-bader``: a cube in, ACF.dat out, with the flags of the reference program."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..science.errors import InputError
from .core import wants_core
from .cube import CubeHeader, read_cube
from .engine import partition
from .jit import available_threads
from .progress import Progress
from .result import Partition
from .table import write_acf

_NO_VACUUM = "off"


def _vacuum(text: str) -> float | None:
    """Read the value of -vac: a density, ``auto`` (1e-3 as in the reference program) or ``off``.

    :raises argparse.ArgumentTypeError: anything else.
    """
    if text == _NO_VACUUM:
        return None
    if text == "auto":
        return 1e-3
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no density of 0 or more in e/bohr³, nor auto, nor off")
    return value


# A grid of a production run is off by a few thousandths.
_WHOLE_E = 0.05


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
    result.add_argument(
        "-b", "--method", choices=("weight", "neargrid"), default="weight", help="default weight"
    )
    basins = result.add_mutually_exclusive_group()
    basins.add_argument(
        "-ref", "--reference", type=Path, metavar="FILE", help="cube whose maxima define the regions"
    )
    basins.add_argument(
        "--core",
        choices=("auto", "on", "off"),
        default="auto",
        help="add atomic cores to define the regions; auto (default) does so where H, C, N or O are present",
    )
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
    if options.threads is not None and options.threads < 1:
        sys.exit("Error: --threads: must be positive. Leave it out to use all cores.")
    try:
        run(options)
    except InputError as error:
        sys.exit(f"Error: {error}")
    except MemoryError:
        sys.exit("Error: not enough memory. The grid needs about 2.5 times 8 bytes a point.")
    if arguments is None:
        # As a program: spare the time that Python takes to tear numba down.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def run(options: argparse.Namespace) -> None:
    """Read, partition, write, and print what provenance needs."""
    _remove_old(options.output / "ACF.dat")
    threads = options.threads or available_threads()
    with Progress() as progress:
        cubes = [read_cube(options.cube, threads=threads, report=progress.stage("read density"))]
        if options.reference is not None:
            stage = progress.stage("read reference")
            cubes.append(read_cube(options.reference, threads=threads, report=stage))
        _print_settings(options, cubes[0].header, threads)
        # Popped, so that nothing here keeps the grids when the engine has cut out what it needs.
        reference = cubes.pop() if options.reference is not None else None
        result = partition(
            cubes.pop(),
            method=options.method,
            vacuum=options.vacuum,
            reference=reference,
            core="off" if reference else options.core,
            periodic=options.periodic,
            threads=threads,
            overwrite=True,
            report=progress.stage("partition"),
        )
        path = write_acf(result, options.output)
    _print_result(result, path)


def _remove_old(target: Path) -> None:
    """Remove the ACF.dat of an earlier run, so that none is left behind by a failure."""
    try:
        target.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot replace ACF.dat: {error.strerror}",
            file=target,
            remedy="Choose another directory with -o.",
        ) from error


def _print_settings(options: argparse.Namespace, header: CubeHeader, threads: int) -> None:
    if options.reference is not None:
        reference = str(options.reference)
    elif wants_core(header.numbers, options.core):
        reference = f"density + atomic cores ({options.core})"
    else:
        reference = f"density (cores {options.core})"
    shape = header.shape
    for name, value in (
        ("ENGINE", f"chargeflow-bader {__version__}"),
        ("METHOD", options.method),
        ("VACUUM CUT", _NO_VACUUM if options.vacuum is None else f"{options.vacuum:g} e/bohr^3"),
        ("REFERENCE", reference),
        ("BOUNDARY", "periodic" if options.periodic else "isolated"),
        ("GRID", f"{shape[0]} x {shape[1]} x {shape[2]}"),
        ("STRIDE", "not stated in a cube"),
        ("ATOMS", len(header.numbers)),
        ("THREADS", threads),
    ):
        _say(name, value)


def _print_result(result: Partition, path: Path) -> None:
    _say("MAXIMA", result.n_maxima)
    for maximum in result.non_nuclear:
        xyz = " ".join(f"{value:.4f}" for value in maximum.position_bohr)
        where = f"{maximum.distance_bohr:.3f} bohr from atom {maximum.nearest_atom + 1}"
        _say("NON-NUCLEAR MAXIMUM", f"{maximum.population:.6f} e at {xyz} bohr, {where}")
    _say("VACUUM CHARGE", f"{result.vacuum_charge:.6f} e")
    _say("NUMBER OF ELECTRONS", f"{result.n_electrons:.6f}")
    off = abs(result.n_electrons - round(result.n_electrons))
    if off > _WHOLE_E:
        _say(
            "WARNING",
            f"{off:.3f} e off a whole number of electrons: is the cube cut, strided, or not in bohr?",
        )
    _say("WRITTEN", path)


def _say(name: str, value: object) -> None:
    print(f"{name + ':':<22}{value}", flush=True)


if __name__ == "__main__":
    main()
