"""ACF.dat to populations and charges, or to the exit code that says why not."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.engine import ExitCode
from aiida.parsers.parser import Parser
from ase import Atoms

from ..calculations.bader import BaderCalculation
from ..calculations.charges import charges_node
from ..science.charges.acf import Acf, read_acf
from ..science.charges.bader_output import engine_of
from ..science.charges.partition import AtomicCharges, PartitionError, accept_partition
from ..science.errors import InputError
from ..science.settings import BaderSettings


class BaderParser(Parser):
    """Parse a Bader run; a missing or short table fails it whatever its exit status was."""

    def parse(self, **_: object) -> ExitCode | None:
        """Read the table, check it against structure and run, and wrap it."""
        names = self.retrieved.base.repository.list_object_names()
        if BaderCalculation.TABLE not in names:
            return self._no_table()
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / BaderCalculation.TABLE
                path.write_bytes(self.retrieved.base.repository.get_object_content(path.name, mode="rb"))
                table = read_acf(path)
        except InputError as error:
            problem = str(error.in_file(BaderCalculation.TABLE))
            return self.exit_codes.ERROR_UNREADABLE_TABLE.format(problem=problem)
        try:
            charges = self._accepted(table)
        except PartitionError as error:
            return self._refused(error, table)
        self.out("bader", charges_node(charges))
        self.out("output_parameters", orm.Dict(self._told() | charges.totals()))
        return None

    def _no_table(self) -> ExitCode:
        """Return the exit code for a run without a table, with the line of a Fortran STOP in its message."""
        code = self.exit_codes.ERROR_NO_TABLE.format(output=BaderCalculation.OUTPUT)
        stops = [line for line in self._printed().splitlines() if line.lstrip().startswith("STOP ")]
        if not stops:
            return code
        told = f"{code.message} It says: {stops[-1].strip()}"
        if (
            "not assigned" in told
        ):  # what the weight method of the Henkelman group's program says of CP2K densities
            told += "; for this program set `method: neargrid` in the protocol's section `bader`."
        return ExitCode(code.status, told, code.invalidates_cache)

    def _accepted(self, table: Acf) -> AtomicCharges:
        scf = self.node.inputs.scf_parameters.get_dict()
        structure = self.node.inputs.structure
        symbols = [structure.get_kind(site.kind_name).symbol for site in structure.sites]
        atoms = Atoms(symbols, positions=[site.position for site in structure.sites])
        return accept_partition(table, atoms, scf["n_valence"], n_electrons=float(scf["n_electrons"]))

    def _refused(self, error: PartitionError, table: Acf) -> ExitCode:
        if error.fault == "atoms":
            return self.exit_codes.ERROR_FOREIGN_CUBE.format(problem=error.problem)
        if error.fault == "basin":
            return self.exit_codes.ERROR_ATOM_WITHOUT_BASIN.format(atoms=error.value)
        cause = "The cube is cut, strided or of another run; print it with STRIDE 1 1 1."
        if table.non_nuclear_charge_e > 0:
            cause = (
                f"{table.non_nuclear_charge_e:.4f} e lie around maxima far from every atom; "
                f"{BaderCalculation.OUTPUT} says where. Set a larger `padding_ang` if that is at a face of the box."
            )
        return self.exit_codes.ERROR_ELECTRONS_LOST.format(
            found=float(table.bader_population.sum()) + table.vacuum_charge_e,
            expected=float(self.node.inputs.scf_parameters["n_electrons"]),
            cause=cause,
        )

    def _told(self) -> dict[str, Any]:
        """Return what engine and settings say of the partition."""
        settings = BaderSettings.from_mapping(self.node.inputs.parameters.get_dict())
        return {
            **engine_of(self._printed()),
            "method": settings.method,
            "vacuum_e_bohr3": settings.vacuum_e_bohr3,
            "stride": _stride(self.node),
        }

    def _printed(self) -> str:
        """Return what the program printed, nothing if that did not come back."""
        repository = self.retrieved.base.repository
        if BaderCalculation.OUTPUT not in repository.list_object_names():
            return ""
        content: bytes = repository.get_object_content(BaderCalculation.OUTPUT, mode="rb")
        return content.decode("utf-8", errors="replace")


def _stride(node: orm.CalcJobNode) -> str | None:
    """Return the stride that CP2K was told to print the cube with, as a cube does not state it; None if unknown."""
    run = node.inputs.parent_folder.creator if "parent_folder" in node.inputs else None
    if run is None or "parameters" not in run.inputs:
        return None
    dft = run.inputs.parameters.get_dict().get("FORCE_EVAL", {}).get("DFT", {})
    stride: str | None = dft.get("PRINT", {}).get("E_DENSITY_CUBE", {}).get("STRIDE")
    return stride
