"""A model whose calculations were run outside AiiDA: the same outputs as a model run, from files."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, WorkChain, if_
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from ..calculations.charge_flow import charge_flow
from ..calculations.failures import reason
from ..calculations.imported import imported_bader, imported_ground_state, imported_structure
from ..calculations.summarise import summarise


class ImportedModelWorkChain(WorkChain):
    """Read the files of one calculation and solve its charge flow. No program of quantum chemistry is run: what
    made the files is known only from what is written in them.
    """

    @classmethod
    def define(cls, spec: WorkChainSpec) -> None:
        super().define(spec)
        spec.input("files", valid_type=orm.FolderData, help="The files as they were found, cubes cropped.")
        spec.input("spec", valid_type=orm.Dict, required=False, help="The model file that it was built from.")
        spec.input("settings", valid_type=orm.Dict, help="Fields of `science.cp2k.run_files.ImportSettings`.")
        spec.input("charge_flow", valid_type=orm.Dict, help="Settings of the charge-flow analysis.")
        spec.input("digest", valid_type=orm.Str, help="Identity: hash of the files and the settings.")
        spec.outline(
            cls.read,
            if_(cls.has_partition)(cls.read_partition, cls.solve_charge_flow),
            cls.results,
        )
        spec.output("structure", valid_type=orm.StructureData, help="The dot of the XYZ file.")
        spec.output_namespace("scf", dynamic=False)
        spec.output("scf.output_parameters", valid_type=orm.Dict, help="What CP2K's output tells.")
        spec.output(
            "scf.orbitals",
            valid_type=orm.ArrayData,
            required=False,
            help="Energies and shares of the orbitals.",
        )
        spec.output(
            "scf.orbital_cubes", valid_type=orm.FolderData, required=False, help="Cropped cubes of orbitals."
        )
        spec.output_namespace("bader", required=False)
        spec.output(
            "bader.bader",
            valid_type=orm.ArrayData,
            required=False,
            help="Populations and charges, one row an atom.",
        )
        spec.output(
            "bader.output_parameters",
            valid_type=orm.Dict,
            required=False,
            help="Engine and totals of the partition.",
        )
        spec.output(
            "charge_flow", valid_type=orm.ArrayData, required=False, help="Bonds, flows, vectors, magnitudes."
        )
        spec.output(
            "quality",
            valid_type=orm.Dict,
            required=False,
            help="Residual, imbalance, loops and dipoles of the solution.",
        )
        spec.output("summary", valid_type=orm.Dict, help="The numbers of a table row.")
        spec.exit_code(210, "ERROR_FILES_REFUSED", message="The files cannot be used: {reason}")
        spec.exit_code(
            310, "ERROR_CHARGE_FLOW_FAILED", message="The charge flow could not be solved: {reason}"
        )

    def read(self) -> ExitCode | None:
        """Read structure, energies and orbitals."""
        structure, node = imported_structure.run_get_node(self.inputs.files, self.inputs.settings)
        if node.is_finished_ok:
            scf, node = imported_ground_state.run_get_node(self.inputs.files, self.inputs.settings)
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_FILES_REFUSED.format(reason=reason(node))
        self.ctx.structure, self.ctx.scf = structure, scf
        self.out("structure", structure)
        self.out("scf", scf)
        return None

    def has_partition(self) -> bool:
        """Return whether there is an ACF.dat."""
        return "ACF.dat" in self.inputs.files.base.repository.list_object_names()

    def read_partition(self) -> ExitCode | None:
        """Read the Bader charges."""
        bader, node = imported_bader.run_get_node(
            self.inputs.files, self.ctx.scf["output_parameters"], self.inputs.settings
        )
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_FILES_REFUSED.format(reason=reason(node))
        self.ctx.bader = bader
        self.out("bader", bader)
        return None

    def solve_charge_flow(self) -> ExitCode | None:
        """Solve for the electrons handed along each bond."""
        outputs, node = charge_flow.run_get_node(
            self.ctx.structure, self.ctx.bader["bader"], self.inputs.charge_flow
        )
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_CHARGE_FLOW_FAILED.format(reason=reason(node))
        self.ctx.charge_flow = outputs["charge_flow"]
        self.out_many(outputs)
        return None

    def results(self) -> ExitCode | None:
        """Gather the numbers of a table row."""
        known = {"orbitals": self.ctx.scf.get("orbitals"), "charge_flow": self.ctx.get("charge_flow")}
        parts = {name: node for name, node in known.items() if node is not None}
        summary, node = summarise.run_get_node(self.ctx.structure, self.ctx.scf["output_parameters"], **parts)
        if not node.is_finished_ok:
            return self.exit_codes.ERROR_FILES_REFUSED.format(reason=reason(node))
        self.out("summary", summary)
        return None
