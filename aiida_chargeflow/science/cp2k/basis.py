"""The basis sets that a protocol can name: file, full name and number of functions."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Literal

from ..elements import element
from ..errors import InputError

Basis = Literal["SZV", "DZVP", "TZVP"]

_FAMILIES: dict[str, tuple[str, str]] = {
    "SZV": ("BASIS_MOLOPT", "SZV-MOLOPT-SR-GTH"),
    "DZVP": ("BASIS_MOLOPT_UZH", "DZVP-MOLOPT-GGA-GTH"),
    "TZVP": ("BASIS_MOLOPT_UZH", "TZVP-MOLOPT-GGA-GTH"),
}


def basis_file(basis: Basis) -> str:
    """Return the name of CP2K's file that holds a basis; the package ships it under the same name in ``data``."""
    return _FAMILIES[basis][0]


def basis_name(basis: Basis, symbol: str) -> str:
    """Return the full name of an element's basis set, ``DZVP-MOLOPT-GGA-GTH-q13``.

    :raises InputError: an unknown element.
    """
    return f"{_FAMILIES[basis][1]}-q{element(symbol).n_valence}"


@cache
def count_functions(symbol: str, basis: Basis) -> int:
    """Return the number of spherical basis functions of one atom, from the shipped file.

    :raises InputError: an element without this basis.
    """
    text = (resources.files("aiida_chargeflow") / "data" / basis_file(basis)).read_text(encoding="utf-8")
    name = basis_name(basis, symbol)
    found = re.search(
        rf"^\s*{symbol}\s[^\n]*\b{name}(?!\S)[^\n]*\n\s*1\s*\n(?P<shells>[^\n]+)", text, re.MULTILINE
    )
    if found is None:
        raise InputError("no such basis set", field=symbol, value=name, remedy="Choose DZVP.")
    _, lowest, highest, _, *n_shells = map(int, found["shells"].split())
    return sum(n * (2 * moment + 1) for moment, n in zip(range(lowest, highest + 1), n_shells, strict=True))
