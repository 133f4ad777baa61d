"""Turn blocks of text into floating-point numbers, at the speed of memory rather than of a text library."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import compiled

FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.uint8]

POWERS_OF_TEN = 10.0 ** np.arange(23, dtype=np.float64)

_SPACE, _NEWLINE = 32, 10
_PLUS, _MINUS, _POINT, _ZERO, _NINE = 43, 45, 46, 48, 57


@compiled
def _scale(mantissa: Any, exponent: Any, powers: FloatArray) -> float:
    """Return mantissa * 10**exponent; correctly rounded for |exponent| <= 22 and mantissa < 2**53."""
    value = np.float64(mantissa)
    if exponent > 400 or exponent < -400:
        return np.inf if exponent > 0 and mantissa != 0 else 0.0
    while exponent > 22:
        value *= powers[22]
        exponent -= 22
    while exponent < -22:
        value /= powers[22]
        exponent += 22
    return float(value * powers[exponent] if exponent >= 0 else value / powers[-exponent])


@compiled
def _slow_token(text: TextArray, start: int, end: int, powers: FloatArray) -> tuple[float, bool]:
    """Parse text[start:end]; return (value, valid). Accepts E, D and the Fortran form 0.12345-100."""
    at = start
    negative = text[at] == _MINUS
    if negative or text[at] == _PLUS:
        at += 1
    mantissa = np.int64(0)
    exponent = 0
    digits = 0
    seen_point = False
    while at < end:
        byte = text[at]
        if _ZERO <= byte <= _NINE:
            digits += 1
            if mantissa < 100_000_000_000_000_000:
                mantissa = mantissa * 10 + (byte - _ZERO)
                exponent -= seen_point
            else:
                exponent += not seen_point
        elif byte == _POINT and not seen_point:
            seen_point = True
        else:
            break
        at += 1
    if digits == 0:
        return 0.0, False
    if at < end:
        byte = text[at]
        if byte in (69, 101, 68, 100):  # E e D d
            at += 1
        elif byte not in (_PLUS, _MINUS):
            return 0.0, False
        if at < end and (text[at] == _PLUS or text[at] == _MINUS):
            sign = -1 if text[at] == _MINUS else 1
            at += 1
        else:
            sign = 1
        if at == end or end - at > 5:
            return 0.0, False
        power = 0
        while at < end:
            if text[at] < _ZERO or text[at] > _NINE:
                return 0.0, False
            power = power * 10 + (text[at] - _ZERO)
            at += 1
        exponent += sign * power
    value = _scale(mantissa, exponent, powers)
    return (-value if negative else value), value < np.inf


@compiled
def parse_numbers(text: TextArray, out: FloatArray, powers: FloatArray) -> tuple[int, int]:
    """Parse the numbers of ``text``, separated by white space, into ``out``.

    :param text: (n,) uint8, whole tokens only.
    :param out: (>= n // 2 + 1,) float64, filled from its start.
    :param powers: POWERS_OF_TEN.
    :return: (number of values, offset of the first token that is no finite number or -1).
    """
    n = text.size
    count = 0
    at = 0
    while True:
        while at < n and (text[at] == _SPACE or 9 <= text[at] <= 13):
            at += 1
        if at >= n:
            return count, -1
        start = at
        negative = text[at] == _MINUS
        at += negative
        # The common form d.dddddE±dd of Fortran and of Gaussian: no loop, no branch for each digit.
        if (
            at + 11 <= n
            and text[at + 1] == _POINT
            and text[at + 7] == 69
            and (at + 11 == n or text[at + 11] <= 32)
        ):
            d0 = np.int64(text[at]) - _ZERO
            d1 = np.int64(text[at + 2]) - _ZERO
            d2 = np.int64(text[at + 3]) - _ZERO
            d3 = np.int64(text[at + 4]) - _ZERO
            d4 = np.int64(text[at + 5]) - _ZERO
            d5 = np.int64(text[at + 6]) - _ZERO
            e0 = np.int64(text[at + 9]) - _ZERO
            e1 = np.int64(text[at + 10]) - _ZERO
            sign = text[at + 8]
            wrong = (d0 | d1 | d2 | d3 | d4 | d5 | e0 | e1) < 0
            wrong |= (d0 > 9) | (d1 > 9) | (d2 > 9) | (d3 > 9) | (d4 > 9) | (d5 > 9) | (e0 > 9) | (e1 > 9)
            if not wrong and (sign in (_MINUS, _PLUS)):
                mantissa = ((((d0 * 10 + d1) * 10 + d2) * 10 + d3) * 10 + d4) * 10 + d5
                power = e0 * 10 + e1
                exponent = (-power if sign == _MINUS else power) - 5
                if -22 <= exponent < 0:
                    value = mantissa / powers[-exponent]
                else:
                    value = _scale(mantissa, exponent, powers)
                out[count] = -value if negative else value
                count += 1
                at += 11
                continue
        while at < n and not (text[at] == _SPACE or 9 <= text[at] <= 13):
            at += 1
        value, valid = _slow_token(text, start, at, powers)
        if not valid:
            return count, start
        out[count] = value
        count += 1
