"""From two files to the charge flow along every bond, for notebooks and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .charges.analysis import Analysis, analyse, valences
from .charges.readers import read_charges
from .errors import naming_file
from .settings import ChargeFlowSettings
from .xyz import read_xyz


def analyse_files(
    structure: str | Path,
    acf: str | Path,
    settings: ChargeFlowSettings | None = None,
    *,
    n_valence: Mapping[str, float] | None = None,
    radii: Mapping[str, float] | None = None,
    pair_cutoffs: Mapping[tuple[str, str], float] | None = None,
    charge_method: str = "bader",
) -> Analysis:
    """Read a structure and its Bader populations, find the bonds and solve the charge flow.

    :param structure: XYZ file of the density's geometry, Å.
    :param acf: ACF.dat of any Bader program, its atoms in the same order; bohr or Å.
    :param settings: scale of the bonds, regularisation and tolerance.
    :param n_valence: element → valence electrons of the density; those of the GTH potentials by default.
    :param radii, pair_cutoffs: see ``bond_graph``.
    :param charge_method: what ``acf`` holds, if not Bader charges: a name that an installed package registers.
    :raises InputError: a file is damaged, or they do not belong together; names the file.
    :raises OSError: a file cannot be read.
    """
    settings = settings or ChargeFlowSettings()
    atoms = read_xyz(structure)
    valence = valences([str(symbol) for symbol in atoms.symbols], n_valence or {})
    with naming_file(acf):
        charges = read_charges(charge_method, Path(acf), atoms, valence, settings.imbalance_tolerance_e)
    return analyse(
        atoms,
        charges,
        scale=settings.bond_scale,
        radii=radii,
        pair_cutoffs=pair_cutoffs,
        exclude_like_charges=settings.exclude_like_charges,
        regularisation=settings.regularisation,
        imbalance_tolerance_e=settings.imbalance_tolerance_e,
        n_valence=valence,
    )
