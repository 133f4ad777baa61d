"""The numbers of one table row as a calcfunction, so that each is explained by its inputs."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import calcfunction

from ..science import electronic
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
def summarise(
    structure: orm.StructureData, scf: orm.Dict, orbitals: orm.ArrayData, charge_flow: orm.ArrayData
) -> orm.Dict:
    """Return formula, energy, both gaps, traps, and the mean Bader charge and flow magnitude of every kind."""
    kinds = np.array([site.kind_name for site in structure.sites])
    names = sorted(set(kinds.tolist()))

    def mean_by_kind(array: str) -> dict[str, float]:
        values = charge_flow.get_array(array)
        return {name: float(values[kinds == name].mean()) for name in names}

    return orm.Dict(
        {
            "formula": to_atoms(structure).get_chemical_formula("metal"),
            "n_atoms": len(kinds),
            **{name: scf.get_dict().get(name) for name in _FROM_SCF},
            **electronic.analyse(to_pdos(orbitals)).summary(),
            "n_atoms_of_kind": {name: int((kinds == name).sum()) for name in names},
            "flow_magnitude_e": mean_by_kind("flow_magnitude"),
            "bader_charge_e": mean_by_kind("bader_charge"),
        }
    )
