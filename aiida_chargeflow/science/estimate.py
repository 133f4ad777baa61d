"""Order-of-magnitude cost of one CP2K ground state, to see what a sweep costs before it is submitted."""

from __future__ import annotations

from dataclasses import dataclass

# Fitted to runs of Cd16Se13Cl6 (35 atoms, DZVP) on two server cores: 25 core-s a step at 18 Å and 300 Ry,
# 17 core-s at 16.5 Å and 240 Ry; 3.4 GB and 12.8 GB in all at 16.5 Å, 240 Ry and 24 Å, 400 Ry.
_GRID_CORE_SECONDS = 3.1e-3  # per Å³ at 300 Ry
_ATOM_CORE_SECONDS = 0.2
_GRID_GB = 5.2e-4  # per Å³ at 300 Ry
_BASE_GB = 1.7
# A dense generalised eigenproblem takes about 15 N³ operations; 5 GFlop/s a core are left of it in parallel.
_EIGEN_CORE_SECONDS = 15 / 5e9
_DENSE_MATRICES = 10
_FUNCTIONS_PER_ATOM = 18  # DZVP-MOLOPT with semicore cations, averaged over core, shell and ligands


@dataclass(frozen=True)
class Estimate:
    """What one self-consistent ground state will take, within a factor of about three."""

    core_hours: float
    memory_gb: float


def estimate(n_atoms: int, volume_ang3: float, cutoff_ry: float, n_steps: int = 30) -> Estimate:
    """Estimate the cost of a diagonalising SCF in a box.

    :param volume_ang3: volume of the cell; the grid, and with it the cost of a small dot, grows with it.
    :param n_steps: SCF steps in all stages together.
    """
    grid = volume_ang3 * (cutoff_ry / 300) ** 1.5
    n_functions = _FUNCTIONS_PER_ATOM * n_atoms
    step = _GRID_CORE_SECONDS * grid + _ATOM_CORE_SECONDS * n_atoms + _EIGEN_CORE_SECONDS * n_functions**3
    memory = _BASE_GB + _GRID_GB * grid + _DENSE_MATRICES * 8e-9 * n_functions**2
    return Estimate(core_hours=n_steps * step / 3600, memory_gb=memory)
