"""CP2K input of a geometry optimisation: the levels of a relaxation, the cheap one first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from ..charges.bonds import bond_graph
from ..electrons.participation import BULK_COORDINATION
from ..errors import InputError
from ..kinds import LIGAND, tag_regions
from ..settings import Settings
from ..units import BOHR_ANG, HARTREE_EV
from .hessian import MOST_ATOMS, START_HESSIAN
from .input import PROJECT, ScfSettings, cp2k_parameters
from .versions import TESTED_VERSION, warn_unconverged

TRAJECTORY = f"{PROJECT}-pos-1.xyz"
_RANGES_A_LINE = 8  # CP2K cuts long lines of input
_LONGEST_STEP_ANG = 0.1  # of a coordinate, in the first step; CP2K's 0.25 took a dot uphill


class RelaxLevel(Settings):
    """One optimisation.

    :param optimizer: ``BFGS`` starts from the Hessian of bonds and angles, ``LBFGS`` from none; ``auto`` is the first
        up to 1000 atoms.
    :param scf: how energy and forces are computed; the last stage is used, without its property output.
    :param max_force_ev_ang: largest component of a force on an atom that moves in the relaxed dot.
    :param must_converge: go on until that is reached; false: the level ends after ``max_steps`` of a job, whatever
        forces are left.
    :param moves: ``ligands``; ``surface``: those and every atom that has a ligand or fewer than four bonds; or
        ``all``. Atoms that do not move keep their places relative to each other.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    optimizer: Literal["auto", "BFGS", "LBFGS"] = "auto"
    max_steps: int = Field(200, ge=1)
    max_force_ev_ang: float = Field(0.025, gt=0)
    must_converge: bool = True
    moves: Literal["ligands", "surface", "all"] = "all"
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
    """Return the nested CP2K input of one optimisation; arguments and errors as ``cp2k_parameters``.

    One geometry on the way whose SCF does not converge ends no optimisation: the SCF of the last one counts.
    """
    stage = level.scf.stages[-1].model_copy(update={"final": False})
    parameters = cp2k_parameters(atoms, level.scf, stage, restart=restart, version=version, has_elpa=has_elpa)
    parameters["GLOBAL"]["RUN_TYPE"] = "GEO_OPT"
    parameters["FORCE_EVAL"]["DFT"]["SCF"] |= warn_unconverged(version)
    parameters["MOTION"] = {
        **_constraint(movable(atoms, level.moves)),
        "GEO_OPT": {
            **_optimizer(level.optimizer, atoms),
            "MAX_ITER": level.max_steps,
            **_thresholds(level.max_force_ev_ang / HARTREE_EV * BOHR_ANG),
        },
        "PRINT": {"TRAJECTORY": {"FORMAT": "XYZ"}, "RESTART_HISTORY": {"_": "OFF"}},
    }
    return parameters


def movable(atoms: Atoms, moves: str) -> NDArray[np.bool_]:
    """Return which atoms a level moves, shape (n_atoms,).

    :param atoms: the dot, tags 10·region + coordination.
    :param moves: see ``RelaxLevel``.
    :raises InputError: only ligands are to move, or the surface, of a structure whose kinds name no ligand.
    """
    if moves == "all":
        return np.ones(len(atoms), dtype=bool)
    free: NDArray[np.bool_] = tag_regions(atoms.get_tags()) == LIGAND
    if not free.any():
        raise InputError(
            "the structure has no atom of the region ligand",
            field="relax.levels.moves",
            value=moves,
            remedy="Use `moves: all`, or tag the ligands (10·region + coordination, 41 to 43).",
        )
    if moves == "surface":
        graph = bond_graph(atoms)
        i, j = graph.bonds.T
        touched = np.zeros(len(atoms), dtype=bool)
        touched[i[free[j]]] = touched[j[free[i]]] = True
        free = free | touched | (graph.degrees() < BULK_COORDINATION)
    return free


def reads_start_hessian(parameters: Mapping[str, Any]) -> bool:
    """Return whether an input asks for the file of ``write_hessian``."""
    optimisation = parameters.get("MOTION", {}).get("GEO_OPT", {})
    return bool(optimisation.get("BFGS", {}).get("RESTART_FILE_NAME") == START_HESSIAN)


def held_atoms(parameters: Mapping[str, Any], n_atoms: int) -> NDArray[np.bool_]:
    """Return which atoms an input of ``relax_parameters`` holds, shape (n_atoms,)."""
    held = np.zeros(n_atoms, dtype=bool)
    fixed = parameters["MOTION"].get("CONSTRAINT", {}).get("FIXED_ATOMS", {"LIST": []})
    for word in " ".join(fixed["LIST"]).split():
        first, _, last = word.partition("..")
        held[int(first) - 1 : int(last or first)] = True
    return held


def _optimizer(wanted: str, atoms: Atoms) -> dict[str, Any]:
    """Return the keys that choose the optimiser.

    :raises InputError: the structure has no bond graph, which the job would find out too late to say so.
    """
    if wanted == "LBFGS" or (wanted == "auto" and len(atoms) > MOST_ATOMS):
        return {"OPTIMIZER": "LBFGS"}
    bond_graph(atoms)
    start = {"USE_MODEL_HESSIAN": False, "RESTART_HESSIAN": True, "RESTART_FILE_NAME": START_HESSIAN}
    # Without rational functions CP2K neither shortens steps that went wrong nor heeds directions of negative curvature.
    trust = {"USE_RAT_FUN_OPT": True, "TRUST_RADIUS": _LONGEST_STEP_ANG}
    return {"OPTIMIZER": "BFGS", "BFGS": {**start, **trust}}


def _constraint(free: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the section that holds all other atoms, numbered from 1, nothing if there are none."""
    fixed = np.flatnonzero(~free) + 1
    if not fixed.size:
        return {}
    runs = np.split(fixed, np.flatnonzero(np.diff(fixed) > 1) + 1)
    ranges = [f"{run[0]}..{run[-1]}" if run.size > 1 else str(run[0]) for run in runs]
    lines = [" ".join(ranges[k : k + _RANGES_A_LINE]) for k in range(0, len(ranges), _RANGES_A_LINE)]
    return {"CONSTRAINT": {"FIXED_ATOMS": {"LIST": lines}}}


def _thresholds(max_force_hartree_bohr: float) -> dict[str, float]:
    """Return CP2K's four criteria, all of which must be met, in the ratio of its defaults."""
    ratio = max_force_hartree_bohr / 4.5e-4
    return {
        "MAX_FORCE": max_force_hartree_bohr,
        "RMS_FORCE": 3e-4 * ratio,
        "MAX_DR": 3e-3 * ratio,
        "RMS_DR": 1.5e-3 * ratio,
    }
