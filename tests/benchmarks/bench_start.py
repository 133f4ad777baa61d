"""Start geometries against relaxed dots: ``python tests/benchmarks/bench_start.py DIR [NAME …]`` prints the tables.

DIR holds relaxed structures such as ``In31As20Cl33_HLE17_18ang_OPT.xyz``, at any depth: the library
nlesc-nano/Quantum-Dots-Models-Library-for-DFT-Simulations. NAME picks files whose names begin so.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from scipy.optimize import linear_sum_assignment

from aiida_chargeflow.science.charges.bonds import bond_graph
from aiida_chargeflow.science.elements import element
from aiida_chargeflow.science.kinds import CORE, LIGAND
from aiida_chargeflow.science.models.build import QDModel, build, edited_draft, realise
from aiida_chargeflow.science.models.lattice import TETRAHEDRAL, find
from aiida_chargeflow.science.models.lattice_fit import fit_lattice
from aiida_chargeflow.science.models.ligand_bonds import settle
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.models.start_positions import start_positions

_III_V = {31: 1, 107: 2, 249: 3, 477: 4, 811: 5, 1271: 6}
_II_VI = {16: 1, 68: 2, 176: 3, 324: 4, 592: 5}

#: Files whose numbers were fitted: every other dot of each pair of elements, by the number of cations.
FITTED_ANGLES = ("In31As", "In249As", "In107P", "Ga249As", "Cd16Se", "Cd176Se", "In31Sb")


#: By family and dot: bridges opposite to one of two anions and of three, and resultants, of each dot.
Bent = dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray, np.ndarray]]]


@dataclass(frozen=True)
class Dot:
    """A dot with its bonds, the cation first, and the lattice site of each cation and framework anion."""

    atoms: Atoms
    charges: np.ndarray
    bonds: np.ndarray
    sites: np.ndarray

    @property
    def is_ligand(self) -> np.ndarray:
        return self.charges == -1

    def bound(self) -> dict[int, list[int]]:
        """Return the cations of each ligand."""
        found: dict[int, list[int]] = {int(atom): [] for atom in np.flatnonzero(self.is_ligand)}
        for cation, anion in self.bonds.tolist():
            if anion in found:
                found[anion].append(cation)
        return found

    def environments(self) -> tuple[Counter[Any], Counter[int]]:
        """Count (anions, ligands) over cations, and cations over ligands."""
        n = len(self.charges)
        outer = self.is_ligand[self.bonds[:, 1]]
        anions = np.bincount(self.bonds[~outer, 0], minlength=n)
        ligands = np.bincount(self.bonds[outer, 0], minlength=n)
        cation = self.charges > 0
        pairs = zip(anions[cation].tolist(), ligands[cation].tolist(), strict=True)
        return Counter(pairs), Counter(map(len, self.bound().values()))


def read(path: Path) -> Atoms:
    """Read element and position from every line that holds them; one file's header counts two atoms too few."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()[2:]]
    rows = [row for row in rows if len(row) == 4]
    return Atoms([row[0] for row in rows], np.array([row[1:] for row in rows], dtype=float))


def specification(symbols: list[str]) -> dict[str, Any] | None:
    """Return the model of a published composition, None for one that is not in the two series."""
    counts = Counter(symbols)
    zinc = counts.get("Zn", 0) if len(counts) > 3 else 0
    cation, anion = (
        max((s for s in counts if test(element(s).oxidation_state)), key=counts.__getitem__)
        for test in (lambda q: q > 0, lambda q: q < -1)
    )
    n = sum(count for symbol, count in counts.items() if element(symbol).oxidation_state > 0)
    if element(cation).oxidation_state == 3 and n in _III_V:
        k = _III_V[n]
        rule: dict[str, Any] = {"rule": "saturate"} | ({"exchange": 12, "substitute": "Zn"} if zinc else {})
        return {
            "core": {"material": cation + anion, "planes": [4 * k, 4 * k + 5, 2 * k + 2]},
            "passivation": rule,
        }
    if element(cation).oxidation_state == 2 and n in _II_VI:
        k = _II_VI[n]
        core = {"material": cation + anion, "planes": [4 * k + 1, 4 * k, 2 * k + 1]}
        return {"core": core, "surface": "vacancies-2x2" if k >= 4 else "pure"}
    return None


def published(path: Path, cations: np.ndarray) -> Dot:
    """Read a relaxed dot and put it on the lattice of the cation sites ``cations``."""
    atoms = read(path)
    charges = np.array([element(symbol).oxidation_state for symbol in atoms.symbols])
    pairs = bond_graph(atoms, exclude_like_charges=True).bonds
    bonds = np.where(charges[pairs[:, :1]] > 0, pairs, pairs[:, ::-1])
    fit = fit_lattice(atoms.positions, pairs, charges)
    wanted = set(map(tuple, cations.tolist()))
    inside = fit.sites[fit.reached & fit.is_cation]
    middle = np.rint(inside.mean(0)).astype(int)
    shifts = sorted(product(range(-5, 6), repeat=3), key=lambda s: sum(map(abs, s)))
    origin = max(
        (middle + s for s in shifts), key=lambda o: len(wanted & set(map(tuple, (inside - o).tolist())))
    )
    sites = (fit.sites - origin).astype(float)
    framework = fit.reached & (charges != -1)
    unit = fit.lattice_constant_ang / 4
    turned, _ = superposition(atoms.positions, sites * unit, framework)
    sites = np.where(framework[:, None], sites, turned / unit)
    _snap(sites, charges > 0, cations)
    return Dot(atoms, charges, bonds, sites)


def _snap(sites: np.ndarray, rows: np.ndarray, targets: np.ndarray) -> None:
    """Give the atoms ``rows`` the nearest of the sites ``targets``, each at most once."""
    distance = ((sites[rows][:, None] - targets[None]) ** 2).sum(2)
    i, j = linear_sum_assignment(distance)
    sites[np.flatnonzero(rows)[i]] = targets[j]


def dot_of(model: QDModel) -> Dot:
    """Return a built model in the same form."""
    bonds = np.where(model.formal_charges[model.bonds[:, :1]] > 0, model.bonds, model.bonds[:, ::-1])
    return Dot(model.atoms, model.formal_charges, bonds, model.sites.astype(float))


def agreement(one: Dot, two: Dot) -> float:
    """Return the share of cations and ligands whose environments both dots have."""
    shared = sum(sum((a & b).values()) for a, b in zip(one.environments(), two.environments(), strict=True))
    return shared / sum(sum(counts.values()) for counts in one.environments())


def bridge_angles(dot: Dot) -> np.ndarray:
    """Return for each end of a bridge between two cations, shape (n, 3): how many framework anions its cation has,
    how many the other, and the widest angle in degrees between the bridge and one of those at this end.
    """
    positions = dot.atoms.positions
    held: dict[int, list[int]] = defaultdict(list)
    for cation, anion in dot.bonds[~dot.is_ligand[dot.bonds[:, 1]]].tolist():
        held[cation].append(anion)
    rows = []
    for ligand, ends in dot.bound().items():
        for cation, other in (ends, ends[::-1]) if len(ends) == 2 else ():
            arms = positions[[ligand, *held[cation]]] - positions[cation]
            arms /= np.linalg.norm(arms, axis=1)[:, None]
            widest = np.degrees(np.arccos(np.clip((arms[1:] @ arms[0]).min(initial=1.0), -1, 1)))
            rows.append((len(held[cation]), len(held[other]), widest))
    return np.array(rows, dtype=float).reshape(-1, 3)


def opposite(dot: Dot, n_anions: int, least_other: int) -> np.ndarray:
    """Return which bridges stand opposite (130°) to an anion, over ends with ``n_anions`` at one, at the other more."""
    here, there, widest = bridge_angles(dot).T
    result: np.ndarray = widest[(here == n_anions) & (there >= least_other)] > 130
    return result


def resultants(dot: Dot) -> np.ndarray:
    """Sum the unit vectors of the four bonds of each cation with ligands: 0 for a tetrahedron, 1 for a flat pyramid."""
    cation, ligand = dot.bonds[:, 0], dot.is_ligand[dot.bonds[:, 1]]
    arms = np.diff(dot.atoms.positions[dot.bonds], axis=1)[:, 0]
    total = np.zeros((len(dot.charges), 3))
    np.add.at(total, cation, arms / np.linalg.norm(arms, axis=1)[:, None])
    n_bonds = np.bincount(cation, minlength=len(total))
    n_ligands = np.bincount(cation[ligand], minlength=len(total))
    size: np.ndarray = np.linalg.norm(total[(n_bonds == 4) & (n_ligands > 0)], axis=1)
    return size


def superposition(moved: np.ndarray, fixed: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``moved`` superposed on ``fixed`` by the atoms ``by``, and the distances of all atoms."""
    a, b = moved - moved[by].mean(0), fixed - fixed[by].mean(0)
    u, _, v = np.linalg.svd(a[by].T @ b[by])
    turn = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
    placed = a @ turn + fixed[by].mean(0)
    return placed, np.linalg.norm(placed - fixed, axis=1)


def matched(dot: Dot, target: Dot) -> tuple[int, np.ndarray]:
    """Return how many cation-ligand bonds differ, and the atom of ``dot`` for each of ``target``.

    The cations sit on the same sites; ligands are paired so that fewest bonds differ, then by distance.
    """
    order = np.full(len(target.charges), -1)
    for rows in (lambda q: q > 0, lambda q: q < -1):
        mine, theirs = np.flatnonzero(rows(dot.charges)), np.flatnonzero(rows(target.charges))
        distance = ((target.sites[theirs][:, None] - dot.sites[mine][None]) ** 2).sum(2)
        i, j = linear_sum_assignment(distance)
        order[theirs[i]] = mine[j]
    mine = {ligand: set(cations) for ligand, cations in dot.bound().items()}
    theirs = {ligand: {order[cation] for cation in cations} for ligand, cations in target.bound().items()}
    rows, columns = np.array(list(theirs)), np.array(list(mine))
    apart = np.array([[len(a ^ b) for a in mine.values()] for b in theirs.values()])
    distance = np.linalg.norm(target.sites[rows][:, None] - dot.sites[columns][None], axis=2)
    i, j = linear_sum_assignment(apart + 1e-3 * distance)
    order[rows[i]] = columns[j]
    return int(apart[i, j].sum()), order


def on_published_bonds(target: Dot, spec: ModelSpec, lattice_constant_ang: float) -> np.ndarray:
    """Return our start positions for the published bonds, shape (n_atoms, 3), in Å."""
    points = target.sites.copy()
    held = {tuple(np.rint(site).astype(int)) for site in target.sites[target.charges < -1]}
    for ligand, cations in target.bound().items():
        ends = []
        for cation in cations:
            slots = np.array(
                [s for s in target.sites[cation] + TETRAHEDRAL if tuple(s.astype(int)) not in held]
            )
            if len(slots):
                ends.append(slots[np.argmin(((slots - target.sites[ligand]) ** 2).sum(1))])
        points[ligand] = np.mean(ends, axis=0) if ends else points[ligand]
    numbers = target.atoms.numbers
    return start_positions(
        spec, numbers, target.charges, target.is_ligand, points, target.bonds, lattice_constant_ang
    )


def _rms(distances: np.ndarray, rows: np.ndarray) -> float:
    return float(np.sqrt((distances[rows] ** 2).mean()))


def on_published_choice(target: Dot, spec: ModelSpec) -> QDModel | None:
    """Return our model where the published dot decides which anions are exchanged and which sites have ligands.

    Ligands start on the free lattice sites nearest to them; which cations they bind then follows from our rule.

    :returns: None where a surface pattern chooses sites.
    """
    if spec.surface[0].pattern != "pure":
        return None
    draft = edited_draft(spec)
    z, charges = target.atoms.numbers, target.charges
    cations = find(draft.cations, np.rint(target.sites[charges > 0]).astype(int))
    draft.cation_z[:] = 0
    draft.cation_z[cations] = z[charges > 0]
    draft.anion_z[:], draft.anion_region[:] = 0, LIGAND
    for rows, region, fewest in ((charges < -1, CORE, 3), (charges == -1, LIGAND, 1)):
        free = np.flatnonzero((draft.anion_z == 0) & (draft.anion_coordination >= fewest))
        distance = ((target.sites[rows][:, None] - draft.anions[free][None]) ** 2).sum(2)
        i, j = linear_sum_assignment(distance)
        draft.anion_z[free[j]], draft.anion_region[free[j]] = z[rows][i], region
    return realise(draft, spec, settle(draft))


def compare(path: Path, lengths: dict[str, list[float]], bent: Bent) -> str | None:
    """Return the row of one published dot."""
    given = specification(list(read(path).symbols))
    if given is None:
        return None
    spec = ModelSpec.from_mapping(given)
    models = {start: build(spec.model_copy(update={"start": start})) for start in ("v1", "v2", "v3")}
    target = published(path, spec.polyhedra[-1].cations())
    _bend(bent, {"relaxed": target} | {start: dot_of(model) for start, model in models.items()})
    cells = [f"{100 * agreement(target, dot_of(model)):.1f}" for model in models.values()]
    chosen = on_published_choice(target, spec)
    framework = ~target.is_ligand
    if chosen is None:
        cells += [""] * 4
    else:
        differ, order = matched(dot_of(chosen), target)
        n_bonds = int(target.is_ligand[target.bonds[:, 1]].sum())
        positions = chosen.atoms.positions[order]
        cells += [f"{100 * agreement(target, dot_of(chosen)):.1f}", f"{100 * differ / n_bonds:.1f}"]
        cells += _both(superposition(positions, target.atoms.positions, framework)[1], framework)
    made = on_published_bonds(target, spec, models["v3"].lattice_constant_ang)
    cells += _both(superposition(made, target.atoms.positions, framework)[1], framework)
    _collect(lengths, target, made)
    name, size = path.name.split("_HLE17")[0], path.name.split("_")[2].removesuffix("ang")
    return f"| {name} ({size} Å){' *' if path.name.startswith(FITTED_ANGLES) else ''} | {' | '.join(cells)} |"


def _bend(bent: Bent, dots: dict[str, Dot]) -> None:
    """Add how the ligands of each dot bend its cations, III-V and II-VI apart."""
    charge = "III-V" if dots["relaxed"].charges.max() == 3 else "II-VI"
    for name, dot in dots.items():
        bent[charge, name].append((opposite(dot, 2, 2), opposite(dot, 3, 2), resultants(dot)))


def _print_bent(bent: Bent) -> None:
    print(
        "\n| dots | ends of bridges at cations with two anions | opposite to one of these | at cations with three "
        "| opposite | largest resultant of four bonds |\n|---|---|---|---|---|---|"
    )
    for (charge, name), parts in sorted(bent.items()):
        two, three, size = (np.concatenate(part) for part in zip(*parts, strict=True))
        counts = f"{len(two)} | {two.sum()} | {len(three)} | {three.sum()}"
        print(f"| {charge}, {name} | {counts} | {size.max(initial=0):.2f} |")


def _both(apart: np.ndarray, framework: np.ndarray) -> list[str]:
    return [f"{_rms(apart, framework):.2f}", f"{_rms(apart, np.ones_like(framework)):.2f}"]


def _collect(lengths: dict[str, list[float]], target: Dot, made: np.ndarray) -> None:
    """Add the errors of the bond lengths, in Å, under pair and coordinations."""
    symbols, coordination = (
        target.atoms.symbols,
        np.bincount(target.bonds.ravel(), minlength=len(target.charges)),
    )
    for i, j in target.bonds.tolist():
        error = np.linalg.norm(made[i] - made[j]) - np.linalg.norm(
            target.atoms.positions[i] - target.atoms.positions[j]
        )
        lengths[f"{symbols[i]}{coordination[i]}-{symbols[j]}{coordination[j]}"].append(float(error))


def main(folder: Path, names: tuple[str, ...]) -> None:
    """Print the table by dot, then the table by bond."""
    print(
        "| dot | environments v1, % | v2, % | v3, % | on their sites: environments, % | bonds that differ, % "
        "| RMSD framework / Å | all / Å | on their bonds: framework / Å | all / Å |"
    )
    print("|" + "---|" * 10)
    lengths: dict[str, list[float]] = defaultdict(list)
    bent: Bent = defaultdict(list)
    for path in sorted(folder.rglob("*_HLE17_*"), key=_order):
        if (
            path.suffix == ".xyz"
            and path.stem.lower().endswith("opt")
            and path.name.startswith(names or ("",))
        ):
            row = None if "[" in path.name else compare(path, lengths, bent)
            if row:
                print(row, flush=True)
    print("\n| bond | number | mean error / Å | mean absolute error / Å |\n|---|---|---|---|")
    for bond, errors in sorted(lengths.items()):
        if len(errors) >= 20:
            print(f"| {bond} | {len(errors)} | {np.mean(errors):+.3f} | {np.abs(errors).mean():.3f} |")

    _print_bent(bent)


def _order(path: Path) -> tuple[str, int, str]:
    pair = "".join(re.findall(r"[A-Z][a-z]?", path.name)[:2])
    return pair, int(re.findall(r"\d+", path.name)[0]), path.name


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]))
