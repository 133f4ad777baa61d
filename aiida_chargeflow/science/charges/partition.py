"""The one place where a table of Bader charges is accepted: of these atoms, with all electrons, in a known unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from ..errors import InputError
from ..units import BOHR_ANG
from .acf import Acf

Fault = Literal["atoms", "electrons", "basin"]

SAME_PLACE_ANG = 0.02
"""Atoms of one calculation lie this close to each other in all its files, up to a shift of the box."""

EMPTY_BASIN_E = 1e-3
"""An atom with fewer electrons has lost its basin to a neighbour."""


class PartitionError(InputError):
    """A table that does not belong to the structure or the run.

    :param fault: ``atoms``: of another structure; ``electrons``: some are missing; ``basin``: an atom has none.
    """

    def __init__(self, fault: Fault, problem: str, remedy: str = "", value: object = None) -> None:
        self.fault = fault
        super().__init__(problem, remedy=remedy, value=value)


@dataclass(frozen=True)
class AtomicCharges:
    """An accepted partition.

    :param table: lengths and volumes in Å and Å³ whatever the unit of the file was.
    :param bader_charge: shape (n_atoms,), valence less population in e; positive: electrons lost.
    :param n_valence: element → valence electrons that were used.
    """

    table: Acf
    bader_charge: NDArray[np.float64]
    n_valence: Mapping[str, float]

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return name → array, shape (n_atoms,), as results store them."""
        return {
            "bader_population": self.table.bader_population,
            "bader_charge": self.bader_charge,
            "min_distance_ang": self.table.min_distance_ang,
            "volume_ang3": self.table.volume_ang3,
        }

    def totals(self) -> dict[str, float]:
        """Return the totals as results store them."""
        return {
            "n_electrons": self.table.n_electrons,
            "vacuum_charge_e": self.table.vacuum_charge_e,
            "vacuum_volume_ang3": self.table.vacuum_volume_ang3,
        }


def accept_partition(
    table: Acf,
    atoms: Atoms,
    n_valence: Mapping[str, float],
    *,
    n_electrons: float | None = None,
    tolerance_e: float | None = None,
) -> AtomicCharges:
    """Return the charges of a table that belongs to these atoms.

    :param table: read with lengths in bohr; the unit is not written in the file, and taken from the positions.
    :param atoms: the structure of the density, its atoms in the same order.
    :param n_valence: element → valence electrons of the run.
    :param n_electrons: of the run; the sum of the valences by default.
    :param tolerance_e: electrons that may be missing; 0.01 + 10⁻⁴ of all by default.
    :raises PartitionError: other atoms, electrons missing, or an atom without a basin.
    """
    table = _in_the_unit_of(table, atoms)
    valence = np.array([n_valence[str(symbol)] for symbol in atoms.symbols], dtype=np.float64)
    expected = float(valence.sum()) if n_electrons is None else float(n_electrons)
    found = float(table.bader_population.sum()) + table.vacuum_charge_e
    if abs(found - expected) > (0.01 + 1e-4 * expected if tolerance_e is None else tolerance_e):
        raise PartitionError(
            "electrons",
            f"the populations sum to {found:.3f} e, the run has {expected:.0f} valence electrons",
            "Partition the whole density cube of this run, printed with STRIDE 1 1 1, with the valences of its "
            "potentials.",
        )
    empty = np.flatnonzero(table.bader_population < EMPTY_BASIN_E)
    if empty.size:
        raise PartitionError("basin", "atoms without a basin", value=[int(k) + 1 for k in empty])
    return AtomicCharges(table, valence - table.bader_population, dict(n_valence))


def _in_the_unit_of(table: Acf, atoms: Atoms) -> Acf:
    """Return the table in Å: those who partition a cube write bohr, those who partition a CHGCAR write Å.

    :raises PartitionError: another number of atoms, another order, another structure.
    """
    if len(atoms) != table.n_atoms:
        raise PartitionError(
            "atoms",
            f"the structure has {len(atoms)} atoms, the ACF.dat has {table.n_atoms}",
            "They belong to different calculations.",
        )
    tables = (table, _from_angstrom(table))
    away, best = min(
        ((_distances(atoms, one.positions_ang), one) for one in tables), key=lambda pair: pair[0].max()
    )
    worst = int(away.argmax())
    if away[worst] > SAME_PLACE_ANG:
        raise PartitionError(
            "atoms",
            f"{int((away > SAME_PLACE_ANG).sum())} of {len(atoms)} atoms lie elsewhere in the ACF.dat; atom "
            f"{worst + 1} ({atoms.symbols[worst]}) by {away[worst]:.3f} Å",
            "Give the structure of the density itself, with its atoms in the same order.",
        )
    return best


def _from_angstrom(table: Acf) -> Acf:
    """Return a table whose numbers, read as bohr, were Å."""
    return replace(
        table,
        positions_ang=table.positions_ang / BOHR_ANG,
        min_distance_ang=table.min_distance_ang / BOHR_ANG,
        volume_ang3=table.volume_ang3 / BOHR_ANG**3,
        vacuum_volume_ang3=table.vacuum_volume_ang3 / BOHR_ANG**3,
    )


def _distances(atoms: Atoms, positions_ang: NDArray[np.float64]) -> NDArray[np.float64]:
    shift = positions_ang - atoms.positions
    result: NDArray[np.float64] = np.linalg.norm(shift - np.median(shift, axis=0), axis=1)
    return result
