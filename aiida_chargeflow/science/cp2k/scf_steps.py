"""The tables of an SCF: one line a step, and whether it converged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..fortran import NUMBER, parse_number


@dataclass(frozen=True)
class ScfStep:
    """One line of an SCF table.

    :param run: which SCF of the output, from 1; a geometry optimisation has one or more per geometry.
    :param step: number of the step as CP2K prints it.
    :param method: for example ``Broy./Diag.``, ``P_Mix/Diag.``, ``OT DIIS``, ``OT CG``, ``OT LS``.
    :param time_s: wall time of the step; NaN where CP2K printed stars.
    :param convergence: largest deviation; None for a line search, which prints none, NaN for stars.
    :param position: of the line in the text of its run.
    """

    run: int
    step: int
    method: str
    time_s: float
    convergence: float | None
    energy_hartree: float
    position: int = field(default=0, compare=False, repr=False)


# Where a number outgrows its field CP2K prints it with an exponent, Fortran prints stars.
_SCF_STEP = re.compile(
    r"^ +(?P<step>\d+) +(?P<method>[A-Z][A-Za-z_./]*(?: [A-Z][A-Za-z_./]*)?) +(?P<mix>\d?\.\d+E[-+]\d+)"
    rf" +(?P<time>\d+\.\d+|\*+) +(?:(?P<convergence>{NUMBER}|\*+|NaN|Infinity) +)?(?P<energy>{NUMBER})"
    rf"(?: +(?:{NUMBER}|\*+))? *$",
    re.MULTILINE,
)
_SCF_START = re.compile(r"^ *SCF WAVEFUNCTION OPTIMIZATION", re.MULTILINE)
_EPS_SCF = re.compile(r"^ +eps_scf: +(\S+) *$", re.MULTILINE)
_LEAST_STEPS = 6
_LEAST_SLOPE = 0.01  # decades a step: slower than this is no convergence
_SCF_VERDICT = re.compile(
    r"SCF (?:(?P<yes>run converged in)|(?P<no>run NOT converged|loop FAILED to converge))"
)


def scf_steps(text: str) -> Iterator[ScfStep]:
    """Yield every line of the SCF tables, in order."""
    starts = [match.start() for match in _SCF_START.finditer(text)]
    for match in _SCF_STEP.finditer(text):
        run = int(np.searchsorted(starts, match.start())) or 1
        convergence = match["convergence"]
        yield ScfStep(
            run=run,
            step=int(match["step"]),
            method=match["method"],
            time_s=_float_or_nan(match["time"]),
            convergence=None if convergence is None else _float_or_nan(convergence),
            energy_hartree=parse_number(match["energy"]),
            position=match.start(),
        )


def scf_progress(text: str) -> ScfStep | None:
    """Return the last SCF step of an output that may still be growing, None before the first.

    >>> scf_progress("SCF WAVEFUNCTION OPTIMIZATION") is None
    True
    """
    last = None
    for last in scf_steps(text):  # noqa: B007 (the last one is what is wanted)
        pass
    return last


def seconds_left(text: str) -> float | None:
    """Return how long the running SCF still takes if its convergence goes on as in its later half, None if unknown.

    The logarithm of the deviation falls about linearly; an estimate.
    """
    limits = _EPS_SCF.findall(text)
    steps = list(scf_steps(text))
    current = [step for step in steps if step.run == steps[-1].run]
    measured = [
        (step.step, step.convergence, step.time_s)
        for step in current
        if step.convergence is not None and step.convergence > 0
    ]
    if not limits or len(measured) < _LEAST_STEPS:
        return None
    later = measured[-max(_LEAST_STEPS, len(measured) // 2) :]
    number, deviation, time_s = np.array(later, dtype=float).T
    slope, offset = np.polyfit(number, np.log10(deviation), 1)
    if not slope < -_LEAST_SLOPE:
        return None
    reached = slope * number[-1] + offset
    n_left = max(1.0, (reached - np.log10(parse_number(limits[-1]))) / -slope)
    return float(n_left * np.nanmedian(time_s))


def scf_verdict(text: str, n_steps: int) -> tuple[bool | None, int]:
    """Return whether the last SCF converged, and how many SCFs of the run did not."""
    verdicts = [match.lastgroup == "yes" for match in _SCF_VERDICT.finditer(text)]
    # The outer loop's own complaint precedes the final warning: one failure, not two.
    n_failed = text.count("SCF run NOT converged")
    if not verdicts:
        return (False, 1) if n_steps else (None, 0)
    return verdicts[-1], max(n_failed, int(not verdicts[-1]))


def _float_or_nan(word: str) -> float:
    try:
        return parse_number(word)
    except ValueError:
        return float("nan")
