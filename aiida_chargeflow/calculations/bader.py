"""The Bader partition of a CP2K density, run where the density cube lies."""

from __future__ import annotations

from aiida import orm
from aiida.common.datastructures import CalcInfo, CodeInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJob, CalcJobProcessSpec

from ..science.errors import InputError
from ..science.settings import BaderSettings


def validate_parameters(node: orm.Dict, _: object = None) -> str | None:
    """Return what is wrong with the partition's parameters, or nothing."""
    try:
        BaderSettings.from_mapping(node.get_dict(), "bader")
    except InputError as error:
        return str(error)
    return None


class BaderCalculation(CalcJob):
    """Partition the density cube of a finished run; only small files come back.

    Any program that takes ``rho.cube -vac CUT -b METHOD`` and writes ``ACF.dat`` serves as the code:
    ``chargeflow-bader`` of this package, or ``bader`` of the Henkelman group.
    """

    CUBE = "rho.cube"
    OUTPUT = "bader.out"
    TABLE = "ACF.dat"

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        super().define(spec)
        spec.input("parent_folder", valid_type=orm.RemoteData, help="Folder of the run that wrote the cube.")
        spec.input("structure", valid_type=orm.StructureData, help="The structure of that run.")
        spec.input(
            "scf_parameters",
            valid_type=orm.Dict,
            help="`output_parameters` of that run: electrons and valence of the potentials it used.",
        )
        spec.input(
            "parameters",
            valid_type=orm.Dict,
            default=lambda: orm.Dict({}),
            validator=validate_parameters,
            help="cube (file name), method (weight, neargrid), vacuum_e_bohr3, core (auto, on, off).",
        )
        spec.input("metadata.options.parser_name", valid_type=str, default="chargeflow.bader")
        spec.input("metadata.options.output_filename", valid_type=str, default=cls.OUTPUT)
        spec.input("metadata.options.withmpi", valid_type=bool, default=False)
        spec.inputs["metadata"]["options"]["resources"].default = lambda: {
            "num_machines": 1,
            "num_mpiprocs_per_machine": 1,
        }

        spec.output("bader", valid_type=orm.ArrayData, help="Populations and charges, one row an atom.")
        spec.output("output_parameters", valid_type=orm.Dict, help="Engine, method, cut and totals.")
        spec.default_output_node = "output_parameters"

        spec.exit_code(
            210,
            "ERROR_NO_TABLE",
            invalidates_cache=True,
            message="The Bader program wrote no ACF.dat. Read {output} in the retrieved folder; is the cube "
            "complete, and does the code point to a Bader program?",
        )
        spec.exit_code(310, "ERROR_UNREADABLE_TABLE", message="{problem}", invalidates_cache=True)
        spec.exit_code(
            311,
            "ERROR_FOREIGN_CUBE",
            message="The cube does not belong to the structure: {problem}. Give the folder of this structure's run.",
        )
        spec.exit_code(
            312,
            "ERROR_ELECTRONS_LOST",
            message="The populations sum to {found:.4f} e, the run has {expected:.4f} valence electrons. {cause}",
        )
        spec.exit_code(
            313,
            "ERROR_ATOM_WITHOUT_BASIN",
            message="No basin for atoms {atoms}: the density has no maximum there. Set `core: on` in the protocol's "
            "section `bader`, which makes every nucleus but that of hydrogen a maximum, or take a finer grid.",
        )

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:  # noqa: ARG002
        """Link the cube beside the program and compose the command line."""
        settings = BaderSettings.from_mapping(self.inputs.parameters.get_dict())
        arguments = [self.CUBE, "-vac", f"{settings.vacuum_e_bohr3!r}", "-b", settings.method]
        if settings.core is not None:
            arguments += ["--core", settings.core]

        code = CodeInfo()
        code.code_uuid = self.inputs.code.uuid
        code.cmdline_params = arguments
        code.stdout_name = self.OUTPUT
        code.join_files = True

        parent = self.inputs.parent_folder
        calculation = CalcInfo()
        calculation.codes_info = [code]
        calculation.remote_symlink_list = [
            (parent.computer.uuid, f"{parent.get_remote_path()}/{settings.cube}", self.CUBE)
        ]
        calculation.retrieve_list = [self.TABLE, self.OUTPUT]
        return calculation
