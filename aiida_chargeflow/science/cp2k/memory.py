"""Peak memory of a CP2K run, from the grids that it holds at once, and the ranks and threads that fit a machine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from ..errors import InputError
from ..units import BOHR_ANG
from .basis import Basis, count_functions
from .input import ScfSettings, Stage, cell_lengths_ang

# Fitted to the peak of one process that CP2K 2023.1 prints (`MEMORY| Estimated peak process memory`): 31 runs of 35 to
# 282 atoms, on one and two ranks, of 1 to 16 steps; all within 3 %, later ones within 7 % (docs/topics/cost.md). In
# grids of 8 bytes a point on the finest level: real-space grids that every rank keeps whole, and what the ranks share.
_PROCESS_MIB = 152.0
_GRIDS_OF_A_RANK = 11.9
_GRIDS_SHARED = {"hle17": 35.2, "hle17-libxc": 35.2, "pbe": 30.6}
# Broyden mixing keeps two complex grids for each step that it remembers: one is written at once, the other as it goes.
_GRIDS_OF_A_STEP = 2.0
_DENSE_MATRICES = 7  # of N × N numbers; from the minimal and the full basis on the same 386 atoms
_MIB = 2.0**20
_SHARE_OF_MACHINE = 0.9  # the rest is for the system, the daemon and the file cache


@dataclass(frozen=True)
class Layout:
    """How a job runs on one machine."""

    ranks: int
    threads: int
    memory_gb: float


def count_basis_functions(atoms: Atoms, basis: Basis = "DZVP") -> int:
    """Return the number of spherical basis functions, from the shipped basis file.

    :raises InputError: an element without this basis.
    """
    return sum(count_functions(str(symbol), basis) for symbol in atoms.symbols)


def count_grid_points(atoms: Atoms, settings: ScfSettings) -> int:
    """Return the points of the finest grid: edges of L·√E_cut/π (bohr, Ry) points, rounded up to 2ᵃ3ᵇ5ᶜ."""
    edges = cell_lengths_ang(atoms, settings) / BOHR_ANG * math.sqrt(settings.cutoff_ry) / math.pi
    return math.prod(_next_smooth(math.ceil(float(edge))) for edge in np.asarray(edges))


def peak_memory_gb(
    n_points: int, n_functions: int, n_ranks: int, stage: Stage, functional: str = "hle17"
) -> float:
    """Return the peak memory of one stage, all ranks together, in GB.

    :param n_points: of the finest grid.
    :param n_ranks: MPI processes on one machine; with many, CP2K distributes the grids that are whole on few.
    """
    grids = n_ranks * _GRIDS_OF_A_RANK + _GRIDS_SHARED[functional]
    if stage.solver == "diagonalisation":
        n_remembered = stage.mixing.n_broyden
        grids += _GRIDS_OF_A_STEP * (n_remembered + min(n_remembered, stage.max_scf))
    mib = n_ranks * _PROCESS_MIB + (grids * n_points + _DENSE_MATRICES * n_functions**2) * 8 / _MIB
    return mib * _MIB / 1e9


def memory_of(atoms: Atoms, settings: ScfSettings, n_ranks: int) -> float:
    """Return the peak memory of the ground state of a dot, in its neediest stage, all ranks together, in GB."""
    n_points, n_functions = count_grid_points(atoms, settings), count_basis_functions(atoms, settings.basis)
    return max(
        peak_memory_gb(n_points, n_functions, n_ranks, stage, settings.functional)
        for stage in settings.stages
    )


def choose_layout(atoms: Atoms, settings: ScfSettings, cores: int, memory_gb: float) -> Layout:
    """Return the most ranks that fit the memory; the cores that are left become threads.

    :param memory_gb: of the machine; a tenth of it is left to the system.
    :raises InputError: not even one rank fits.
    """
    usable = _SHARE_OF_MACHINE * memory_gb
    for ranks in range(cores, 0, -1):
        needed = memory_of(atoms, settings, ranks)
        if cores % ranks == 0 and needed <= usable:
            return Layout(ranks, cores // ranks, needed)
    needed, n_points = memory_of(atoms, settings, 1), count_grid_points(atoms, settings)
    raise InputError(
        f"{len(atoms)} atoms on a grid of {n_points:,} points need about {needed:.1f} GB even with one MPI process; "
        f"this computer has {memory_gb:.1f} GB, of which {usable:.1f} GB can be used",
        field="memory",
        remedy="Lower scf.cutoff_ry, scf.padding_ang or n_broyden of the stages with --overrides, take protocol "
        "`survey`, or run on a cluster.",
    )


def _next_smooth(number: int) -> int:
    while True:
        rest = number
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return number
        number += 1
