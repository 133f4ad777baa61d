"""Turn blocks of text into floating-point numbers, at the speed of memory rather than of a text library."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import compiled

FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.uint8]

POWERS_OF_TEN = 10.0 ** np.arange(23, dtype=np.float64)

_SPACE, _E = 32, 69
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
def _slow_token(text: TextArray, start: Any, end: Any, powers: FloatArray) -> tuple[float, bool]:
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
def _is_space(byte: int) -> bool:
    return byte == _SPACE or 9 <= byte <= 13


@compiled
def _usual_token(text: TextArray, at: Any, powers: FloatArray) -> tuple[float, bool]:
    """Read d.dddddE±dd, the form of Fortran and of Gaussian, at ``at``; return (value, whether it is that).

    There is no loop and no branch for a digit, and unsigned indices spare numba's checks for negative ones:
    this is what makes the reader as fast as memory.
    """
    zero = np.uint32(_ZERO)
    d0 = np.uint32(text[at]) - zero
    d1 = np.uint32(text[at + np.uint64(2)]) - zero
    d2 = np.uint32(text[at + np.uint64(3)]) - zero
    d3 = np.uint32(text[at + np.uint64(4)]) - zero
    d4 = np.uint32(text[at + np.uint64(5)]) - zero
    d5 = np.uint32(text[at + np.uint64(6)]) - zero
    e0 = np.uint32(text[at + np.uint64(9)]) - zero
    e1 = np.uint32(text[at + np.uint64(10)]) - zero
    sign = text[at + np.uint64(8)]
    wrong = (d0 > 9) | (d1 > 9) | (d2 > 9) | (d3 > 9) | (d4 > 9) | (d5 > 9) | (e0 > 9) | (e1 > 9)
    wrong |= (text[at + np.uint64(1)] != _POINT) | (text[at + np.uint64(7)] != _E)
    wrong |= (sign != _PLUS) & (sign != _MINUS)
    if wrong:
        return 0.0, False
    upper = (d0 * np.uint32(10) + d1) * np.uint32(10) + d2
    lower = (d3 * np.uint32(10) + d4) * np.uint32(10) + d5
    mantissa = np.int64(upper) * 1000 + np.int64(lower)
    power = np.int64(e0) * 10 + np.int64(e1)
    exponent = (-power if sign == _MINUS else power) - 5
    if -22 <= exponent < 0:
        return mantissa / powers[-exponent], True
    return _scale(mantissa, exponent, powers), True


@compiled
def parse_numbers(text: TextArray, out: FloatArray, powers: FloatArray) -> tuple[np.int64, np.int64]:
    """Parse the numbers of ``text``, separated by white space, into ``out``.

    :param text: (n,) uint8, whole tokens only.
    :param out: (>= n // 2 + 1,) float64, filled from its start.
    :param powers: POWERS_OF_TEN.
    :return: (number of values, offset of the first token that is no finite number or -1).
    """
    one, width, n = np.uint64(1), np.uint64(11), np.uint64(text.size)
    count, at = np.uint64(0), np.uint64(0)
    while True:
        while at < n and _is_space(text[at]):
            at += one
        if at >= n:
            return np.int64(count), np.int64(-1)
        negative = text[at] == _MINUS
        end = at + np.uint64(negative) + width
        valid = False
        value = 0.0
        if end <= n and (end == n or _is_space(text[end])):
            value, valid = _usual_token(text, end - width, powers)
            value = -value if negative else value
        if not valid:
            end = at
            while end < n and not _is_space(text[end]):
                end += one
            value, valid = _slow_token(text, np.int64(at), np.int64(end), powers)
            if not valid:
                return np.int64(count), np.int64(at)
        out[count] = value
        count += one
        at = end
