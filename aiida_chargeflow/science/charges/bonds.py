"""The bond graph of a structure: pairs of atoms closer than scaled sums of covalent radii."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..elements import element
from ..errors import InputError

DEFAULT_SCALE = 1.2
_FURTHEST_ANG = 1e6
_LONGEST_BOND_ANG = 8.0  # 1.2 times two radii of caesium are 5.9
_COINCIDENT_ANG = 0.3


@dataclass(frozen=True)
class BondGraph:
    """The bonds of a structure and the settings that found them.

    :param n_atoms: number of atoms.
    :param bonds: shape (n_bonds, 2), int64; i < j in each row, rows sorted lexicographically.
    :param lengths_ang: shape (n_bonds,), in Å.
    :param scale: factor on the sum of the covalent radii.
    :param pair_cutoffs_ang: cutoffs that replace the scaled sum, by pair of symbols in alphabetic order.
    :param n_like_charge_bonds: pairs within the cutoff whose formal charges have the same sign.
    :param like_charges_excluded: whether those pairs were left out of ``bonds``.
    :param radii_ang: covalent radii that were given instead of those of the element table.
    """

    n_atoms: int
    bonds: NDArray[np.int64]
    lengths_ang: NDArray[np.float64]
    scale: float
    pair_cutoffs_ang: Mapping[tuple[str, str], float]
    n_like_charge_bonds: int
    like_charges_excluded: bool
    radii_ang: Mapping[str, float] = field(default_factory=dict)

    @property
    def n_bonds(self) -> int:
        """Return the number of bonds."""
        return len(self.bonds)

    def degrees(self) -> NDArray[np.int64]:
        """Return the number of bonds of each atom, shape (n_atoms,)."""
        return np.bincount(self.bonds.ravel(), minlength=self.n_atoms).astype(np.int64)


def bond_graph(
    atoms: Atoms,
    scale: float = DEFAULT_SCALE,
    radii: Mapping[str, float] | None = None,
    pair_cutoffs: Mapping[tuple[str, str], float] | None = None,
    exclude_like_charges: bool = False,
) -> BondGraph:
    """Find the bonds of an isolated structure.

    Atoms a and b are bonded when their distance is below ``scale`` · (r_a + r_b), with the single-bond
    radii of Cordero et al., Dalton Trans. 2008, 2832, or below the cutoff given for their pair.

    :param atoms: the structure; a periodic cell is accepted only if no bond crosses its boundary.
    :param scale: factor on the sum of the covalent radii.
    :param radii: covalent radii in Å that replace those of the element table, by symbol.
    :param pair_cutoffs: distances in Å that replace the scaled sum, by pair of symbols in any order;
        0 forbids the bond.
    :param exclude_like_charges: leave out pairs whose formal charges have the same sign.
    :raises InputError: unknown element without a radius, bad setting, coincident atoms, or a bond across
        the boundary of a periodic cell.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise InputError("the bond scale must be positive", field="scale", value=scale)
    symbols = np.asarray(atoms.symbols, dtype=str)
    positions = np.asarray(atoms.positions, dtype=float)
    species, index = np.unique(symbols, return_inverse=True)
    names = [str(name) for name in species]
    overrides = _ordered_pairs(pair_cutoffs or {}, names)
    cutoffs = _cutoff_matrix(names, scale, radii or {}, overrides)
    bonds, lengths = _pairs(positions, index, cutoffs)
    _check_coincident(bonds, lengths, symbols)
    _check_periodic(atoms, index, cutoffs)
    signs = np.array([formal_sign(name) for name in names], dtype=np.int64)[index]
    like = signs[bonds[:, 0]] * signs[bonds[:, 1]] > 0
    if exclude_like_charges:
        bonds, lengths = bonds[~like], lengths[~like]
    return BondGraph(
        n_atoms=len(atoms),
        bonds=bonds,
        lengths_ang=lengths,
        scale=float(scale),
        pair_cutoffs_ang=overrides,
        n_like_charge_bonds=int(np.count_nonzero(like)),
        like_charges_excluded=exclude_like_charges,
        radii_ang=dict(sorted((radii or {}).items())),
    )


def formal_sign(symbol: str) -> int:
    """Return the sign of the formal charge of ``symbol``, 0 if the element table does not know it."""
    try:
        return int(np.sign(element(symbol).oxidation_state))
    except InputError:
        return 0


def _ordered_pairs(
    pair_cutoffs: Mapping[tuple[str, str], float], names: list[str]
) -> dict[tuple[str, str], float]:
    ordered: dict[tuple[str, str], float] = {}
    for pair, cutoff in pair_cutoffs.items():
        label = "-".join(pair)
        if len(pair) != 2 or any(name not in names for name in pair):
            raise InputError(
                "the pair names an element that the structure does not have",
                field=f"pair cutoff {label}",
                remedy=f"Elements of the structure: {', '.join(names)}.",
            )
        if not (np.isfinite(cutoff) and cutoff >= 0):
            raise InputError("a cutoff must be 0 or more Å", field=f"pair cutoff {label}", value=cutoff)
        low, high = sorted(pair)
        ordered[low, high] = float(cutoff)
    return dict(sorted(ordered.items()))


def _cutoff_matrix(
    names: list[str],
    scale: float,
    radii: Mapping[str, float],
    overrides: Mapping[tuple[str, str], float],
) -> NDArray[np.float64]:
    for name, radius in radii.items():
        if not (np.isfinite(radius) and radius > 0):
            raise InputError("a radius must be positive", field=f"radius {name}", value=radius)
    radius_ang = np.array([radii[n] if n in radii else element(n).covalent_radius_ang for n in names])
    cutoffs: NDArray[np.float64] = scale * (radius_ang[:, None] + radius_ang[None, :])
    for (low, high), cutoff in overrides.items():
        a, b = names.index(low), names.index(high)
        cutoffs[a, b] = cutoffs[b, a] = cutoff
    if cutoffs.max() > _LONGEST_BOND_ANG:
        a, b = divmod(int(cutoffs.argmax()), len(names))
        raise InputError(
            "no bond is as long as this cutoff in Å",
            field=f"bonds {names[a]}-{names[b]}",
            value=round(float(cutoffs.max()), 3),
            remedy="Radii and cutoffs are in Å, the scale is a factor near 1.2.",
        )
    return cutoffs


def _pairs(
    positions: NDArray[np.float64], index: NDArray[np.intp], cutoffs: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if len(positions) < 2:
        return np.empty((0, 2), dtype=np.int64), np.empty(0)
    furthest = float(np.abs(positions).max())
    if furthest > _FURTHEST_ANG:
        raise InputError(
            "an atom lies further away than any dot is large", field="coordinate in Å", value=furthest
        )
    reach = max(float(cutoffs.max()), _COINCIDENT_ANG)
    pairs = cKDTree(positions).query_pairs(reach, output_type="ndarray").astype(np.int64)
    pairs.sort(axis=1)
    lengths = np.linalg.norm(positions[pairs[:, 1]] - positions[pairs[:, 0]], axis=1)
    near = (lengths < cutoffs[index[pairs[:, 0]], index[pairs[:, 1]]]) | (lengths < _COINCIDENT_ANG)
    pairs, lengths = pairs[near], lengths[near]
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], lengths[order]


def _check_coincident(
    bonds: NDArray[np.int64], lengths: NDArray[np.float64], symbols: NDArray[np.str_]
) -> None:
    if len(lengths) and lengths.min() < _COINCIDENT_ANG:
        i, j = bonds[int(lengths.argmin())]
        raise InputError(
            f"atoms {i + 1} ({symbols[i]}) and {j + 1} ({symbols[j]}) lie {lengths.min():.3f} Å apart",
            remedy="Two atoms share one place: check the structure.",
        )


def _check_periodic(atoms: Atoms, index: NDArray[np.intp], cutoffs: NDArray[np.float64]) -> None:
    if not np.any(atoms.pbc):
        return
    from ase.neighborlist import neighbor_list

    i, j, distance, shift = neighbor_list("ijdS", atoms, float(cutoffs.max()))
    crossing = np.any(shift != 0, axis=1) & (distance < cutoffs[index[i], index[j]])
    if crossing.any():
        raise InputError(
            f"{int(crossing.sum()) // 2} bonds cross the boundary of the periodic cell",
            field="pbc",
            remedy="Charge flow is defined for isolated dots: centre the dot in a larger cell or unwrap it.",
        )
