"""Faults of the whole chain, CP2K to charge flow, under a sweep: InCl3 with a coarse grid, seconds a run."""

from __future__ import annotations

import os
import signal
import sys
import time
import zlib
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[depth]) for depth in (1, 2)]
from e2e.site_under_test import Site, shell  # noqa: E402
from e2e.trial import GOOD_OPTIONS, Report, Trial  # noqa: E402

from aiida_chargeflow.science.cp2k.output import scf_progress  # noqa: E402

STAGE = {"name": "rough", "final": True, "eps_scf": 1e-6, "max_scf": 60, "n_virtual": 2}
ROUGH = {
    "functional": "pbe",
    "cutoff_ry": 150,
    "rel_cutoff_ry": 30,
    "eps_default": 1e-8,
    "padding_ang": 2.5,
    "stages": [{**STAGE, "electronic_temperature_k": 1000}],
}
POSITIONS = [[0, 0, 0], [2.3, 0, 0], [-1.15, 1.99, 0], [-1.15, -1.99, 0]]


class MoleculeTrial(Trial):
    """A sweep of molecules, each a little more stretched than the one before, and of no other trial's lengths.

    Else AiiDA's cache would serve them without a run.
    """

    def __init__(
        self, place: Site, name: str, *, cp2k: str = "cp2k", bader: str = "bader", **others: Any
    ) -> None:
        self.codes = {"cp2k": cp2k, "bader": bader}
        super().__init__(place, name, **others)

    def spec(self, number: int) -> dict[str, Any]:
        """Return the atoms of a point."""
        scale = 1 + 0.01 * number + zlib.crc32(self.name.encode()) % 1000 * 1e-5
        positions = [[scale * x for x in position] for position in POSITIONS]
        return {"symbols": "InCl3", "positions_ang": positions, "tags": [33, 41, 41, 41]}

    def chain(self, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the sweep of molecules and the inputs of a model."""
        from aiida import orm
        from sweep_standin import MoleculeSweepWorkChain

        from aiida_chargeflow.science.models.spec import ModelSpec
        from aiida_chargeflow.workchains.model import ModelWorkChain

        any_spec = ModelSpec.from_mapping(
            {"core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}}
        )
        codes = {role: orm.load_code(f"{label}@playground") for role, label in self.codes.items()}
        builder = ModelWorkChain.get_builder_from_protocol(
            codes, any_spec, "demo", {"scf": ROUGH}, {**options, "resources": {"num_machines": 1}}
        )
        inputs = builder._inputs(prune=True)
        return MoleculeSweepWorkChain, {k: v for k, v in inputs.items() if k not in ("spec", "digest")}

    def iterating(self) -> int:
        """Wait until CP2K iterates in a job, and return its process."""
        found: list[int] = []

        def look() -> bool:
            found[:] = [pid for pid in _processes_below(self.place.cluster / "scratch") if _iterates(pid)]
            return bool(found)

        self.wait(look, 240, "CP2K to iterate")
        return found[0]


def cp2k_killed(place: Site) -> Report:
    """Kill -9 CP2K in the middle of its SCF: the chain runs the stage again from its wavefunction."""
    place.register_codes()
    trial = MoleculeTrial(place, "cp2k-killed", n=2)
    os.kill(trial.iterating(), signal.SIGKILL)
    return _count(trial, "kill -9 of CP2K in mid-SCF", "nothing")


def scratch_purged(place: Site) -> Report:
    """Remove the folder of a ground state before Bader has read its density."""
    place.register_codes()
    _wrap(place, "bader", "purging", 'rm -r "$(dirname "$(readlink -f rho.cube)")"')
    trial = MoleculeTrial(place, "scratch-purged", n=2, bader="purging")
    return _count(trial, "scratch purged between SCF and Bader", "nothing")


def node_failure(place: Site) -> Report:
    """Lose the node while CP2K iterates, and get it back some seconds later."""
    place.register_codes()
    trial = MoleculeTrial(place, "node-failure", n=2)
    trial.iterating()
    node = shell("hostname", "-s").strip()
    place.slurm("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    time.sleep(10)
    # it may have come back by itself: slurmd registers again, and ReturnToService=2
    resume = ["scontrol", "update", f"nodename={node}", "state=resume"]
    shell("env", f"SLURM_CONF={place.cluster}/slurm.conf", *resume, check=False)
    return _count(trial, "node down for 10 s (NODE_FAIL)", "nothing")


def out_of_memory(place: Site) -> Report:
    """Let CP2K ask for more than the job may have: with one process on a node only the user can help."""
    place.register_codes()
    _wrap(place, "cp2k", "greedy", "ulimit -v 450000")  # with less it dies before it can say so
    trial = MoleculeTrial(place, "out-of-memory", n=2, cp2k="greedy")
    trial.wait(lambda: trial.status().finished, 300, "the end")
    said = trial.first("failed")
    start = time.monotonic()
    trial.codes["cp2k"] = "cp2k"
    trial.submit(GOOD_OPTIONS)
    trial.progress_after(300)
    report = _count(
        trial, "out of memory (two points, one job each)", "`sweep retry FILE` with more memory", said
    )
    report.recovery_s = time.monotonic() - start
    return report


def _wrap(place: Site, role: str, label: str, line: str) -> None:
    """Register a program that runs a shell line first, the first time for each trial only."""
    from aiida import orm

    code = orm.load_code(f"{role}@playground")
    script = place.base / label
    guard = f"if [ {role} = cp2k ] || mkdir {place.base}/{label}.done 2>/dev/null; then {line}; fi"
    script.write_text(f'#!/bin/bash\n{guard}\nexec {code.filepath_executable} "$@"\n')
    script.chmod(0o755)
    orm.InstalledCode(
        code.computer,
        str(script),
        label=label,
        default_calc_job_plugin=code.default_calc_job_plugin,
        with_mpi=False,
        prepend_text=code.prepend_text,
    ).store()


def _count(trial: MoleculeTrial, fault: str, user_did: str, said: str = "") -> Report:
    start = time.monotonic()
    trial.progress_after(300)
    report = trial.finish(fault, time.monotonic() - start, user_did, said)
    # a point has two jobs, CP2K and Bader: what is beyond them and ran to its end ran twice
    report.twice = max(0, report.twice - report.done)
    return report


def _processes_below(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (entry / "comm").read_text().startswith("cp2k") and (entry / "cwd").resolve().is_relative_to(
                folder
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _iterates(pid: int) -> bool:
    try:
        text = (Path("/proc") / str(pid) / "cwd" / "aiida.out").read_text(errors="replace")
    except OSError:
        return False
    return scf_progress(text) is not None
