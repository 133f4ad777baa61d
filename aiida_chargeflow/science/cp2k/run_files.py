"""The files of one calculation in a folder, and what a user must say of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from pydantic import Field

from ..errors import InputError
from ..settings import Settings

_BANNER = " CP2K| version string"
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")


class ImportSettings(Settings):
    """What the files do not tell.

    :param structure: name of the XYZ file; needed where the folder holds several.
    :param output: name of the CP2K output; needed where the folder holds several.
    :param run: which run of an output that holds several, from 1; the last by default.
    :param regions: where the regions come from if the XYZ has no kind names (see ``import_model``).
    :param core_elements: elements of the core, for ``regions: elements``.
    :param core_planes: planes of the core, for ``regions: lattice``.
    :param n_valence: element → valence electrons, for outputs that do not list them.
    """

    structure: str | None = None
    output: str | None = None
    run: int | None = Field(None, ge=1)
    regions: str = Field("auto", pattern="^(auto|column|elements|lattice)$")
    core_elements: tuple[str, ...] | None = None
    core_planes: tuple[int, int, int] | None = None
    n_valence: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True)
class RunFiles:
    """The files of one calculation; what is optional may be missing.

    :param packed: what was left out because it is packed.
    """

    structure: Path
    output: Path
    inputs: tuple[Path, ...]  # and the log of the Bader program
    pdos: tuple[Path, ...]
    cubes: tuple[Path, ...]
    acf: Path | None
    trajectory: Path | None = None
    packed: tuple[Path, ...] = ()

    @property
    def all(self) -> tuple[Path, ...]:
        """Return every file, the structure first."""
        optional = tuple(path for path in (self.trajectory, self.acf) if path not in (None, self.structure))
        return (
            self.structure,
            self.output,
            *self.inputs,
            *self.pdos,
            *(p for p in optional if p),
            *self.cubes,
        )


def find_files(folder: Path, settings: ImportSettings) -> RunFiles:
    """Return the files of the calculation in a folder, its subfolders not looked at.

    :raises InputError: no such folder, no structure, no CP2K output, or several of them.
    """
    if not folder.is_dir():
        raise InputError("no such folder", file=folder)
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    trajectory = next((path for path in files if re.search(r"-pos-\d+\.xyz$", path.name)), None)
    structures = [path for path in files if path.suffix in (".xyz", ".extxyz") and path != trajectory]
    structure = _one(
        folder, settings.structure, structures or [path for path in (trajectory,) if path], "structure"
    )
    output = _one(folder, settings.output, [p for p in files if _is_output(p)], "output")
    return RunFiles(
        structure=structure,
        output=output,
        inputs=tuple(path for path in files if path.suffix == ".inp" or path.name == "bader.out"),
        pdos=tuple(path for path in files if path.suffix == ".pdos"),
        cubes=tuple(path for path in files if re.search(r"WFN.*\.cube(\.gz)?$", path.name)),
        acf=next((path for path in files if path.name == "ACF.dat"), None),
        trajectory=trajectory,
        packed=_packed(files),
    )


def _packed(files: Sequence[Path]) -> tuple[Path, ...]:
    """Return the packed files, orbital cubes excepted, which are read as they are."""
    return tuple(path for path in files if path.suffix in _PACKED and ".cube" not in path.suffixes)


def _one(folder: Path, name: str | None, found: Sequence[Path], what: str) -> Path:
    if name is not None:
        path = folder / name
        if path.parent != folder or not path.is_file():
            raise InputError("no such file in the folder", file=folder, field=what, value=name)
        return path
    if len(found) == 1:
        return found[0]
    wanted = {"structure": "the XYZ file of the run", "output": "the main output of CP2K"}[what]
    if not found:
        packed = ", ".join(path.name for path in _packed(sorted(folder.iterdir())))
        remedy = f"Unpack what is packed: {packed}." if packed else "Put it into the folder."
        raise InputError(f"{wanted} is missing", file=folder, remedy=remedy)
    raise InputError(
        f"which of these is {wanted}",
        file=folder,
        value=", ".join(path.name for path in found),
        remedy=f"Say so with --{what} NAME, or give each calculation a folder of its own.",
    )


def _is_output(path: Path) -> bool:
    if path.suffix in (".gz", ".cube", ".pdos", ".inp", ".xyz", ".wfn", ".restart"):
        return False
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content:
        return any(
            content.find(_BANNER.encode(encoding)) >= 0 for encoding in ("utf-8", "utf-16-le", "utf-16-be")
        )
