"""Order-of-magnitude cost of one CP2K ground state, to see what a sweep costs before it is submitted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ase import Atoms

from ..elements import formula as chemical_formula
from .input import ScfSettings, cell_lengths_ang, check_atoms
from .memory import count_basis_functions, count_grid_points, memory_of

# Fitted to the SCF steps of seven runs of 35 to 92 atoms (DZVP, HLE17 by TPSS, two MPI ranks; tests/science/
# cp2k/test_cost.py has them): 0.66 to 1.23 times what was measured, 0.6 to 1.33 for a run that was left out of the fit.
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
class Outlook:
    """What a dot will be to CP2K and what its ground state will take; ``ACCURACY`` says how well that is known.

    :param cell_ang: edges of the cell.
    :param n_measured: finished runs that corrected the core-hours; 0 for the built-in estimate.
    """

    formula: str
    n_atoms: int
    cell_ang: tuple[float, ...]
    n_basis_functions: int
    n_grid_points: int
    core_hours: float
    memory_gb: float
    n_measured: int = 0

    def suggest_nodes(self, cores: int, memory_gb: float) -> int:
        """Return the nodes that hold the memory and end within some hours, for nodes of this size."""
        by_memory = self.memory_gb / (_SHARE_OF_NODE * memory_gb)
        by_time = self.core_hours / (_WANTED_HOURS * cores)
        return max(1, math.ceil(max(by_memory, by_time)))


def outlook(atoms: Atoms, settings: ScfSettings, n_ranks: int = _RANKS) -> Outlook:
    """Check a dot and say what its ground state will take.

    :param n_ranks: MPI processes; each keeps some grids whole, so that more of them need more memory in all.
    :raises InputError: atoms that CP2K cannot take, or an element without this basis.
    """
    check_atoms(atoms)
    n_functions = count_basis_functions(atoms, settings.basis)
    cell = cell_lengths_ang(atoms, settings)
    step = step_core_seconds(float(cell.prod()), settings.cutoff_ry, n_functions)
    return Outlook(
        formula=chemical_formula(atoms.symbols),
        n_atoms=len(atoms),
        cell_ang=tuple(cell.tolist()),
        n_basis_functions=n_functions,
        n_grid_points=count_grid_points(atoms, settings),
        core_hours=_STEPS * step / 3600,
        memory_gb=memory_of(atoms, settings, n_ranks),
    )


def step_core_seconds(volume_ang3: float, cutoff_ry: float, n_functions: int) -> float:
    """Return what one SCF step takes: the grid, which dominates small dots, and the eigenproblem."""
    grid = volume_ang3 * (cutoff_ry / 300) ** 1.5
    seconds: float = _GRID_CORE_SECONDS * grid + _EIGEN_CORE_SECONDS * n_functions**3
    return seconds
