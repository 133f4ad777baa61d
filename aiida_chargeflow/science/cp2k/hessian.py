"""What an optimisation expects of the energy's curvature before it has seen any: bonds that stretch and bend.

CP2K's own guess is at least 9.7 eV/Å² in every direction; those of a dot are an order of magnitude softer. The
constants are those of the valence force field of zinc-blende compounds, for which R. M. Martin, Phys. Rev. B 1, 4005
(1970) gives α of 29 to 47 N/m and β of 2 to 10 N/m: 3α for a stretch and 3βd²/4 for the cosine of an angle.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.utils import ff
from numpy.typing import NDArray
from scipy.io import FortranFile

from ..charges.bonds import bond_graph
from ..units import BOHR_ANG, HARTREE_EV

START_HESSIAN = "start.Hessian"  # name of the file in the folder of a job
#: Most atoms for which the dense matrix is worth its memory and its diagonalisation: 72 MB.
MOST_ATOMS = 1000

Floats = NDArray[np.float64]

_STRETCH_EV_ANG2 = 6.6
_BEND_EV = 1.3
_SOFTEST_EV_ANG2 = 0.2  # for what neither bonds nor angles hold
_HELD_EV_ANG2 = HARTREE_EV / BOHR_ANG**2  # one atomic unit, as in CP2K's unit matrix


def start_hessian(atoms: Atoms, moves: NDArray[np.bool_]) -> Floats:
    """Return the expected second derivatives of the energy, shape (3·n_atoms, 3·n_atoms), in eV/Å².

    All bonds and angles are taken to be at rest, so that the matrix is positive definite on any geometry.

    :param atoms: the dot.
    :param moves: which atoms move, shape (n_atoms,); the rows of the others are those of a unit matrix.
    :raises InputError: as ``bond_graph``.
    """
    n = len(atoms)
    matrix: Floats = _SOFTEST_EV_ANG2 * np.eye(3 * n)
    for *ends, block in _terms(atoms):
        rows = np.ravel(3 * np.array(ends)[:, None] + np.arange(3))
        matrix[np.ix_(rows, rows)] += block
    held = np.repeat(~moves, 3)
    matrix[held] = matrix[:, held] = 0.0
    matrix[held, held] = _HELD_EV_ANG2
    return matrix


def write_hessian(hessian_ev_ang2: Floats, path: str | Path) -> None:
    """Write the file that CP2K's BFGS restarts from: one unformatted Fortran record a column, atomic units."""
    with FortranFile(path, "w") as file:
        for column in hessian_ev_ang2.T / HARTREE_EV * BOHR_ANG**2:
            file.write_record(column)


def _terms(atoms: Atoms) -> Iterator[tuple[Any, ...]]:
    """Yield the atoms of each bond and of each angle, and its second derivatives, in eV/Å², at rest where it stands."""
    bonds = bond_graph(atoms).bonds.tolist()
    box = atoms.copy()
    box.cell, box.pbc = 100.0 * np.eye(3), False  # ASE wraps by the cell in any case: no bond is half as long
    around: list[list[int]] = [[] for _ in atoms]
    for i, j in bonds:
        around[i].append(j)
        around[j].append(i)
        yield ff.get_bond_potential_reduced_hessian(box, ff.Bond(i, j, k=_STRETCH_EV_ANG2, b0=None))
    for apex, ends in enumerate(around):
        for i, j in combinations(ends, 2):
            angle = np.radians(box.get_angle(i, apex, j))
            term = ff.Angle(i, apex, j, k=_BEND_EV, a0=angle, cos=True)
            yield ff.get_angle_potential_reduced_hessian(box, term)
