"""CP2K input for isolated dots: protocol settings and atoms in, nested input sections out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ..elements import Element, element
from ..errors import InputError
from ..settings import Settings
from .basis import Basis, basis_file, basis_name
from .orbital_cubes import OrbitalCubes
from .versions import TESTED_VERSION, for_version

PROJECT = "aiida"  # aiida-cp2k insists on this project name
KIND_SHARES = f"{PROJECT}-k*.pdos"
ATOM_SHARES = f"{PROJECT}-list*.pdos"
MAX_ATOMS_OF_SHARES = 100  # CP2K writes one file of all orbitals for each atom: atoms × orbitals of text
WAVEFUNCTION = f"{PROJECT}-RESTART.wfn"
PARENT_FOLDER = "parent_calc"

# HLE17 = 1.25 × TPSS exchange + 0.5 × TPSS correlation: Verma and Truhlar, J. Phys. Chem. C 121, 7144 (2017).
_FUNCTIONALS: dict[str, dict[str, Any]] = {
    "hle17": {"TPSS": {"SCALE_X": 1.25, "SCALE_C": 0.5}},
    "hle17-libxc": {"MGGA_XC_HLE17": {}},
    "pbe": {"PBE": {}},
}


class Mixing(Settings):
    """Density mixing of a diagonalising stage."""

    alpha: float = Field(0.2, gt=0, le=1)
    beta: float = Field(1.5, gt=0)
    n_broyden: int = Field(12, ge=1)


class OrbitalTransformation(Settings):
    """Orbital transformation (VandeVondele and Hutter, J. Chem. Phys. 118, 4365 (2003))."""

    minimizer: Literal["DIIS", "CG"] = "DIIS"
    preconditioner: Literal["FULL_SINGLE_INVERSE", "FULL_ALL", "FULL_KINETIC"] = "FULL_SINGLE_INVERSE"
    energy_gap: float | None = Field(None, gt=0)
    max_outer: int = Field(0, ge=0)


class Stage(Settings):
    """One CP2K run on the way to the ground state.

    :param final: a converged run of this stage is the result; other stages only prepare a wavefunction.
    :param restart: start from the wavefunction of the stage before, when there is one.
    :param electronic_temperature_k: Fermi-Dirac smearing; 0 means integer occupations.
    :param n_virtual: unoccupied orbitals to compute.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    solver: Literal["diagonalisation", "ot"] = "diagonalisation"
    final: bool = False
    restart: bool = True
    eps_scf: float = Field(1e-6, gt=0, lt=1)
    max_scf: int = Field(60, ge=1)
    electronic_temperature_k: float = Field(0.0, ge=0)
    n_virtual: int = Field(30, ge=0)
    mixing: Mixing = Mixing()
    ot: OrbitalTransformation = OrbitalTransformation()


class ScfSettings(Settings):
    """What a protocol says about the DFT job; the physics, none of the resources.

    :param padding_ang: vacuum on each side of the outermost atoms, in Å.
    :param min_gap_ev: a smaller gap with integer occupations is not believed as long as a stage is left.
    :param diagonalisation_library: ``auto`` is ELPA unless the CP2K at hand is known to lack it.
    :param atom_shares: print the share of every atom in every orbital: ``auto`` for dots of up to
        ``MAX_ATOMS_OF_SHARES`` atoms. Without it the shares of kinds remain.
    :param stages: tried in order, each from the wavefunction of the one before; the first final stage
        that converges gives the result.
    """

    functional: Literal["hle17", "hle17-libxc", "pbe"] = "hle17"
    method: Literal["GPW", "GAPW"] = "GPW"
    basis: Basis = "DZVP"
    cutoff_ry: float = Field(gt=0)
    rel_cutoff_ry: float = Field(50, gt=0)
    n_grids: int = Field(4, ge=1)
    eps_default: float = Field(1e-12, gt=0)
    padding_ang: float = Field(ge=1.5)
    cubic_cell: bool = False
    poisson_solver: Literal["MULTIPOLE", "MT", "WAVELET"] = "MULTIPOLE"
    xc_derivative: Literal["PW", "SPLINE3", "SPLINE2"] = "PW"
    xc_smoothing: Literal["NONE", "NN10", "NN50", "SPLINE2"] = "NONE"
    diagonalisation_library: Literal["auto", "elpa", "scalapack"] = "auto"
    min_gap_ev: float = Field(0.1, ge=0)
    orbital_cubes: OrbitalCubes = OrbitalCubes()
    atom_shares: Literal["auto", "always", "never"] = "auto"
    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends_with_a_result(self) -> ScfSettings:
        if not self.stages[-1].final:
            raise ValueError("the last stage is not final; mark it with `final: true`")
        return self


def cell_lengths_ang(atoms: Atoms, settings: ScfSettings) -> NDArray[np.float64]:
    """Return the edges of the cell around an isolated dot: extent + padding on both sides, shape (3,), Å."""
    lengths: NDArray[np.float64] = np.ptp(atoms.positions, axis=0) + 2 * settings.padding_ang
    return np.full(3, lengths.max()) if settings.cubic_cell else lengths


def cp2k_parameters(
    atoms: Atoms,
    settings: ScfSettings,
    stage: Stage,
    *,
    restart: bool = False,
    version: str = TESTED_VERSION,
    has_elpa: bool = True,
) -> dict[str, Any]:
    """Return the nested CP2K input of one stage, keys in upper case, for an isolated dot.

    :param atoms: the dot; kinds are symbol + tag.
    :param restart: read the wavefunction of the parent folder.
    :param version: of the CP2K that will read the input.
    :param has_elpa: whether that CP2K was built with ELPA.
    :raises InputError: no atoms, an unknown element, an odd number of electrons, or a cell that the Poisson
        solver does not take.
    """
    check_atoms(atoms)
    _check_cell(atoms, settings)
    library = settings.diagonalisation_library
    if library == "auto":
        library = "elpa" if has_elpa else "scalapack"
    run: dict[str, Any] = {
        "RUN_TYPE": "ENERGY",
        "PRINT_LEVEL": "MEDIUM",
        "PREFERRED_DIAG_LIBRARY": library.upper(),
    }
    lengths = " ".join(f"{length:.6f}" for length in cell_lengths_ang(atoms, settings))
    return {
        "GLOBAL": run,
        "FORCE_EVAL": {
            "METHOD": "QUICKSTEP",
            "DFT": _dft(atoms, settings, stage, restart, version),
            "SUBSYS": {
                "CELL": {"ABC": f"[angstrom] {lengths}", "PERIODIC": "NONE"},
                "TOPOLOGY": {"CENTER_COORDINATES": {"_": "T"}},
                "KIND": _kinds(atoms, settings),
            },
        },
    }


def check_atoms(atoms: Atoms) -> None:
    """Refuse what CP2K could only fail on, later and less clearly.

    :raises InputError: no atoms, an unknown element, or an odd number of electrons.
    """
    if len(atoms) == 0:
        raise InputError("the structure has no atoms", field="structure", remedy="Give a model with atoms.")
    n_electrons = _n_electrons(atoms)
    if n_electrons % 2:
        raise InputError(
            "odd number of valence electrons: the closed-shell run needs an even one",
            field="structure",
            value=n_electrons,
            remedy="Check the charge balance: a neutral model has no unpaired electron.",
        )


def _check_cell(atoms: Atoms, settings: ScfSettings) -> None:
    if settings.poisson_solver == "WAVELET" and np.ptp(cell_lengths_ang(atoms, settings)) > 1e-6:
        raise InputError(
            "CP2K's wavelet solver takes cubic cells only",
            field="scf.poisson_solver",
            value="WAVELET",
            remedy="Set scf.cubic_cell to true, or take MULTIPOLE.",
        )


def _n_electrons(atoms: Atoms) -> int:
    return sum(element(symbol).n_valence for symbol in atoms.symbols)


def _dft(atoms: Atoms, settings: ScfSettings, stage: Stage, restart: bool, version: str) -> dict[str, Any]:
    dft: dict[str, Any] = {
        "BASIS_SET_FILE_NAME": basis_file(settings.basis),
        "POTENTIAL_FILE_NAME": "POTENTIAL_UZH",
        "QS": {"METHOD": settings.method, "EPS_DEFAULT": settings.eps_default},
        "MGRID": {
            "CUTOFF": settings.cutoff_ry,
            "REL_CUTOFF": settings.rel_cutoff_ry,
            "NGRIDS": settings.n_grids,
        },
        "POISSON": {"PERIODIC": "NONE", "POISSON_SOLVER": settings.poisson_solver},
        "XC": {
            "XC_FUNCTIONAL": _FUNCTIONALS[settings.functional],
            "XC_GRID": {"XC_DERIV": settings.xc_derivative, "XC_SMOOTH_RHO": settings.xc_smoothing},
        },
        "SCF": _scf(stage, restart),
    }
    if restart:
        dft["RESTART_FILE_NAME"] = f"./{PARENT_FOLDER}/{WAVEFUNCTION}"
    if stage.final:
        dft["PRINT"] = for_version(_final_print(atoms, settings, stage), version)
    return dft


def _scf(stage: Stage, restart: bool) -> dict[str, Any]:
    scf: dict[str, Any] = {
        "SCF_GUESS": "RESTART" if restart else "ATOMIC",
        "EPS_SCF": stage.eps_scf,
        "MAX_SCF": stage.max_scf,
        "PRINT": {"RESTART": {"BACKUP_COPIES": 0, "EACH": {"QS_SCF": 10}}},
    }
    if stage.solver == "ot":
        scf["OT"] = {
            "MINIMIZER": stage.ot.minimizer,
            "PRECONDITIONER": stage.ot.preconditioner,
            **({"N_DIIS": 7} if stage.ot.minimizer == "DIIS" else {}),
            **({"ENERGY_GAP": stage.ot.energy_gap} if stage.ot.energy_gap else {}),
        }
        if stage.ot.max_outer:
            scf["OUTER_SCF"] = {"EPS_SCF": stage.eps_scf, "MAX_SCF": stage.ot.max_outer}
        return scf
    scf["DIAGONALIZATION"] = {"ALGORITHM": "STANDARD"}
    scf["ADDED_MOS"] = stage.n_virtual
    scf["MIXING"] = {
        "METHOD": "BROYDEN_MIXING",
        "ALPHA": stage.mixing.alpha,
        "BETA": stage.mixing.beta,
        "NBROYDEN": stage.mixing.n_broyden,
    }
    if stage.electronic_temperature_k > 0:
        temperature = f"[K] {stage.electronic_temperature_k}"
        scf["SMEAR"] = {"_": "ON", "METHOD": "FERMI_DIRAC", "ELECTRONIC_TEMPERATURE": temperature}
    return scf


def _final_print(atoms: Atoms, settings: ScfSettings, stage: Stage) -> dict[str, Any]:
    n_atoms = len(atoms)
    # A diagonalising stage has its unoccupied orbitals already. NLUMO counts from the highest orbital with any
    # electrons, so that after smearing CP2K would make the rest by a slow iterative solver.
    printed: dict[str, Any] = {
        "E_DENSITY_CUBE": {"STRIDE": "1 1 1"},
        "MO": {"EIGENVALUES": True, "OCCUPATION_NUMBERS": True, "EACH": {"QS_SCF": 0}},
        "MOMENTS": {"PERIODIC": False},
        "PDOS": {"NLUMO": stage.n_virtual if stage.solver == "ot" else 0},
    }
    if settings.atom_shares == "always" or (
        settings.atom_shares == "auto" and n_atoms <= MAX_ATOMS_OF_SHARES
    ):
        printed["PDOS"]["LDOS"] = [{"LIST": number} for number in range(1, n_atoms + 1)]
    if settings.orbital_cubes.n_occupied or settings.orbital_cubes.n_virtual:
        printed["MO_CUBES"] = _orbital_cubes(_n_electrons(atoms) // 2, settings.orbital_cubes, stage)
    return printed


def _orbital_cubes(homo: int, cubes: OrbitalCubes, stage: Stage) -> dict[str, Any]:
    """Name the orbitals by number where they exist already: what CP2K calls HOMO moves up with smearing."""
    printed: dict[str, Any] = {"WRITE_CUBE": True, "STRIDE": " ".join([str(cubes.stride)] * 3)}
    if stage.solver == "ot":
        return {**printed, "NHOMO": cubes.n_occupied or 1, "NLUMO": cubes.n_virtual}
    first = max(homo - cubes.n_occupied + 1, 1)
    last = homo + min(cubes.n_virtual, stage.n_virtual)
    return {**printed, "HOMO_LIST": f"{first}..{last}", "NLUMO": 0}


def _kinds(atoms: Atoms, settings: ScfSettings) -> list[dict[str, Any]]:
    pairs = sorted({(str(s), int(t)) for s, t in zip(atoms.symbols, atoms.get_tags(), strict=True)})
    return [_kind(element(symbol), tag, settings) for symbol, tag in pairs]


def _kind(entry: Element, tag: int, settings: ScfSettings) -> dict[str, Any]:
    kind: dict[str, Any] = {
        "_": f"{entry.symbol}{tag or ''}",
        "ELEMENT": entry.symbol,
        "BASIS_SET": basis_name(settings.basis, entry.symbol),
        "POTENTIAL": f"GTH-GGA-q{entry.n_valence}",
    }
    if settings.method == "GAPW" and entry.has_hard_exponents:
        kind["GPW_TYPE"] = True  # else the density cube lacks this kind's hard part
    return kind
