"""Take synthetic results of full size through everything that comes after the DFT, and time it.

    python tests/rehearsal/rehearse.py DIR [--campaign FILE] [--points NAME,NAME] [--only-paper]

DIR gets the files of each dot, an AiiDA profile of its own, the figures, and ``steps.json``; what is there already is
used again. Every step is a command as a user types it, in a process of its own: seconds of processor, seconds on the
clock, and peak memory. All numbers in the figures are synthetic (tests/rehearsal/synthetic.py).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from rehearsal.synthetic import synthetic_dot, write_run

from aiida_chargeflow.science.models.campaign import Campaign

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "aiida_chargeflow"]
GROUP = "rehearsal"
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
    """A profile in a folder, and what each step took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "AIIDA_PATH": str(folder), "MPLBACKEND": "agg"}
        self.rows: list[dict[str, object]] = []
        if not (folder / ".aiida" / "config.json").exists():
            self.verdi("presto", "-n", "-p", "rehearsal")

    def verdi(self, *arguments: str) -> None:
        """Run verdi in the profile."""
        subprocess.run(
            [sys.executable, "-m", "aiida", *arguments], env=self.env, check=True, capture_output=True
        )

    def step(self, name: str, dot: str, n_atoms: int, arguments: list[str], into: Path) -> bool:
        """Run one command in a folder and note what it took; return whether it went well."""
        into.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        with (into / "log.txt").open("ab") as log:
            log.write(f"$ {' '.join(arguments)}\n".encode())
            log.flush()
            process = subprocess.Popen([*COMMAND, *arguments], cwd=into, env=self.env, stdout=log, stderr=log)
            _, status, used = os.wait4(process.pid, 0)
        row = {
            "step": name,
            "dot": dot,
            "n_atoms": n_atoms,
            "cpu_s": round(used.ru_utime + used.ru_stime, 1),
            "wall_s": round(time.perf_counter() - start, 1),
            "memory_gb": round(used.ru_maxrss / 1e6, 2),
            "ok": status == 0,
        }
        self.rows.append(row)
        print(*row.values(), sep="\t", flush=True)
        (self.folder / "steps.json").write_text(json.dumps(self.rows, indent=1))
        return status == 0


def main() -> None:
    """Make what is missing, then run the steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--campaign", type=Path, default=ROOT / "workflows/inas-cdse-paper.yaml")
    parser.add_argument("--points", default="", help="only these, with commas between them")
    parser.add_argument(
        "--only-paper", action="store_true", help="import, then figures and tables of all dots"
    )
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    rehearsal = Rehearsal(folder)
    wanted = [name for name in given.points.split(",") if name]
    for point in Campaign.from_yaml(given.campaign).points:
        if wanted and point.label not in wanted:
            continue
        run = folder / "runs" / point.label
        model = folder / "models" / f"{point.label}.yaml"
        if not (run / "ACF.dat").exists():
            model.parent.mkdir(exist_ok=True)
            model.write_text(json.dumps(point.spec().to_mapping()))  # JSON is YAML
            write_run(synthetic_dot(point.spec()), run)
        n_atoms = int((run / "dot.xyz").read_text().split("\n", 1)[0])
        into = folder / "out" / point.label
        arguments = ["import", str(run), "--group", GROUP, "--label", point.label, "--model", str(model)]
        if not rehearsal.step("import", point.label, n_atoms, arguments, into) or given.only_paper:
            continue
        rehearsal.step("analyse", point.label, n_atoms, _analyse(run), into)
        for name, command in OF_ONE.items():
            rehearsal.step(name, point.label, n_atoms, [part.format(point.label) for part in command], into)
        rehearsal.step("archive import", point.label, n_atoms, ["archive", "import", "one.aiida"], into)
    if given.only_paper:
        for name, command in OF_ALL.items():
            rehearsal.step(name, "all", 0, command, folder / "out" / "all")


def _analyse(run: Path) -> list[str]:
    return ["analyse", str(run / "dot.xyz"), str(run / "ACF.dat"), "-o", "analysis"]


if __name__ == "__main__":
    main()
