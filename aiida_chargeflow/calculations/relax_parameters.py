"""The CP2K input of one level of a relaxation as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science.cp2k import relaxation as relax_input
from .failures import exit_on_input_error
from .structures import to_atoms


@calcfunction
@exit_on_input_error
def relax_parameters(
    structure: orm.StructureData, settings: orm.Dict, level: orm.Int, restart: orm.Bool, build: orm.Dict
) -> orm.Dict:
    """Return the input sections of level number ``level`` of the settings."""
    levels = relax_input.RelaxSettings.from_mapping(settings.get_dict()).levels
    return orm.Dict(
        relax_input.relax_parameters(
            to_atoms(structure), levels[level.value], restart=restart.value, **build.get_dict()
        )
    )
