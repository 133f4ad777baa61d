"""The files of an archive: where each belongs, and what each kind of content weighs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from aiida.storage.sqlite_zip.utils import DB_FILENAME, META_FILENAME, REPO_FOLDER

DATABASE = "database"
_BY_SUFFIX = {
    ".gz": "orbital cubes",
    ".pdos": "projected density of states",
    ".npy": "arrays",
    ".out": "program outputs",
}
_BY_TYPE = {
    "process.calculation.calcjob.": "job inputs and scripts",
    "process.calculation.calcfunction.": "source code of functions",
    "data.core.singlefile.": "basis sets, potentials, single files",
}


def files_of(repository: Mapping[str, Any] | None, folder: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and key of every file in the repository metadata of a node."""
    for name, entry in ((repository or {}).get("o") or {}).items():
        path = f"{folder}{name}"
        if "k" in entry:
            yield path, entry["k"]
        else:
            yield from files_of(entry, f"{path}/")


def with_keys(repository: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the repository metadata with some keys replaced."""
    if "k" in repository:
        return {"k": keys.get(repository["k"], repository["k"])}
    return {"o": {name: with_keys(entry, keys) for name, entry in (repository.get("o") or {}).items()}}


def kind_of(path: str, node_type: str) -> str:
    """Return what kind of content a file is, for the table of sizes."""
    by_type = next((kind for prefix, kind in _BY_TYPE.items() if node_type.startswith(prefix)), None)
    return by_type or _BY_SUFFIX.get(PurePosixPath(path).suffix, "other files")


def sizes(archive: Path, kinds: Mapping[str, str]) -> dict[str, int]:
    """Return kind of content → bytes in the archive, largest first.

    :param kinds: key of a file → its kind.
    """
    found: dict[str, int] = {}
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            if entry.filename in (DB_FILENAME, META_FILENAME):
                kind = DATABASE
            else:
                kind = kinds.get(entry.filename.removeprefix(f"{REPO_FOLDER}/"), "other files")
            found[kind] = found.get(kind, 0) + entry.compress_size
    return dict(sorted(((kind, n) for kind, n in found.items() if n), key=lambda item: -item[1]))
