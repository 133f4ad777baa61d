"""One model from its specification to its charge flow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.common import AttributeDict
from aiida.engine import ExitCode, ProcessBuilder, ToContext, WorkChain, if_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from ..calculations.bader import BaderCalculation
from ..calculations.build_model import build_model
from ..calculations.charge_flow import charge_flow
from ..calculations.failures import reason
from ..calculations.summarise import summarise
from ..science.cp2k.input import WAVEFUNCTION
from ..science.electrons.rules import OrbitalRules
from ..science.errors import InputError, one_of
from ..science.models.spec import ModelSpec
from ..science.settings import BaderSettings
from .data_files import cp2k_data_files
from .protocols import load_protocol
from .relax import RelaxWorkChain
from .remote_files import forget_jobs, lacks_file, remove_folders, split_options
from .scf import ScfWorkChain

# More threads than that wait for the file system and for memory.
_THREADS = 8


class ModelWorkChain(WorkChain):
    """Build a dot, relax it if the protocol says so, converge its ground state, partition the density, and
    solve the charge flow.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        super().define(spec)
        spec.input("spec", valid_type=orm.Dict, required=False, help="A model file's content.")
        spec.input(
            "structure", valid_type=orm.StructureData, required=False, help="A ready dot, instead of a spec."
        )
        spec.input("digest", valid_type=orm.Str, help="Identity of the point: hash of spec and protocol.")
        spec.expose_inputs(
            RelaxWorkChain,
            namespace="relax",
            exclude=("structure", "clean_workdir"),
            namespace_options={"required": False, "populate_defaults": False},
        )
        spec.expose_inputs(
            ScfWorkChain, namespace="scf", exclude=("structure", "wavefunction", "clean_workdir")
        )
        spec.expose_inputs(
            BaderCalculation, namespace="bader", exclude=("parent_folder", "structure", "scf_parameters")
        )
        spec.input("charge_flow", valid_type=orm.Dict, help="Settings of the charge-flow analysis.")
        spec.input(
            "orbitals",
            valid_type=orm.Dict,
            required=False,
            help="Rules of traps and alignment; the usual ones if none.",
        )
        spec.input(
            "protocol",
            valid_type=orm.Dict,
            required=False,
            help="`name` of the protocol and `overrides`: where the settings came from.",
        )
        spec.input(
            "clean_workdir",
            valid_type=orm.Bool,
            default=lambda: orm.Bool(False),
            help="Remove the jobs' folders from the cluster after success.",
        )
        spec.inputs.validator = validate_inputs
        spec.outline(
            if_(cls.should_build)(cls.build),
            if_(cls.should_relax)(cls.run_relax, cls.inspect_relax),
            cls.run_scf,
            cls.inspect_scf,
            cls.run_bader,
            if_(cls.has_lost_density)(cls.run_scf, cls.inspect_scf, cls.run_bader),
            cls.inspect_bader,
            cls.solve_charge_flow,
            cls.results,
            if_(cls.should_clean)(cls.clean),
        )
        _define_outputs(spec)
        _define_exit_codes(spec)

    @classmethod
    def get_builder_from_protocol(
        cls,
        codes: Mapping[str, orm.AbstractCode],
        spec: ModelSpec | orm.StructureData,
        protocol: str = "balanced",
        overrides: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProcessBuilder:
        """Return a builder with everything set.

        :param codes: ``cp2k`` and ``bader``.
        :param spec: a model, or a ready structure.
        :param protocol: name of a protocol.
        :param overrides: differences from the protocol, nested as it is.
        :param options: scheduler options of the CP2K jobs, ``stash`` (a directory that keeps the wavefunction
            and the cubes) and ``clean_workdir``; resources, not science.
        :raises InputError: an unknown protocol, an override that the protocol does not know, or an option that
            no job has.
        """
        settings = load_protocol(protocol, overrides)
        options, clean = split_options(options or {})
        builder = cls.get_builder()
        if clean:
            builder.clean_workdir = orm.Bool(True)
        if isinstance(spec, ModelSpec):
            builder.spec = orm.Dict(spec.to_mapping())
            identity: Any = spec.to_mapping()
        else:
            builder.structure = spec
            identity = spec.uuid
        builder.digest = orm.Str(point_digest(identity, settings))
        builder.scf.settings = orm.Dict(settings["scf"])
        builder.scf.cp2k.code = codes["cp2k"]
        builder.scf.cp2k.file = cp2k_data_files(settings["scf"]["basis"])
        builder.scf.cp2k.metadata.options = _checked_options(
            {
                "resources": {"num_machines": 1},
                "withmpi": codes["cp2k"].with_mpi is not False,
                **options,
            }
        )
        if "relax" in settings:
            builder.relax.settings = orm.Dict(settings["relax"])
            builder.relax.cp2k.code = codes["cp2k"]
            builder.relax.cp2k.file = cp2k_data_files(
                *(level["scf"]["basis"] for level in settings["relax"]["levels"])
            )
            scheduler = builder.scf.cp2k.metadata.options
            builder.relax.cp2k.metadata.options = {k: v for k, v in scheduler.items() if k != "stash"}
        builder.bader.code = codes["bader"]
        builder.bader.parameters = orm.Dict(settings["bader"])
        builder.bader.metadata.options = _threaded(options, codes["bader"].computer)
        builder.charge_flow = orm.Dict(settings["charge_flow"])
        rules = OrbitalRules.from_mapping(settings.get("orbitals", {}), "orbitals")
        builder.orbitals = orm.Dict(rules.model_dump())
        builder.protocol = orm.Dict({"name": protocol, "overrides": dict(overrides or {})}, label=protocol)
        return builder

    def should_build(self) -> bool:
        """Return whether the model comes from a specification."""
        return "spec" in self.inputs

    def build(self) -> ExitCode | None:
        """Build the atoms."""
        outputs, node = build_model.run_get_node(self.inputs.spec)
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_MODEL_IMPOSSIBLE.format(reason=reason(node))
        self.ctx.structure = outputs["structure"]
        self.out("model", outputs["summary"])
        return None

    def should_relax(self) -> bool:
        """Return whether the protocol relaxes the geometry."""
        return "relax" in self.inputs

    def run_relax(self) -> ToContext:
        """Relax the geometry."""
        inputs = AttributeDict(self.exposed_inputs(RelaxWorkChain, "relax"))
        inputs.structure = self.ctx.get("structure", self.inputs.get("structure"))
        inputs.metadata.call_link_label = "relax"
        return ToContext(relax=self.submit(RelaxWorkChain, **inputs))

    def inspect_relax(self) -> ExitCode | None:
        """Stop unless the geometry was relaxed."""
        if not self.ctx.relax.is_finished_ok:
            return self.exit_codes.ERROR_RELAX_FAILED.format(reason=reason(self.ctx.relax))
        self.ctx.structure = self.ctx.relax.outputs.output_structure
        return None

    def run_scf(self) -> ToContext:
        """Converge the ground state."""
        self.ctx.structure = self.ctx.get("structure", self.inputs.get("structure"))
        inputs = AttributeDict(self.exposed_inputs(ScfWorkChain, "scf"))
        inputs.structure = self.ctx.structure
        if (folder := self._relaxed_wavefunction()) is not None:
            inputs.wavefunction = folder
        inputs.metadata.call_link_label = "scf"
        return ToContext(scf=self.submit(ScfWorkChain, **inputs))

    def _relaxed_wavefunction(self) -> orm.RemoteData | None:
        """Return the folder of the last relaxation, if its wavefunction is still there and of the same basis."""
        if "relax" not in self.ctx:
            return None
        basis = self.inputs.relax.settings["levels"][-1]["scf"].get("basis")
        folder: orm.RemoteData = self.ctx.relax.outputs.remote_folder
        same = basis == self.inputs.scf.settings.get_dict().get("basis")
        return folder if same and not lacks_file(folder, WAVEFUNCTION) else None

    def inspect_scf(self) -> ExitCode | None:
        """Stop unless the ground state was reached."""
        if not self.ctx.scf.is_finished_ok:
            return self.exit_codes.ERROR_SCF_FAILED.format(reason=reason(self.ctx.scf))
        return None

    def run_bader(self) -> ToContext:
        """Partition the density where it lies."""
        inputs = AttributeDict(self.exposed_inputs(BaderCalculation, "bader"))
        inputs.parent_folder = self.ctx.scf.outputs.remote_folder
        inputs.structure = self.ctx.structure
        inputs.scf_parameters = self.ctx.scf.outputs.output_parameters
        inputs.metadata.call_link_label = "bader"
        self.report("Bader partition of the density")
        return ToContext(bader=self.submit(BaderCalculation, **inputs))

    def has_lost_density(self) -> bool:
        """Return whether the density is gone from the cluster, so that its run has to be repeated."""
        no_table = BaderCalculation.exit_codes.ERROR_NO_TABLE.status
        cube = BaderSettings.from_mapping(self.inputs.bader.parameters.get_dict()).cube
        if self.ctx.bader.exit_status != no_table or not lacks_file(self.ctx.scf.outputs.remote_folder, cube):
            return False
        self.report(f"{cube} is no longer on the cluster (scratch purged?): computing the ground state again")
        forget_jobs(self.ctx.scf)
        return True

    def inspect_bader(self) -> ExitCode | None:
        """Stop unless every electron was assigned."""
        self.out_many(self.exposed_outputs(self.ctx.scf, ScfWorkChain, "scf"))
        if not self.ctx.bader.is_finished_ok:
            return self.exit_codes.ERROR_BADER_FAILED.format(reason=reason(self.ctx.bader))
        self.out_many(self.exposed_outputs(self.ctx.bader, BaderCalculation, "bader"))
        return None

    def solve_charge_flow(self) -> ExitCode | None:
        """Solve for the electrons handed along each bond."""
        self.report("charge flow along the bonds")
        outputs, node = charge_flow.run_get_node(
            self.ctx.structure, self.ctx.bader.outputs.bader, self.inputs.charge_flow
        )
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_CHARGE_FLOW_FAILED.format(reason=reason(node))
        self.ctx.charge_flow = outputs["charge_flow"]
        self.out("charge_flow", outputs["charge_flow"])
        self.out("quality", outputs["quality"])
        return None

    def results(self) -> ExitCode | None:
        """Gather the numbers of a table row."""
        self.out("structure", self.ctx.structure)
        scf = self.ctx.scf.outputs
        summary, node = summarise.run_get_node(
            self.ctx.structure,
            scf.output_parameters,
            scf.orbitals if "orbitals" in scf else None,
            self.ctx.charge_flow,
            self.inputs.get("orbitals"),
        )
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_SUMMARY_FAILED.format(reason=reason(node))
        self.out("summary", summary)
        return None

    def should_clean(self) -> bool:
        """Return whether the jobs' folders are to be removed from the cluster."""
        return bool(self.inputs.clean_workdir.value)

    def clean(self) -> None:
        """Remove the jobs' folders; all that an analysis needs was retrieved."""
        self.report(f"removed {remove_folders(self.node)} folders from the cluster")


def _define_outputs(spec: WorkChainSpec) -> None:
    spec.output(
        "structure",
        valid_type=orm.StructureData,
        help="The dot whose charges were counted, relaxed if asked.",
    )
    spec.output(
        "model", valid_type=orm.Dict, required=False, help="Stoichiometry by region and coordination."
    )
    spec.expose_outputs(ScfWorkChain, namespace="scf")
    spec.expose_outputs(BaderCalculation, namespace="bader")
    spec.output("charge_flow", valid_type=orm.ArrayData, help="Bonds, flows, vectors, magnitudes.")
    spec.output(
        "quality", valid_type=orm.Dict, help="Residual, imbalance, loops and dipoles of the solution."
    )
    spec.output("summary", valid_type=orm.Dict, help="The numbers of a table row.")


def _define_exit_codes(spec: WorkChainSpec) -> None:
    spec.exit_code(412, "ERROR_RELAX_FAILED", message="The geometry was not relaxed: {reason}")
    spec.exit_code(
        410,
        "ERROR_SCF_FAILED",
        message="The ground state was not reached: {reason} See `verdi process report`.",
    )
    spec.exit_code(411, "ERROR_BADER_FAILED", message="The Bader partition failed: {reason}")
    spec.exit_code(310, "ERROR_CHARGE_FLOW_FAILED", message="The charge flow could not be solved: {reason}")
    spec.exit_code(311, "ERROR_SUMMARY_FAILED", message="The orbitals cannot be analysed: {reason}")
    spec.exit_code(210, "ERROR_MODEL_IMPOSSIBLE", message="The model cannot be built: {reason}")


def validate_inputs(inputs: Mapping[str, Any], _: object = None) -> str | None:
    """Return what is wrong with the inputs as a whole, or nothing."""
    if ("spec" in inputs) == ("structure" in inputs):
        return "give either a `spec` or a `structure`"
    codes = (inputs["scf"]["cp2k"].get("code"), inputs["bader"].get("code"))
    computers = {code.computer.uuid for code in codes if code is not None and code.computer is not None}
    if len(computers) > 1:
        return "the codes of CP2K and Bader must be on one computer: the density is partitioned where it lies"
    return None


def point_digest(identity: Any, settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 that identifies a point: its model and its resolved protocol."""
    canonical = json.dumps([identity, settings], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that a CP2K job takes.

    :raises InputError: one that it does not know, or of another type.
    """
    port = ScfWorkChain.spec().inputs["cp2k"]["metadata"]["options"]
    for name, value in options.items():
        if name not in port:
            raise InputError(
                "no option of a job",
                field=f"options.{name}",
                value=value,
                remedy=one_of(name, sorted(port)),
            )
        if (problem := port[name].validate(value)) is not None:
            raise InputError(problem.message, field=f"options.{name}", value=value)
    return dict(options)


def _threaded(options: Mapping[str, Any], computer: orm.Computer) -> dict[str, Any]:
    """Return scheduler options for a threaded program: some cores of one node, which share its memory where that
    is given by the core, with the account and queue of the DFT job.
    """
    kept = {key: value for key, value in options.items() if key in ("account", "queue_name", "qos")}
    dft = options.get("resources", {})
    ranks = dft.get("num_mpiprocs_per_machine") or computer.get_default_mpiprocs_per_machine() or 1
    cores = ranks * dft.get("num_cores_per_mpiproc", 1)
    resources = {
        "num_machines": 1,
        "num_mpiprocs_per_machine": 1,
        "num_cores_per_mpiproc": min(cores, _THREADS),
    }
    return {"resources": resources, **kept}
