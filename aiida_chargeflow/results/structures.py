"""The atoms of finished models, for figures."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from aiida import orm
from ase import Atoms
from numpy.typing import NDArray

from ..calculations.structures import to_atoms
from ..science.charges.bonds import bond_graph
from ..science.elements import formula as chemical_formula
from ..science.kinds import INTERLAYER, SHELL, tag_coordinations, tag_regions
from ..science.models.build import QDModel, build
from ..science.models.lattice import Integers
from ..science.models.spec import ModelSpec

_SAME_ATOM_ANG = 2.0
_INDEX = re.compile(r"-?\d")


@dataclass(frozen=True)
class StructureResult:
    """The atoms of one model as they were computed.

    :param atoms: tags 10·region + coordination.
    :param bonds: (n_bonds, 2), those of the charge flow, from distances if there is none.
    :param spec: None for a run that began with a structure.
    """

    label: str
    formula: str
    uuid: str
    atoms: Atoms
    bonds: Integers
    spec: ModelSpec | None

    @property
    def symbols(self) -> list[str]:
        """Return the chemical symbol of each atom."""
        return [str(symbol) for symbol in self.atoms.symbols]

    @property
    def regions(self) -> Integers:
        """Return the region of each atom, shape (n_atoms,); 0 unknown."""
        regions: Integers = tag_regions(self.atoms.get_tags())
        return regions

    @property
    def coordination(self) -> Integers:
        """Return the coordination of each atom, shape (n_atoms,)."""
        coordination: Integers = tag_coordinations(self.atoms.get_tags())
        return coordination

    @property
    def has_shell(self) -> bool:
        """Return whether there is more than a core and ligands."""
        return bool(np.isin(self.regions, [INTERLAYER, SHELL]).any())

    def on_lattice(self) -> QDModel | None:
        """Return the model of the specification, which knows lattice sites and facets; None without one.

        Its atoms come in the order of this structure, which relaxation keeps; None as well for an imported
        structure in another order.
        """
        if self.spec is None:
            return None
        model = build(self.spec)
        if model.symbols != self.symbols:
            return None
        moved = self.atoms.positions - self.atoms.positions.mean(axis=0) - model.atoms.positions
        return model if np.linalg.norm(moved, axis=1).max() < _SAME_ATOM_ANG else None

    def facets(self) -> list[tuple[tuple[int, int, int], NDArray[np.float64]]]:
        """Return (hkl, centre of its atoms in Å, shape (3,)) of every facet; none without a specification."""
        model = self.on_lattice()
        if model is None:
            return []
        members: dict[tuple[int, int, int], list[int]] = {}
        for atom, names in enumerate(model.facets):
            for name in names.split("+"):
                if name != "-":
                    h, k, m = map(int, _INDEX.findall(name))
                    members.setdefault((h, k, m), []).append(atom)
        return [(hkl, self.atoms.positions[atoms].mean(axis=0)) for hkl, atoms in sorted(members.items())]


def structure_result(node: orm.WorkChainNode) -> StructureResult:
    """Return the structure of a finished model run."""
    atoms = to_atoms(node.outputs.structure)
    return StructureResult(
        label=node.label,
        formula=chemical_formula(atoms.symbols),
        uuid=node.uuid,
        atoms=atoms,
        bonds=node.outputs.charge_flow.get_array("bonds")
        if "charge_flow" in node.outputs
        else bond_graph(atoms).bonds,
        spec=spec_of(node),
    )


def spec_of(node: orm.WorkChainNode) -> ModelSpec | None:
    """Return the specification of a model run, None for one that began with a structure."""
    return ModelSpec.from_stored(node.inputs.spec.get_dict()) if "spec" in node.inputs else None
