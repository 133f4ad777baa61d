"""The CP2K input of one SCF stage as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science import cp2k_input
from .structures import to_atoms


@calcfunction
def cp2k_parameters(
    structure: orm.StructureData, settings: orm.Dict, stage: orm.Int, restart: orm.Bool
) -> orm.Dict:
    """Return the input sections of stage number ``stage`` of the settings."""
    scf = cp2k_input.ScfSettings.from_mapping(settings.get_dict())
    return orm.Dict(
        cp2k_input.cp2k_parameters(to_atoms(structure), scf, scf.stages[stage.value], restart=restart.value)
    )
