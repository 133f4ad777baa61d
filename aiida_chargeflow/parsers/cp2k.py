"""CP2K runs of isolated dots: a result only if the SCF converged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from aiida import orm
from aiida.engine import ExitCode
from aiida_cp2k.parsers import Cp2kBaseParser

from ..calculations.orbitals import orbitals_node
from ..science.cp2k_failures import Cp2kOutputError, Failure
from ..science.cp2k_input import ORBITAL_CUBES
from ..science.cp2k_output import Cp2kOutput, read_output
from ..science.cube import crop, read_cube, write_cube
from ..science.errors import InputError
from ..science.pdos import read_pdos
from ..science.relax_input import TRAJECTORY, last_positions


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
        text = repository.get_object_content(name)
        self._wrap_geometry()
        try:
            output = read_output(text, standard_error=self.node.get_scheduler_stderr() or "")
        except Cp2kOutputError as error:
            self.logger.error(str(error.in_file(name)))
            return self._failure(error)
        failed = self._wrap(output)
        if failed is None and retrieved_temporary_folder is not None:
            failed = self._wrap_cubes(Path(retrieved_temporary_folder))
        return failed

    def _wrap_cubes(self, folder: Path) -> ExitCode | None:
        """Crop and compress the orbital cubes; the whole ones are not stored."""
        cubes = orm.FolderData()
        try:
            for path in sorted(folder.glob(ORBITAL_CUBES)):
                small = path.with_name(f"{path.name}.gz")
                write_cube(crop(read_cube(path)), small)
                cubes.base.repository.put_object_from_file(str(small), small.name)
        except InputError as error:
            self.logger.error(str(error))
            return self.exit_codes.ERROR_OUTPUT_PARSE
        if cubes.base.repository.list_object_names():
            self.out("orbital_cubes", cubes)
        return None

    def _wrap(self, output: Cp2kOutput) -> ExitCode | None:
        repository = self.retrieved.base.repository
        parameters = output.summary() | {"n_valence": self._n_valence(output)}
        self.out("output_parameters", orm.Dict(parameters))
        if output.time_limit_reached:
            return self.exit_codes.ERROR_OUT_OF_WALLTIME
        if not output.scf_converged:
            return self.exit_codes.ERROR_SCF_NOT_CONVERGED
        if output.geometry_converged is False:
            return self.exit_codes.ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED
        projected = {
            name: repository.get_object_content(name)
            for name in repository.list_object_names()
            if name.endswith(".pdos")
        }
        if projected:
            kinds = [site.kind_name for site in self.node.inputs.structure.sites]
            try:
                self.out("orbitals", orbitals_node(read_pdos(projected, atom_kinds=kinds)))
            except InputError as error:
                self.logger.error(str(error))
                return self.exit_codes.ERROR_OUTPUT_PARSE
        return None

    def _wrap_geometry(self) -> None:
        """Attach the last geometry of an optimisation, also of one that was stopped: kinds, cell and centre kept."""
        repository = self.retrieved.base.repository
        if TRAJECTORY not in repository.list_object_names():
            return
        before = self.node.inputs.structure
        try:
            positions = last_positions(repository.get_object_content(TRAJECTORY), len(before.sites))
        except InputError as error:
            self.logger.warning(str(error))
            return
        old = np.array([site.position for site in before.sites])
        structure = before.clone()
        structure.reset_sites_positions(positions - positions.mean(axis=0) + old.mean(axis=0))
        self.out("output_structure", structure)

    def _n_valence(self, output: Cp2kOutput) -> dict[str, float]:
        """Return element → valence electrons of the potential that this run used."""
        structure = self.node.inputs.structure
        symbols = [structure.get_kind(site.kind_name).symbol for site in structure.sites]
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

    def _scheduler_exit_code(self) -> ExitCode | None:
        if self.node.exit_status is None:
            return None
        return ExitCode(self.node.exit_status, self.node.exit_message, invalidates_cache=True)
