"""The CP2K input of one SCF stage as a calcfunction."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from ..science.cp2k import input as cp2k_input
from ..science.cp2k.versions import TESTED_VERSION
from .failures import exit_on_input_error
from .structures import to_atoms

VERSION_EXTRA = "cp2k_version"
FLAGS_EXTRA = "cp2k_flags"


@calcfunction
@exit_on_input_error
def cp2k_parameters(
    structure: orm.StructureData, settings: orm.Dict, stage: orm.Int, restart: orm.Bool, build: orm.Dict
) -> orm.Dict:
    """Return the input sections of stage number ``stage`` of the settings."""
    scf = cp2k_input.ScfSettings.from_mapping(settings.get_dict())
    return orm.Dict(
        cp2k_input.cp2k_parameters(
            to_atoms(structure), scf, scf.stages[stage.value], restart=restart.value, **build.get_dict()
        )
    )


def build_of(code: orm.AbstractCode) -> orm.Dict:
    """Return ``version`` and ``has_elpa`` of a CP2K, from the extras that ``setup check`` writes.

    Without them it is taken for the tested version, with ELPA.
    """
    flags = code.base.extras.get(FLAGS_EXTRA, None)
    return orm.Dict(
        {
            "version": code.base.extras.get(VERSION_EXTRA, TESTED_VERSION),
            "has_elpa": flags is None or any(flag.startswith("elpa") for flag in flags),
        }
    )
