"""Settings that a user writes in YAML: validated, frozen, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationError

from .validation import Validated, input_error

S = TypeVar("S", bound="Settings")


class Settings(Validated):
    """Base of all settings.

    :param documented_in: the page that explains their keys.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    documented_in: ClassVar[str] = "docs/topics/protocols.md"

    @classmethod
    def from_mapping(cls: type[S], data: Mapping[str, Any], section: str = "") -> S:
        """Validate ``data`` and return the settings.

        :param section: name of the section that holds the data, for messages.
        :raises InputError: an unknown key or a value out of range; names the field and the value.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise input_error(
                error, cls, section, f"See {cls.documented_in} for the keys and their ranges."
            ) from error


class BaderSettings(Settings):
    """The partition of the density.

    :param cube: file of the parent's folder; the density cube of the run by default.
    :param core: core reference of the engine; left to the engine by default.
    """

    cube: str = Field("aiida-ELECTRON_DENSITY-1_0.cube", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")
    method: Literal["weight", "neargrid"] = "weight"
    vacuum_e_bohr3: float = Field(1e-6, ge=0)
    core: Literal["auto", "on", "off"] | None = None


class ChargeFlowSettings(Settings):
    """The charge-flow analysis; ``bonds.bond_graph`` and ``charge_flow.solve`` explain the values."""

    bond_scale: float = Field(1.2, gt=0)
    exclude_like_charges: bool = False
    regularisation: float = Field(0.0, ge=0)
    imbalance_tolerance_e: float | None = Field(None, ge=0)
