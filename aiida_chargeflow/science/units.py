"""Conversion factors (CODATA 2018, from scipy) and the names that CP2K gives to units."""

from __future__ import annotations

from scipy import constants

HARTREE_EV: float = constants.physical_constants["Hartree energy in eV"][0]
BOHR_ANG: float = constants.physical_constants["Bohr radius"][0] * 1e10

_JOULE_EV = 1 / constants.e
_ENERGIES_EV: dict[str, float] = {
    "hartree": HARTREE_EV,
    "a.u.": HARTREE_EV,
    "au": HARTREE_EV,
    "ry": HARTREE_EV / 2,
    "ev": 1.0,
    "kev": 1e3,
    "joule": _JOULE_EV,
    "kcalmol": constants.calorie * 1e3 / constants.N_A * _JOULE_EV,
    "kjmol": 1e3 / constants.N_A * _JOULE_EV,
    "wavenumber_e": constants.h * constants.c * 100 * _JOULE_EV,
    "k_e": constants.k * _JOULE_EV,
}
_LENGTHS_ANG: dict[str, float] = {
    "angstrom": 1.0,
    "bohr": BOHR_ANG,
    "a.u.": BOHR_ANG,
    "pm": 0.01,
    "nm": 10.0,
    "m": 1e10,
}


def energy_ev(unit: str) -> float | None:
    """Return what one unit of energy is in eV, None for a name that CP2K does not use.

    >>> energy_ev("eV")
    1.0
    """
    return _ENERGIES_EV.get(unit.strip().lower())


def length_ang(unit: str) -> float | None:
    """Return what one unit of length is in Å, None for a name that CP2K does not use."""
    return _LENGTHS_ANG.get(unit.strip().lower())


def known_energies() -> tuple[str, ...]:
    """Return the names of the units of energy."""
    return tuple(sorted(_ENERGIES_EV))
