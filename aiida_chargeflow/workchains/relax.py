"""The relaxed geometry of one dot: optimisations at a cheap, then at the wanted level."""

from __future__ import annotations

from aiida import orm
from aiida.engine import BaseRestartWorkChain, ExitCode, ProcessHandlerReport, process_handler, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from ..calculations.cp2k import DotCalculation
from ..calculations.cp2k_parameters import build_of
from ..calculations.failures import reason
from ..calculations.relax_parameters import relax_parameters
from ..science.cp2k.input import WAVEFUNCTION
from ..science.cp2k.relaxation import RelaxSettings
from ..science.errors import InputError
from .remote_files import forget_job, lacks_file
from .scf import half_the_processes

_EXIT = DotCalculation.exit_codes


def validate_settings(node: orm.Dict, _: object = None) -> str | None:
    """Return what is wrong with the relaxation settings, or nothing."""
    try:
        RelaxSettings.from_mapping(node.get_dict(), section="relax")
    except InputError as error:
        return str(error)
    return None


class RelaxWorkChain(BaseRestartWorkChain):
    """Walk down the levels of a relaxation, each from the geometry and the wavefunction of the one before.

    What stops an optimisation before its end (wall time, a node failure, a crash, the limit of steps) goes on
    from the last geometry. Kinds, and with them regions, stay; the dot stays isolated.
    """

    _process_class = DotCalculation

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        super().define(spec)
        spec.expose_inputs(DotCalculation, namespace="cp2k", include=("code", "file", "metadata", "settings"))
        spec.input("structure", valid_type=orm.StructureData, help="The dot to relax.")
        spec.input(
            "settings", valid_type=orm.Dict, validator=validate_settings, help="`relax` of a protocol."
        )
        spec.inputs["max_iterations"].default = lambda: orm.Int(10)
        spec.outline(
            cls.setup,
            while_(cls.should_run_process)(cls.prepare_level, cls.run_process, cls.inspect_process),
            cls.results,
        )
        spec.expose_outputs(DotCalculation)
        spec.exit_code(
            210,
            "ERROR_INPUT_IMPOSSIBLE",
            message="CP2K's input cannot be written: {reason}",
        )
        spec.exit_code(
            320,
            "ERROR_SCF_NOT_CONVERGED",
            message="The SCF of a geometry did not converge at level {level}. Give the level's `scf` a smeared "
            "stage as its last, or more steps.",
        )
        spec.exit_code(
            321,
            "ERROR_CP2K_REFUSED_INPUT",
            message="CP2K aborted on its input: {message}. Mend the protocol or the model; a restart cannot.",
        )
        spec.exit_code(
            410,
            "ERROR_OUT_OF_MEMORY",
            message="The job ran out of memory even with one process on each node. Give it more nodes or nodes "
            "with more memory, and launch again.",
        )
        spec.exit_code(
            420,
            "ERROR_NO_PROGRESS",
            message="The job ended before its first new geometry: {message}. Give it more time, memory or nodes.",
        )

    def setup(self) -> None:
        """Take the inputs of the first level."""
        super().setup()
        self.ctx.levels = RelaxSettings.from_mapping(self.inputs.settings.get_dict()).levels
        self.ctx.level = 0
        self.ctx.wavefunction = None
        self.ctx.inputs = self.exposed_inputs(DotCalculation, "cp2k")
        self.ctx.inputs.structure = self.inputs.structure

    def prepare_level(self) -> ExitCode | None:
        """Write the input of the level at hand, from the last geometry and wavefunction."""
        restart = self.ctx.wavefunction is not None
        parameters, node = relax_parameters.run_get_node(
            self.ctx.inputs.structure,
            self.inputs.settings,
            orm.Int(self.ctx.level),
            orm.Bool(restart),
            build_of(self.ctx.inputs.code),
        )
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_INPUT_IMPOSSIBLE.format(reason=reason(node))
        self.ctx.inputs.parameters = parameters
        self.ctx.inputs.pop("parent_calc_folder", None)
        if restart:
            self.ctx.inputs.parent_calc_folder = self.ctx.wavefunction
        name = self.ctx.levels[self.ctx.level].name
        self.ctx.inputs.metadata.label = name
        self.report(f"relaxing at level {name}")
        return None

    @process_handler(priority=500, exit_codes=[_EXIT.ERROR_OUTPUT_CONTAINS_ABORT])
    def stop_on_refused_input(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Stop: what CP2K refuses once it refuses always."""
        message = calculation.exit_message or "see the output"
        return ProcessHandlerReport(True, self.exit_codes.ERROR_CP2K_REFUSED_INPUT.format(message=message))

    @process_handler(priority=450, exit_codes=[_EXIT.ERROR_SCHEDULER_OUT_OF_MEMORY])
    def spread_memory(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Go on with half the processes on each node, or stop where there is only one."""
        resources = half_the_processes(self.ctx.inputs)
        if resources is None:
            return ProcessHandlerReport(True, self.exit_codes.ERROR_OUT_OF_MEMORY)
        self.ctx.inputs.metadata.options.resources = resources
        if "output_structure" in calculation.outputs:
            self._take_geometry(calculation)
        self.report("out of memory: going on with half the processes on each node")
        return ProcessHandlerReport(True)

    @process_handler(priority=400, exit_codes=[_EXIT.ERROR_SCF_NOT_CONVERGED])
    def stop_on_unconverged(self, _: orm.CalcJobNode) -> ProcessHandlerReport:
        """Stop: forces of an unconverged density lead nowhere."""
        level = self.ctx.levels[self.ctx.level].name
        return ProcessHandlerReport(True, self.exit_codes.ERROR_SCF_NOT_CONVERGED.format(level=level))

    @process_handler(priority=310, exit_codes=[_EXIT.ERROR_SCHEDULER_NODE_FAILURE])
    def resume_after_node_failure(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the level again on other nodes, from its last geometry if there is a new one."""
        if "output_structure" in calculation.outputs:
            self._take_geometry(calculation)
        self.report("node failure: running the level again")
        return ProcessHandlerReport(True)

    @process_handler(priority=305, exit_codes=[_EXIT.ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED])
    def end_level_after_its_steps(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport | None:
        """Take the geometry as it is, where the level need not converge."""
        if self.ctx.levels[self.ctx.level].must_converge or "output_structure" not in calculation.outputs:
            return None
        self.report("the level ends after its steps, unconverged")
        if self.ctx.level + 1 == len(self.ctx.levels):
            self.ctx.is_finished = True
        else:
            self._next_level(calculation)
        return ProcessHandlerReport(True)

    @process_handler(
        priority=300,
        exit_codes=[
            _EXIT.ERROR_OUT_OF_WALLTIME,
            _EXIT.ERROR_OUTPUT_INCOMPLETE,
            _EXIT.ERROR_OUTPUT_MISSING,
            _EXIT.ERROR_SCHEDULER_OUT_OF_WALLTIME,
            _EXIT.ERROR_GEOMETRY_CONVERGENCE_NOT_REACHED,
        ],
    )
    def go_on(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Go on from the last geometry, or stop where there is no new one."""
        if "output_structure" not in calculation.outputs:
            # The wall time is no part of a job's hash: more of it must not be answered from the cache.
            forget_job(calculation)
            message = (calculation.exit_message or "no message").rstrip(".")
            return ProcessHandlerReport(True, self.exit_codes.ERROR_NO_PROGRESS.format(message=message))
        self._take_geometry(calculation)
        self.report("optimisation unfinished: going on from its last geometry")
        return ProcessHandlerReport(True)

    @process_handler(priority=200)
    def leave_level(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport | None:
        """Go on to the next level."""
        if not calculation.is_finished_ok or self.ctx.level + 1 == len(self.ctx.levels):
            return None
        self._next_level(calculation)
        return ProcessHandlerReport(True)

    def _next_level(self, calculation: orm.CalcJobNode) -> None:
        self._take_geometry(calculation)
        left, self.ctx.level = self.ctx.levels[self.ctx.level], self.ctx.level + 1
        if left.scf.basis != self.ctx.levels[self.ctx.level].scf.basis:
            self.ctx.wavefunction = None

    def _take_geometry(self, calculation: orm.CalcJobNode) -> None:
        self.ctx.inputs.structure = calculation.outputs.output_structure
        if not lacks_file(calculation.outputs.remote_folder, WAVEFUNCTION):
            self.ctx.wavefunction = calculation.outputs.remote_folder
