"""Charge flow between groups of atoms: who hands electrons to whom, and how coherently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kinds import REGIONS
from .charge_flow import ChargeFlow

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GroupFlow:
    """Flow between groups of atoms.

    :param names: name of each group, in the order of the matrix.
    :param matrix_e: shape (n, n); electrons handed from group a to group b, summed over the bonds between
        them: antisymmetric, zero on the diagonal.
    :param charge_e: shape (n,); net charge of each group, equal to the sum of its row.
    :param n_atoms: shape (n,).
    """

    names: tuple[str, ...]
    matrix_e: Array
    charge_e: Array
    n_atoms: NDArray[np.int64]

    @property
    def residual_e(self) -> float:
        """Return how far the sums over the boundary bonds are from the charges of the groups, in e."""
        return float(np.abs(self.matrix_e.sum(axis=1) - self.charge_e).max())


def group_flow(flow: ChargeFlow, groups: NDArray[np.int64], names: Sequence[str]) -> GroupFlow:
    """Sum the flow over the bonds between groups.

    :param groups: shape (n_atoms,), group of each atom, from 0.
    :param names: name of each group.
    """
    n = len(names)
    a, b = groups[flow.bonds[:, 0]], groups[flow.bonds[:, 1]]
    sums = np.bincount(a * n + b, weights=flow.bond_flow, minlength=n * n).reshape(n, n)
    return GroupFlow(
        names=tuple(names),
        matrix_e=sums - sums.T,
        charge_e=np.bincount(groups, weights=flow.bader_charge, minlength=n).astype(float),
        n_atoms=np.bincount(groups, minlength=n).astype(np.int64),
    )


def region_flow(flow: ChargeFlow, regions: NDArray[np.int64]) -> GroupFlow:
    """Sum the flow between the regions that are present, in the order core, interlayer, shell, ligand.

    :param regions: shape (n_atoms,); 1 to 4, 0 unknown.
    """
    present = [number for number in (*REGIONS, 0) if (regions == number).any()]
    groups = np.zeros(len(regions), dtype=np.int64)
    for index, number in enumerate(present):
        groups[regions == number] = index
    return group_flow(flow, groups, [REGIONS.get(number, "unknown") for number in present])


def coherence(vectors: Array) -> float:
    """Return ``|Σ v| / Σ |v|``: 1 where all vectors are parallel, 0 where they cancel.

    n random directions give about n^-½.
    """
    total = float(np.linalg.norm(vectors, axis=1).sum())
    return float(np.linalg.norm(vectors.sum(axis=0))) / total if total > 0 else 0.0


def outward_share(vectors: Array, outward: Array) -> float:
    """Return ``Σ v·n / Σ |v|``, n the outward normal: 1 all outwards, -1 all inwards.

    Unlike ``coherence`` it does not vanish for a flow that leaves a symmetric dot on all sides.

    :param outward: shape (n, 3), unit vectors.
    """
    total = float(np.linalg.norm(vectors, axis=1).sum())
    return float(np.einsum("ij,ij->", vectors, outward)) / total if total > 0 else 0.0


def dipole_parts(
    flow: ChargeFlow, positions_ang: Array, members: NDArray[np.bool_]
) -> tuple[Array, Array, Array]:
    """Split the dipole of a set of atoms, Σ q r, into what moves inside it and what crosses its boundary.

    Σ_{i in S} q_i r_i = Σ_{bonds inside S} x_ij (r_i - r_j) + Σ_{bonds that leave S} x_out r_inner, where
    x_out counts electrons that leave S and r_inner is the end of the bond that belongs to S.

    :returns: the dipole, the inner part and the boundary part, each of shape (3,), in e·Å.
    """
    i, j = flow.bonds.T
    inside = members[i] & members[j]
    leaving, entering = members[i] & ~members[j], ~members[i] & members[j]
    inner = flow.bond_flow[inside] @ (positions_ang[i[inside]] - positions_ang[j[inside]])
    boundary = (
        flow.bond_flow[leaving] @ positions_ang[i[leaving]]
        - flow.bond_flow[entering] @ positions_ang[j[entering]]
    )
    return flow.bader_charge[members] @ positions_ang[members], inner, boundary
