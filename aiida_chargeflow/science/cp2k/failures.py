"""Recognise why a CP2K run died, from the text it left behind."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from ..errors import InputError


class Failure(str, Enum):
    """The reasons why an output cannot be used; the value is a stable name for exit codes and tables."""

    EMPTY = "empty"
    NOT_CP2K = "not_cp2k"
    INPUT = "input"
    NOT_CONVERGED = "not_converged"
    OUT_OF_MEMORY = "out_of_memory"
    TIME_LIMIT = "time_limit"
    CRASH = "crash"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"


class Cp2kOutputError(InputError):
    """A CP2K output that holds no usable result.

    :param failure: the reason, for callers that choose an exit code or a restart by it.
    :param cp2k_message: the text of CP2K's own abort box, or the line that gave the reason away.
    """

    def __init__(
        self,
        failure: Failure,
        problem: str,
        *,
        remedy: str,
        file: Path | None = None,
        field: str | None = None,
        value: object = None,
        cp2k_message: str = "",
    ) -> None:
        self.failure, self.cp2k_message = failure, cp2k_message
        super().__init__(problem, remedy=remedy, file=file, field=field, value=value)


_ABORT_BOX = re.compile(r"\[ABORT\](?P<body>.*?)\n\s*\*{20,}", re.DOTALL)
_BOX_SOURCE = re.compile(r"\S+\.F:\d+\s*$")

# Phrases of CP2K, glibc, MPI launchers, the Linux kernel and Slurm.
_OUT_OF_MEMORY = re.compile(
    r"out of memory|oom[-_ ]?kill|cannot allocate memory|memory allocation.*failed|allocation would exceed"
    r"|insufficient (?:virtual )?memory|std::bad_alloc|signal 9 \(Killed\)|exceeded .*memory limit",
    re.IGNORECASE,
)
_TIME_LIMIT = re.compile(r"DUE TO TIME LIMIT|time limit reached|walltime .*exceeded limit", re.IGNORECASE)
_CRASH = re.compile(
    r"SIGSEGV|SIGABRT|SIGBUS|SIGFPE|signal (?:6|7|8|11)\b|Segmentation fault|MPI_ABORT was invoked"
    r"|BAD TERMINATION",
    re.IGNORECASE,
)
_REMEDIES = (
    (
        "odd number of electrons",
        "The model is not charge-balanced: change the ligands or the charge, or set UKS for an open shell.",
    ),
    ("basis set .* not found", "Choose a basis set that the file holds, with the potential's q number."),
    ("potential .* not found", "Choose a potential that the file holds."),
    ("No &KIND section", "Every kind of the structure needs its own &KIND section."),
    (
        "not implemented with LSD",
        "CP2K's own TPSS is closed-shell only: take the libxc form of the functional.",
    ),
    ("unknown (?:keyword|subsection)", "Mend the input: this CP2K version does not know that word."),
)
# CP2K 2024.1 and later abort where 2023.1 prints a warning.
_NOT_CONVERGED = "SCF run NOT converged"
_RUNTIME_ABORT = re.compile(
    r"Cholesky|did not converge|eigensolver|not positive definite|dgemm|syevd|elpa|\bNaN\b|MPI error",
    re.IGNORECASE,
)


def abort_message(text: str) -> str:
    """Return what CP2K wrote into its ``[ABORT]`` box, as one line, or an empty string.

    >>> abort_message("no box here")
    ''
    """
    box = _ABORT_BOX.search(text)
    if box is None:
        return ""
    lines = []
    for raw in box["body"].splitlines():
        line = _BOX_SOURCE.sub("", raw.strip().strip("*").strip()).strip()
        # The box carries a face drawn with \___/ , | and O at its left edge.
        line = re.sub(r"^(?:\\___/|O/\||/\| ?\|?|/ \\|\|)(?:\s+|$)", "", line).strip()
        if line:
            lines.append(line)
    return " ".join(" ".join(lines).split()).rstrip(".!")


def _matching_line(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        return ""
    start = text.rfind("\n", 0, found.start()) + 1
    end = text.find("\n", found.end())
    return text[start : end if end >= 0 else None].strip()


def _abort_remedy(message: str, failure: Failure) -> str:
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, message, re.IGNORECASE):
            return remedy
    if failure in (Failure.CRASH, Failure.NOT_CONVERGED):
        return "Restart from the wavefunction with other SCF settings."
    return "Mend the input that CP2K names and submit again."


def diagnose(text: str, *, file: Path | None = None) -> Cp2kOutputError:
    """Return the error that explains an output in which ``PROGRAM ENDED`` is missing.

    :param text: standard output of CP2K, with standard error and the scheduler's messages appended if known.
    """
    if not text.strip():
        return Cp2kOutputError(
            Failure.EMPTY,
            "the CP2K output is empty",
            remedy="CP2K never started: look for a missing module or library in the standard error.",
            file=file,
        )
    for failure, pattern, problem, remedy in (
        (
            Failure.OUT_OF_MEMORY,
            _OUT_OF_MEMORY,
            "CP2K ran out of memory",
            "Give the job more nodes, or fewer MPI ranks on each with more threads.",
        ),
        (
            Failure.TIME_LIMIT,
            _TIME_LIMIT,
            "the scheduler stopped CP2K at the time limit",
            "Raise the wall time, or restart from the wavefunction; keep GLOBAL/WALLTIME below the limit.",
        ),
    ):
        if line := _matching_line(pattern, text):
            return Cp2kOutputError(failure, f"{problem}: {line}", remedy=remedy, file=file, cp2k_message=line)
    if message := abort_message(text):
        failure = Failure.CRASH if _RUNTIME_ABORT.search(message) else Failure.INPUT
        if _NOT_CONVERGED in message:
            failure = Failure.NOT_CONVERGED
        return Cp2kOutputError(
            failure,
            f"CP2K aborted: {message}",
            remedy=_abort_remedy(message, failure),
            file=file,
            cp2k_message=message,
        )
    if line := _matching_line(_CRASH, text):
        remedy = "Submit again; if it dies at the same place, try another number of ranks."
        return Cp2kOutputError(
            Failure.CRASH, f"CP2K crashed: {line}", remedy=remedy, file=file, cp2k_message=line
        )
    if "CP2K|" not in text and "DBCSR|" not in text:
        remedy = "Give the main output file of CP2K, the one that ends with PROGRAM ENDED."
        return Cp2kOutputError(Failure.NOT_CP2K, "this is not a CP2K output", remedy=remedy, file=file)
    return Cp2kOutputError(
        Failure.TRUNCATED,
        "the CP2K output stops before PROGRAM ENDED",
        remedy="It is still running, was killed, or its node died: see the scheduler's record, then restart.",
        file=file,
    )
