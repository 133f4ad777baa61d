"""A valence force field on the bond graph, for start geometries that DFT converges on.

Dots cut from the ideal lattice often have no gap: a three-coordinate cation with its empty orbital pointing
out of the surface lies too low, a three-coordinate anion with its lone pair too high. On III-V surfaces the
first flattens to sp2 and the second steepens to a pyramid; the angles below carry that (Chadi, Phys. Rev.
Lett. 52, 1911 (1984)), the rest is the form of Keating (Phys. Rev. 145, 637 (1966)) in bond lengths and
cosines. Energies are in arbitrary units: only the minimum is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Role = Literal["cation", "anion", "ligand"]

_STRETCH, _BEND, _LIGAND_BEND, _REPEL = 10.0, 3.0, 0.9, 3.0
_CONTACT_ANG = 3.5  # atoms that share no bond and no neighbour stay at least this far apart
_TETRAHEDRAL = float(np.degrees(np.arccos(-1 / 3)))
_ANGLE_DEG: dict[tuple[str, int], float] = {
    ("cation", 2): 180.0,
    ("cation", 3): 120.0,
    ("anion", 3): 95.0,
    ("ligand", 2): 90.0,
    ("ligand", 3): 90.0,
}


@dataclass(frozen=True)
class _Terms:
    bonds: Ints
    length: Floats
    angles: Ints  # columns: end, centre, end
    cosine: Floats
    bend: Floats
    contacts: Ints


def relax(
    positions_ang: Floats, bonds: Ints, length_ang: Floats, roles: list[Role], max_steps: int = 200
) -> Floats:
    """Return positions at the minimum of the force field, shape (n_atoms, 3), Å.

    :param positions_ang: start positions, shape (n_atoms, 3), Å.
    :param bonds: pairs of bonded atoms, shape (n_bonds, 2).
    :param length_ang: ideal length of each bond, shape (n_bonds,), Å.
    :param roles: cation, anion or ligand for each atom; with the coordination it sets the ideal angles.
    :param max_steps: most iterations of L-BFGS.
    """
    if len(bonds) == 0:
        return positions_ang.copy()
    terms = _terms(positions_ang, bonds, length_ang, roles)
    result = minimize(
        _energy_and_gradient,
        positions_ang.ravel(),
        args=(terms,),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_steps},
    )
    relaxed: Floats = result.x.reshape(-1, 3)
    return relaxed


def _terms(positions: Floats, bonds: Ints, length: Floats, roles: list[Role]) -> _Terms:
    neighbours: list[list[int]] = [[] for _ in roles]
    for i, j in bonds:
        neighbours[i].append(int(j))
        neighbours[j].append(int(i))
    angles, cosines, bends = [], [], []
    for centre, around in enumerate(neighbours):
        ideal = _ANGLE_DEG.get((roles[centre], len(around)), _TETRAHEDRAL)
        bend = _LIGAND_BEND if roles[centre] == "ligand" else _BEND
        for k, first in enumerate(around):
            for second in around[:k]:
                angles.append((first, centre, second))
                cosines.append(np.cos(np.radians(ideal)))
                bends.append(bend)
    triples = np.array(angles, dtype=np.int64).reshape(-1, 3)
    linked = np.concatenate([np.sort(bonds, axis=1), np.sort(triples[:, [0, 2]], axis=1)])
    near = cKDTree(positions).query_pairs(_CONTACT_ANG + 1.0, output_type="ndarray").astype(np.int64)
    near = np.sort(near.reshape(-1, 2), axis=1)
    n_atoms = len(positions)
    free = ~np.isin(near @ [n_atoms, 1], linked @ [n_atoms, 1])
    return _Terms(bonds, np.asarray(length, float), triples, np.array(cosines), np.array(bends), near[free])


def _energy_and_gradient(flat: Floats, terms: _Terms) -> tuple[float, Floats]:
    x = flat.reshape(-1, 3)
    gradient = np.zeros_like(x)
    energy = _pair_term(x, gradient, terms.bonds, terms.length, _STRETCH, only_repel=False)
    contact = np.full(len(terms.contacts), _CONTACT_ANG)
    energy += _pair_term(x, gradient, terms.contacts, contact, _REPEL, only_repel=True)
    energy += _angle_term(x, gradient, terms)
    return energy, gradient.ravel()


def _pair_term(
    x: Floats, gradient: Floats, pairs: Ints, ideal: Floats, constant: float, *, only_repel: bool
) -> float:
    vector = x[pairs[:, 0]] - x[pairs[:, 1]]
    distance = np.linalg.norm(vector, axis=1)
    stretch = distance - ideal
    if only_repel:
        stretch = np.minimum(stretch, 0.0)
    force = (2 * constant * stretch / distance)[:, None] * vector
    _add(gradient, pairs[:, 0], force)
    _add(gradient, pairs[:, 1], -force)
    return float(constant * (stretch**2).sum())


def _angle_term(x: Floats, gradient: Floats, terms: _Terms) -> float:
    end, centre, other = terms.angles.T
    u, v = x[end] - x[centre], x[other] - x[centre]
    nu, nv = np.linalg.norm(u, axis=1)[:, None], np.linalg.norm(v, axis=1)[:, None]
    u, v = u / nu, v / nv
    cosine = (u * v).sum(axis=1)
    excess = cosine - terms.cosine
    pull = (2 * terms.bend * excess)[:, None]
    at_end = pull * (v - cosine[:, None] * u) / nu
    at_other = pull * (u - cosine[:, None] * v) / nv
    _add(gradient, end, at_end)
    _add(gradient, other, at_other)
    _add(gradient, centre, -at_end - at_other)
    return float((terms.bend * excess**2).sum())


def _add(target: Floats, index: Ints, values: Floats) -> None:
    for axis in range(3):
        target[:, axis] += np.bincount(index, weights=values[:, axis], minlength=len(target))
