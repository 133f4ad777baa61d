"""CP2K input of a geometry optimisation: the levels of a relaxation, the cheap one first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from ..errors import InputError
from ..settings import Settings
from ..units import BOHR_ANG, HARTREE_EV
from .input import PROJECT, ScfSettings, cp2k_parameters
from .versions import TESTED_VERSION

TRAJECTORY = f"{PROJECT}-pos-1.xyz"


class RelaxLevel(Settings):
    """One optimisation.

    :param scf: how energy and forces are computed; the last stage is used, without its property output.
    :param max_force_ev_ang: largest component of a force in the relaxed dot.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    optimizer: Literal["LBFGS", "BFGS"] = "LBFGS"
    max_steps: int = Field(200, ge=1)
    max_force_ev_ang: float = Field(0.025, gt=0)
    scf: ScfSettings


class RelaxSettings(Settings):
    """The levels of a relaxation, each from the geometry of the one before."""

    levels: tuple[RelaxLevel, ...] = Field(min_length=1)


def resolve_levels(relax: Mapping[str, Any], scf: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with ``scf`` of every level completed by the ``scf`` of the protocol.

    :raises InputError: an unknown key or a value out of range.
    """
    if set(relax) != {"levels"} or not isinstance(relax["levels"], (list, tuple)):
        raise InputError("expected the key `levels` with a list", field="relax", value=dict(relax))
    for number, level in enumerate(relax["levels"]):
        field = f"relax.levels.{number}"
        if not isinstance(level, Mapping):
            raise InputError("expected a section of keys", field=field, value=level)
        if not isinstance(level.get("scf", {}), Mapping):
            raise InputError("expected a section of keys", field=f"{field}.scf", value=level["scf"])
    levels = [{**level, "scf": {**scf, **level.get("scf", {})}} for level in relax["levels"]]
    if levels:
        RelaxSettings.from_mapping({"levels": levels}, "relax")
    return {"levels": levels}


def relax_parameters(
    atoms: Atoms,
    level: RelaxLevel,
    *,
    restart: bool = False,
    version: str = TESTED_VERSION,
    has_elpa: bool = True,
) -> dict[str, Any]:
    """Return the nested CP2K input of one optimisation; arguments and errors as ``cp2k_parameters``."""
    stage = level.scf.stages[-1].model_copy(update={"final": False})
    parameters = cp2k_parameters(atoms, level.scf, stage, restart=restart, version=version, has_elpa=has_elpa)
    parameters["GLOBAL"]["RUN_TYPE"] = "GEO_OPT"
    parameters["MOTION"] = {
        "GEO_OPT": {
            "OPTIMIZER": level.optimizer,
            "MAX_ITER": level.max_steps,
            **_thresholds(level.max_force_ev_ang / HARTREE_EV * BOHR_ANG),
        },
        "PRINT": {"TRAJECTORY": {"FORMAT": "XYZ"}, "RESTART_HISTORY": {"_": "OFF"}},
    }
    return parameters


def _thresholds(max_force_hartree_bohr: float) -> dict[str, float]:
    """Return CP2K's four criteria, all of which must be met, in the ratio of its defaults."""
    ratio = max_force_hartree_bohr / 4.5e-4
    return {
        "MAX_FORCE": max_force_hartree_bohr,
        "RMS_FORCE": 3e-4 * ratio,
        "MAX_DR": 3e-3 * ratio,
        "RMS_DR": 1.5e-3 * ratio,
    }


def last_positions(trajectory: str, n_atoms: int) -> NDArray[np.float64]:
    """Return the positions of the last whole frame of an XYZ trajectory, shape (n_atoms, 3), Å.

    :raises InputError: no whole frame, or frames of another number of atoms.
    """
    whole, _, _ = trajectory.rpartition("\n")  # a line without an end may have been cut within a number
    lines = whole.splitlines()
    n_frames = len(lines) // (n_atoms + 2)
    if n_frames == 0 or lines[0].split() != [str(n_atoms)]:
        raise InputError("no whole frame in the trajectory", value=f"{len(lines)} lines for {n_atoms} atoms")
    frame = lines[(n_frames - 1) * (n_atoms + 2) :][2 : n_atoms + 2]
    try:
        return np.array([line.split()[1:4] for line in frame], dtype=np.float64).reshape(n_atoms, 3)
    except ValueError:
        raise InputError("a frame of the trajectory holds no coordinates") from None
