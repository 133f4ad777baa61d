"""Numbers as Fortran programs write them: ``0.33E-04``, ``-1.04D+02``, ``0.33004-101``, with no blank between."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

# What is finite for certain, to be searched for in a text.
NUMBER = r"-?\d{1,40}\.\d*(?:[EeDd][-+]?\d{1,2}(?!\d))?"
# An exponent of three digits leaves no room for its letter.
_MANTISSA = r"[-+]?(?:\d+\.?\d*|\.\d+)"
_NUMBER = re.compile(rf"({_MANTISSA})(?:[EeDd]([-+]?\d+)|([-+]\d{{3}}))?")


def parse_number(word: str) -> float:
    """Return the number that a word is.

    :raises ValueError: it is none, or none that is finite: stars where a field was too narrow, NaN, Infinity.
    """
    match = _NUMBER.fullmatch(word)
    if match is None:
        raise ValueError(f"not a number: {word!r}")
    value = float(f"{match[1]}e{match[2] or match[3] or 0}")
    if not np.isfinite(value):
        raise ValueError(f"not a finite number: {word!r}")
    return value


def parse_numbers(text: str) -> NDArray[np.float64]:
    """Return the numbers of a text, shape (n,). In a fixed format the sign of a number may touch the one before.

    :raises ValueError: anything that is no finite number; the message quotes it.
    """
    words = text.split()
    try:
        values = np.array(words, dtype=np.float64)
        if np.isfinite(values).all():
            return values
    except ValueError:
        pass
    return np.array([value for word in words for value in _touching(word)], dtype=np.float64)


def _touching(word: str) -> list[float]:
    """Return the numbers of a word, each but the first beginning with its sign."""
    values, at = [], 0
    while at < len(word):
        match = _NUMBER.match(word, at)
        if match is None or (at and word[at] not in "-+"):
            raise ValueError(f"not a number: {word!r}")
        values.append(parse_number(match[0]))
        at = match.end()
    return values
