"""CP2K runs of isolated dots: a result only if the SCF converged."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from aiida import orm
from aiida.engine import ExitCode
from aiida_cp2k.parsers import Cp2kBaseParser

from ..calculations.cp2k import prints_shares
from ..calculations.orbitals import orbitals_node, to_pdos
from ..science.cp2k.failures import Cp2kOutputError, Failure
from ..science.cp2k.input import ATOM_SHARES
from ..science.cp2k.orbital_cubes import ORBITAL_CUBES, edge_numbers, orbital_number
from ..science.cp2k.output import Cp2kOutput, read_output
from ..science.cp2k.relaxation import TRAJECTORY
from ..science.cp2k.trajectory import last_frame
from ..science.electrons.orbital_cube import crop, read_cube, write_cube
from ..science.electrons.pdos import read_pdos
from ..science.electrons.traps import find_traps
from ..science.errors import InputError
from ..science.files import text_of


class ChargeflowCp2kParser(Cp2kBaseParser):
    """Parse energy, levels and projected density of states; an unconverged SCF is a failure.

    Differs from its base: the last energy counts, the exit code of the scheduler is kept, and a
    relaxed structure keeps its kinds; none is made where the atoms did not move.
    """

    def parse(self, retrieved_temporary_folder: str | None = None, **_: object) -> ExitCode | None:
        """Read the output and wrap what it holds."""
        name = self.node.base.attributes.get("output_filename")
        repository = self.retrieved.base.repository
        if name not in repository.list_object_names():
            return self._scheduler_exit_code() or self.exit_codes.ERROR_OUTPUT_MISSING
        text = self._text(name)
        self._wrap_geometry()
        try:
            # With a line end, since a text of one line would be taken for the name of a file.
            output = read_output(f"{text}\n", standard_error=self.node.get_scheduler_stderr() or "")
        except Cp2kOutputError as error:
            self.logger.error(str(error.in_file(name)))
            if error.failure is Failure.NOT_CONVERGED:
                self._wrap_aborted(text)
            return self._failure(error)
        temporary = None if retrieved_temporary_folder is None else Path(retrieved_temporary_folder)
        failed = self._wrap(output) or self._wrap_orbitals(temporary)
        if failed is None and temporary is not None:
            failed = self._wrap_cubes(temporary)
        return failed

    def _text(self, name: str) -> str:
        """Return a retrieved file; a node that dies may leave bytes that are no text."""
        content: bytes = self.retrieved.base.repository.get_object_content(name, mode="rb")
        return text_of(content, "replace")

    def _wrap_cubes(self, folder: Path) -> ExitCode | None:
        """Crop the orbital cubes; the whole ones are not stored."""
        cubes = orm.FolderData()
        try:
            # the compressed file, if both are there
            found = {orbital_number(path.name): path for path in sorted(folder.glob(f"{ORBITAL_CUBES}*"))}
            for number in self._kept(found):
                path = found[number]
                small = path.with_name(f"cropped-{number}.cube.gz")
                write_cube(crop(read_cube(path)), small)
                cubes.base.repository.put_object_from_file(str(small), f"{path.name.removesuffix('.gz')}.gz")
        except InputError as error:
            return self._unreadable(error)
        if cubes.base.repository.list_object_names():
            self.out("orbital_cubes", cubes)
        return None

    def _kept(self, printed: Iterable[int]) -> list[int]:
        """Return the orbitals whose cubes are stored."""
        numbers = sorted(printed)
        keep = self.node.inputs.keep_cubes.value if "keep_cubes" in self.node.inputs else "all"
        if keep == "all" or not numbers or "orbitals" not in self.outputs:
            return numbers
        edges = edge_numbers(find_traps(to_pdos(self.outputs["orbitals"])))
        for name, number in edges.items():
            if number not in numbers:
                side = "n_occupied" if number < numbers[0] else "n_virtual"
                self.logger.warning(f"no cube of the {name}, orbital {number}: raise orbital_cubes.{side}")
        return sorted(set(edges.values()) & set(numbers))

    def _wrap(self, output: Cp2kOutput) -> ExitCode | None:
        try:
            parameters = output.summary() | {"n_valence": self._n_valence(output)}
        except InputError as error:
            return self._unreadable(error)
        self.out("output_parameters", orm.Dict(parameters))
        if output.time_limit_reached:
            return self.exit_codes.ERROR_OUT_OF_WALLTIME
        if not output.scf_converged:
            return self.exit_codes.ERROR_SCF_NOT_CONVERGED
        if output.geometry_converged is False:
            return self.exit_codes.ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED
        return None

    def _wrap_aborted(self, text: str) -> None:
        """Attach what an SCF that was given up had reached, as versions do that only warn of it."""
        with suppress(InputError):
            self._wrap(read_output(f"{text}\n", require_finished=False))

    def _wrap_orbitals(self, temporary: Path | None) -> ExitCode | None:
        """Wrap the projected density of states: the files of kinds are stored, those of atoms only as an array."""
        repository = self.retrieved.base.repository
        projected = {
            name: self._text(name) for name in repository.list_object_names() if name.endswith(".pdos")
        }
        if not projected:
            if prints_shares(self.node.inputs.parameters if "parameters" in self.node.inputs else None):
                self.logger.warning(
                    "no projected density of states came back: there are no orbitals, edges or traps"
                )
            return None
        by_atom = () if temporary is None else temporary.glob(ATOM_SHARES)
        projected |= {path.name: text_of(path.read_bytes(), "replace") for path in by_atom}
        kinds = [site.kind_name for site in self.node.inputs.structure.sites]
        try:
            self.out("orbitals", orbitals_node(read_pdos(projected, atom_kinds=kinds)))
        except InputError as error:
            return self._unreadable(error)
        return None

    def _wrap_geometry(self) -> None:
        """Attach the last geometry of an optimisation, also of one that was stopped: kinds, cell and centre kept."""
        repository = self.retrieved.base.repository
        if TRAJECTORY not in repository.list_object_names():
            return
        before = self.node.inputs.structure
        symbols = [before.get_kind(site.kind_name).symbol for site in before.sites]
        try:
            positions = last_frame(self._text(TRAJECTORY), symbols).positions_ang
        except InputError as error:
            self.logger.warning(str(error))
            return
        old = np.array([site.position for site in before.sites])
        structure = before.clone()
        structure.reset_sites_positions(positions - positions.mean(axis=0) + old.mean(axis=0))
        self.out("output_structure", structure)

    def _n_valence(self, output: Cp2kOutput) -> dict[str, float]:
        """Return element → valence electrons of the potential that this run used.

        :raises InputError: the output does not list the atoms of the structure.
        """
        structure = self.node.inputs.structure
        symbols = [structure.get_kind(site.kind_name).symbol for site in structure.sites]
        if len(output.n_valence) != len(symbols):
            raise InputError(
                f"the output lists {len(output.n_valence)} atoms with their valence, the structure has {len(symbols)}",
                remedy="CP2K lists the atoms from PRINT_LEVEL MEDIUM on.",
            )
        return dict(sorted(zip(symbols, output.n_valence.tolist(), strict=True)))

    def _failure(self, error: Cp2kOutputError) -> ExitCode:
        """Return the exit code for a run that left no result; the scheduler's own comes first."""
        by_failure = {
            Failure.OUT_OF_MEMORY: self.exit_codes.ERROR_SCHEDULER_OUT_OF_MEMORY,
            Failure.TIME_LIMIT: self.exit_codes.ERROR_SCHEDULER_OUT_OF_WALLTIME,
            Failure.INPUT: self.exit_codes.ERROR_OUTPUT_CONTAINS_ABORT,
            Failure.NOT_CONVERGED: self.exit_codes.ERROR_SCF_NOT_CONVERGED,
        }
        code = self._scheduler_exit_code() or by_failure.get(error.failure)
        code = code or self.exit_codes.ERROR_OUTPUT_INCOMPLETE
        return ExitCode(code.status, f"{code.message} {error.problem}", code.invalidates_cache)

    def _unreadable(self, error: InputError) -> ExitCode:
        """Return the exit code for files of a finished run that cannot be read, with the reason in its message."""
        self.logger.error(str(error))
        code = self.exit_codes.ERROR_OUTPUT_PARSE
        return ExitCode(code.status, f"{code.message} {error}", code.invalidates_cache)

    def _scheduler_exit_code(self) -> ExitCode | None:
        if self.node.exit_status is None:
            return None
        return ExitCode(self.node.exit_status, self.node.exit_message, invalidates_cache=True)
