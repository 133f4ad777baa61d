"""Take synthetic results of full size through everything that comes after the DFT, and time it.

    python tests/rehearsal/rehearse.py DIR [--campaign FILE] [--points NAME,NAME] [--density-points 600]
    python tests/rehearsal/rehearse.py DIR --matrix

DIR gets the files of each dot, an AiiDA profile of its own, the figures, and ``steps.json``; what is there already is
used again. Every step is a command as a user types it, in a process of its own unless --matrix is given: seconds of
processor, seconds on the clock, and peak memory. All numbers in the figures are synthetic (see synthetic.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from aiida_chargeflow.science.charges.acf import read_acf
from aiida_chargeflow.science.models.campaign import Campaign, Point

ROOT = Path(__file__).parents[2]
GROUP = "rehearsal"
PACKAGE = "aiida_chargeflow"
TABLES = ("stoichiometry", "gaps", "charges", "charge-flow", "ligand-density", "orbitals", "cost")
OF_ONE = {
    "structure": ["figure", "structure", "{}", "--by", "region", "-o", "structure.png"],
    "orbitals": ["figure", "orbitals", "{}", "--by", "region", "-o", "orbitals.pdf"],
    "composition": ["figure", "composition", "{}", "-o", "composition.pdf"],
    "alignment": ["figure", "alignment", "{}", "-o", "alignment.pdf"],
    "traps-flow": ["figure", "traps-flow", "{}", "-o", "traps-flow.pdf"],
    "isosurface": ["figure", "isosurface", "{}", "--orbitals", "lumo,homo", "-o", "isosurface.png"],
    "flow-map": ["figure", "flow-map", "{}", "--normal", "0,0,1", "-o", "flow-map.pdf"],
    "flow-map, 3D page": ["figure", "flow-map", "{}", "-o", "flow.html"],
    "depth-profile": ["figure", "depth-profile", "{}", "-o", "depth.pdf"],
    "region-flow": ["figure", "region-flow", "{}", "-o", "regions.pdf"],
    "show": ["show", "{}"],
    "report": ["report", "{}", "-o", "report"],
    "archive create": ["archive", "create", "{}", "--force", "-o", "one.aiida"],
}
OF_ALL = {
    **{f"table {name}": ["table", name, GROUP] for name in TABLES},
    **{f"paper {n}": ["figure", "paper", str(n), GROUP, "-o", f"paper-{n}.png"] for n in (1, 2, 3, 4)},
    **{
        name: ["figure", name, GROUP, "-o", f"{name}.png"]
        for name in ("gap-vs-monolayers", "gap-vs-ligand-density", "ligand-density")
    },
    "report": ["report", GROUP, "-o", "report"],
    "archive create": ["archive", "create", GROUP, "--force", "-o", "all.aiida"],
}


class Rehearsal:
    """A profile in a folder, and what each step took.

    :param in_process: run the steps in this process, which saves the start of each; its memory then is the highest
        so far.
    """

    def __init__(self, folder: Path, *, in_process: bool = False) -> None:
        self.folder, self.in_process = folder, in_process
        os.environ |= {"AIIDA_PATH": str(folder), "MPLBACKEND": "agg"}
        self.rows: list[dict[str, object]] = []
        if not (folder / ".aiida" / "config.json").exists():
            verdi = [sys.executable, "-m", "aiida", "presto", "-n", "-p", "rehearsal"]
            subprocess.run(verdi, check=True, capture_output=True)

    def step(
        self, name: str, dot: str, n_atoms: int, arguments: list[str], into: Path, *, module: str = PACKAGE
    ) -> bool:
        """Run one command in a folder and note what it took; return whether it went well."""
        into.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        with (into / "log.txt").open("a") as log:
            print("$", *arguments, file=log, flush=True)
            if self.in_process and module == PACKAGE:
                ok, cpu_s, memory_gb = _run_here(arguments, into, log)
            else:
                ok, cpu_s, memory_gb = _run_apart(module, arguments, into, log)
        wall_s = round(time.perf_counter() - start, 1)
        row = {"step": name, "dot": dot, "n_atoms": n_atoms, "cpu_s": round(cpu_s, 1), "wall_s": wall_s,
               "memory_gb": round(memory_gb, 2), "ok": ok}  # fmt: skip
        self.rows.append(row)
        print(*row.values(), sep="\t", flush=True)
        (self.folder / "steps.json").write_text(json.dumps(self.rows, indent=1))
        return ok


def _run_apart(module: str, arguments: list[str], into: Path, log: TextIO) -> tuple[bool, float, float]:
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=into, stdout=log, stderr=log)
    _, status, used = os.wait4(process.pid, 0)
    return status == 0, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6


def _run_here(arguments: list[str], into: Path, log: TextIO) -> tuple[bool, float, float]:
    from click.testing import CliRunner

    from aiida_chargeflow.cli import main as command

    start, home = time.process_time(), Path.cwd()
    os.chdir(into)
    result = CliRunner().invoke(command, arguments)
    os.chdir(home)
    log.write(result.output)
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return result.exit_code == 0, time.process_time() - start, memory_gb


def main() -> None:
    """Make what is missing, then run the steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--campaign", type=Path, default=ROOT / "workflows/inas-cdse-paper.yaml")
    parser.add_argument("--points", default="", help="only these, with commas between them")
    parser.add_argument(
        "--matrix", action="store_true", help="all dots first, then figures and tables of them"
    )
    parser.add_argument("--cube-points", type=int, default=120, help="of the orbital cubes, along an edge")
    parser.add_argument(
        "--density-points", type=int, default=0, help="of a density cube for the Bader engine, along an edge"
    )
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rehearsal = Rehearsal(folder, in_process=given.matrix)
    wanted = [name for name in given.points.split(",") if name]
    for point in Campaign.from_yaml(given.campaign).points:
        if wanted and point.label not in wanted:
            continue
        run, model = _make(point, folder, given.cube_points, given.density_points)
        n_atoms = int((run / "dot.xyz").read_text().split("\n", 1)[0])
        into = folder / "out" / point.label
        if given.density_points:
            _bader(rehearsal, point.label, n_atoms, run, into)
        arguments = ["import", str(run), "--group", GROUP, "--label", point.label, "--model", str(model)]
        if not rehearsal.step("import", point.label, n_atoms, arguments, into) or given.matrix:
            continue
        rehearsal.step("analyse", point.label, n_atoms, _analyse(run), into)
        for name, command in OF_ONE.items():
            rehearsal.step(name, point.label, n_atoms, [part.format(point.label) for part in command], into)
        rehearsal.step("archive import", point.label, n_atoms, ["archive", "import", "one.aiida"], into)
    if given.matrix:
        for name, command in OF_ALL.items():
            rehearsal.step(name, "all", 0, command, folder / "out" / "all")


def _make(point: Point, folder: Path, cube_points: int, density_points: int) -> tuple[Path, Path]:
    """Return the folder of a dot's files, made unless it is there, and its model file."""
    run, model = folder / "runs" / point.label, folder / "models" / f"{point.label}.yaml"
    wanted = [run / "ACF.dat"] + [_density_of(run)] * (density_points > 0)
    if not all(path.exists() for path in wanted):
        model.parent.mkdir(exist_ok=True)
        model.write_text(json.dumps(point.spec().to_mapping()))  # JSON is YAML
        # in a process of its own: what this one has used, Linux counts as used by every step that it starts
        maker = multiprocessing.get_context("spawn").Process(
            target=_write, args=(point, run, cube_points, density_points)
        )
        maker.start()
        maker.join()
        if maker.exitcode != 0:
            sys.exit(f"the files of {point.label} could not be made")
    return run, model


def _write(point: Point, run: Path, cube_points: int, density_points: int) -> None:
    from rehearsal.synthetic import synthetic_dot, write_density, write_run

    dot = synthetic_dot(point.spec())
    write_run(dot, run, cube_points=cube_points)
    if density_points:
        write_density(dot, _density_of(run), density_points)


def _density_of(run: Path) -> Path:
    return run.parent / f"{run.name}-density.cube"


def _bader(rehearsal: Rehearsal, label: str, n_atoms: int, run: Path, into: Path) -> None:
    """Let the Bader engine find the charges in a density, and go on with those."""
    invented = run.parent / f"{label}-ACF.dat"
    if not invented.exists():
        shutil.copy(run / "ACF.dat", invented)
    command = [str(_density_of(run)), "-o", str(into)]
    if not rehearsal.step("Bader", label, n_atoms, command, into, module=f"{PACKAGE}.bader.cli"):
        return
    meant, found = (read_acf(path).bader_population for path in (invented, into / "ACF.dat"))
    error = np.abs(found - meant)
    print(
        f"charges off those that were meant by {error.mean():.3f} e on average, {error.max():.3f} e at most"
    )
    shutil.copy(into / "ACF.dat", run / "ACF.dat")


def _analyse(run: Path) -> list[str]:
    return ["analyse", str(run / "dot.xyz"), str(run / "ACF.dat"), "-o", "analysis"]


if __name__ == "__main__":
    main()
