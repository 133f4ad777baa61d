"""Every reader of the package with a small input that it accepts."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aiida_chargeflow.bader.cube import read_cube as read_density
from aiida_chargeflow.clusters.accounting import from_sacct
from aiida_chargeflow.clusters.profile import RunOptions
from aiida_chargeflow.runs.diagnosis import never_starts
from aiida_chargeflow.science.charges.acf import read_acf
from aiida_chargeflow.science.charges.partition import accept_partition
from aiida_chargeflow.science.cp2k.finished_run import read_ground_state, read_orbitals, read_structure
from aiida_chargeflow.science.cp2k.output import read_output, scf_progress
from aiida_chargeflow.science.cp2k.run_files import ImportSettings, find_files
from aiida_chargeflow.science.cp2k.trajectory import last_frame
from aiida_chargeflow.science.electrons.orbital_cube import Cube, write_cube
from aiida_chargeflow.science.electrons.orbital_cube import read_cube as read_orbital
from aiida_chargeflow.science.electrons.pdos import read_pdos
from aiida_chargeflow.science.models.campaign import Campaign
from aiida_chargeflow.science.models.from_atoms import import_model
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.xyz import read_xyz

ROOT = Path(__file__).resolve().parents[2]
CP2K = ROOT / "tests" / "fixtures" / "cp2k"
BADER = ROOT / "tests" / "fixtures" / "bader"
SACCT = """AllocCPUS|Elapsed|End|JobID|Start|State|Submit|
4|00:01:30|2026-11-22T10:03:30|17|2026-11-22T10:02:00|COMPLETED|2026-11-22T10:00:20|
4|00:01:30|2026-11-22T10:03:30|17.batch|2026-11-22T10:02:00|COMPLETED|2026-11-22T10:02:00|
"""


@dataclass(frozen=True)
class Reader:
    """One reader.

    :param sources: inputs that it accepts, as bytes.
    :param suffix: how the name of the file ends.
    :param read: takes the path of a file.
    """

    name: str
    sources: tuple[bytes, ...]
    suffix: str
    read: Callable[[Path], Any]


def _files(*names: str) -> tuple[bytes, ...]:
    return tuple((CP2K / name).read_bytes() for name in names)


def _cube() -> bytes:
    values = np.exp(-((np.indices((6, 5, 7)).T - 2.5) ** 2).sum(axis=-1).T)
    cube = Cube(
        title=("-Quickstep-", " ELECTRON DENSITY"),
        numbers=np.array([49, 17]),
        charges=np.zeros(2),
        positions_ang=np.array([[0.5, 0.5, 0.5], [1.0, 1.0, 1.0]]),
        origin_ang=np.zeros(3),
        voxel_ang=np.eye(3) * 0.3,
        values=values,
    )
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / f"fuzz-{id(values)}.cube"
    write_cube(cube, path)
    content = path.read_bytes()
    path.unlink()
    return content


def _partition(path: Path) -> Any:
    atoms = read_xyz(BADER / "structure.xyz")
    return accept_partition(read_acf(path), atoms, {"In": 13, "As": 5, "Cl": 7})


def _scheduler(path: Path) -> Any:
    text = path.read_text(encoding="utf-8", errors="replace")
    return from_sacct(text), [never_starts(line) for line in text.splitlines()], scf_progress(text)


def _campaign(path: Path) -> Any:
    campaign = Campaign.from_yaml(path)
    return RunOptions.from_mapping(campaign.options), [point.label for point in campaign.points]


def _folder(path: Path) -> Any:
    """Read a folder whose output is the given file, with the structure and the .pdos files of the run."""
    folder = path.parent / "run"
    folder.mkdir(exist_ok=True)
    (folder / "x.out").write_bytes(path.read_bytes())
    xyz, pdos = folder / "x.xyz", sorted((CP2K / "incl2_pdos").glob("*.pdos"))
    if not xyz.exists():
        places = read_output(CP2K / "incl2_open_shell.out").places
        text = io.StringIO()
        text.write(f"{len(places)}\n\n")
        for symbol, place in zip(places.symbols, places.positions_ang, strict=True):
            text.write(f"{symbol} {' '.join(map(str, place))}\n")
        xyz.write_text(text.getvalue())
    settings = ImportSettings()
    files = find_files(folder, settings)
    structure = read_structure(files, settings)
    return read_orbitals(pdos, structure, read_ground_state(files, structure, settings))


FRAMES = b"2\n i = 1, E = -1.0\n In 1.0 0.0 0.0\n Cl 3.0 0.0 0.0\n" * 3
MODELS = tuple(
    path.read_bytes()
    for path in sorted((ROOT / "workflows").glob("*.yaml"))
    if not path.name.startswith("screen-")
)

READERS = (
    Reader(
        "output",
        _files("incl3_diagonalisation.out", "incl3_geo_opt.out", "incl3_ot_diis.out"),
        ".out",
        read_output,
    ),
    Reader("open shell", _files("incl2_open_shell.out"), ".out", read_output),
    Reader("folder", _files("incl2_open_shell.out"), ".out", _folder),
    Reader(
        "pdos",
        _files("incl3_pdos/aiida-k1-1.pdos"),
        "-k1-1.pdos",
        lambda path: read_pdos([path, CP2K / "incl3_pdos" / "aiida-k2-1.pdos"]),
    ),
    Reader("density", (_cube(),), ".cube", lambda path: read_density(path, threads=1)),
    Reader("orbital", (_cube(),), ".cube", read_orbital),
    Reader("acf", ((BADER / "ACF.dat").read_bytes(),), ".dat", _partition),
    Reader("xyz", ((BADER / "structure.xyz").read_bytes(),), ".xyz", read_xyz),
    Reader("structure", ((BADER / "structure.xyz").read_bytes(),), ".xyz", import_model),
    Reader("trajectory", (FRAMES,), ".xyz", lambda path: last_frame(path, ["In", "Cl"])),
    Reader("model", MODELS, ".yaml", ModelSpec.from_yaml),
    Reader("campaign", MODELS, ".yaml", _campaign),
    Reader(
        "scheduler",
        (SACCT.encode(), b"QOSMaxCpuPerUserLimit\n(launch_failed_requeued_held)\n"),
        ".txt",
        _scheduler,
    ),
)
