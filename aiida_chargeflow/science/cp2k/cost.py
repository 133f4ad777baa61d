"""Order-of-magnitude cost of one CP2K ground state, to see what a sweep costs before it is submitted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ase import Atoms

from .input import ScfSettings, cell_lengths_ang
from .memory import count_basis_functions, memory_of

# Fitted to the SCF steps of seven runs of 35 to 92 atoms (DZVP, HLE17 by TPSS, two MPI ranks; tests/science/
# test_estimate.py has them): 0.66 to 1.23 times what was measured, 0.6 to 1.33 for a run that was left out of the fit.
# The matrices of these dots are small: that a step of thousands of atoms goes with the cube is not measured.
_GRID_CORE_SECONDS = 3.2e-3  # per Å³ at 300 Ry
_EIGEN_CORE_SECONDS = (
    3.4e-9  # per cubed basis function: a dense generalised eigenproblem takes about 15 N³ operations
)
_RANKS = 2
_STEPS = 30
_SHARE_OF_NODE = 0.7  # of a node's memory that a job should plan with
_WANTED_HOURS = 6.0

ACCURACY = (
    "Memory is the peak of two MPI processes together, within 15 % of what was measured on dots of 35 to 386 atoms; a "
    "step is within a factor of 1.7 on dots of 35 to 92. Core-hours are for 30 SCF steps in all; dots with open gaps "
    "took 23 to 35, with collapsed gaps 58 and more, and the orbital transformation of `published` 76 before its "
    "diagonalisation. Larger models are extrapolated; relaxation is not included."
)


@dataclass(frozen=True)
class Estimate:
    """What one self-consistent ground state will take; ``ACCURACY`` says how well that is known."""

    core_hours: float
    memory_gb: float

    def suggest_nodes(self, cores: int, memory_gb: float) -> int:
        """Return the nodes that hold the memory and end within some hours, for nodes of this size."""
        by_memory = self.memory_gb / (_SHARE_OF_NODE * memory_gb)
        by_time = self.core_hours / (_WANTED_HOURS * cores)
        return max(1, math.ceil(max(by_memory, by_time)))


def estimate(atoms: Atoms, settings: ScfSettings, n_ranks: int = _RANKS) -> Estimate:
    """Estimate the cost of the ground state of a dot.

    :param n_ranks: MPI processes; each keeps some grids whole, so that more of them need more memory in all.
    :raises InputError: an element without this basis.
    """
    n_functions = count_basis_functions(atoms, settings.basis)
    volume = float(cell_lengths_ang(atoms, settings).prod())
    step = step_core_seconds(volume, settings.cutoff_ry, n_functions)
    return Estimate(core_hours=_STEPS * step / 3600, memory_gb=memory_of(atoms, settings, n_ranks))


def step_core_seconds(volume_ang3: float, cutoff_ry: float, n_functions: int) -> float:
    """Return what one SCF step takes: the grid, which dominates small dots, and the eigenproblem."""
    grid = volume_ang3 * (cutoff_ry / 300) ** 1.5
    seconds: float = _GRID_CORE_SECONDS * grid + _EIGEN_CORE_SECONDS * n_functions**3
    return seconds
