"""Conversion factors (CODATA 2018, from scipy)."""

from __future__ import annotations

from scipy import constants

HARTREE_EV: float = constants.physical_constants["Hartree energy in eV"][0]
BOHR_ANG: float = constants.physical_constants["Bohr radius"][0] * 1e10
