"""Orbital cubes of a run: which orbitals, what their files are called, and how they are made small on the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from ..electrons.traps import ElectronicStructure
from ..errors import InputError
from ..settings import Settings

ORBITAL_CUBES = "aiida-WFN_*.cube"
_NUMBER = re.compile(r"-WFN_(\d+)_")

# Values below 1e-5 bohr^-3/2 become 0 and compress away: less than 1e-4 of an orbital in a box of 10^6 bohr³, a tenth
# of what cropping leaves out later. CP2K prints them as 0.12345E-05, from 2026.2 on as 0.12345E-005, Fortran as
# 0.12345-101 or 0.12345D-05; negative neighbours may touch. A cube that cannot be compressed stays as it is.
COMPRESS = r"""status=$?
(
  set -o pipefail
  export LC_ALL=C
  for cube in aiida-WFN_*.cube; do
    [ -s "$cube" ] || continue
    sed -E -e 's/ ?-?0\.[0-9]*[ED]?-[1-9][0-9]{2}/ 0/g; s/ ?-?0\.[0-9]*[ED]-0(0[5-9]|[1-9][0-9])/ 0/g' \
      -e 's/ ?-?0\.[0-9]*[ED]-(0[5-9]|[1-9][0-9])( |$)/ 0\2/g' "$cube" | gzip -c > "$cube.part" &&
      mv "$cube.part" "$cube.gz" && rm "$cube"
  done
)
(exit $status)"""


class OrbitalCubes(Settings):
    """Orbitals to print as cubes, counted from the gap on both sides; none by default.

    :param stride: every how many voxels of the density grid.
    :param keep: ``all`` that were printed, or of them only HOMO, LUMO and the two delocalised band ``edges``.
    """

    n_occupied: int = Field(0, ge=0)
    n_virtual: int = Field(0, ge=0)
    stride: int = Field(3, ge=1)
    keep: Literal["all", "edges"] = "all"


def orbital_number(name: str) -> int:
    """Return CP2K's number of the orbital in a file.

    :raises InputError: not a name that CP2K gives to an orbital's cube.

    >>> orbital_number("aiida-WFN_00156_1-1_0.cube.gz")
    156
    """
    found = _NUMBER.search(name)
    if found is None:
        raise InputError(
            "not the name of an orbital's cube", value=name, remedy="Expected …-WFN_00156_1-1_0.cube."
        )
    return int(found[1])


def edge_numbers(found: ElectronicStructure) -> dict[str, int]:
    """Return ``homo``, ``lumo``, ``valence_edge``, ``conduction_edge`` → orbital number, those that are known."""
    numbers = {
        "homo": found.homo_index,
        "lumo": found.lumo_index,
        "valence_edge": found.valence_edge_index,
        "conduction_edge": found.conduction_edge_index,
    }
    return {name: number for name, number in numbers.items() if number is not None}


def name_cubes(files: Iterable[str], found: ElectronicStructure) -> dict[str, str]:
    """Return name → file: the names of ``edge_numbers`` first, then every file as ``homo-2``, ``lumo+1`` ….

    Where no trap lies in between, the HOMO is the valence edge: both names have the same file. By number and not
    by order, since CP2K counts from the highest orbital that smearing has put an electron into.
    """
    by_number = {orbital_number(file): file for file in sorted(files)}
    named = {name: by_number[k] for name, k in edge_numbers(found).items() if k in by_number}
    for number, file in sorted(by_number.items()):
        below, above = found.homo_index - number, number - found.homo_index - 1
        name = f"homo-{below}" if below >= 0 else f"lumo+{above}"
        named.setdefault(name.removesuffix("-0").removesuffix("+0"), file)
    return named
