"""What a partition gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NonNuclearMaximum:
    """A maximum of the density with no atom within reach.

    :param position_bohr: in the frame of the cube.
    :param distance_bohr: to the nearest atom.
    :param nearest_atom: index of that atom, from 0.
    :param population: electrons in its basin.
    :param volume_bohr3: volume of its basin.
    """

    position_bohr: tuple[float, float, float]
    distance_bohr: float
    nearest_atom: int
    population: float
    volume_bohr3: float


@dataclass(frozen=True)
class Partition:
    """The Bader partition of a density.

    :param positions_bohr: (n_atoms, 3) as in the cube.
    :param populations: (n_atoms,) electrons, the CHARGE column.
    :param min_distances_bohr: (n_atoms,) from the atom to the surface of its region.
    :param volumes_bohr3: (n_atoms,).
    :param vacuum_charge: electrons at points below the cut.
    :param vacuum_volume_bohr3: volume of these points.
    :param n_electrons: integral of the density over all points.
    :param n_maxima: number of maxima found.
    :param non_nuclear: maxima that belong to no atom, largest population first.
    """

    positions_bohr: FloatArray
    populations: FloatArray
    min_distances_bohr: FloatArray
    volumes_bohr3: FloatArray
    vacuum_charge: float
    vacuum_volume_bohr3: float
    n_electrons: float
    n_maxima: int
    non_nuclear: tuple[NonNuclearMaximum, ...]
