"""The CP2K job of an isolated dot: aiida-cp2k's, with kinds kept and a clean end before the wall time."""

from __future__ import annotations

from pathlib import Path

from aiida import orm
from aiida.common.datastructures import CalcInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJobProcessSpec
from aiida_cp2k.calculations import Cp2kCalculation

from ..science.cp2k.hessian import START_HESSIAN, start_hessian, write_hessian
from ..science.cp2k.input import ATOM_SHARES, KIND_SHARES
from ..science.cp2k.orbital_cubes import COMPRESS, ORBITAL_CUBES
from ..science.cp2k.relaxation import held_atoms, reads_start_hessian
from .structures import to_atoms

_MARGIN = 0.05  # share of the wall time kept for the last SCF step and the wavefunction
_MIN_MARGIN_S = 30
# Failures that the same input would meet again, or that leave something to go on from: worth a place in the cache.
_REPRODUCIBLE = (
    "ERROR_OUT_OF_WALLTIME",
    "ERROR_SCF_NOT_CONVERGED",
    "ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED",
)


def prints_shares(parameters: orm.Dict | None) -> bool:
    """Return whether an input asks for the projected density of states."""
    dft = parameters.get_dict().get("FORCE_EVAL", {}).get("DFT", {}) if parameters is not None else {}
    return not {"PDOS", "DOS"}.isdisjoint(dft.get("PRINT", {}))


def validate_keep_cubes(node: orm.Str | None, _: object = None) -> str | None:
    """Return what is wrong with the wish about orbital cubes, or nothing."""
    if node is not None and node.value not in ("all", "edges"):
        return f"`keep_cubes` must be all or edges, not {node.value!r}"
    return None


class DotCalculation(Cp2kCalculation):
    """CP2K on a dot whose kinds carry region and coordination.

    Differs from its base in five points: kinds reach CP2K by their full names (the base keeps one digit of
    them), an optimisation may start from the Hessian of bonds and angles, a projected density of states is parsed,
    orbital cubes are compressed before they are retrieved, and CP2K stops by itself before the scheduler would kill it.
    """

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        super().define(spec)
        spec.inputs["metadata"]["options"]["parser_name"].default = "chargeflow.cp2k"
        spec.input(
            "keep_cubes",
            valid_type=orm.Str,
            required=False,
            validator=validate_keep_cubes,
            help="`edges`: of the orbital cubes keep only HOMO, LUMO and the delocalised band edges.",
        )
        spec.output(
            "orbitals",
            valid_type=orm.ArrayData,
            required=False,
            help="Arrays eigenvalue_ev and occupation, shape (n_orbitals,); weights by kind, and by atom if small.",
        )
        spec.output(
            "orbital_cubes",
            valid_type=orm.FolderData,
            required=False,
            help="Cropped and compressed cubes of the orbitals next to the gap.",
        )

    @classmethod
    def is_valid_cache(cls, node: orm.ProcessNode) -> bool:
        """Return whether a job may serve for an equal one: a crash, which would be handed on for ever, may not."""
        reproducible = {0, None, *(cls.exit_codes[name].status for name in _REPRODUCIBLE)}
        return super().is_valid_cache(node) and node.exit_status in reproducible

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:
        """Write the input of the base class, with the wall time that the scheduler grants less a margin."""
        calculation = super().prepare_for_submission(folder)
        printed = self.inputs.parameters.get_dict()["FORCE_EVAL"]["DFT"].get("PRINT", {})
        calculation.retrieve_temporary_list = []
        if prints_shares(self.inputs.parameters):
            calculation.retrieve_list.append(KIND_SHARES)
            calculation.retrieve_temporary_list.append(ATOM_SHARES)
        if "MO_CUBES" in printed:
            calculation.append_text = COMPRESS
            calculation.retrieve_temporary_list += [f"{ORBITAL_CUBES}.gz", ORBITAL_CUBES]
        if reads_start_hessian(self.inputs.parameters.get_dict()):
            self._write_hessian(folder)
            calculation.provenance_exclude_list = [START_HESSIAN]  # large, and a function of the inputs
        granted = self.inputs.metadata.options.get("max_wallclock_seconds")
        if granted is not None:
            path = Path(folder.get_abs_path(self._DEFAULT_INPUT_FILE))
            limit = max(int(granted - max(_MARGIN * granted, _MIN_MARGIN_S)), 1)
            text = path.read_text(encoding="utf-8").replace("&GLOBAL\n", f"&GLOBAL\n   WALLTIME {limit}\n", 1)
            path.write_text(text, encoding="utf-8")
        return calculation

    def _write_hessian(self, folder: Folder) -> None:
        atoms = to_atoms(self.inputs.structure)
        moves = ~held_atoms(self.inputs.parameters.get_dict(), len(atoms))
        write_hessian(start_hessian(atoms, moves), folder.get_abs_path(START_HESSIAN))

    @staticmethod
    def _write_structure(structure: orm.StructureData, folder: Folder, name: str) -> None:
        """Write the coordinates under the full kind names."""
        lines = [
            f"{site.kind_name} {site.position[0]:25.16f} {site.position[1]:25.16f} {site.position[2]:25.16f}"
            for site in structure.sites
        ]
        text = "\n".join([str(len(lines)), "", *lines, ""])
        Path(folder.get_abs_path(name)).write_text(text, encoding="utf-8")
