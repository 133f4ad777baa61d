"""Charge flow: the electrons handed along each bond that reproduce the Bader charges.

One signed unknown per bond (i, j), i < j; row of atom i: sum of ± flows = its charge q_i. The solution of
smallest norm is x_ij = φ_i - φ_j with the graph Laplacian L φ = q (Llusar et al., charge-flow analysis of
InAs@CdSe quantum dots, which solves the same least squares with a dense matrix).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .laplacian import components, incidence, solve_potential

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChargeFlow:
    """Flows, vectors and the quality of the solution.

    :param bonds: shape (n_bonds, 2), i < j.
    :param bond_flow: shape (n_bonds,), in e; electrons handed from i to j, negative from j to i.
    :param flow_vector: shape (n_atoms, 3), in e; sum over the bonds of an atom of the absolute flow times the unit
        vector along the bond, from donor to acceptor.
    :param flow_magnitude: shape (n_atoms,), in e; norm of ``flow_vector``.
    :param bader_charge: shape (n_atoms,), in e; charges after neutralisation, which the flows reproduce.
    :param bader_charge_measured: shape (n_atoms,), in e; charges as they came from the partition.
    :param component: shape (n_atoms,); connected component of each atom.
    :param imbalance: shape (n_components,), in e; sum of the measured charges over each component.
    :param imbalance_tolerance_e: shape (n_components,); what was accepted.
    :param regularisation: Tikhonov λ; 0 is the minimum-norm solution.
    :param residual: ‖A x - q‖ / ‖q‖ over all atoms (0 when all charges vanish).
    :param charge_dipole_e_ang: shape (3,); Σ q_i r_i.
    :param bond_dipole_e_ang: shape (3,); Σ x_ij (r_i - r_j) over the bonds, equal to the charge dipole.
    """

    bonds: NDArray[np.int64]
    bond_flow: Array
    flow_vector: Array
    flow_magnitude: Array
    bader_charge: Array
    bader_charge_measured: Array
    component: NDArray[np.int64]
    imbalance: Array
    imbalance_tolerance_e: Array
    regularisation: float
    residual: float
    charge_dipole_e_ang: Array
    bond_dipole_e_ang: Array

    @property
    def n_atoms(self) -> int:
        """Return the number of atoms."""
        return len(self.bader_charge)

    @property
    def n_bonds(self) -> int:
        """Return the number of bonds."""
        return len(self.bonds)

    @property
    def n_components(self) -> int:
        """Return the number of connected components of the bond graph."""
        return len(self.imbalance)

    @property
    def rank(self) -> int:
        """Return the rank of the system: atoms less components."""
        return self.n_atoms - self.n_components

    @property
    def n_loops(self) -> int:
        """Return the number of independent loops: flows that the charges cannot determine."""
        return self.n_bonds - self.rank

    @property
    def dipole_residual_e_ang(self) -> float:
        """Return the norm of the difference of the two dipoles, in e·Å."""
        return float(np.linalg.norm(self.charge_dipole_e_ang - self.bond_dipole_e_ang))


def solve(
    positions_ang: Array,
    bonds: NDArray[np.int64],
    bader_charge: Array,
    *,
    regularisation: float = 0.0,
    imbalance_tolerance_e: float | None = None,
) -> ChargeFlow:
    """Solve the charge flow of one structure.

    Minimises ‖A x - q‖² + λ‖x‖²; λ → 0 is the minimum-norm solution, which the default gives to rounding.
    A solution exists only if each connected component is neutral: its imbalance is measured, compared with
    the tolerance and spread evenly over its atoms.

    :param positions_ang: shape (n_atoms, 3), in Å.
    :param bonds: shape (n_bonds, 2), pairs i < j without repetition.
    :param bader_charge: shape (n_atoms,), in e; positive = lost electrons.
    :param regularisation: Tikhonov λ, 0 or more, dimensionless.
    :param imbalance_tolerance_e: largest imbalance of a component that is spread; by default
        0.02 e + 1e-4 e per atom of the component.
    :raises InputError: shapes or values that cannot be right, or an imbalance beyond the tolerance.
    """
    positions, charge, pairs = _checked(positions_ang, bonds, bader_charge)
    if not (np.isfinite(regularisation) and regularisation >= 0):
        raise InputError("λ must be 0 or more", field="regularisation", value=regularisation)
    labels = components(len(charge), pairs)
    sizes = np.bincount(labels)
    imbalance: Array = np.bincount(labels, weights=charge).astype(float)
    tolerance = _tolerances(sizes, imbalance_tolerance_e)
    _check_imbalance(labels, sizes, imbalance, tolerance)
    neutral = charge - (imbalance / sizes)[labels]

    A = incidence(len(charge), pairs)
    flow: Array = A.T @ solve_potential(A, neutral, labels, regularisation)
    norm = float(np.linalg.norm(neutral))
    residual = float(np.linalg.norm(A @ flow - neutral)) / norm if norm > 0 else 0.0
    steps = positions[pairs[:, 1]] - positions[pairs[:, 0]]
    vectors = bond_vectors(len(charge), pairs, flow, steps)
    return ChargeFlow(
        bonds=pairs,
        bond_flow=flow,
        flow_vector=vectors,
        flow_magnitude=np.linalg.norm(vectors, axis=1),
        bader_charge=neutral,
        bader_charge_measured=charge,
        component=labels,
        imbalance=imbalance,
        imbalance_tolerance_e=tolerance,
        regularisation=float(regularisation),
        residual=residual,
        charge_dipole_e_ang=neutral @ positions,
        bond_dipole_e_ang=-(flow @ steps),
    )


def bond_vectors(n_atoms: int, bonds: NDArray[np.int64], flow: Array, steps: Array) -> Array:
    """Return the charge-flow vector of each atom, shape (n_atoms, 3), in e.

    A positive flow goes from i to j, a negative one from j to i: in both cases flow times the unit vector
    from i to j is the absolute flow times the unit vector from donor to acceptor.

    :param steps: shape (n_bonds, 3), r_j - r_i in Å.
    """
    lengths = np.linalg.norm(steps, axis=1)
    carried = steps * (flow / lengths)[:, None]
    ends = bonds.ravel()
    return np.column_stack(
        [np.bincount(ends, weights=np.repeat(carried[:, axis], 2), minlength=n_atoms) for axis in range(3)]
    )


def _checked(
    positions_ang: Array, bonds: NDArray[np.int64], bader_charge: Array
) -> tuple[Array, Array, NDArray[np.int64]]:
    positions = np.asarray(positions_ang, dtype=float)
    charge = np.asarray(bader_charge, dtype=float)
    pairs = np.asarray(bonds, dtype=np.int64).reshape(-1, 2)
    n_atoms = len(charge)
    if n_atoms == 0 or positions.shape != (n_atoms, 3):
        raise InputError(
            "positions and charges do not belong together",
            value=(positions.shape, charge.shape),
            remedy="Give one position and one charge per atom, at least one atom.",
        )
    if not (np.isfinite(positions).all() and np.isfinite(charge).all()):
        raise InputError("positions and charges must be finite numbers")
    if len(pairs):
        if pairs.min() < 0 or pairs.max() >= n_atoms or np.any(pairs[:, 0] >= pairs[:, 1]):
            raise InputError("bonds must be pairs i < j of atom indices", field="bonds")
        if len(np.unique(pairs[:, 0] * n_atoms + pairs[:, 1])) < len(pairs):
            raise InputError("a bond is listed twice", field="bonds")
        if np.any(np.all(positions[pairs[:, 0]] == positions[pairs[:, 1]], axis=1)):
            raise InputError("two bonded atoms share one place", field="bonds")
    return positions, charge, pairs


def _tolerances(sizes: NDArray[np.int64], imbalance_tolerance_e: float | None) -> Array:
    if imbalance_tolerance_e is None:
        default: Array = 0.02 + 1e-4 * sizes
        return default
    if not (np.isfinite(imbalance_tolerance_e) and imbalance_tolerance_e >= 0):
        raise InputError("the tolerance must be 0 e or more", field="tolerance", value=imbalance_tolerance_e)
    return np.full(len(sizes), float(imbalance_tolerance_e))


def _check_imbalance(
    labels: NDArray[np.int64], sizes: NDArray[np.int64], imbalance: Array, tolerance: Array
) -> None:
    beyond = np.flatnonzero(np.abs(imbalance) > tolerance + 1e-12)
    if not len(beyond):
        return
    worst = beyond[int(np.abs(imbalance[beyond]).argmax())]
    members = np.flatnonzero(labels == worst)[:4] + 1
    listed = ", ".join(str(i) for i in members) + (", …" if sizes[worst] > 4 else "")
    raise InputError(
        f"{len(beyond)} of {len(sizes)} connected parts are not neutral; the worst has {sizes[worst]} atoms "
        f"(number {listed}) and carries {imbalance[worst]:+.4f} e, "
        f"more than the {tolerance[worst]:.4f} e allowed",
        field="bader_charge",
        remedy="Usual causes: a wrong valence, a density of another structure, a ligand beyond the bond "
        "cutoff; raise the tolerance only if the charge is real.",
    )
