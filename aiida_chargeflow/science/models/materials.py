"""Zinc-blende compounds: constituents, lattice constants with their source, and formal charges."""

from __future__ import annotations

from collections.abc import Mapping

from ase.data import atomic_numbers
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..elements import covalent_radius_ang, element, known_elements
from ..errors import InputError, one_of

_PAPER = "HLE17 study of InAs@CdSe quantum dots (experimental zinc-blende value)"
_VURGAFTMAN = "Vurgaftman, Meyer, Ram-Mohan, J. Appl. Phys. 89, 5815 (2001), 300 K"
_ADACHI = "Adachi, Properties of Group-IV, III-V and II-VI Semiconductors, Wiley (2005), 300 K"


class Material(BaseModel):
    """One zinc-blende compound MX.

    :param cation: symbol of M.
    :param anion: symbol of X.
    :param lattice_constant_ang: cubic lattice constant in Å.
    :param oxidation_states: formal charges in e, only for elements that the table does not know or that
        have another charge in this compound.
    :param source: where the lattice constant comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cation: str
    anion: str
    lattice_constant_ang: float = Field(gt=3.0, lt=10.0)
    oxidation_states: dict[str, int] = {}
    source: str = ""

    @model_validator(mode="after")
    def _check(self) -> Material:
        for symbol in (self.cation, self.anion):
            if symbol not in atomic_numbers or symbol == "X":
                raise ValueError(f"{symbol!r} is not an element")
            if symbol not in known_elements() and symbol not in self.oxidation_states:
                raise ValueError(f"give oxidation_states for {symbol}, which the element table does not hold")
        if self.charge(self.cation) <= 0 or self.charge(self.anion) >= 0:
            raise ValueError("the cation must have a positive and the anion a negative oxidation state")
        return self

    @property
    def bond_length_ang(self) -> float:
        """Return the bulk bond length a·√3/4 in Å."""
        return float(self.lattice_constant_ang * 3**0.5 / 4)

    def charge(self, symbol: str) -> int:
        """Return the formal charge of ``symbol`` in this material, in e."""
        return self.oxidation_states.get(symbol) or element(symbol).oxidation_state


def _entry(cation: str, anion: str, lattice_constant_ang: float, source: str) -> tuple[str, Material]:
    return f"{cation}{anion}", Material(
        cation=cation, anion=anion, lattice_constant_ang=lattice_constant_ang, source=source
    )


MATERIALS: dict[str, Material] = dict(
    (
        _entry("In", "As", 6.058, _PAPER),
        _entry("In", "P", 5.8697, _VURGAFTMAN),
        _entry("In", "Sb", 6.4794, _VURGAFTMAN),
        _entry("Ga", "As", 5.65325, _VURGAFTMAN),
        _entry("Ga", "P", 5.4505, _VURGAFTMAN),
        _entry("Ga", "Sb", 6.0959, _VURGAFTMAN),
        _entry("Cd", "Se", 6.077, _PAPER),
        _entry("Cd", "S", 5.825, _ADACHI),
        _entry("Cd", "Te", 6.481, _ADACHI),
        _entry("Zn", "S", 5.4102, _ADACHI),
        _entry("Zn", "Se", 5.6692, _ADACHI),
        _entry("Zn", "Te", 6.1037, _ADACHI),
        _entry("Hg", "S", 5.8514, _ADACHI),
        _entry("Hg", "Se", 6.084, _ADACHI),
        _entry("Hg", "Te", 6.4603, _ADACHI),
    )
)


#: Radii of tetrahedral bonds in Å: Pauling, The Nature of the Chemical Bond, 3rd ed., Cornell (1960).
_TETRAHEDRAL_RADIUS_ANG = {
    "Al": 1.26,
    "Zn": 1.31,
    "Ga": 1.26,
    "Cd": 1.48,
    "In": 1.44,
    "Hg": 1.48,
    "P": 1.10,
    "S": 1.04,
    "As": 1.18,
    "Se": 1.14,
    "Sb": 1.36,
    "Te": 1.32,
}


def material(name: str, extra: Mapping[str, Material] | None = None) -> Material:
    """Return the material ``name``, from ``extra`` (a user's own) before the table.

    :raises InputError: no such material.
    """
    known = {**MATERIALS, **(extra or {})}
    if name not in known:
        raise InputError(
            "unknown material",
            field="material",
            value=name,
            remedy=f"{one_of(name, sorted(known))} Others can be added under the key materials: "
            "with cation, anion and lattice_constant_ang.",
        )
    return known[name]


def bulk_bond_length_ang(cation: str, anion: str, extra: Mapping[str, Material] | None = None) -> float:
    """Return the ideal cation-anion bond length in Å.

    A compound of the table has its bulk length; any other pair, such as In-Se across an interface, has the
    sum of Pauling's tetrahedral radii, or else of the covalent radii of Cordero et al. (2008).
    """
    for known in (*(extra or {}).values(), *MATERIALS.values()):
        if (known.cation, known.anion) == (cation, anion):
            return known.bond_length_ang
    return sum(_TETRAHEDRAL_RADIUS_ANG.get(symbol, covalent_radius_ang(symbol)) for symbol in (cation, anion))
