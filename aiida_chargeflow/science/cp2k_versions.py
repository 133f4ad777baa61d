"""What differs between CP2K versions in the input: all of it here."""

from __future__ import annotations

import re
from typing import Any

from .errors import InputError

TESTED_VERSION = "2023.1"
_PDOS_INSIDE_DOS = (2026, 2)


def parse_version(version: str) -> tuple[int, int]:
    """Return year and number of a CP2K version.

    :raises InputError: not of the form ``2023.1``.

    >>> parse_version("2026.2")
    (2026, 2)
    """
    match = re.fullmatch(r"(\d+)\.(\d+)", version)
    if match is None:
        raise InputError("not a CP2K version", value=version, remedy="Write it as CP2K prints it, as 2023.1.")
    return int(match[1]), int(match[2])


def for_version(printed: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the section DFT/PRINT as this version reads it: from 2026.2 on PDOS is a part of DOS.

    >>> for_version({"PDOS": {"NLUMO": 4}}, "2026.2")
    {'DOS': {'PDOS': {'NLUMO': 4}}}
    """
    if "PDOS" not in printed or parse_version(version) < _PDOS_INSIDE_DOS:
        return printed
    rest = {name: section for name, section in printed.items() if name != "PDOS"}
    return {**rest, "DOS": {"PDOS": printed["PDOS"]}}
