"""Figures and pages as files that carry the UUIDs of their sources, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..science.errors import InputError
from ..science.files import whole_file, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")


def check_output(output: Path, formats: Sequence[str] = FORMATS) -> None:
    """Refuse a figure file that cannot be written, before anything is computed.

    :raises InputError: an unknown format, or no directory to write to.
    """
    if output.suffix not in formats:
        raise InputError(
            "unknown format",
            field="--output",
            value=str(output),
            remedy=f"End the name in {', '.join(formats)}.",
        )
    if not output.parent.is_dir():
        raise InputError(
            "no such directory", field="--output", value=str(output.parent), remedy="Make it first."
        )
    if not os.access(output.parent, os.W_OK):
        raise InputError("directory is not writable", field="--output", value=str(output.parent))


def save(figure: Figure, output: Path, sources: Sequence[str]) -> None:
    """Save a figure with the UUIDs of its sources in the metadata of the file, whole or not at all.

    The same figure gives the same bytes: no date is written.

    :raises InputError: a format other than PDF, PNG and SVG.
    """
    from ..figures.style import DPI, paper_style  # matplotlib is slow to import

    check_output(output)
    note = {"Description" if output.suffix != ".pdf" else "Subject": _note(sources)}
    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(output.suffix, {})
    with paper_style(), whole_file(output) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={**note, **undated})


def save_page(page: str, output: Path, sources: Sequence[str]) -> None:
    """Save an HTML page with the UUIDs of its sources in a comment at its end."""
    write_whole(output, f"{page}\n<!-- {_note(sources)} -->\n")


def _note(sources: Sequence[str]) -> str:
    return "AiiDA UUIDs: " + " ".join(sources)
