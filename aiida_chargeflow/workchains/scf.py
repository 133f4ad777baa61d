"""The ground state of one dot: stages of CP2K runs, each from the wavefunction of the one before."""

from __future__ import annotations

from aiida import orm
from aiida.engine import BaseRestartWorkChain, ProcessHandlerReport, process_handler, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from ..calculations.cp2k import DotCalculation
from ..calculations.cp2k_parameters import cp2k_parameters
from ..science.cp2k_input import WAVEFUNCTION, ScfSettings
from ..science.errors import InputError

_EXIT = DotCalculation.exit_codes


def validate_settings(node: orm.Dict, _: object = None) -> str | None:
    """Return what is wrong with the SCF settings, or nothing."""
    try:
        ScfSettings.from_mapping(node.get_dict(), section="scf")
    except InputError as error:
        return str(error)
    return None


class ScfWorkChain(BaseRestartWorkChain):
    """Walk down the stages of a protocol until a final stage has converged.

    Stages that are not final only prepare a wavefunction: the walk goes on from theirs whether they converged
    or not. A final stage that does not converge hands over to the next stage, if there is one. What stopped a
    run from outside (wall time, a node failure) restarts the same stage from its wavefunction.
    """

    _process_class = DotCalculation

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        super().define(spec)
        spec.expose_inputs(
            DotCalculation,
            namespace="cp2k",
            include=("code", "file", "metadata", "settings"),
        )
        spec.input(
            "structure", valid_type=orm.StructureData, help="The dot; kinds carry region and coordination."
        )
        spec.input("settings", valid_type=orm.Dict, validator=validate_settings, help="`scf` of a protocol.")
        spec.inputs["max_iterations"].default = lambda: orm.Int(10)
        spec.outline(
            cls.setup,
            while_(cls.should_run_process)(
                cls.prepare_stage,
                cls.run_process,
                cls.inspect_process,
            ),
            cls.results,
        )
        spec.expose_outputs(DotCalculation)
        spec.exit_code(
            310,
            "ERROR_ALL_STAGES_UNCONVERGED",
            message="No final stage of the protocol converged. Add a stage with a higher electronic temperature "
            "before the last one, or start from a relaxed geometry.",
        )
        spec.exit_code(
            311,
            "ERROR_CP2K_REFUSED_INPUT",
            message="CP2K aborted on its input: {message}. Mend the protocol or the model; a restart cannot.",
        )
        spec.exit_code(
            312,
            "ERROR_CP2K_DID_NOT_START",
            message="CP2K did not get as far as a wavefunction: {message}. Is the code's path right (`verdi code "
            "show`), and are its modules loaded (`aiida-chargeflow setup check`)?",
        )
        spec.exit_code(
            410,
            "ERROR_OUT_OF_MEMORY",
            message="The job ran out of memory. Give it more nodes, or fewer processes on each, and launch again.",
        )

    def setup(self) -> None:
        """Take the inputs of the first stage."""
        super().setup()
        self.ctx.settings = ScfSettings.from_mapping(self.inputs.settings.get_dict())
        self.ctx.stage = 0
        self.ctx.wavefunction = None
        self.ctx.inputs = self.exposed_inputs(DotCalculation, "cp2k")
        self.ctx.inputs.structure = self.inputs.structure

    def prepare_stage(self) -> None:
        """Write the input of the stage at hand, from the last wavefunction if it wants one."""
        stage = self.ctx.settings.stages[self.ctx.stage]
        restart = stage.restart and self.ctx.wavefunction is not None
        self.ctx.inputs.parameters = cp2k_parameters(
            self.inputs.structure, self.inputs.settings, orm.Int(self.ctx.stage), orm.Bool(restart)
        )
        self.ctx.inputs.pop("parent_calc_folder", None)
        if restart:
            self.ctx.inputs.parent_calc_folder = self.ctx.wavefunction
        self.ctx.inputs.metadata.label = stage.name
        self.report(f"stage {stage.name} ({stage.solver}, {stage.electronic_temperature_k:g} K)")

    @process_handler(priority=500, exit_codes=[_EXIT.ERROR_OUTPUT_CONTAINS_ABORT])
    def stop_on_refused_input(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Stop: what CP2K refuses once it refuses always."""
        message = calculation.exit_message or "see the output"
        return ProcessHandlerReport(True, self.exit_codes.ERROR_CP2K_REFUSED_INPUT.format(message=message))

    @process_handler(priority=450, exit_codes=[_EXIT.ERROR_SCHEDULER_OUT_OF_MEMORY])
    def stop_on_memory(self, _: orm.CalcJobNode) -> ProcessHandlerReport:
        """Stop: only other resources mend it."""
        return ProcessHandlerReport(True, self.exit_codes.ERROR_OUT_OF_MEMORY)

    @process_handler(
        priority=400,
        exit_codes=[
            _EXIT.ERROR_OUT_OF_WALLTIME,
            _EXIT.ERROR_OUTPUT_INCOMPLETE,
            _EXIT.ERROR_SCHEDULER_OUT_OF_WALLTIME,
            _EXIT.ERROR_SCHEDULER_NODE_FAILURE,
        ],
    )
    def resume_interrupted(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the same stage again, from its wavefunction if it got as far as writing one."""
        if WAVEFUNCTION in calculation.outputs.remote_folder.listdir():
            self.ctx.wavefunction = calculation.outputs.remote_folder
        elif calculation.exit_status == _EXIT.ERROR_OUTPUT_INCOMPLETE.status:
            message = calculation.exit_message
            return ProcessHandlerReport(
                True, self.exit_codes.ERROR_CP2K_DID_NOT_START.format(message=message)
            )
        self.report(f"stage interrupted ({calculation.exit_message}): running it again")
        return ProcessHandlerReport(True)

    @process_handler(priority=300, exit_codes=[_EXIT.ERROR_SCF_NOT_CONVERGED])
    def leave_unconverged(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Go on to the next stage, or give up after the last."""
        if self.ctx.stage + 1 == len(self.ctx.settings.stages):
            return ProcessHandlerReport(True, self.exit_codes.ERROR_ALL_STAGES_UNCONVERGED)
        return self._next_stage(calculation)

    @process_handler(priority=200)
    def leave_preparation(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport | None:
        """Go on to the next stage after one that is not final."""
        if calculation.is_finished_ok and not self.ctx.settings.stages[self.ctx.stage].final:
            return self._next_stage(calculation)
        return None

    def _next_stage(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        self.ctx.wavefunction = calculation.outputs.remote_folder
        self.ctx.stage += 1
        return ProcessHandlerReport(True)
