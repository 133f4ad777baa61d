"""The orbitals of finished models as arrays, for figures."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiida import orm

from ..calculations.orbitals import to_pdos
from ..calculations.structures import to_atoms
from ..science.cp2k.orbital_cubes import name_cubes
from ..science.electrons.alignment import BandAlignment, band_alignment
from ..science.electrons.pdos import Pdos
from ..science.electrons.rules import OrbitalRules
from ..science.electrons.traps import ElectronicStructure, find_traps
from ..science.elements import formula as chemical_formula
from ..science.errors import InputError


@dataclass(frozen=True)
class OrbitalResult:
    """The electronic structure of one model.

    :param label: of the run; may be empty.
    :param rules: those that the run recorded.
    """

    label: str
    formula: str
    uuid: str
    pdos: Pdos
    structure: ElectronicStructure
    rules: OrbitalRules = field(default_factory=OrbitalRules)

    @property
    def title(self) -> str:
        """Return label and formula."""
        return f"{self.label}: {self.formula}" if self.label else self.formula

    def alignment(self) -> BandAlignment:
        """Return the band edges of the regions."""
        return band_alignment(
            self.pdos, self.structure.energies_ev, is_trap=self.structure.is_trap, rule=self.rules.alignment
        )

    def frontier_composition(self, n_states: int) -> dict[str, dict[str, float]]:
        """Return orbital name → region → share for ``n_states`` on each side of the gap, highest first."""
        homo = self.pdos.n_occupied - 1
        last = self.pdos.eigenvalues_ev.size - 1
        bars = {}
        for k in range(min(homo + n_states, last), max(homo - n_states, -1), -1):
            above, below = k - homo - 1, homo - k
            name = (
                f"LUMO{f'+{above}' if above else ''}" if k > homo else f"HOMO{f'-{below}' if below else ''}"
            )
            bars[name] = {region: float(share[k]) for region, share in self.pdos.by_region().items()}
        return bars


def orbital_result(node: orm.WorkChainNode) -> OrbitalResult:
    """Return the electronic structure of a finished model run."""
    if "orbitals" not in node.outputs.scf:
        raise InputError(
            "this model has no orbitals",
            field="PK",
            value=node.pk,
            remedy="It was imported without .pdos files; import it again with them.",
        )
    pdos = to_pdos(node.outputs.scf.orbitals)
    formula = chemical_formula(to_atoms(node.outputs.structure).symbols)
    rules = recorded_rules(node)
    return OrbitalResult(node.label, formula, node.uuid, pdos, find_traps(pdos, rules.traps), rules)


def recorded_rules(node: orm.WorkChainNode) -> OrbitalRules:
    """Return the rules by which a model run read its orbitals; runs that recorded none took the usual ones."""
    stored = node.inputs.orbitals.get_dict() if "orbitals" in node.inputs else {}
    return OrbitalRules.from_mapping(stored, "orbitals")


def orbital_cubes(node: orm.WorkChainNode) -> dict[str, str]:
    """Return name → file in the output ``orbital_cubes`` of a finished model run, empty without that output.

    Names are ``homo``, ``lumo``, ``valence_edge``, ``conduction_edge``, then ``homo-1``, ``lumo+2`` ….
    """
    outputs = node.outputs.scf
    if "orbital_cubes" not in outputs or "orbitals" not in outputs:
        return {}
    files = outputs.orbital_cubes.base.repository.list_object_names()
    return name_cubes(files, find_traps(to_pdos(outputs.orbitals), recorded_rules(node).traps))
