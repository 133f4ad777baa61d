"""A valence force field on the bond graph, for start geometries that DFT converges on.

Dots cut from the ideal lattice often have no gap: a three-coordinate cation with its empty orbital pointing
out of the surface lies too low, a three-coordinate anion with its lone pair too high. On III-V surfaces the
first flattens to sp2 and the second steepens to a pyramid; the angles below carry that (Chadi, Phys. Rev.
Lett. 52, 1911 (1984)), the rest is the form of Keating (Phys. Rev. 145, 637 (1966)) in bond lengths and
cosines. Energies are in arbitrary units: only the minimum is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Role = Literal["cation", "anion", "ligand"]
#: Cosine and force constant of each angle from its centre, shape (n,), and its two ends, shape (n, 2).
AngleRule = Callable[[Ints, Ints], tuple[Floats, Floats]]

_STRETCH, _BEND, _LIGAND_BEND, _REPEL = 10.0, 3.0, 0.9, 3.0
_TOLERANCE = 1e-7  # relative change of the energy; positions are then within 0.005 Å of the minimum
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
    """All terms over links, the bonds first and then the contacts; angles are pairs of bonds.

    :param difference: takes positions to link vectors, shape (n_links, n_atoms).
    :param ideal: length of each link, shape (n_links,).
    :param constant: force constant of each link, shape (n_links,).
    :param n_bonds: how many of the links are bonds; the others only repel.
    :param pairs: the two bonds of each angle, shape (n_angles, 2).
    :param sign: +1 where both bonds point away from or both towards the centre of the angle, else -1.
    :param gather: adds what angles do to their first and second bonds, shape (n_links, 2·n_angles).
    """

    difference: csr_array
    difference_transposed: csr_array
    ideal: Floats
    constant: Floats
    n_bonds: int
    contacts: Ints
    pairs: Ints
    sign: Floats
    cosine: Floats
    bend: Floats
    gather: csr_array


def relax(
    positions_ang: Floats,
    bonds: Ints,
    length_ang: Floats,
    roles: list[Role],
    max_steps: int = 200,
    angles: AngleRule | None = None,
) -> Floats:
    """Return positions at the minimum of the force field, shape (n_atoms, 3), Å.

    :param positions_ang: start positions, shape (n_atoms, 3), Å.
    :param bonds: pairs of bonded atoms, shape (n_bonds, 2).
    :param length_ang: ideal length of each bond, shape (n_bonds,), Å.
    :param roles: cation, anion or ligand for each atom; with the coordination it sets the ideal angles.
    :param max_steps: most iterations of L-BFGS.
    :param angles: gives ideal angles instead of role and coordination.
    """
    if len(bonds) == 0:
        return positions_ang.copy()
    terms = _terms(positions_ang, bonds, length_ang, roles, angles)
    result = minimize(
        _energy_and_gradient,
        positions_ang.ravel(),
        args=(terms,),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_steps, "ftol": _TOLERANCE, "maxcor": 5},
    )
    relaxed: Floats = result.x.reshape(-1, 3)
    return relaxed


def _terms(
    positions: Floats, bonds: Ints, length: Floats, roles: list[Role], angles: AngleRule | None = None
) -> _Terms:
    pairs, sign, cosine, bend, ends = _angles(bonds, roles)
    if angles is not None and len(pairs):
        centre = bonds[pairs[:, 0]].sum(1) - ends[:, 0]
        cosine, bend = angles(centre, ends)
    contacts = _contacts(positions, np.concatenate([bonds, ends]))
    links = np.concatenate([bonds, contacts])
    n_links, n_angles = len(links), len(pairs)
    rows = np.repeat(np.arange(n_links), 2)
    difference = csr_array(
        (np.tile([1.0, -1.0], n_links), (rows, links.ravel())), shape=(n_links, len(positions))
    )
    gather = csr_array(
        (np.ones(2 * n_angles), (pairs.T.ravel(), np.arange(2 * n_angles))), shape=(n_links, 2 * n_angles)
    )
    return _Terms(
        difference=difference,
        difference_transposed=csr_array(difference.T),
        ideal=np.concatenate([np.asarray(length, float), np.full(len(contacts), _CONTACT_ANG)]),
        constant=np.concatenate([np.full(len(bonds), _STRETCH), np.full(len(contacts), _REPEL)]),
        n_bonds=len(bonds),
        contacts=contacts,
        pairs=pairs,
        sign=sign,
        cosine=cosine,
        bend=bend,
        gather=gather,
    )


def _angles(bonds: Ints, roles: list[Role]) -> tuple[Ints, Floats, Floats, Floats, Ints]:
    """Return for every two bonds that share an atom: the bonds, sign, ideal cosine, constant, and far ends."""
    n_bonds = len(bonds)
    centre, end = np.concatenate([bonds[:, 0], bonds[:, 1]]), np.concatenate([bonds[:, 1], bonds[:, 0]])
    order = np.argsort(centre, kind="stable")
    degree = np.bincount(centre, minlength=len(roles))
    first = np.concatenate([[0], np.cumsum(degree)[:-1]])
    names = np.array(roles)
    collected: list[tuple[Ints, Floats, Floats]] = []
    for n in range(2, int(degree.max(initial=0)) + 1):
        one, two = np.triu_indices(n, 1)
        for role in ("cation", "anion", "ligand"):
            atoms = np.flatnonzero((degree == n) & (names == role))
            spokes = order[first[atoms][:, None] + np.arange(n)]
            both = np.stack([spokes[:, one].ravel(), spokes[:, two].ravel()], axis=1)
            ideal = np.cos(np.radians(_ANGLE_DEG.get((role, n), _TETRAHEDRAL)))
            bend = _LIGAND_BEND if role == "ligand" else _BEND
            collected.append((both, np.full(len(both), ideal), np.full(len(both), bend)))
    if not collected:
        return np.empty((0, 2), np.int64), np.empty(0), np.empty(0), np.empty(0), np.empty((0, 2), np.int64)
    spokes = np.concatenate([part[0] for part in collected])
    outward = np.where(spokes < n_bonds, 1.0, -1.0)
    return (
        spokes % n_bonds,
        outward[:, 0] * outward[:, 1],
        np.concatenate([part[1] for part in collected]),
        np.concatenate([part[2] for part in collected]),
        end[spokes],
    )


def _contacts(positions: Floats, linked: Ints) -> Ints:
    """Return the pairs of atoms that may come into contact: near, with neither bond nor common neighbour."""
    near = cKDTree(positions).query_pairs(_CONTACT_ANG + 1.0, output_type="ndarray").astype(np.int64)
    near, linked = np.sort(near.reshape(-1, 2), axis=1), np.sort(linked, axis=1)
    key = np.array([len(positions), 1])
    contacts: Ints = near[~np.isin(near @ key, linked @ key)]
    return contacts


def _energy_and_gradient(flat: Floats, terms: _Terms) -> tuple[float, Floats]:
    vector = terms.difference @ flat.reshape(-1, 3)
    distance = np.sqrt(np.einsum("ij,ij->i", vector, vector))
    stretch = distance - terms.ideal
    stretch[terms.n_bonds :] = np.minimum(stretch[terms.n_bonds :], 0.0)
    energy = float((terms.constant * stretch**2).sum())
    pull = (2 * terms.constant * stretch / distance)[:, None] * vector
    if len(terms.pairs):
        bending, bent = _angle_term(vector / distance[:, None], distance, terms)
        energy, pull = energy + bending, pull + bent
    return energy, (terms.difference_transposed @ pull).ravel()


def _angle_term(unit: Floats, distance: Floats, terms: _Terms) -> tuple[float, Floats]:
    """Return the energy of all angles and its gradient with respect to the link vectors."""
    first, second = terms.pairs.T
    u, v = unit[first], unit[second]
    cosine = terms.sign * np.einsum("ij,ij->i", u, v)
    excess = cosine - terms.cosine
    factor = 2 * terms.bend * excess
    at_first = (factor / distance[first])[:, None] * (terms.sign[:, None] * v - cosine[:, None] * u)
    at_second = (factor / distance[second])[:, None] * (terms.sign[:, None] * u - cosine[:, None] * v)
    gradient: Floats = terms.gather @ np.concatenate([at_first, at_second])
    return float((terms.bend * excess**2).sum()), gradient
