"""ACF.dat to populations and charges, or to the exit code that says why not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from aiida import orm
from aiida.engine import ExitCode
from aiida.parsers.parser import Parser

from ..calculations.bader import BaderCalculation
from ..science.charges.acf import Acf, read_acf
from ..science.charges.bader_output import engine_of
from ..science.errors import InputError
from ..science.settings import BaderSettings

_SAME_PLACE_ANG = 0.01
_EMPTY_BASIN_E = 1e-3


class BaderParser(Parser):
    """Parse a Bader run; a missing or short table fails it whatever its exit status was."""

    def parse(self, **_: object) -> ExitCode | None:
        """Read the table, check it against structure and run, and wrap it."""
        names = self.retrieved.base.repository.list_object_names()
        if BaderCalculation.TABLE not in names:
            return self.exit_codes.ERROR_NO_TABLE.format(output=BaderCalculation.OUTPUT)
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / BaderCalculation.TABLE
                path.write_bytes(self.retrieved.base.repository.get_object_content(path.name, mode="rb"))
                table = read_acf(path)
        except InputError as error:
            problem = str(error.in_file(BaderCalculation.TABLE))
            return self.exit_codes.ERROR_UNREADABLE_TABLE.format(problem=problem)
        return self._check(table) or self._wrap(table)

    def _check(self, table: Acf) -> ExitCode | None:
        structure = self.node.inputs.structure
        scf = self.node.inputs.scf_parameters.get_dict()
        problem = _mismatch(table.positions_ang, np.array([site.position for site in structure.sites]))
        if problem:
            return self.exit_codes.ERROR_FOREIGN_CUBE.format(problem=problem)
        expected = float(scf["n_electrons"])
        found = float(table.bader_population.sum()) + table.vacuum_charge_e
        if abs(found - expected) > 0.01 + 1e-4 * expected:
            cause = "The cube is cut, strided or of another run; print it with STRIDE 1 1 1."
            if table.non_nuclear_charge_e > 0:
                cause = (
                    f"{table.non_nuclear_charge_e:.4f} e lie around maxima far from every atom; "
                    f"{BaderCalculation.OUTPUT} says where. Set a larger `padding_ang` if that is at a face of the box."
                )
            return self.exit_codes.ERROR_ELECTRONS_LOST.format(found=found, expected=expected, cause=cause)
        empty = np.flatnonzero(table.bader_population < _EMPTY_BASIN_E)
        if len(empty):
            return self.exit_codes.ERROR_ATOM_WITHOUT_BASIN.format(atoms=[int(i) + 1 for i in empty])
        return None

    def _wrap(self, table: Acf) -> None:
        structure = self.node.inputs.structure
        n_valence = self.node.inputs.scf_parameters.get_dict()["n_valence"]
        symbols = [structure.get_kind(site.kind_name).symbol for site in structure.sites]
        bader = orm.ArrayData()
        bader.set_array("bader_population", table.bader_population)
        bader.set_array("bader_charge", np.array([n_valence[s] for s in symbols]) - table.bader_population)
        bader.set_array("min_distance_ang", table.min_distance_ang)
        bader.set_array("volume_ang3", table.volume_ang3)
        self.out("bader", bader)
        settings = BaderSettings.from_mapping(self.node.inputs.parameters.get_dict())
        repository = self.retrieved.base.repository
        printed = b""
        if BaderCalculation.OUTPUT in repository.list_object_names():
            printed = repository.get_object_content(BaderCalculation.OUTPUT, mode="rb")
        output = printed.decode("utf-8", errors="replace")
        self.out(
            "output_parameters",
            orm.Dict(
                {
                    **engine_of(output),
                    "method": settings.method,
                    "vacuum_e_bohr3": settings.vacuum_e_bohr3,
                    "stride": _stride(self.node),
                    "n_electrons": table.n_electrons,
                    "vacuum_charge_e": table.vacuum_charge_e,
                    "vacuum_volume_ang3": table.vacuum_volume_ang3,
                }
            ),
        )


def _stride(node: orm.CalcJobNode) -> str | None:
    """Return the stride that CP2K was told to print the cube with, as a cube does not state it; None if unknown."""
    run = node.inputs.parent_folder.creator if "parent_folder" in node.inputs else None
    if run is None or "parameters" not in run.inputs:
        return None
    dft = run.inputs.parameters.get_dict().get("FORCE_EVAL", {}).get("DFT", {})
    stride: str | None = dft.get("PRINT", {}).get("E_DENSITY_CUBE", {}).get("STRIDE")
    return stride


def _mismatch(table: np.ndarray, structure: np.ndarray) -> str | None:
    """Return how two sets of positions differ beyond a rigid shift, or nothing."""
    if len(table) != len(structure):
        return f"ACF.dat has {len(table)} atoms, the structure {len(structure)}"
    off = (table - table.mean(axis=0)) - (structure - structure.mean(axis=0))
    distance = np.linalg.norm(off, axis=1)
    if distance.max() > _SAME_PLACE_ANG:
        return f"atom {int(distance.argmax()) + 1} is {distance.max():.3f} Å off its place in the structure"
    return None
