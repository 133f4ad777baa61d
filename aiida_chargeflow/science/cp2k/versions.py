"""What differs between CP2K versions in the input: all of it here."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InputError

TESTED_VERSION = "2023.1"
_PDOS_INSIDE_DOS = (2026, 2)
_ABORTS_UNCONVERGED = (2024, 1)


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
    """Return the section DFT/PRINT as this version reads it.

    From 2026.2 on PDOS, LDOS and NLUMO are parts of one section DOS; an input with PDOS outside is refused
    (CP2K's manual, methods/properties/dos, and its pull requests 5326 and 5564). No such CP2K was at hand.

    >>> for_version({"PDOS": {"NLUMO": 4, "LDOS": [{"LIST": 1}]}}, "2026.2")
    {'DOS': {'NLUMO': 4, 'PDOS': {'COMPONENTS': False}, 'LDOS': [{'LIST': 1}]}}
    """
    if "PDOS" not in printed or parse_version(version) < _PDOS_INSIDE_DOS:
        return printed
    rest = {name: section for name, section in printed.items() if name != "PDOS"}
    projected = dict(printed["PDOS"])
    dos = {"NLUMO": projected.pop("NLUMO", 0), "PDOS": {"COMPONENTS": False}, **projected}
    return {**rest, "DOS": dos}


def warn_unconverged(version: str) -> dict[str, Any]:
    """Return the keywords of SCF that make an unconverged SCF a warning, as it always is before 2024.1.

    From 2024.1 on such a run aborts at once (CP2K's source, ``qs_scf.F``), after it has written its wavefunction.

    >>> warn_unconverged("2023.1"), warn_unconverged("2025.1")
    ({}, {'IGNORE_CONVERGENCE_FAILURE': True})
    """
    return {} if parse_version(version) < _ABORTS_UNCONVERGED else {"IGNORE_CONVERGENCE_FAILURE": True}
