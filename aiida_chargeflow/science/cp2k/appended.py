"""One run of an output file that holds several: ``cp2k -o`` and Slurm's append mode write one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .failures import Cp2kOutputError, Failure

_TITLES = {
    "CELL_OPT": r"STARTING +CELL +OPTIMIZATION",
    "MD": r"^ MD_INI\||^ MD\|",
    "VIBRATIONAL_ANALYSIS": r"^ VIB\|",
    "BAND": r"^ BAND TOTAL ENERGY",
    "GEO_OPT": r"STARTING GEOMETRY OPTIMIZATION",
}
_START = re.compile(r"^.*PROGRAM STARTED AT .*$", re.MULTILINE)


@dataclass(frozen=True)
class RunText:
    """The text of one run.

    :param number: which run of the file, from 1.
    :param n_runs: runs in the file.
    :param first_line: line of the file that the text begins with, from 1.
    """

    text: str
    number: int = 1
    n_runs: int = 1
    first_line: int = 1

    def line_of(self, position: int) -> int:
        """Return the line of the file at a position of the text."""
        return self.first_line + self.text.count("\n", 0, position)

    def damaged(self, problem: str, position: int, file: Path | None) -> Cp2kOutputError:
        """Return the error for a line that cannot be what CP2K wrote."""
        start = self.text.rfind("\n", 0, position) + 1
        end = self.text.find("\n", position)
        line = " ".join(self.text[start : end if end >= 0 else None].split())
        return Cp2kOutputError(
            Failure.DAMAGED,
            problem,
            field=f"line {self.line_of(position)}",
            value=line,
            remedy="The file was damaged, or other programs wrote into it: fetch it again or run again.",
            file=file,
        )


def pick_run(text: str, number: int | None = None, file: Path | None = None) -> RunText:
    """Return the last run of an output, or the one asked for.

    What stands before the first start, or after an end, belongs to the run that follows; a text in which no run
    starts is one run.

    :param number: from 1.
    :raises Cp2kOutputError: there is no such run.
    """
    starts = [match.start() for match in _START.finditer(text)]
    n_runs = max(len(starts), 1)
    wanted = n_runs if number is None else number
    if not 1 <= wanted <= n_runs:
        raise Cp2kOutputError(
            Failure.EMPTY,
            f"no such run in this output, which holds {n_runs}",
            field="run",
            value=number,
            remedy=f"Choose 1 to {n_runs}.",
            file=file,
        )
    if n_runs == 1:
        return RunText(text)
    first = 0 if wanted == 1 else starts[wanted - 1]
    last = len(text) if wanted == n_runs else starts[wanted]
    return RunText(text[first:last], wanted, n_runs, 1 + text.count("\n", 0, first))


def run_type(text: str) -> str | None:
    """Return what was run: by a title that only such a run prints, else as CP2K names it; None if it does neither."""
    shown = next((name for name, title in _TITLES.items() if re.search(title, text, re.MULTILINE)), None)
    named = re.findall(r"^ GLOBAL\| Run type +(\S+)", text, re.MULTILINE)
    return shown or (named[-1].upper() if named else None)
