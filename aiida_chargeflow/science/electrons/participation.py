"""How many atoms carry an orbital, and whether it prefers the under-coordinated ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..kinds import CORE, INTERLAYER, SHELL, Kind
from .pdos import Pdos

BULK_COORDINATION = 4


def is_crystal(kind: Kind) -> bool:
    """Return whether the kind belongs to core, interlayer or shell."""
    return kind.region in (CORE, INTERLAYER, SHELL)


def is_undercoordinated(kind: Kind) -> bool:
    """Return whether the kind is a crystal atom with fewer neighbours than in the bulk."""
    return is_crystal(kind) and kind.coordination < BULK_COORDINATION


def _missing_neighbours(kind: Kind) -> float:
    return float(max(BULK_COORDINATION - kind.coordination, 0)) if is_crystal(kind) else 0.0


def inverse_participation_ratio(atom_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Σ w² of every orbital: 1 on a single atom, 1/n spread evenly over n.

    :param atom_weights: (n_atoms, n_states), each column summing to 1.
    :return: (n_states,). F. Wegner, Z. Phys. B 36, 209 (1980).
    """
    ipr: NDArray[np.float64] = (atom_weights**2).sum(axis=0)
    return ipr


def average_degenerate(
    weights: NDArray[np.float64], eigenvalues_ev: NDArray[np.float64], tolerance_ev: float
) -> NDArray[np.float64]:
    """Replace the shares of orbitals within ``tolerance_ev`` of the first of a set by the set's mean.

    Diagonalisation returns an arbitrary rotation of a degenerate set; only the mean is physical.

    :param weights: (n, n_states).
    :param eigenvalues_ev: (n_states,) ascending.
    """
    result = weights.copy()
    start, n_states = 0, eigenvalues_ev.size
    for k in range(1, n_states + 1):
        if k == n_states or eigenvalues_ev[k] - eigenvalues_ev[start] > tolerance_ev:
            result[:, start:k] = weights[:, start:k].mean(axis=1, keepdims=True)
            start = k
    return result


def _groups(pdos: Pdos) -> NDArray[np.int64]:
    """Return (n_kinds,) the number of the (element, region) class that each kind belongs to."""
    classes = sorted({(kind.symbol, kind.region) for kind in pdos.kinds})
    return np.array([classes.index((kind.symbol, kind.region)) for kind in pdos.kinds])


def _require_counts(pdos: Pdos) -> None:
    if pdos.kind_counts.size == 0:
        raise InputError(
            "participation needs the number of atoms of each kind",
            field="kind_counts",
            remedy="Pass kind_counts or atom_kinds to read_pdos.",
        )


def participation_number(
    pdos: Pdos, kind_weights: NDArray[np.float64], atom_weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return 1/IPR, the number of atoms that carry each orbital, shape (n_states,).

    With atom-resolved shares this is exact; from kinds alone the atoms of a kind are taken to share evenly,
    which makes it an upper bound.
    """
    _require_counts(pdos)
    if atom_weights is not None:
        return 1 / inverse_participation_ratio(atom_weights)
    number: NDArray[np.float64] = 1 / (kind_weights**2 / pdos.kind_counts[:, None]).sum(axis=0)
    return number


def even_participation_number(pdos: Pdos, kind_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the participation number if each orbital kept its share of every element in every region but
    spread it evenly over the atoms there, shape (n_states,).

    It is the most that an orbital of this chemical make-up can reach: confinement to a region, or to the
    anions, is not localisation.
    """
    _require_counts(pdos)
    groups = _groups(pdos)
    ipr = np.zeros(kind_weights.shape[1])
    for group in np.unique(groups):
        members = groups == group
        ipr += kind_weights[members].sum(axis=0) ** 2 / pdos.kind_counts[members].sum()
    even: NDArray[np.float64] = 1 / ipr
    return even


def missing_neighbour_excess(pdos: Pdos, kind_weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many more neighbours the electron misses than if it spread evenly, shape (n_states,).

    Each crystal atom misses 4 - coordination neighbours; the mean over the orbital, minus the mean of an
    orbital with the same share of every element in every region spread evenly there. 0: no preference;
    +0.5: half of the electron sits on 3-coordinated atoms where even spreading would put it on
    4-coordinated ones; negative: it avoids under-coordinated atoms. Ligands do not count.
    """
    _require_counts(pdos)
    groups = _groups(pdos)
    missing = np.array([_missing_neighbours(kind) for kind in pdos.kinds])
    expected = np.empty_like(missing)
    for group in np.unique(groups):
        members = groups == group
        expected[members] = np.average(missing[members], weights=pdos.kind_counts[members])
    excess: NDArray[np.float64] = (missing - expected) @ kind_weights
    return excess
