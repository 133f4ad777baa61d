"""How much charge a bond of a given valence carries: the fitted numbers, their errors and where they come from."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ..errors import InputError
from ..settings import Settings

Array = NDArray[np.float64]

#: Pauling's electronegativities (CRC Handbook of Chemistry and Physics) of the anions that dots are made of.
ELECTRONEGATIVITY = {
    "N": 3.04,
    "P": 2.19,
    "As": 2.18,
    "Sb": 2.05,
    "O": 3.44,
    "S": 2.58,
    "Se": 2.55,
    "Te": 2.10,
    "F": 3.98,
    "Cl": 3.16,
    "Br": 2.96,
    "I": 2.66,
}


#: Basis set → factor that takes Bader charges in it to those in the full basis (DZVP). Measured on dots computed in
#: both on one geometry, see docs/validation/prediction.md; a set that is not here is taken as it is.
CHARGE_FACTOR = {"SZV": 1.132}


class TransferParameters(Settings):
    """Charge handed over along bonds, fitted to Bader charges in the full basis.

    A bond of valence x hands ``(transfer_e[anion] - lone_pair_e · missing) · x`` electrons from its cation to its
    anion; ``missing`` is how many of four neighbours an anion of charge -2 or -3 lacks.

    :param transfer_e: by anion, in e for a bond of valence 1.
    :param lone_pair_e: less per missing neighbour, in e.
    :param covariance: of transfer_e in alphabetic order, then lone_pair_e, in e²: how far the fit itself may be off,
        by the jackknife over dots.
    :param charge_error_e: by element, root mean square error of the charges of dots that were left out.
    :param flow_error_e: the same of the flow magnitudes.
    :param n_dots: dots of different composition that were fitted.
    :param dots: their labels.
    :param source: where the charges come from.
    """

    transfer_e: dict[str, float] = Field(min_length=1)
    lone_pair_e: float
    covariance: tuple[tuple[float, ...], ...]
    charge_error_e: dict[str, float]
    flow_error_e: dict[str, float]
    n_dots: int = Field(ge=1)
    dots: tuple[str, ...] = ()
    source: str = ""

    @model_validator(mode="after")
    def _square(self) -> TransferParameters:
        n = len(self.transfer_e) + 1
        if len(self.covariance) != n or any(len(row) != n for row in self.covariance):
            raise ValueError(f"the covariance needs {n} rows of {n} numbers")
        return self

    @property
    def anions(self) -> tuple[str, ...]:
        """Return the anions that were fitted, in the order of the covariance."""
        return tuple(sorted(self.transfer_e))

    @property
    def values(self) -> Array:
        """Return the parameters in the order of the covariance, shape (n_anions + 1,)."""
        return np.array([*(self.transfer_e[name] for name in self.anions), self.lone_pair_e])

    @property
    def scatter(self) -> Array:
        """Return how far the parameters of one new dot may be from the fitted ones, a covariance in e².

        A fit to n dots is off by 1/n of the variance among dots; a new dot has all of that variance, and the fit's.
        """
        covariance: Array = np.array(self.covariance, dtype=float)
        result: Array = (self.n_dots + 1.0) * covariance
        return result

    def in_basis(self, basis: str | None) -> TransferParameters:
        """Return the parameters for charges as they come out in another basis set (``CHARGE_FACTOR``)."""
        factor = 1 / CHARGE_FACTOR.get(basis or "", 1.0)
        scaled: dict[str, Any] = {
            name: {key: factor * value for key, value in getattr(self, name).items()}
            for name in ("transfer_e", "charge_error_e", "flow_error_e")
        }
        covariance = tuple(tuple(factor**2 * x for x in row) for row in self.covariance)
        scaled |= {"lone_pair_e": factor * self.lone_pair_e, "covariance": covariance}
        return self.model_copy(update=scaled)

    def weights(self, anion: str) -> Array:
        """Return what the transfer of ``anion`` is made of, shape (n_anions,): 1 for a fitted one.

        Any other anion takes its place between, or beyond, its two neighbours in electronegativity.

        :raises InputError: nothing is known of the anion, or only one anion was fitted.
        """
        names = self.anions
        if anion in self.transfer_e:
            return np.array([float(name == anion) for name in names])
        known = sorted(
            (name for name in names if name in ELECTRONEGATIVITY), key=ELECTRONEGATIVITY.__getitem__
        )
        if anion not in ELECTRONEGATIVITY or len(known) < 2:
            raise InputError(
                "no charge transfer is known for this anion",
                field="parameters",
                value=anion,
                remedy=f"Fitted: {', '.join(names)}. `screen learn` fits the anions of your own finished models.",
            )
        place = ELECTRONEGATIVITY[anion]
        above = next((n for n, name in enumerate(known) if ELECTRONEGATIVITY[name] >= place), len(known) - 1)
        high = max(above, 1)
        one, two = known[high - 1], known[high]
        share = (place - ELECTRONEGATIVITY[one]) / (ELECTRONEGATIVITY[two] - ELECTRONEGATIVITY[one])
        return np.array([(1 - share) * (name == one) + share * (name == two) for name in names])

    def error_of(self, symbol: str, flow: bool = False) -> float:
        """Return the error of the charge (or flow) of an atom in e; of an element never met, the largest."""
        errors = self.flow_error_e if flow else self.charge_error_e
        return errors.get(symbol, max(errors.values(), default=0.0))


@cache
def default_parameters() -> TransferParameters:
    """Return the numbers that the package ships."""
    text = (resources.files("aiida_chargeflow") / "data" / "charge_transfer.yaml").read_text(encoding="utf-8")
    return TransferParameters.from_mapping(yaml.safe_load(text))
