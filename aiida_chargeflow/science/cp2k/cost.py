"""Order-of-magnitude cost of one CP2K ground state, to see what a sweep costs before it is submitted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from ..units import BOHR_ANG
from .basis import Basis, count_functions
from .input import ScfSettings, cell_lengths_ang

# Fitted to the SCF steps of seven runs of 35 to 92 atoms (DZVP, HLE17 by TPSS, two MPI ranks; tests/science/
# test_estimate.py has them): 0.66 to 1.23 times what was measured, 0.6 to 1.33 for a run that was left out of the fit.
# The matrices of these dots are small: that a step of thousands of atoms goes with the cube is not measured.
_GRID_CORE_SECONDS = 3.2e-3  # per Å³ at 300 Ry
_EIGEN_CORE_SECONDS = (
    3.4e-9  # per cubed basis function: a dense generalised eigenproblem takes about 15 N³ operations
)
_GRID_GB = 5.2e-4  # per Å³ at 300 Ry
_BASE_GB = 1.7
_DENSE_MATRICES = 10
_FUNCTIONS_PER_ATOM = 18  # DZVP-MOLOPT with semicore cations, averaged over core, shell and ligands
_SHARE_OF_NODE = 0.7  # of a node's memory that a job should plan with
_WANTED_HOURS = 6.0

ACCURACY = (
    "Measured on dots of 35 to 92 atoms: a step within a factor of 1.7, memory within 1.4. Core-hours are for 30 SCF "
    "steps in all; dots with open gaps took 23 to 35, with collapsed gaps 58 and more, and the orbital transformation "
    "of `published` 76 before its diagonalisation. Larger models are extrapolated; relaxation is not included."
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


def estimate(
    n_atoms: int, volume_ang3: float, cutoff_ry: float, n_steps: int = 30, n_functions: int | None = None
) -> Estimate:
    """Estimate the cost of a diagonalising SCF in a box.

    :param volume_ang3: volume of the cell; the grid, and with it the cost of a small dot, grows with it.
    :param n_steps: SCF steps in all stages together.
    :param n_functions: basis functions, if counted; else a mean per atom is taken.
    """
    grid = volume_ang3 * (cutoff_ry / 300) ** 1.5
    n_functions = n_functions or _FUNCTIONS_PER_ATOM * n_atoms
    step = _GRID_CORE_SECONDS * grid + _EIGEN_CORE_SECONDS * n_functions**3
    memory = _BASE_GB + _GRID_GB * grid + _DENSE_MATRICES * 8e-9 * n_functions**2
    return Estimate(core_hours=n_steps * step / 3600, memory_gb=memory)


def count_basis_functions(atoms: Atoms, basis: Basis = "DZVP") -> int:
    """Return the number of spherical basis functions, from the shipped basis file.

    :raises InputError: an element without this basis.
    """
    return sum(count_functions(str(symbol), basis) for symbol in atoms.symbols)


def count_grid_points(atoms: Atoms, settings: ScfSettings) -> int:
    """Return the points of the finest grid: edges of L·√E_cut/π (bohr, Ry) points, rounded up to 2ᵃ3ᵇ5ᶜ."""
    edges = cell_lengths_ang(atoms, settings) / BOHR_ANG * math.sqrt(settings.cutoff_ry) / math.pi
    return math.prod(_next_smooth(math.ceil(float(edge))) for edge in np.asarray(edges))


def _next_smooth(number: int) -> int:
    while True:
        rest = number
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return number
        number += 1
