"""Read an XYZ file strictly: plain, with kind names (``As13``), or extended with a ``region`` or ``tags`` column."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from .charges.bonds import bond_graph
from .errors import InputError
from .files import text_of
from .fortran import parse_number
from .kinds import REGIONS, Kind, decode, tag, tag_coordinations, tag_regions

_PROPERTIES = re.compile(r'Properties=(?:"([^"]*)"|(\S*))')
_LATTICE = re.compile(r'Lattice="([^"]*)"')
_PBC = re.compile(r'pbc=(?:"([^"]*)"|(\S+))')
_WHOLE = re.compile(r"[0-9]{1,9}")
_FOREIGN = re.compile(r"([A-Z][a-z]?)(?:[0-9]+|_[A-Za-z0-9_]*)")
_TRUTH = {"T": True, "TRUE": True, "1": True, "F": False, "FALSE": False, "0": False}
_SMALLEST_CELL_ANG3 = 1.0
_Columns = dict[str, int]


def read_xyz(path: str | Path) -> Atoms:
    """Read the one structure of an XYZ file.

    The tags of the atoms are 10·region + coordination where the file says so (kind names, or the columns
    ``tags`` or ``region`` of an extended XYZ) and 0 elsewhere. A column ``tags`` in which some number is no such
    tag, or which does not tell the coordination of most atoms, means something else, as in files that count
    fragments, and is ignored; so are labels that follow another rule (``In1``, ``In_core``).

    :raises InputError: anything but one complete frame of known elements and finite positions in Å.
    :raises OSError: the file cannot be read.
    """
    data = Path(path).read_bytes()
    try:
        return parse_xyz(text_of(data))
    except UnicodeDecodeError:
        raise InputError("this is not a text file", file=path, remedy="Give an XYZ file.") from None
    except InputError as error:
        raise error.in_file(path) from None


def parse_xyz(text: str) -> Atoms:
    """Parse the text of an XYZ file (see ``read_xyz``)."""
    lines = text.splitlines()
    if not text.strip():
        raise InputError("the file is empty", remedy="Give an XYZ file.")
    n_atoms = _count(lines[0])
    rows = lines[2 : 2 + n_atoms]
    if len(rows) < n_atoms:
        raise InputError(
            f"line 1 promises {n_atoms} atoms, {len(rows)} lines follow", remedy="The file was cut off."
        )
    rest = [line for line in lines[2 + n_atoms :] if line.strip()]
    if rest:
        raise InputError(
            f"{len(rest)} more lines after the {n_atoms} atoms",
            field=f"line {3 + n_atoms}",
            value=rest[0].strip(),
            remedy="Give one frame: the one that the density belongs to.",
        )
    columns = _columns(lines[1])
    kinds: list[Kind] = []
    positions = np.empty((n_atoms, 3))
    tags = np.zeros(n_atoms, dtype=int)
    for row, line in enumerate(rows):
        try:
            kind, positions[row], tags[row] = _atom(line.split(), columns)
        except InputError as error:
            raise InputError(
                error.problem, field=f"line {row + 3}", value=error.value, remedy=error.remedy
            ) from None
        kinds.append(kind)
    atoms = Atoms([kind.symbol for kind in kinds], positions=positions, tags=tags)
    if "tags" in columns and not tags_are_ours(atoms):
        atoms.set_tags([tag(kind.region, kind.coordination) for kind in kinds])
    _set_cell(atoms, lines[1])
    return atoms


def check_comment(comment: str) -> None:
    """Refuse the comment line of an extended XYZ that says something impossible.

    :raises InputError: columns, lattice or pbc that cannot be.
    """
    _columns(comment)
    _set_cell(Atoms(), comment)


def frame_comments(lines: list[str]) -> list[str]:
    """Return the comment of every frame of an XYZ file, one at least.

    :raises InputError: a frame promises more atoms than lines follow, to which ASE would count; names the line.
    """
    start, comments = 0, []
    while start < len(lines) and _WHOLE.fullmatch(lines[start].strip()):
        n_atoms = int(lines[start])
        rows = len(lines) - start - 2 - (lines[-1] == "")
        if n_atoms > rows:
            raise InputError(
                f"line {start + 1} promises {n_atoms} atoms, {max(rows, 0)} lines follow",
                remedy="The file was cut off, or two files were joined.",
            )
        comments.append(lines[start + 1])
        start += 2 + n_atoms
        while start < len(lines) and lines[start].lstrip().startswith("VEC"):
            start += 1
    if start < len(lines) and lines[start].strip().lstrip("+-").replace("_", "").isdigit():
        raise InputError(
            "the number of atoms was expected", field=f"line {start + 1}", value=lines[start].strip()
        )
    return comments or ["".join(lines[1:2])]


def tags_are_ours(atoms: Atoms) -> bool:
    """Return whether the tags name a region each and, for most atoms, as many bonds as there are."""
    tags = atoms.get_tags()
    if not set(tag_regions(tags).tolist()) <= set(REGIONS):
        return False
    try:
        degrees = bond_graph(atoms).degrees()
    except InputError:
        return False
    return bool((degrees == tag_coordinations(tags)).mean() > 0.5)


def _count(line: str) -> int:
    word = line.strip()
    if not re.fullmatch(r"\d+", word) or int(word) == 0:
        raise InputError(
            "the number of atoms was expected", field="line 1", value=word, remedy="Give an XYZ file."
        )
    return int(word)


def _columns(comment: str) -> _Columns:
    match = _PROPERTIES.search(comment)
    if match is None:
        return {"species": 0, "pos": 1}
    parts = (match.group(1) or match.group(2) or "").split(":")
    columns: _Columns = {}
    column = 0
    for start in range(0, len(parts) - 2, 3):
        name, _, width = parts[start : start + 3]
        if not _WHOLE.fullmatch(width):
            break
        columns[name] = column
        column += int(width)
    widths = dict(zip(parts[::3], parts[2::3], strict=False))
    if len(parts) % 3 or (widths.get("pos"), widths.get("species")) != ("3", "1"):
        raise InputError("the Properties need species:S:1 and pos:R:3", field="line 2", value=match.group(0))
    return columns


def _atom(words: list[str], columns: _Columns) -> tuple[Kind, NDArray[np.float64], int]:
    start = columns["pos"]
    if len(words) < max(start + 3, 1 + max(columns.values())):
        raise InputError(
            "an atom needs a symbol and three coordinates",
            value=" ".join(words),
            remedy="A column is missing.",
        )
    kind = _kind(words[columns["species"]])
    if kind.symbol not in atomic_numbers or kind.symbol == "X":
        raise InputError("no such element", value=kind.symbol, remedy="Start the line with a symbol.")
    try:
        position = np.array([parse_number(word) for word in words[start : start + 3]])
    except ValueError:
        raise InputError(
            "three finite coordinates were expected", value=" ".join(words[start : start + 3])
        ) from None
    return kind, position, _tag(kind, words, columns)


def _kind(label: str) -> Kind:
    """Return the kind of a label; the bare element for labels of another rule.

    :raises InputError: it does not begin with a symbol.
    """
    try:
        return decode(label)
    except InputError:
        match = _FOREIGN.fullmatch(label)
        if match is None or match[1] not in atomic_numbers:
            raise
        return Kind(match[1], 0, 0)


def _tag(kind: Kind, words: list[str], columns: _Columns) -> int:
    found = tag(kind.region, kind.coordination)
    for name in ("region", "tags"):
        if name not in columns or found:
            continue
        word = words[columns[name]]
        if not _WHOLE.fullmatch(word):
            raise InputError(f"the column {name} needs whole numbers", value=word)
        found = tag(int(word), 0) if name == "region" else int(word)
        if name == "region" and found and int(word) not in REGIONS:
            raise InputError("a region is a number from 1 to 4", value=word)
    return found


def _set_cell(atoms: Atoms, comment: str) -> None:
    """Set the cell of an extended XYZ, periodic unless it says otherwise, so that bonds can be checked."""
    match = _LATTICE.search(comment)
    if match is None:
        return
    try:
        cell = np.array([parse_number(word) for word in match.group(1).split()]).reshape(3, 3)
    except ValueError:
        raise InputError(
            "a lattice needs nine finite numbers", field="line 2", value=match.group(1)
        ) from None
    periodic = _PBC.search(comment)
    words = ((periodic.group(1) or periodic.group(2) or "") if periodic else "T T T").split()
    if not words or any(word.upper() not in _TRUTH for word in words) or len(words) not in (1, 3):
        raise InputError(
            "pbc needs three times T or F", field="line 2", value=periodic.group(0) if periodic else None
        )
    if not cell.any():
        return  # what programs write for no cell at all
    if abs(np.linalg.det(cell)) < _SMALLEST_CELL_ANG3:
        raise InputError("the lattice spans no volume", field="line 2", value=match.group(1))
    atoms.cell = cell
    atoms.pbc = [_TRUTH[word.upper()] for word in words * (1 if len(words) == 3 else 3)]
