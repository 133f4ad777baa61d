"""Numbers as they are printed: which values could a printed number stand for?"""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class PrintedNumber:
    """A number in the precision in which it was printed: ``0.722`` stands for all of 0.7215 to 0.7225."""

    def __init__(self, text: str) -> None:
        plain = text.strip().replace("−", "-")
        if not _NUMBER.fullmatch(plain):
            raise ValueError(text)
        number = Decimal(plain)
        exponent = number.as_tuple().exponent
        assert isinstance(exponent, int)
        self.text = plain
        self.value = float(number)
        self.half_a_digit = 0.5 * 10.0**exponent

    @property
    def is_whole(self) -> bool:
        """Return whether it was printed without a fraction and without a sign, as a PK is."""
        return self.text.isdigit()

    def matches(self, value: float) -> bool:
        """Return whether a value would have been printed like this."""
        tolerance = self.half_a_digit * (1 + 1e-9) + 1e-12 * abs(value)
        return abs(value - self.value) <= tolerance


def printed_number(text: str) -> PrintedNumber | None:
    """Return the number that a text is, None if it is none."""
    try:
        return PrintedNumber(text)
    except ValueError:
        return None
