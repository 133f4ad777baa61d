"""Numbers and lists as a methods section writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def join(words: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def number(value: float) -> str:
    """Return a number with four significant digits; very large and small ones with ``10^{n}``."""
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    power = f"10^{{{int(exponent)}}}"
    plain = f"{float(mantissa):g}"
    return power if plain == "1" else f"{plain}·{power}"


def spread(values: Sequence[float], *, decimals: int | None = None) -> str:
    """Return ``3`` for equal values, ``3 to 5`` for others."""
    low, high = min(values), max(values)
    texts = [number(v) if decimals is None else f"{v:.{decimals}f}" for v in (low, high)]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} to {texts[1]}"


def parameters(mapping: Mapping[str, Any]) -> str:
    """Return the parameters of a pattern in brackets, nothing for a pattern without any."""
    named = [f"{name} = {value}" for name, value in mapping.items() if value not in (None, "", {}, [])]
    return f" ({', '.join(named)})" if named else ""
