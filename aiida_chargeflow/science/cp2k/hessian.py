"""What an optimisation expects of the energy's curvature before it has seen any: bonds that stretch and bend.

CP2K's own guess is at least 9.7 eV/Å² in every direction; those of a dot are an order of magnitude softer. The
constants are those of the valence force field of zinc-blende compounds, for which R. M. Martin, Phys. Rev. B 1, 4005
(1970) gives α of 29 to 47 N/m and β of 2 to 10 N/m: 3α for a stretch and 3βd²/4 for the cosine of an angle.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.sparse import csr_array

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
    bonds = bond_graph(atoms).bonds
    vectors = atoms.positions[bonds[:, 1]] - atoms.positions[bonds[:, 0]]
    distance = np.linalg.norm(vectors, axis=1)
    unit = vectors / distance[:, None]
    stretch = _gradients(n, bonds, np.stack([-unit, unit], axis=1))
    bend = _bends(n, bonds, unit, distance)
    matrix: Floats = (_STRETCH_EV_ANG2 * (stretch.T @ stretch) + _BEND_EV * (bend.T @ bend)).toarray()
    matrix[np.diag_indices(3 * n)] += _SOFTEST_EV_ANG2
    held = np.repeat(~moves, 3)
    matrix[held] = matrix[:, held] = 0.0
    matrix[held, held] = _HELD_EV_ANG2
    return matrix


def hessian_file(hessian_ev_ang2: Floats) -> bytes:
    """Return the file that CP2K's BFGS restarts from: one unformatted Fortran record a column, atomic units."""
    columns = np.ascontiguousarray(hessian_ev_ang2.T / HARTREE_EV * BOHR_ANG**2, dtype="<f8")
    mark = np.array(columns.shape[1] * 8, dtype="<i4").tobytes()
    return b"".join(mark + column.tobytes() + mark for column in columns)


def _bends(n_atoms: int, bonds: NDArray[np.int64], unit: Floats, distance: Floats) -> csr_array:
    """Return the gradients of the cosines of all angles between bonds that share an atom, in 1/Å."""
    first, second, apex_first, apex_second = _angles(n_atoms, bonds)
    # Bonds point from their first to their second atom; here both shall point away from the apex.
    u = unit[first] * np.where(apex_first == 0, 1.0, -1.0)[:, None]
    v = unit[second] * np.where(apex_second == 0, 1.0, -1.0)[:, None]
    cosine = np.einsum("ij,ij->i", u, v)[:, None]
    at_first = (v - cosine * u) / distance[first][:, None]
    at_second = (u - cosine * v) / distance[second][:, None]
    atoms = np.stack(
        [bonds[first, apex_first], bonds[first, 1 - apex_first], bonds[second, 1 - apex_second]], axis=1
    )
    return _gradients(n_atoms, atoms, np.stack([-at_first - at_second, at_first, at_second], axis=1))


def _angles(n_atoms: int, bonds: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return each pair of bonds that share an atom, and at which of its ends each bond has that atom."""
    number, end = np.divmod(np.argsort(bonds.ravel(), kind="stable"), 2)
    degree = np.bincount(bonds.ravel(), minlength=n_atoms)
    begin = np.cumsum(degree) - degree
    pairs = [begin[at] + np.stack(np.triu_indices(degree[at], 1)) for at in np.flatnonzero(degree > 1)]
    one, two = np.concatenate([np.empty((2, 0), np.int64), *pairs], axis=1)
    return number[one], number[two], end[one], end[two]


def _gradients(n_atoms: int, atoms: NDArray[np.int64], vectors: Floats) -> csr_array:
    """Return the sparse matrix of gradients, shape (n, 3·n_atoms), from those of the atoms of each coordinate.

    :param atoms: the atoms that a coordinate depends on, shape (n, k).
    :param vectors: its gradient with respect to each, shape (n, k, 3).
    """
    n, k = atoms.shape
    rows = np.repeat(np.arange(n), 3 * k)
    columns = (3 * atoms[:, :, None] + np.arange(3)).ravel()
    return csr_array((vectors.ravel(), (rows, columns)), shape=(n, 3 * n_atoms))
