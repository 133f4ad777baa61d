"""The numbers of one table row as a calcfunction, so that each is explained by its inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from aiida import orm
from aiida.engine import calcfunction
from numpy.typing import NDArray

from ..science.charges.ligand_density import ligand_density
from ..science.charges.region_charge import charge_by_region
from ..science.electrons import traps as electronic
from ..science.electrons.alignment import band_alignment
from ..science.electrons.frontier import frontier, to_mapping
from ..science.electrons.pdos import Pdos
from ..science.electrons.rules import AlignmentRule, OrbitalRules
from ..science.elements import formula as chemical_formula
from ..science.errors import InputError
from ..science.kinds import LIGAND, tag_regions
from .failures import exit_on_input_error
from .orbitals import to_pdos
from .structures import to_atoms

_FROM_SCF = (
    "energy_ev",
    "fermi_level_ev",
    "electronic_temperature_k",
    "max_occupation_deviation_e",
    "n_electrons",
)


@calcfunction
@exit_on_input_error
def summarise(
    structure: orm.StructureData,
    scf: orm.Dict,
    orbitals: orm.ArrayData | None = None,
    charge_flow: orm.ArrayData | None = None,
    rules: orm.Dict | None = None,
) -> orm.Dict:
    """Return formula, energy, both gaps, traps, band alignment, ligand density, charge of every region, and the
    mean Bader charge and flow magnitude of every kind.

    Without orbitals the gap is that of the eigenvalues in the output; what else they or the charge flow would
    tell is then left out.

    :param rules: fields of ``OrbitalRules``; all optional.
    """
    how = OrbitalRules.from_mapping(rules.get_dict() if rules is not None else {}, "orbitals")
    kinds = np.array([site.kind_name for site in structure.sites])
    names = sorted(set(kinds.tolist()))

    atoms = to_atoms(structure)
    regions = tag_regions(atoms.get_tags())
    return orm.Dict(
        {
            "formula": chemical_formula(atoms.symbols),
            "n_atoms": len(kinds),
            **{name: scf.get_dict().get(name) for name in _FROM_SCF},
            **(
                _from_orbitals(to_pdos(orbitals), kinds.tolist(), how)
                if orbitals is not None
                else {"gap_ev": scf.get_dict().get("gap_ev")}
            ),
            "ligands_per_nm2": _ligands_per_nm2(atoms.positions, regions == LIGAND),
            "n_atoms_of_kind": {name: int((kinds == name).sum()) for name in names},
            **(_from_flow(charge_flow, kinds, regions) if charge_flow is not None else {}),
        }
    )


def _from_flow(
    charge_flow: orm.ArrayData, kinds: NDArray[np.str_], regions: NDArray[np.int_]
) -> dict[str, object]:
    """Return the charge of every region, and the means of every kind."""

    def mean_by_kind(array: str) -> dict[str, float]:
        values = charge_flow.get_array(array)
        return {name: float(values[kinds == name].mean()) for name in sorted(set(kinds.tolist()))}

    return {
        "region_charge_e": charge_by_region(regions, charge_flow.get_array("bader_charge")),
        "flow_magnitude_e": mean_by_kind("flow_magnitude"),
        "bader_charge_e": mean_by_kind("bader_charge"),
    }


def _from_orbitals(pdos: Pdos, atom_kinds: Sequence[str], rules: OrbitalRules) -> dict[str, object]:
    """Return gaps, traps, alignment and where the frontier orbitals sit; of kinds without region and coordination
    only the HOMO-LUMO gap.
    """
    found = electronic.find_traps(pdos, rules.traps)
    if all(kind.region for kind in pdos.kinds):
        characters = to_mapping(frontier(pdos, atom_kinds, rules.traps))
        return found.summary() | {
            "alignment": _alignment(pdos, found, rules.alignment),
            "frontier": characters,
        }
    certain = ("gap_ev", "homo_index", "lumo_index", "homo_ev", "lumo_ev", "energy_zero_ev")
    return {name: found.summary()[name] for name in certain} | {"alignment": None}


def _alignment(
    pdos: Pdos, found: electronic.ElectronicStructure, rule: AlignmentRule
) -> dict[str, object] | None:
    """Return the band alignment, None for a structure whose kinds carry no region."""
    try:
        return band_alignment(pdos, found.energies_ev, is_trap=found.is_trap, rule=rule).summary()
    except InputError:
        return None


def _ligands_per_nm2(positions_ang: NDArray[np.float64], is_ligand: NDArray[np.bool_]) -> float | None:
    """Return the ligand density, None for a molecule too small to have a surface."""
    try:
        return ligand_density(positions_ang, is_ligand).ligands_per_nm2
    except InputError:
        return None
