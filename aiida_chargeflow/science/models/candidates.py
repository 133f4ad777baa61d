"""Which polyhedra have a given height, and whether their surface can hold the ligands they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ..errors import InputError
from .lattice import TETRAHEDRAL, Centre, Polyhedron, anion_sites_around, find
from .materials import Material

#: How far the height of a candidate may be from the wanted one, in nm.
TOLERANCE_NM = 0.15

#: Fraction of the 3-coordinate anions that the reconstructed core exchanges.
EXCHANGE_FRACTION = 2 / 3


@dataclass(frozen=True)
class Candidate:
    """A bare core: what it is made of, and what its surface needs and offers.

    :param anion_sites: number of 3- and 4-coordinate anion sites.
    :param ligand_sites: number of bridging (2c) and on-top (1c) ligand sites.
    :param n_exchanged: two thirds of the 3-coordinate anions.
    :param lowest_cation: the smallest number of framework anions around a cation.
    """

    polyhedron: Polyhedron
    material: Material
    n_cations: int
    anion_sites: tuple[int, int]
    ligand_sites: tuple[int, int]
    n_exchanged: int
    lowest_cation: int

    @property
    def ligands_needed(self) -> int:
        """Return the number of X-type ligands that balance the formal charge of the pure core."""
        cation, anion = self.material.charge(self.material.cation), self.material.charge(self.material.anion)
        return self.n_cations * cation + sum(self.anion_sites) * anion

    @property
    def ligands_needed_exchanged(self) -> int:
        """Return the same after the exchange of ``n_exchanged`` 3c anions for halides."""
        return self.ligands_needed - self.n_exchanged * (1 + self.material.charge(self.material.anion))

    @property
    def fits(self) -> tuple[str, ...]:
        """Return the surface patterns for which the ligand sites suffice."""
        if self.ligands_needed < 0 or self.lowest_cation < 2:
            return ()
        room = sum(self.ligand_sites)
        exchange = ("exchange",) if self.n_exchanged > 0 and self.ligands_needed_exchanged <= room else ()
        return (*(("pure",) if self.ligands_needed <= room else ()), *exchange)

    @property
    def has_all_facets(self) -> bool:
        """Return whether ⟨111⟩, ⟨-1-1-1⟩ and {100} facets are all there: on-top, 3c and bridging sites."""
        return self.anion_sites[0] > 0 and min(self.ligand_sites) > 0

    def formula(self, ligand: str = "Cl") -> str:
        """Return the formula of the pure core with its ligands."""
        counts = (self.material.cation, self.n_cations), (self.material.anion, sum(self.anion_sites))
        return "".join(f"{symbol}{n}" for symbol, n in (*counts, (ligand, max(self.ligands_needed, 0))))

    @property
    def n_atoms(self) -> int:
        """Return the number of atoms of the pure core with its ligands."""
        return self.n_cations + sum(self.anion_sites) + max(self.ligands_needed, 0)

    def height_nm(self, with_ligands: bool = False) -> float:
        """Return the height along ⟨111⟩ in nm."""
        return self.polyhedron.height_ang(self.material.lattice_constant_ang, with_ligands) / 10

    def width_nm(self, with_ligands: bool = False) -> float:
        """Return the width along ⟨100⟩ in nm."""
        return self.polyhedron.width_ang(self.material.lattice_constant_ang, with_ligands) / 10


def census(polyhedron: Polyhedron, material: Material) -> Candidate | None:
    """Count the sites of a polyhedron; None if one of its planes cuts nothing off.

    :param polyhedron: any polyhedron.
    :param material: fills it.
    """
    cations = polyhedron.cations()
    if not len(cations):
        return None
    heights = cations @ TETRAHEDRAL.T
    extremes = heights.max(), -heights.min() + 1, np.abs(cations).max()
    if extremes != polyhedron.planes:
        return None
    anions = anion_sites_around(cations)
    bonds = (find(cations, anions[:, None, :] - TETRAHEDRAL[None]) >= 0).sum(1)
    around = find(anions, cations[:, None, :] + TETRAHEDRAL[None])
    sites = [int((bonds == n).sum()) for n in (1, 2, 3, 4)]
    return Candidate(
        polyhedron=polyhedron,
        material=material,
        n_cations=len(cations),
        anion_sites=(sites[2], sites[3]),
        ligand_sites=(sites[1], sites[0]),
        n_exchanged=round(EXCHANGE_FRACTION * sites[2]),
        lowest_cation=int((bonds[around] >= 3).sum(1).min()),
    )


def candidates(
    material: Material,
    height_nm: float,
    centre: Centre | None = None,
    tolerance_nm: float = TOLERANCE_NM,
) -> list[Candidate]:
    """Return every polyhedron whose height without ligands is near ``height_nm``, best first.

    First come those that fit most patterns, then those that show all three facets of a truncated tetrahedron
    (⟨111⟩, ⟨-1-1-1⟩ and {100}), then those nearest in height, then those with the most 3-coordinate anions.

    :param height_nm: wanted height along ⟨111⟩ in nm.
    :param centre: only this centre.
    :param tolerance_nm: largest difference in height, in nm.
    :raises InputError: a height outside 0.5-10 nm.
    """
    if not 0.5 <= height_nm <= 10:
        raise InputError("height must be between 0.5 and 10 nm", field="core.height_nm", value=height_nm)
    found = []
    for item in _polyhedra(material, height_nm, tolerance_nm):
        candidate = census(item, material) if centre in (None, item.centre) else None
        if candidate is not None:
            found.append(candidate)
    return sorted(found, key=lambda item: _rank(item, height_nm))


def choose(material: Material, height_nm: float, centre: Centre | None = None) -> Polyhedron:
    """Return the best candidate of this height.

    :raises InputError: none fits.
    """
    fitting = [item for item in candidates(material, height_nm, centre) if item.fits]
    if not fitting:
        raise InputError(
            f"no polyhedron within {TOLERANCE_NM} nm of this height can hold the ligands it needs",
            field="core.height_nm",
            value=height_nm,
            remedy="List what there is with `model candidates`, or give planes.",
        )
    return fitting[0].polyhedron


def _polyhedra(material: Material, height_nm: float, tolerance_nm: float) -> Iterator[Polyhedron]:
    plane_nm = material.lattice_constant_ang / (4 * np.sqrt(3.0)) / 10
    lowest, highest = (height_nm - tolerance_nm) / plane_nm, (height_nm + tolerance_nm) / plane_nm
    for total in range(max(2, int(np.ceil(lowest - 1e-9))), int(np.floor(highest + 1e-9)) + 1):
        for centre in get_args(Centre):
            first = 1 if centre == "anion" else 4
            for A in range(first, total, 4):
                for C in range(1 if centre == "anion" else 2, total, 2):
                    if (total - A) % 4 == (0 if centre == "anion" else 1):
                        yield Polyhedron(centre, A, total - A, C)


def _rank(item: Candidate, height_nm: float) -> tuple[float, ...]:
    difference = round(abs(item.height_nm() - height_nm), 6)
    return -len(item.fits), not item.has_all_facets, difference, -item.anion_sites[0], *item.polyhedron.planes
