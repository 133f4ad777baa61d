"""The CP2K input of one SCF stage as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science import cp2k_input
from .structures import to_atoms

VERSION_EXTRA = "cp2k_version"


@calcfunction
def cp2k_parameters(
    structure: orm.StructureData, settings: orm.Dict, stage: orm.Int, restart: orm.Bool, version: orm.Str
) -> orm.Dict:
    """Return the input sections of stage number ``stage`` of the settings."""
    scf = cp2k_input.ScfSettings.from_mapping(settings.get_dict())
    return orm.Dict(
        cp2k_input.cp2k_parameters(
            to_atoms(structure),
            scf,
            scf.stages[stage.value],
            restart=restart.value,
            version=version.value,
        )
    )


def version_of(code: orm.AbstractCode) -> orm.Str:
    """Return the CP2K version that the code's extra ``cp2k_version`` tells, the tested one without it."""
    return orm.Str(code.base.extras.get(VERSION_EXTRA, cp2k_input.TESTED_VERSION))
