"""What forces a level of theory leaves on a geometry: which level is good enough to relax with.

    python tests/benchmarks/bench_forces.py STRUCTURE [--ranks N] LEVEL [LEVEL ...]

STRUCTURE is an XYZ file of a dot (one that was relaxed at the wanted level tells most) or a model file. A LEVEL is
FUNCTIONAL/BASIS/CUTOFF, such as hle17/DZVP/240. CP2K is run in a temporary directory, smeared at 300 K.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from aiida_cp2k.utils import Cp2kInput
from ase import Atoms
from numpy.typing import NDArray

from aiida_chargeflow.science.cp2k.relaxation import RelaxLevel, relax_parameters
from aiida_chargeflow.science.kinds import kind_names
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.from_atoms import import_model
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.units import BOHR_ANG, HARTREE_EV
from aiida_chargeflow.workchains.protocols import load_protocol

_STAGE = {
    "name": "forces", "final": True, "electronic_temperature_k": 300, "eps_scf": 1e-5, "max_scf": 80,
    "n_virtual": 40, "mixing": {"n_broyden": 8},
}  # fmt: skip
_ROW = re.compile(r"^\s+\d+\s+\d+\s+[A-Z][A-Za-z0-9_]*((?:\s+-?\d+\.\d+){3})$", re.MULTILINE)


def forces(atoms: Atoms, level: str, ranks: int) -> tuple[NDArray[np.float64], int, float]:
    """Return forces in eV/Å, shape (n_atoms, 3), the number of SCF steps, and seconds.

    :raises RuntimeError: CP2K printed no forces, or its SCF did not converge.
    """
    functional, basis, cutoff = level.split("/")
    scf = load_protocol("fast")["scf"] | {
        "functional": functional,
        "basis": basis,
        "cutoff_ry": float(cutoff),
    }
    settings = RelaxLevel.from_mapping({"name": "forces", "scf": {**scf, "stages": [_STAGE]}}, "level")
    parameters = relax_parameters(atoms, settings)
    del parameters["MOTION"]
    parameters["GLOBAL"] |= {"RUN_TYPE": "ENERGY_FORCE"}
    parameters["FORCE_EVAL"]["PRINT"] = {"FORCES": {"_": "ON"}}
    topology = parameters["FORCE_EVAL"]["SUBSYS"]["TOPOLOGY"]
    topology |= {"COORD_FILE_NAME": "dot.xyz", "COORD_FILE_FORMAT": "XYZ"}
    with tempfile.TemporaryDirectory(prefix="bench-forces-") as name:
        folder = Path(name)
        rows = zip(kind_names(atoms.symbols, atoms.get_tags()), atoms.positions, strict=True)
        lines = [f"{kind} {x:.8f} {y:.8f} {z:.8f}" for kind, (x, y, z) in rows]
        (folder / "dot.xyz").write_text("\n".join([str(len(atoms)), "", *lines]) + "\n")
        (folder / "dot.inp").write_text(Cp2kInput(parameters).render())
        command = ["mpirun", "-np", str(ranks), "cp2k.psmp", "-i", "dot.inp"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        text = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True).stdout
    steps = re.search(r"SCF run converged in\s+(\d+) steps", text)
    found = np.array([row.split() for row in _ROW.findall(text.partition("ATOMIC FORCES")[2])], dtype=float)
    if steps is None or len(found) != len(atoms):
        raise RuntimeError(
            f"{level}: no forces of a converged density; the end of the output:\n{text[-1500:]}"
        )
    seconds = re.findall(r"^ CP2K\s+1\s.*?([\d.]+)$", text, re.MULTILINE)
    return found * HARTREE_EV / BOHR_ANG, int(steps[1]), float(seconds[-1])


def atoms_of(path: Path) -> Atoms:
    """Return the dot of an XYZ file or of a model file, its kinds as tags."""
    if path.suffix == ".xyz":
        return import_model(path).atoms
    return build(ModelSpec.from_yaml(path)).atoms


def main() -> None:
    """Print a row for each level."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("structure", type=Path)
    parser.add_argument("levels", nargs="+")
    parser.add_argument("--ranks", type=int, default=2)
    given = parser.parse_args()
    atoms = atoms_of(given.structure)
    elements = sorted(set(atoms.symbols))
    print(f"| level | largest force (eV/Å) | rms | {' | '.join(elements)} | SCF steps | s |")
    print("|---" * (5 + len(elements)) + "|")
    for level in given.levels:
        found, steps, seconds = forces(atoms, level, given.ranks)
        size = np.linalg.norm(found, axis=1)
        by_element = [_rms(size[[symbol == one for symbol in atoms.symbols]]) for one in elements]
        cells = [f"{value:.2f}" for value in (size.max(), _rms(size), *by_element)]
        print(f"| {level} | {' | '.join(cells)} | {steps} | {seconds:.0f} |", flush=True)


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


if __name__ == "__main__":
    main()
