"""Results of a dot in the format of CP2K and the Bader engine, WITHOUT any DFT: for trying programs at full size.

Charges are those that bond valences predict; eigenvalues and orbitals come from a few bands with made-up positions.
Every file says SYNTHETIC. No number in them is a result.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import synthetic_density
from numpy.typing import NDArray

from aiida_chargeflow.science.cp2k.basis import count_functions
from aiida_chargeflow.science.elements import element
from aiida_chargeflow.science.kinds import decode, kind_names
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.units import BOHR_ANG, HARTREE_EV
from aiida_chargeflow.science.valences.dot import dot_of_model
from aiida_chargeflow.science.valences.prediction import predict

Array = NDArray[np.float64]

MARK = "SYNTHETIC: no DFT, see tests/rehearsal"
PADDING_ANG = 6.0
N_VIRTUAL = 60
# middle and width in eV of the bands of made-up states, per orbital of an element
_SEMICORE_EV = {"In": (-20.5, 0.3), "Cd": (-15.0, 0.4), "Zn": (-14.0, 0.4)}
_S_EV = {"As": (-16.2, 0.6), "Se": (-17.5, 0.6), "Cl": (-19.0, 0.4)}
_P_EV = {"As": (-7.4, 0.7), "Se": (-7.9, 0.7), "Cl": (-9.0, 0.6)}
_HOMO_EV = -6.0
_TITLES = [
    "s",
    "py",
    "pz",
    "px",
    "d-2",
    "d-1",
    "d0",
    "d+1",
    "d+2",
    "f-3",
    "f-2",
    "f-1",
    "f0",
    "f+1",
    "f+2",
    "f+3",
]


@dataclass(frozen=True)
class SyntheticDot:
    """Atoms and what the files will say of them.

    :param weight: (n_kinds, n_states) shares, each column sums to 1.
    """

    symbols: list[str]
    kinds: list[str]
    positions_ang: Array
    cell_ang: Array
    n_valence: NDArray[np.int64]
    bader_charge: Array
    kind_names: list[str]
    eigenvalue_ev: Array
    n_occupied: int
    weight: Array

    @property
    def n_electrons(self) -> int:
        return int(self.n_valence.sum())


def synthetic_dot(spec: ModelSpec, seed: int = 1) -> SyntheticDot:
    """Build a model and make charges and orbitals up for it."""
    model = build(spec)
    charge = predict(dot_of_model(model)).charge
    positions = model.atoms.positions - model.atoms.positions.min(axis=0) + PADDING_ANG
    kinds = kind_names(model.atoms.symbols, model.atoms.get_tags())
    names = list(dict.fromkeys(kinds))
    n_valence = np.array([element(symbol).n_valence for symbol in model.symbols])
    energies, weight, n_occupied = _states(names, kinds, int(n_valence.sum()) // 2, seed)
    return SyntheticDot(
        model.symbols, kinds, positions, positions.max(axis=0) + PADDING_ANG, n_valence,
        charge - charge.mean(), names, energies, n_occupied, weight,
    )  # fmt: skip


def _states(names: list[str], kinds: list[str], n_occupied: int, seed: int) -> tuple[Array, Array, int]:
    """Return energies, shares of kinds and the number of the occupied states."""
    random = np.random.default_rng(seed)
    counts = np.array([kinds.count(name) for name in names], dtype=float)
    decoded = [decode(name) for name in names]
    is_anion = np.array([element(kind.symbol).oxidation_state < 0 for kind in decoded])
    energies: list[Array] = []
    carrier: list[NDArray[np.int64]] = []
    for k, kind in enumerate(decoded):
        bands = [(_S_EV, 1), (_P_EV, 3)] if is_anion[k] else [(_SEMICORE_EV, 5)]
        for band, per_atom in bands:
            middle, width = band[kind.symbol]
            raised = 0.4 if band is _P_EV and kind.coordination == 3 and kind.region != 4 else 0.0
            n = int(counts[k]) * per_atom
            energies.append(middle + raised + width * np.clip(random.normal(size=n), -2.0, 2.0))
            carrier.append(np.full(n, k))
    occupied, who = np.concatenate(energies), np.concatenate(carrier)
    order = np.argsort(occupied)
    occupied, who = occupied[order], who[order]
    if len(occupied) != n_occupied:
        raise ValueError(f"{len(occupied)} occupied states for {n_occupied} pairs of electrons")
    occupied += _HOMO_EV - occupied[-1]
    gap = 0.5 + 8.0 / len(kinds) ** 0.5
    empty = _HOMO_EV + gap + 2.5 * (np.arange(N_VIRTUAL) / N_VIRTUAL) ** (2 / 3)
    spread = counts * np.where(is_anion, 1.0, 0.5)
    weight = np.outer(spread / spread.sum(), np.ones(len(occupied) + N_VIRTUAL))
    weight[:, : len(occupied)] *= 0.5
    weight[who, np.arange(len(occupied))] += 0.5
    weight *= random.uniform(0.7, 1.3, size=weight.shape)
    weight /= weight.sum(axis=0)
    return np.concatenate([occupied, empty]), weight, len(occupied)


def write_run(dot: SyntheticDot, folder: Path, *, cube_points: int = 120) -> None:
    """Write the files of one run into a folder: XYZ, output, .pdos by kind, ACF.dat, cubes of HOMO and LUMO."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{k} {x:.8f} {y:.8f} {z:.8f}" for k, (x, y, z) in zip(dot.kinds, dot.positions_ang, strict=True)
    ]
    (folder / "dot.xyz").write_text("\n".join([str(len(dot.kinds)), MARK, *lines]) + "\n")
    (folder / "aiida.out").write_text(output_text(dot))
    for number, name in enumerate(dot.kind_names, start=1):
        _write_pdos(dot, name, number - 1, folder / f"aiida-k{number}-1.pdos")
    (folder / "ACF.dat").write_text(acf_text(dot))
    for number in (dot.n_occupied, dot.n_occupied + 1):
        write_orbital(dot, number, folder / f"aiida-WFN_{number:05d}_1-1_0.cube.gz", cube_points)


def output_text(dot: SyntheticDot) -> str:
    """Return the main output of CP2K, cut down to what a reader needs, with all orbitals listed."""
    n, n_kinds, cell = len(dot.kinds), len(dot.kind_names), dot.cell_ang
    functions = sum(count_functions(symbol, "DZVP") for symbol in dot.symbols)
    energy = -dot.n_electrons * 3.4
    parts = [
        "  **** **** ******  **  PROGRAM STARTED AT               2026-01-01 00:00:00.000",
        f" {MARK}",
        " CP2K| version string:                                       CP2K version 2023.1",
        " CP2K| source code revision number:                                  git:b888bd8",
        " GLOBAL| Run type                                                         ENERGY",
        " GLOBAL| Total number of message passing processes                           448",
        " GLOBAL| Number of threads for this process                                    1",
        *(f" CELL| Vector {v} [angstrom]: {x:12.3f}{y:10.3f}{z:10.3f}   |{v}| = {max(x, y, z):12.6f}"
          for v, (x, y, z) in zip("abc", np.diag(cell), strict=True)),
        " CELL| Periodicity                                                          NONE",
        " DFT| Number of spin states                                                    1",
        "\n ATOMIC KIND INFORMATION\n",
        *(f"{k:3d}. Atomic kind: {name:<24s}     Number of atoms: {dot.kinds.count(name):7d}\n"
          for k, name in enumerate(dot.kind_names, start=1)),
        f"  Total number of            - Atomic kinds: {n_kinds:33d}",
        f"                             - Atoms: {n:40d}\n",
        " MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM\n",
        "   Atom Kind Element         X             Y             Z       Z(eff)     Mass",
        *_atom_lines(dot),
        f"\n Number of electrons: {dot.n_electrons:58d}",
        f" Number of occupied orbitals: {dot.n_occupied:50d}",
        f" Number of orbital functions: {functions:50d}\n",
        " SCF WAVEFUNCTION OPTIMIZATION\n",
        "  Step     Update method      Time    Convergence         Total energy    Change",
        "  ------------------------------------------------------------------------------",
        *(f"{k:6d} OT DIIS     0.80E-01  212.4 {0.1 * 0.55**k:14.8f} {energy + 30 * 0.4**k:18.10f} {-18 * 0.4**k:9.2E}"
          for k in range(1, 31)),
        "\n  *** SCF run converged in    30 steps ***\n",
        f"  Electronic density on regular grids: {-dot.n_electrons:20.10f} {0:19.10f}",
        "\n MO| EIGENVALUES AND OCCUPATION NUMBERS\n MO|",
        " MO|  Index      Eigenvalue [a.u.]        Eigenvalue [eV]             Occupation",
        *(f" MO|{k:7d} {e / HARTREE_EV:23.6f} {e:22.6f} {2.0 * (k <= dot.n_occupied):22.6f}"
          for k, e in enumerate(_printed_ev(dot), start=1)),
        f" MO| Sum: {2.0 * dot.n_occupied:69.6f}",
        f" MO| E(Fermi): {_HOMO_EV / HARTREE_EV:20.6f} a.u. {_HOMO_EV:17.6f} eV\n",
        f" ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]: {energy:33.15f}\n",
        " The number of warnings for this run is : 0",
        "  **** **** ******  **  PROGRAM ENDED AT                 2026-01-01 02:10:00.000",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _printed_ev(dot: SyntheticDot) -> Array:
    """Return the eigenvalues with the digits that a list in hartree keeps."""
    printed: Array = np.round(dot.eigenvalue_ev / HARTREE_EV, 6) * HARTREE_EV
    return printed


def _atom_lines(dot: SyntheticDot) -> list[str]:
    number = {name: k for k, name in enumerate(dot.kind_names, start=1)}
    rows = zip(dot.symbols, dot.kinds, dot.positions_ang, dot.n_valence, strict=True)
    return [
        f"{i:7d} {number[kind]:4d} {symbol:<2s} {1:4d} {x:13.6f} {y:13.6f} {z:13.6f} {z_eff:8.4f} {1.0:9.4f}"
        for i, (symbol, kind, (x, y, z), z_eff) in enumerate(rows, start=1)
    ]


def _write_pdos(dot: SyntheticDot, name: str, row: int, path: Path) -> None:
    titles = _TITLES if count_functions(decode(name).symbol, "DZVP") > 13 else _TITLES[:9]
    share = dot.weight[row][:, None] * (np.arange(len(titles), 0, -1) / np.arange(len(titles) + 1).sum())
    fermi = f"E(Fermi) = {_HOMO_EV / HARTREE_EV:12.6f} a.u."
    head = f"# Projected DOS for atomic kind {name} at iteration step i = 0, {fermi}"
    columns = "#     MO Eigenvalue [a.u.]      Occupation" + "".join(f"{title:>18s}" for title in titles)
    index = np.arange(1, len(share) + 1)
    table = np.column_stack([index, dot.eigenvalue_ev / HARTREE_EV, 2.0 * (index <= dot.n_occupied), share])
    np.savetxt(path, table, ["%8d", "%16.6f", "%15.6f"] + ["%17.8f"] * len(titles), header=f"{head}\n{columns}",
               comments="")  # fmt: skip


def acf_text(dot: SyntheticDot) -> str:
    """Return the table of the Bader program, in bohr."""
    population = dot.n_valence - dot.bader_charge
    rows = [
        f"{i:5d} {x:11.6f} {y:11.6f} {z:11.6f} {p:11.6f} {2.2:11.6f} {300.0:13.6f}"
        for i, ((x, y, z), p) in enumerate(
            zip(dot.positions_ang / BOHR_ANG, population, strict=True), start=1
        )
    ]
    rule = " " + "-" * 80
    head = "    #         X           Y           Z       CHARGE      MIN DIST   ATOMIC VOL"
    foot = [f"    VACUUM CHARGE: {0:23.6f}", f"    VACUUM VOLUME: {0:23.6f}"]
    return (
        "\n".join([head, rule, *rows, rule, *foot, f"    NUMBER OF ELECTRONS: {dot.n_electrons:17.6f}"])
        + "\n"
    )


def write_density(dot: SyntheticDot, path: Path, n: int) -> None:
    """Write a density on n³ points: spheres about the nuclei that hold as many electrons as the charges leave them."""
    radii = synthetic_density.radii_bohr()
    tail = 1e-3 * np.exp(-radii)
    shapes = [radii**2 * np.exp(-3.4 * radii) + tail, radii**2 * np.exp(-2.8 * radii) + tail]  # cation, anion
    shapes = [shape / synthetic_density.electrons_in(shape) for shape in shapes]
    is_anion = [element(symbol).oxidation_state < 0 for symbol in dot.symbols]
    population = dot.n_valence - dot.bader_charge
    tables = np.array([shapes[anion] * p for anion, p in zip(is_anion, population, strict=True)])
    sites, edges = dot.positions_ang / BOHR_ANG, dot.cell_ang / BOHR_ANG
    density = synthetic_density.density_of(sites, tables, np.arange(len(tables)), edges, n)
    numbers = [_NUMBERS[symbol] for symbol in dot.symbols]
    synthetic_density.write_cube(path, density, numbers, sites, edges, MARK)


def write_orbital(dot: SyntheticDot, number: int, path: Path, n: int) -> None:
    """Write an orbital as CP2K does: an envelope over the whole dot, or its surface, times a wave of the lattice."""
    axes = [np.linspace(0, edge, n, endpoint=False) for edge in dot.cell_ang]
    x, y, z = (axis - axis.mean() for axis in axes)
    radius = np.sqrt(x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2)
    extent = dot.positions_ang.std()
    shell = 0.0 if number > dot.n_occupied else extent
    values = np.exp(-(((radius - shell) / extent) ** 2)) * np.cos(2 * np.pi * x / 4.3)[:, None, None]
    values /= np.sqrt((values**2).sum())
    values[np.abs(values) < 1e-5] = 0.0  # as the work chain does on the cluster
    step = dot.cell_ang / n / BOHR_ANG
    head = [MARK, f" WAVEFUNCTION {number} spin 1 i.e. {'HOMO' if number <= dot.n_occupied else 'LUMO'} + 0"]
    head += [f"{len(dot.kinds):5d}" + 3 * f"{0:12.6f}"]
    head += [f"{n:5d}" + "".join(f"{step[k] * (k == row):12.6f}" for k in range(3)) for row in range(3)]
    head += [
        f"{_NUMBERS[symbol]:5d}{0:12.6f}{px:12.6f}{py:12.6f}{pz:12.6f}"
        for symbol, (px, py, pz) in zip(dot.symbols, dot.positions_ang / BOHR_ANG, strict=True)
    ]
    rows = values.reshape(-1, n)
    with gzip.open(path, "wt", compresslevel=1) as stream:
        stream.write("\n".join(head) + "\n")
        line = "\n".join([" %12.5E" * 6] * (n // 6) + [" %12.5E" * (n % 6)] * (n % 6 > 0)) + "\n"
        for row in rows:
            stream.write(line % tuple(row))


_NUMBERS = {"In": 49, "Cd": 48, "Zn": 30, "As": 33, "Se": 34, "Cl": 17}
