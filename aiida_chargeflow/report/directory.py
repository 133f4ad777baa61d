"""A directory that appears whole or not at all, and that replaces nothing but an older report."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..science.errors import InputError
from .pages import GENERATOR

#: Lists the files of a report, so that another report may take its place without losing anything else.
MANIFEST = "report.json"


def check_target(target: Path) -> None:
    """Refuse a directory that a report must not replace.

    :raises InputError: it exists and holds anything but a report, or its parent cannot be written to.
    """
    if target.is_symlink() or target.exists():
        _check_replaceable(target)
    parent = target.absolute().parent
    if not parent.is_dir():
        raise InputError("no such directory", field="-o", value=str(parent), remedy="Make it first.")
    if not os.access(parent, os.W_OK):
        raise InputError("directory is not writable", field="-o", value=str(parent))


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Give a new directory beside ``target`` to write to; put it in the place of ``target`` at the end.

    After an error nothing is left and ``target`` is as it was.

    :raises InputError: see ``check_target``.
    """
    check_target(target)
    target = target.absolute()
    partial, old = (target.with_name(f".{target.name}.{os.getpid()}.{end}") for end in ("part", "old"))
    partial.mkdir()
    try:
        yield partial
        check_target(target)
        if target.exists():
            target.rename(old)
        try:
            partial.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_manifest(directory: Path, content: dict[str, Any]) -> None:
    """Write the list of all files, and what else a program may want to know of the report."""
    listed = {"generator": GENERATOR, **content, "files": sorted([*_files(directory), MANIFEST])}
    text = json.dumps(listed, indent=1, ensure_ascii=False)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _check_replaceable(target: Path) -> None:
    remedy = "Choose another directory, or move this one away."
    if target.is_symlink() or not target.is_dir():
        raise InputError("this is no directory", field="-o", value=str(target), remedy=remedy)
    present = set(_files(target))
    try:
        known = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        written = set(known["files"]) if str(known["generator"]).startswith("aiida-chargeflow") else set()
    except (OSError, ValueError, KeyError, TypeError):
        written = set()
    if present and not written:
        raise InputError(
            "the directory exists and is no report", field="-o", value=str(target), remedy=remedy
        )
    if foreign := sorted(present - written):
        raise InputError(
            f"the report's directory also holds {foreign[0]}"
            + (f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""),
            field="-o",
            value=str(target),
            remedy=remedy,
        )


def _files(directory: Path) -> list[str]:
    found = directory.rglob("*")
    return [
        path.relative_to(directory).as_posix() for path in found if path.is_symlink() or not path.is_dir()
    ]
