"""Conversion factors (CODATA 2018, from scipy)."""

from __future__ import annotations

from scipy import constants

HARTREE_EV: float = constants.physical_constants["Hartree energy in eV"][0]
BOHR_ANG: float = constants.physical_constants["Bohr radius"][0] * 1e10
E_ANG_DEBYE: float = constants.e * 1e-10 * constants.c / 1e-21
