"""Read the main output of CP2K: energy, SCF, eigenvalues, gap, and what to distrust.

Tested on outputs of CP2K 2023.1. Later versions are known to print energies in ``[hartree]`` and to abort where
2023.1 only warns of an unconverged SCF; both are understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..files import text_of
from ..fortran import NUMBER, parse_number
from ..units import HARTREE_EV, energy_ev, known_energies
from .appended import RunText, pick_run, run_type
from .failures import Cp2kOutputError, Failure, diagnose
from .levels import Frontier, SpinLevels, frontier, read_levels
from .places import Places, no_places, read_places
from .scf_steps import ScfStep, scf_progress, scf_steps, scf_verdict

__all__ = ["Cp2kOutput", "Cp2kOutputError", "Failure", "ScfStep", "read_output", "scf_progress"]


@dataclass(frozen=True)
class Cp2kOutput:
    """What one CP2K run printed. Fields are None (or empty) where this output does not tell.

    :param energy_hartree: the last total energy; with smearing the Mermin free energy.
    :param scf_converged: False if the last SCF did not converge (CP2K ends with status 0 all the same).
    :param n_unconverged_scf: SCFs of the whole run that did not converge, the last one included.
    :param electrons_on_grid: integral of the valence density on the real-space grid, positive.
    :param fermi_level_ev: as CP2K prints it: with integer occupations it is the HOMO, not the mid-gap.
    :param electronic_temperature_k: of Fermi-Dirac smearing; None without smearing.
    :param frontier: HOMO, LUMO, gap and how far the occupations are from integers.
    :param n_valence: (n_atoms,) valence electrons of the potentials this run used; empty if not printed.
    :param kinds: kind name → number of atoms, in CP2K's order.
    :param time_limit_reached: CP2K stopped itself at GLOBAL/WALLTIME and can be restarted.
    :param places: where the atoms stood, and their kinds.
    :param run_type: as CP2K names it, ``ENERGY``, ``GEO_OPT`` …; what the text shows counts more than the name.
    :param run: which run of the file this is, from 1.
    :param n_runs: runs in the file; only ``run`` was read.
    """

    cp2k_version: str
    source_revision: str
    finished: bool
    energy_hartree: float | None
    energies_hartree: tuple[float, ...]
    scf_converged: bool | None
    n_unconverged_scf: int
    scf_steps: tuple[ScfStep, ...]
    n_electrons: int | None
    n_atoms: int | None
    n_basis_functions: int | None
    electrons_on_grid: float | None
    fermi_level_ev: float | None
    electronic_temperature_k: float | None
    levels: tuple[SpinLevels, ...]
    frontier: Frontier | None
    unoccupied_solver: str | None
    dipole_debye: NDArray[np.float64] | None
    kinds: dict[str, int]
    n_valence: NDArray[np.float64]
    geometry_converged: bool | None
    time_limit_reached: bool
    warnings: tuple[str, ...]
    n_warnings: int
    walltime_s: float | None
    peak_memory_mib: float | None
    n_mpi_ranks: int | None
    n_threads: int | None
    places: Places = field(default_factory=no_places, compare=False)
    run_type: str | None = None
    run: int = 1
    n_runs: int = 1
    file: Path | None = field(default=None, compare=False)

    @property
    def energy_ev(self) -> float | None:
        """Return the last total energy in eV."""
        return None if self.energy_hartree is None else self.energy_hartree * HARTREE_EV

    @property
    def homo_ev(self) -> float | None:
        """Return the highest occupied eigenvalue of both spins, in eV."""
        return self.frontier.homo_ev if self.frontier else None

    @property
    def lumo_ev(self) -> float | None:
        """Return the lowest unoccupied eigenvalue of both spins, in eV."""
        return self.frontier.lumo_ev if self.frontier else None

    @property
    def gap_ev(self) -> float | None:
        """Return the HOMO-LUMO gap in eV; see ``frontier.has_integer_occupations`` before trusting it."""
        return self.frontier.gap_ev if self.frontier else None

    @property
    def last_scf_steps(self) -> tuple[ScfStep, ...]:
        """Return the steps of the last SCF."""
        last = self.scf_steps[-1].run if self.scf_steps else 0
        return tuple(step for step in self.scf_steps if step.run == last)

    def summary(self) -> dict[str, object]:
        """Return the scalars as plain Python values, ready for JSON."""
        names = [
            "cp2k_version",
            "source_revision",
            "finished",
            "energy_hartree",
            "energy_ev",
            "scf_converged",
            "n_unconverged_scf",
            "n_electrons",
            "n_atoms",
            "n_basis_functions",
            "electrons_on_grid",
            "fermi_level_ev",
            "homo_ev",
            "lumo_ev",
            "gap_ev",
            "electronic_temperature_k",
            "unoccupied_solver",
            "geometry_converged",
            "time_limit_reached",
            "n_warnings",
            "walltime_s",
            "peak_memory_mib",
            "n_mpi_ranks",
            "n_threads",
        ]
        result: dict[str, object] = {name: getattr(self, name) for name in names}
        result["n_scf_steps"] = len(self.last_scf_steps)
        result["n_geometries"] = len(self.energies_hartree)
        result["warnings"] = list(self.warnings)
        if self.frontier:
            result["max_occupation_deviation_e"] = self.frontier.max_occupation_deviation_e
        if self.dipole_debye is not None:
            result["dipole_debye"] = self.dipole_debye.tolist()
        return result


_ENERGY = re.compile(
    r"^ ENERGY\| Total FORCE_EVAL(?: \( *\S+ *\))? energy *(?:\[(?P<unit>[^\]]*)\])?:? *(?P<value>.*?) *$",
    re.MULTILINE,
)
_STAMP = re.compile(r"PROGRAM (STARTED|ENDED) AT +(\S+ \S+)")
_CONVERGED = "*** SCF run converged in"  # of others the energy may lie anywhere
_SAME_ENERGY = 0.01  # of the total energy: what a wrong unit or another run exceeds
_WARNING = re.compile(r"^ \*\*\* WARNING in \S+ :: (?P<text>.*?) *\*\*\*$", re.MULTILINE)


def _all(pattern: str, text: str) -> list[str]:
    """Return the first group of every match."""
    return [match[1] for match in re.finditer(pattern, text, re.MULTILINE)]


def _last_int(pattern: str, text: str) -> int | None:
    found = _all(pattern, text)
    return int(found[-1]) if found else None


def _last_float(pattern: str, text: str) -> float | None:
    found = _all(pattern, text)
    return parse_number(found[-1]) if found else None


def _load(source: str | Path) -> tuple[str, Path | None]:
    """Return text and file name: a Path or a one-line string is a file, anything else the text itself."""
    if isinstance(source, Path) or (source.strip() and "\n" not in source):
        path = Path(source)
        try:
            return text_of(path.read_bytes(), "replace"), path
        except OSError as error:
            raise Cp2kOutputError(
                Failure.EMPTY,
                f"cannot read the CP2K output: {error.strerror}",
                remedy="Check the path.",
                file=path,
            ) from None
    return source, None


def _energies(run: RunText, steps: tuple[ScfStep, ...], file: Path | None) -> tuple[float, ...]:
    """Return the total energies in hartree, in the order of the geometries; without any that of the last SCF step.

    :raises Cp2kOutputError: an energy that is no number, in an unknown unit, or far from that of the SCF.
    """
    found = []
    for match in _ENERGY.finditer(run.text):
        unit = match["unit"] or "hartree"
        factor = energy_ev(unit)
        if factor is None:
            known = ", ".join(known_energies())
            raise run.damaged(f"unknown unit of energy {unit!r}, known are {known}", match.start(), file)
        try:
            found.append(parse_number(match["value"]) * factor / HARTREE_EV)
        except ValueError:
            raise run.damaged("the total energy is not a number", match.start(), file) from None
        before = [step for step in steps if step.position < match.start()]
        settled = bool(before) and _CONVERGED in run.text[before[-1].position : match.start()]
        if settled and abs(found[-1] / before[-1].energy_hartree - 1) > _SAME_ENERGY:
            problem = (
                f"this is {found[-1]:.6f} hartree, the SCF above ended at {before[-1].energy_hartree:.6f}"
            )
            raise run.damaged(problem, match.start(), file)
    return tuple(found) or tuple(step.energy_hartree for step in steps[-1:])


def _n_spins(text: str) -> int:
    return _last_int(r"^ DFT\| Number of spin states +(\d+)", text) or 1


def _n_electrons(text: str) -> int | None:
    found = _all(r"^ Number of electrons: +(\d+)", text)
    return sum(int(n) for n in found[-_n_spins(text) :]) if found else None


def _fermi_level_ev(text: str) -> float | None:
    """Return the Fermi level, the higher one of two spins."""
    from_levels = _all(rf"^ MO\| E\(Fermi\): +{NUMBER} a\.u\. +({NUMBER}) eV", text)
    if from_levels:
        return max(parse_number(value) for value in from_levels[-_n_spins(text) :])
    hartree = _last_float(rf"^ +Fermi energy: +({NUMBER})", text)
    return None if hartree is None else hartree * HARTREE_EV


def _walltime_s(run: RunText, file: Path | None) -> float | None:
    """Return the time between start and end, None before the end.

    :raises Cp2kOutputError: a time that no clock shows.
    """
    times: dict[str, datetime] = {}
    for match in _STAMP.finditer(run.text):
        try:
            times[match[1]] = datetime.fromisoformat(match[2])
        except ValueError:
            raise run.damaged("this is no time", match.start(), file) from None
    if len(times) < 2:
        return None
    return (times["ENDED"] - times["STARTED"]).total_seconds()


def _dipole_debye(text: str) -> NDArray[np.float64] | None:
    found = re.findall(rf"X= *({NUMBER}) Y= *({NUMBER}) Z= *({NUMBER}) +Total=", text)
    return np.array([parse_number(value) for value in found[-1]]) if found else None


def _kinds(text: str) -> dict[str, int]:
    rows = re.findall(r"^ +(?:\d+|\*+)\. Atomic kind: (\S+) +Number of atoms: +(\d+)", text, re.MULTILINE)
    return {name: int(n) for name, n in rows}


def _electrons_on_grid(text: str) -> float | None:
    density = _last_float(rf"Electronic density on regular grids: +({NUMBER})", text)
    return None if density is None else -density


def _warnings(text: str) -> tuple[tuple[str, ...], int]:
    """Return the texts of the warnings, and their number by CP2K's own count where it has counted."""
    texts = tuple(match["text"] for match in _WARNING.finditer(text))
    counted = _last_int(r"The number of warnings for this run is : +(\d+)", text)
    return texts, len(texts) if counted is None else counted


def _geometry_converged(text: str) -> bool | None:
    if "STARTING GEOMETRY OPTIMIZATION" not in text:
        return None
    return "GEOMETRY OPTIMIZATION COMPLETED" in text


def read_output(
    source: str | Path, *, require_finished: bool = True, standard_error: str = "", run: int | None = None
) -> Cp2kOutput:
    """Read a CP2K output.

    :param source: the path, or the text itself (a string with line breaks).
    :param run: which run of a file that holds several, from 1; the last by default.
    :param require_finished: raise where ``PROGRAM ENDED`` is missing; False reads what there is so far.
    :param standard_error: what CP2K, MPI and the scheduler wrote there; asked for the reason if CP2K died.
    :raises Cp2kOutputError: empty, truncated or foreign file, a CP2K abort (its message is quoted), out of
        memory, time limit, crash, a line that CP2K cannot have written; ``.failure`` names the reason. An
        unconverged SCF does not raise: see ``scf_converged``.
    """
    whole, file = _load(source)
    picked = pick_run(whole, run, file)
    text = picked.text
    finished = "PROGRAM ENDED AT" in text
    if not finished and (require_finished or "CP2K|" not in text):
        raise diagnose(f"{text}\n{standard_error}", file=file)
    steps = tuple(scf_steps(text))
    scf_converged, n_unconverged = scf_verdict(text, len(steps))
    energies = _energies(picked, steps, file)
    levels, solver = read_levels(picked, file)
    places = read_places(picked, file)
    warnings, n_warnings = _warnings(text)
    return Cp2kOutput(
        cp2k_version=(_all(r"^ CP2K\| version string: +CP2K version (.+?) *$", text) or ["unknown"])[-1],
        source_revision=(_all(r"^ CP2K\| source code revision number: +(\S+)", text) or ["unknown"])[-1],
        finished=finished,
        energy_hartree=energies[-1] if energies else None,
        energies_hartree=energies,
        scf_converged=scf_converged,
        n_unconverged_scf=n_unconverged,
        scf_steps=steps,
        n_electrons=_n_electrons(text),
        n_atoms=_last_int(r"^ +- Atoms: +(\d+)", text),
        n_basis_functions=_last_int(r"^ Number of orbital functions: +(\d+)", text),
        electrons_on_grid=_electrons_on_grid(text),
        fermi_level_ev=_fermi_level_ev(text),
        electronic_temperature_k=_last_float(rf"Electronic temperature \[K\]: +({NUMBER})", text),
        levels=levels,
        frontier=frontier(levels, _n_electrons(text)),
        unoccupied_solver=solver,
        dipole_debye=_dipole_debye(text),
        kinds=_kinds(text),
        n_valence=places.n_valence,
        geometry_converged=_geometry_converged(text),
        time_limit_reached="exceeded requested execution time" in text,
        warnings=warnings,
        n_warnings=n_warnings,
        walltime_s=_walltime_s(picked, file),
        peak_memory_mib=_last_float(r"Estimated peak process memory \[MiB\] +(\d+\.?\d*)", text),
        n_mpi_ranks=_last_int(r"Total number of message passing processes +(\d+)", text),
        n_threads=_last_int(r"Number of threads for this process +(\d+)", text),
        places=places,
        run_type=run_type(text),
        run=picked.number,
        n_runs=picked.n_runs,
        file=file,
    )
