"""Solve the Laplacian of a bond graph: directly when small, by preconditioned conjugate gradients when large.

A direct factorisation of a three-dimensional graph fills in (memory and time grow faster than the atoms),
conjugate gradients do not: their matrices stay as sparse as the bond graph. An algebraic multigrid cycle
(Ruge and Stüben, in Multigrid Methods, SIAM 1987) as preconditioner keeps the number of steps the same at
any size, so that time is linear in the atoms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg, splu

Vector = NDArray[np.float64]

_DIRECT_UP_TO = 3000
_TARGET = 1e-13
_MAX_ROUNDS = 4
_LEAST_LIFT = 1e-9


def incidence(n_atoms: int, bonds: NDArray[np.int64]) -> sparse.csr_matrix:
    """Return the incidence matrix, shape (n_atoms, n_bonds): +1 for i and -1 for j of each bond (i, j)."""
    columns = np.repeat(np.arange(len(bonds)), 2)
    values = np.tile([1.0, -1.0], len(bonds))
    return sparse.csr_matrix((values, (bonds.ravel(), columns)), shape=(n_atoms, len(bonds)))


def components(n_atoms: int, bonds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the label of the connected component of each atom, shape (n_atoms,), from 0 in atom order."""
    ones = np.ones(len(bonds), dtype=np.int8)
    graph = sparse.coo_matrix((ones, (bonds[:, 0], bonds[:, 1])), shape=(n_atoms, n_atoms))
    labels = sparse.csgraph.connected_components(graph, directed=False)[1]
    return np.asarray(labels, dtype=np.int64)


def solve_potential(
    A: sparse.csr_matrix, charge: Vector, labels: NDArray[np.int64], regularisation: float = 0.0
) -> Vector:
    """Solve (A Aᵀ + λ) φ = q for the potential φ whose differences Aᵀ φ are the flows.

    With λ = 0 the matrix is the graph Laplacian, which is singular with one constant vector per component:
    ``charge`` must sum to zero over each, and φ is returned with zero mean over each. A Tikhonov λ > 0 makes
    it regular; φ has zero mean over each component then too, because the charge sums to zero. One round of
    iterative refinement at least, up to a relative residual of 1e-13.

    :param A: incidence matrix, shape (n_atoms, n_bonds).
    :param charge: right-hand side in e, shape (n_atoms,).
    :param labels: component of each atom, shape (n_atoms,).
    :param regularisation: λ, 0 or more.
    """
    identity = sparse.identity(A.shape[0])
    matrix = (A @ A.T + regularisation * identity).tocsr()
    norm = float(np.linalg.norm(charge))
    potential = np.zeros(A.shape[0])
    if norm == 0 or A.shape[1] == 0:
        return potential
    singular = regularisation == 0
    if len(charge) <= _DIRECT_UP_TO:
        # A tiny λ would leave the factors singular to rounding; the refinement corrects for the larger one.
        lift = max(_LEAST_LIFT - regularisation, 0.0) * identity
        correct = _direct(matrix if singular else (matrix + lift).tocsr(), labels, singular)
    else:
        correct = _iterative(matrix)
    rest = charge
    for _ in range(_MAX_ROUNDS):
        potential = remove_means(potential + correct(rest, 0.1 * _TARGET * norm), labels)
        before, rest = float(np.linalg.norm(rest)), charge - matrix @ potential
        rest = remove_means(rest, labels)
        after = float(np.linalg.norm(rest))
        if after <= _TARGET * norm or after > 0.5 * before:
            break
    return potential


def remove_means(values: Vector, labels: NDArray[np.int64]) -> Vector:
    """Return ``values`` less the mean over each component."""
    means = np.bincount(labels, weights=values) / np.bincount(labels)
    result: Vector = values - means[labels]
    return result


Correction = Callable[[Vector, float], Vector]


def _direct(matrix: sparse.csr_matrix, labels: NDArray[np.int64], singular: bool) -> Correction:
    free = np.ones(matrix.shape[0], dtype=bool)
    if singular:
        free[np.unique(labels, return_index=True)[1]] = False
    factors = splu(
        matrix[free][:, free].tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )

    def correct(rest: Vector, _: float) -> Vector:
        step = np.zeros(matrix.shape[0])
        step[free] = factors.solve(rest[free])
        return step

    return correct


def _iterative(matrix: sparse.csr_matrix) -> Correction:
    from pyamg import ruge_stuben_solver  # slow to import, and only large structures need it

    bare = (matrix.diagonal() == 0).astype(float)  # atoms without bonds
    levels = ruge_stuben_solver((matrix + sparse.diags(bare)).tocsr(), coarse_solver="pinv", max_coarse=100)
    preconditioner = levels.aspreconditioner()

    def correct(rest: Vector, tolerance: float) -> Vector:
        solution = cg(matrix, rest, rtol=1e-10, atol=tolerance, M=preconditioner, maxiter=500)
        step: Vector = solution[0]
        return step

    return correct
