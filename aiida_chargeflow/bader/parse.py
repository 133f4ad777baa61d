"""Turn blocks of text into floating-point numbers, at the speed of memory rather than of a text library."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import compiled

FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.uint8]

POWERS_OF_TEN = np.array([float(f"1e{n}") for n in range(105)])

_LINE_END, _SPACE = 10, 32
_PLUS, _MINUS, _POINT, _ZERO, _NINE = 43, 45, 46, 48, 57
_MOST_EXPONENT_DIGITS = 5


@compiled
def _scale(mantissa: Any, exponent: Any, powers: FloatArray) -> float:
    """Return mantissa * 10**exponent; correctly rounded for |exponent| <= 22 and mantissa < 2**53."""
    value = np.float64(mantissa)
    if exponent > 400 or exponent < -400:
        return np.inf if exponent > 0 and mantissa != 0 else 0.0
    largest = powers.size - 1
    while exponent > largest:
        value *= powers[largest]
        exponent -= largest
    while exponent < -largest:
        value /= powers[largest]
        exponent += largest
    return float(value * powers[exponent] if exponent >= 0 else value / powers[-exponent])


@compiled
def _slow_token(text: TextArray, start: Any, end: Any, powers: FloatArray) -> tuple[float, bool, Any]:
    """Parse the number that begins at ``start``; return (value, valid, where it ends).

    Accepts E, D and the Fortran form 0.12345-100. In a fixed format the sign of the next number may follow at once.
    """
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
        return 0.0, False, at
    if at < end:
        byte = text[at]
        if byte in (69, 101, 68, 100):  # E e D d
            at += 1
        elif byte not in (_PLUS, _MINUS):
            return 0.0, False, at
        if at < end and (text[at] == _PLUS or text[at] == _MINUS):
            sign = -1 if text[at] == _MINUS else 1
            at += 1
        else:
            sign = 1
        first, power = at, 0
        while at < end and _ZERO <= text[at] <= _NINE and at - first < _MOST_EXPONENT_DIGITS:
            power = power * 10 + (text[at] - _ZERO)
            at += 1
        if at == first or (at < end and text[at] != _PLUS and text[at] != _MINUS):
            return 0.0, False, at
        exponent += sign * power
    value = _scale(mantissa, exponent, powers)
    return (-value if negative else value), value < np.inf, at


@compiled
def _is_space(byte: int) -> bool:
    return byte == _SPACE or 9 <= byte <= 13


@compiled
def _word(text: TextArray, at: Any) -> Any:
    """Return eight bytes as one integer, the first the lowest; compiled to a single load."""
    word = np.uint64(text[at])
    word |= np.uint64(text[at + np.uint64(1)]) << np.uint64(8)
    word |= np.uint64(text[at + np.uint64(2)]) << np.uint64(16)
    word |= np.uint64(text[at + np.uint64(3)]) << np.uint64(24)
    word |= np.uint64(text[at + np.uint64(4)]) << np.uint64(32)
    word |= np.uint64(text[at + np.uint64(5)]) << np.uint64(40)
    word |= np.uint64(text[at + np.uint64(6)]) << np.uint64(48)
    word |= np.uint64(text[at + np.uint64(7)]) << np.uint64(56)
    return word


@compiled
def _usual_fields(
    text: TextArray, at: Any, out: FloatArray, count: Any, powers: FloatArray
) -> tuple[Any, Any]:
    """Read fields of 13 bytes, a blank, a sign or blank, and d.dddddE±dd, as long as there are such.

    This is the form of Fortran and of Gaussian; the line ends after such a field are taken in too. Eight bytes
    are checked and converted at once, without a loop or a branch for a digit: this is what makes the reader
    as fast as memory.

    :return: where in ``text`` and in ``out`` it stopped.
    """
    one, width = np.uint64(1), np.uint64(13)
    low_byte, low_bytes = np.uint64(0xFF), np.uint64(0xFF000000FF)
    while at + width < np.uint64(text.size) and count < np.uint64(out.size):
        # Digits become 0 to 9, the bytes that must be '.', 'E' and '+' become 0; '-' becomes 6.
        digits = _word(text, at + np.uint64(2)) ^ np.uint64(0x4530303030302E30)
        tail = (_word(text, at + np.uint64(6)) >> np.uint64(32)) ^ np.uint64(0x2030302B)
        sign, end = tail & low_byte, tail >> np.uint64(24)
        # Adding 0x76 to a byte sets its highest bit if it is 10 or more, adding 0x7F if it is 1 or more.
        wrong = (digits + np.uint64(0x7F76767676767F76)) | digits
        wrong |= (tail + np.uint64(0x00767679)) | tail
        wrong = (wrong & np.uint64(0x8080808080808080)) | np.uint64(text[at] ^ _SPACE)
        negative = text[at + one] == _MINUS
        # No "or" here: in the vacuum signs are random, and a branch for them would be foretold wrongly.
        wrong |= np.uint64((text[at + one] != _SPACE) & (not negative))
        if wrong or (sign != 0 and sign != 6) or (end != 0 and end != _SPACE ^ _LINE_END):
            break
        # Close the gap of the point; then pairs, then fours of digits are joined, as in a tree.
        pairs = ((digits & ~np.uint64(0xFFFF)) << np.uint64(8)) | ((digits & low_byte) << np.uint64(16))
        pairs = pairs * np.uint64(10) + (pairs >> np.uint64(8))
        high = (pairs & low_bytes) * np.uint64(100 + (1000000 << 32))
        low = ((pairs >> np.uint64(16)) & low_bytes) * np.uint64(1 + (10000 << 32))
        mantissa = np.int64((high + low) >> np.uint64(32))
        power = ((tail >> np.uint64(8)) & low_byte) * np.uint64(10) + ((tail >> np.uint64(16)) & low_byte)
        shift = np.int64(5) + np.int64(power) if sign else np.int64(5) - np.int64(power)
        if shift < 0:
            break
        value = mantissa / powers[np.uint64(shift)]
        out[count] = -value if negative else value
        count += one
        at += width + np.uint64(end != 0)
    return at, count


@compiled
def parse_numbers(text: TextArray, out: FloatArray, powers: FloatArray) -> tuple[np.int64, np.int64]:
    """Parse the numbers of ``text``, separated by white space or by nothing but a sign, into ``out``.

    :param text: (n,) uint8, whole tokens only.
    :param out: (m,) float64, filled from its start.
    :param powers: POWERS_OF_TEN.
    :return: number of values; and the offset of the first token that is no finite number, or that ``out`` has
        no room for, or -1.
    """
    one, n = np.uint64(1), np.uint64(text.size)
    count, at = np.uint64(0), np.uint64(0)
    while True:
        at, count = _usual_fields(text, at, out, count, powers)
        while at < n and _is_space(text[at]):
            at += one
        if at >= n:
            return np.int64(count), np.int64(-1)
        end = at
        while end < n and not _is_space(text[end]):
            end += one
        while at < end:
            value, valid, stop = _slow_token(text, np.int64(at), np.int64(end), powers)
            if not valid or count == np.uint64(out.size):
                return np.int64(count), np.int64(at)
            out[count] = value
            count += one
            at = np.uint64(stop)
