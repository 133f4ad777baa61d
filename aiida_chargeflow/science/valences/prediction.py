"""Charges and charge flow of a dot before any DFT, with the error that the fit says they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..charges.charge_flow import ChargeFlow, solve
from ..kinds import REGIONS
from .descriptors import Predicted
from .dot import Dot
from .parameters import TransferParameters, default_parameters

Array = NDArray[np.float64]

_FULL_COORDINATION = 4


@dataclass(frozen=True)
class Prediction:
    """What is expected of a dot.

    :param dot: the dot.
    :param valence: of each bond of the dot, shape (n_bonds,), in e.
    :param flow: predicted charge flow, solved from the predicted charges exactly as a computed one is from Bader
        charges; its bonds are those of the dot, each as a pair i < j.
    :param charge_error_e: standard error of each predicted charge, shape (n_atoms,), in e.
    :param flow_error_e: the same of each flow magnitude.
    :param sensitivity: derivative of each charge by each parameter, shape (n_atoms, n_parameters).
    :param parameters: what was fitted.
    """

    dot: Dot
    valence: Array
    flow: ChargeFlow
    charge_error_e: Array
    flow_error_e: Array
    sensitivity: Array
    parameters: TransferParameters

    @property
    def charge(self) -> Array:
        """Return the predicted charge of each atom in e: positive = lost electrons."""
        return self.flow.bader_charge

    @cached_property
    def described(self) -> Predicted:
        """Return what descriptors are made of."""
        return Predicted(self.dot, self.valence, self.charge, self.flow.flow_vector)

    @property
    def estimated_anions(self) -> tuple[str, ...]:
        """Return the anions whose transfer is not fitted but read off from their electronegativity."""
        present = sorted({str(name) for name in self.dot.symbols[self.dot.formal_charge < 0]})
        return tuple(name for name in present if name not in self.parameters.transfer_e)

    def charge_of(self, members: NDArray[np.bool_]) -> tuple[float, float]:
        """Return the charge of a set of atoms and its error, in e.

        What a new dot has of its own in the parameters is shared by all its atoms; the error of each atom beside it is
        its own.
        """
        gradient = self.sensitivity[members].sum(axis=0)
        shared = float(gradient @ self.parameters.scatter @ gradient)
        return float(self.charge[members].sum()), float(
            np.sqrt(shared + (self.charge_error_e[members] ** 2).sum())
        )

    def by_region(self) -> dict[str, tuple[float, float]]:
        """Return region → predicted charge and its error, in e, from the core outwards."""
        return {name: self.charge_of(self.members(name)) for name in _present(self.dot.regions).values()}

    def members(self, region: str) -> NDArray[np.bool_]:
        """Return which atoms belong to a region, by its name; ``unknown`` are those of none."""
        names = {name: number for number, name in REGIONS.items()}
        result: NDArray[np.bool_] = self.dot.regions == names.get(region, 0)
        return result


def predict(dot: Dot, parameters: TransferParameters | None = None) -> Prediction:
    """Predict the charges and the charge flow of a dot.

    Valences come from Kirchhoff's equations on the formal charges; each bond hands over its valence times the
    transfer of its anion (:class:`TransferParameters`); the charges that result are solved for their flow.

    :raises InputError: an anion of which nothing is known.
    """
    known = default_parameters() if parameters is None else parameters
    valence = dot.valences()
    sensitivity = charge_sensitivity(dot, valence, known)
    charge = sensitivity @ known.values
    flow = solve(dot.positions_ang, np.sort(dot.bonds, axis=1), charge)
    symbols = dot.symbols.tolist()
    charge_error = np.array([known.error_of(symbol) for symbol in symbols])
    flow_error = np.array([known.error_of(symbol, flow=True) for symbol in symbols])
    return Prediction(dot, valence, flow, charge_error, flow_error, sensitivity, known)


def charge_sensitivity(dot: Dot, valence: Array, parameters: TransferParameters) -> Array:
    """Return the derivative of each charge by each parameter, shape (n_atoms, n_parameters).

    Charges are linear in the parameters, so the derivatives times the parameters are the charges.
    """
    carried = bond_sensitivity(dot, valence, parameters)
    cation, anion = dot.bonds.T
    columns = [
        np.bincount(cation, weights=column, minlength=dot.n_atoms)
        - np.bincount(anion, weights=column, minlength=dot.n_atoms)
        for column in carried.T
    ]
    return np.stack(columns, axis=1)


def bond_sensitivity(dot: Dot, valence: Array, parameters: TransferParameters) -> Array:
    """Return the derivative of what each bond hands over by each parameter, shape (n_bonds, n_parameters)."""
    anion = dot.bonds[:, 1]
    kinds, kind = np.unique(dot.symbols[anion], return_inverse=True)
    weights = np.array([parameters.weights(str(name)) for name in kinds])[kind]
    missing = np.maximum(_FULL_COORDINATION - dot.coordination, 0) * (dot.formal_charge < -1)
    result: Array = valence[:, None] * np.column_stack([weights, -missing[anion]])
    return result


def _present(regions: NDArray[np.int64]) -> Mapping[int, str]:
    """Return number and name of the regions that occur, from the core outwards."""
    found = [number for number in (*REGIONS, 0) if (regions == number).any()]
    return {number: REGIONS.get(number, "unknown") for number in found}
