"""The ground state of one dot: stages of CP2K runs, each from the wavefunction of the one before."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.common import AttributeDict
from aiida.engine import BaseRestartWorkChain, ExitCode, ProcessHandlerReport, process_handler, while_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from ..calculations.cp2k import DotCalculation
from ..calculations.cp2k_parameters import build_of, cp2k_parameters
from ..calculations.failures import reason
from ..science.cp2k.input import WAVEFUNCTION, ScfSettings
from ..science.errors import InputError
from .remote_files import forget_job, lacks_file

_EXIT = DotCalculation.exit_codes
MAX_CRASHES = 2  # of one stage: what dies twice at the same place is no accident


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
    or not. A final stage that does not converge, or whose gap has collapsed, hands over to the next stage, if
    there is one. What stopped a run from outside (wall time, a node failure, a crash) restarts the same stage
    from its wavefunction; a job out of memory runs again with half the processes on each node.
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
        spec.input(
            "wavefunction",
            valid_type=orm.RemoteData,
            required=False,
            help="Folder of a finished job on the same atoms in the same basis, for the first stage to start from.",
        )
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
        _define_exit_codes(spec)

    def setup(self) -> None:
        """Take the inputs of the first stage."""
        super().setup()
        self.ctx.settings = ScfSettings.from_mapping(self.inputs.settings.get_dict())
        self.ctx.stage = 0
        self.ctx.n_crashes = 0
        self.ctx.is_resumed = False
        self.ctx.wavefunction = self.inputs.get("wavefunction")
        self.ctx.inputs = self.exposed_inputs(DotCalculation, "cp2k")
        self.ctx.inputs.structure = self.inputs.structure
        if self.ctx.settings.orbital_cubes.keep == "edges":
            self.ctx.inputs.keep_cubes = orm.Str("edges")

    def prepare_stage(self) -> ExitCode | None:
        """Write the input of the stage at hand, from the last wavefunction if it wants one."""
        stage = self.ctx.settings.stages[self.ctx.stage]
        restart = self.ctx.wavefunction is not None and (stage.restart or self.ctx.is_resumed)
        parameters, node = cp2k_parameters.run_get_node(
            self.inputs.structure,
            self.inputs.settings,
            orm.Int(self.ctx.stage),
            orm.Bool(restart),
            build_of(self.ctx.inputs.code),
        )
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_INPUT_IMPOSSIBLE.format(reason=reason(node))
        self.ctx.inputs.parameters = parameters
        self.ctx.inputs.pop("parent_calc_folder", None)
        if restart:
            self.ctx.inputs.parent_calc_folder = self.ctx.wavefunction
        self.ctx.inputs.metadata.label = stage.name
        self.ctx.inputs.metadata.options.pop("stash", None)
        stash = self.inputs.cp2k.metadata.options.get("stash")
        if stage.final and stash:
            self.ctx.inputs.metadata.options.stash = stash
        self.report(f"stage {stage.name} ({stage.solver}, {stage.electronic_temperature_k:g} K)")
        return None

    @process_handler(priority=500, exit_codes=[_EXIT.ERROR_OUTPUT_CONTAINS_ABORT])
    def stop_on_refused_input(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Stop: what CP2K refuses once it refuses always."""
        message = calculation.exit_message or "see the output"
        return ProcessHandlerReport(True, self.exit_codes.ERROR_CP2K_REFUSED_INPUT.format(message=message))

    @process_handler(priority=490, exit_codes=[_EXIT.ERROR_OUTPUT_PARSE])
    def stop_on_unreadable_results(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Stop: the same run leaves the same files."""
        message = (calculation.exit_message or "see the job's log").rstrip(".")
        return ProcessHandlerReport(True, self.exit_codes.ERROR_RESULTS_UNREADABLE.format(message=message))

    @process_handler(priority=450, exit_codes=[_EXIT.ERROR_SCHEDULER_OUT_OF_MEMORY])
    def spread_memory(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run again with half the processes on each node, or stop where there is only one.

        What ran out at the end, in the projection on atoms, has a converged wavefunction to go on from.
        """
        resources = half_the_processes(self.ctx.inputs)
        if resources is None:
            return ProcessHandlerReport(True, self.exit_codes.ERROR_OUT_OF_MEMORY)
        self.ctx.inputs.metadata.options.resources = resources
        self._keep_wavefunction(calculation)
        ranks = resources["num_mpiprocs_per_machine"]
        self.report(f"out of memory: running again with {ranks} processes on a node")
        return ProcessHandlerReport(True)

    @process_handler(
        priority=400, exit_codes=[_EXIT.ERROR_OUT_OF_WALLTIME, _EXIT.ERROR_SCHEDULER_OUT_OF_WALLTIME]
    )
    def resume_after_walltime(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Go on from the wavefunction, or stop where the time is too short for any."""
        if self._keep_wavefunction(calculation):
            self.report("wall time reached: going on from the wavefunction")
            return ProcessHandlerReport(True)
        # The wall time is no part of a job's hash: a launch with more of it would get this failure from the cache.
        forget_job(calculation)
        if calculation.base.caching.is_created_from_cache:
            self.report("the wavefunction of a job from the cache is gone: running the stage again")
            return ProcessHandlerReport(True)
        return ProcessHandlerReport(True, self.exit_codes.ERROR_WALLTIME_TOO_SHORT)

    @process_handler(priority=390, exit_codes=[_EXIT.ERROR_SCHEDULER_NODE_FAILURE])
    def resume_after_node_failure(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the same stage again on other nodes, from its wavefunction if there is one."""
        self._keep_wavefunction(calculation)
        self.report("node failure: running the stage again")
        return ProcessHandlerReport(True)

    @process_handler(priority=380, exit_codes=[_EXIT.ERROR_OUTPUT_INCOMPLETE, _EXIT.ERROR_OUTPUT_MISSING])
    def resume_after_crash(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        """Run the stage again after a crash of CP2K or MPI; stop if it never started or dies again."""
        message = (calculation.exit_message or "no message").rstrip(".")
        if not _has_started(calculation):
            return ProcessHandlerReport(
                True, self.exit_codes.ERROR_CP2K_DID_NOT_START.format(message=message)
            )
        self._keep_wavefunction(calculation)
        self.ctx.n_crashes += 1
        if self.ctx.n_crashes == MAX_CRASHES:
            code = self.exit_codes.ERROR_CP2K_CRASHED.format(times=MAX_CRASHES, message=message)
            return ProcessHandlerReport(True, code)
        self.report(f"crashed ({message}): running the stage again")
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

    @process_handler(priority=190)
    def leave_collapsed_gap(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport | None:
        """Go on to a smeared stage where integer occupations gave hardly any gap: they may be the wrong ones."""
        stages, number = self.ctx.settings.stages, self.ctx.stage
        if not calculation.is_finished_ok or number + 1 == len(stages):
            return None
        gap_ev = calculation.outputs.output_parameters.get("gap_ev", None)
        if stages[number].electronic_temperature_k > 0 or gap_ev is None:
            return None
        if gap_ev >= self.ctx.settings.min_gap_ev:
            return None
        self.report(f"gap of {gap_ev:.3f} eV with integer occupations: on to the next stage")
        return self._next_stage(calculation)

    def _keep_wavefunction(self, calculation: orm.CalcJobNode) -> bool:
        """Start the next run from the wavefunction of this one; return whether it has written any."""
        written = not lacks_file(calculation.outputs.remote_folder, WAVEFUNCTION)
        if written:
            self.ctx.wavefunction = calculation.outputs.remote_folder
            self.ctx.is_resumed = True
        return written

    def _next_stage(self, calculation: orm.CalcJobNode) -> ProcessHandlerReport:
        self.ctx.wavefunction = calculation.outputs.remote_folder
        self.ctx.stage += 1
        self.ctx.n_crashes = 0
        self.ctx.is_resumed = False
        return ProcessHandlerReport(True)


def _define_exit_codes(spec: WorkChainSpec) -> None:
    spec.exit_code(
        210,
        "ERROR_INPUT_IMPOSSIBLE",
        message="CP2K's input cannot be written: {reason}",
    )
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
        313,
        "ERROR_RESULTS_UNREADABLE",
        message="CP2K ended well, but what it wrote cannot be read: {message}. Compare its version with the tested one "
        "(`aiida-chargeflow setup check`).",
    )
    spec.exit_code(
        410,
        "ERROR_OUT_OF_MEMORY",
        message="The job ran out of memory even with one process on each node. Give it more nodes or nodes "
        "with more memory, and launch again.",
    )
    spec.exit_code(
        411,
        "ERROR_CP2K_CRASHED",
        message="CP2K crashed {times} times in one stage: {message}. Try another number of processes, and "
        "look at the standard error in the job's folder.",
    )
    spec.exit_code(
        412,
        "ERROR_WALLTIME_TOO_SHORT",
        message="The wall time ended before a wavefunction was written. Give the job more time or more nodes, "
        "and launch again.",
    )


def half_the_processes(inputs: AttributeDict) -> dict[str, Any] | None:
    """Return the resources of a job with half the processes on each node, None where there is only one.

    AiiDA takes any two of nodes, processes on each, and processes in all.
    """
    resources = dict(inputs.metadata.options.resources)
    nodes, total = resources.get("num_machines"), resources.pop("tot_num_mpiprocs", None)
    ranks = resources.pop("num_mpiprocs_per_machine", None)
    if total and nodes and not ranks:
        ranks = total // nodes
    if total and ranks and not nodes:
        nodes = total // ranks
    ranks = ranks or inputs.code.computer.get_default_mpiprocs_per_machine() or 1
    if ranks == 1 or not nodes:
        return None
    return {**resources, "num_machines": nodes, "num_mpiprocs_per_machine": ranks // 2}


def _has_started(calculation: orm.CalcJobNode) -> bool:
    """Return whether CP2K got as far as its banner."""
    retrieved = calculation.outputs.retrieved.base.repository
    name = calculation.get_option("output_filename")
    return name in retrieved.list_object_names() and "CP2K|" in retrieved.get_object_content(name)
