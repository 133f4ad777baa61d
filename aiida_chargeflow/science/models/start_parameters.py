"""The fitted numbers of the start geometry: bond valences, ideal angles, costs of ligand bonds."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BondValence(_Frozen):
    """Length of a bond of valence x: r0 - b ln x, in Å."""

    r0_ang: float = Field(gt=1.0, lt=4.0)
    b_ang: float = Field(gt=0.0, lt=1.0)


class Angles(_Frozen):
    """Ideal angles in degrees around the atoms of one family of compounds.

    :param anion: by coordination.
    :param ligand: by coordination.
    :param cation: by coordination, number of framework anions, and ends such as ``A-L1``.
    """

    anion: dict[int, float]
    ligand: dict[int, float]
    cation: dict[int, dict[int, dict[str, float]]]


class Placing(_Frozen):
    """Costs of ligand bonds in e², beside the squared errors of the cations' valences."""

    bond_gain: float
    bridge_to_3_anions: float
    bridge_to_2_anions: float
    three_cations: float
    uneven: float
    opposite_one_of_two: float
    opposite_one_of_three: float
    second_bridge: float
    dipole: float


class FirstStart(_Frozen):
    """Lengths of the start geometry v1, in Å, by pair.

    :param ligand_ang: cation-ligand distance of a ligand with one, two and three cations.
    :param surface_anion_ang: length of the bonds of 3-coordinate anions, and that of the bulk beside it.
    """

    ligand_ang: dict[str, tuple[float, float, float]]
    surface_anion_ang: dict[str, tuple[float, float]]


class StartParameters(_Frozen):
    """The content of ``data/start_geometry.yaml``, which names its source.

    :param bonds: by pair, such as ``In-As``.
    :param angles: by the formal charge of the cation.
    :param placing: by the version of the start geometry.
    """

    bonds: dict[str, BondValence]
    other_framework_b_ang: float
    other_ligand_b_ang: float
    least_valence: float
    angles: dict[int, Angles]
    placing: dict[str, Placing]
    v1: FirstStart


@cache
def start_parameters() -> StartParameters:
    """Return the numbers that the package ships."""
    text = (resources.files("aiida_chargeflow") / "data" / "start_geometry.yaml").read_text(encoding="utf-8")
    return StartParameters.model_validate(yaml.safe_load(text))
