"""Kind names such as ``As13``: symbol, region and coordination, encoded and decoded here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

CORE, INTERLAYER, SHELL, LIGAND = 1, 2, 3, 4
REGIONS: dict[int, str] = {CORE: "core", INTERLAYER: "interlayer", SHELL: "shell", LIGAND: "ligand"}

_KIND = re.compile(r"^([A-Z][a-z]?)(?:([1-4])([0-9]))?$")


class Kind(NamedTuple):
    """A decoded kind name; ``region`` and ``coordination`` are 0 where the name does not carry them."""

    symbol: str
    region: int
    coordination: int

    @property
    def name(self) -> str:
        """Return the kind name that decodes to this kind."""
        return encode(self.symbol, self.region, self.coordination)

    @property
    def region_name(self) -> str:
        """Return ``core``, ``interlayer``, ``shell`` or ``ligand``; ``unknown`` without a region."""
        return REGIONS.get(self.region, "unknown")


def tag(region: int, coordination: int) -> int:
    """Return the tag 10·region + coordination that ASE and CP2K carry."""
    return 10 * region + coordination


def tag_regions(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the regions that tags carry, 0 where there is none.

    >>> tag_regions(np.array([13, 42, 0])).tolist()
    [1, 4, 0]
    """
    return tags // 10


def tag_coordinations(tags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the coordinations that tags carry.

    >>> tag_coordinations(np.array([13, 42, 0])).tolist()
    [3, 2, 0]
    """
    return tags % 10


def kind_names(symbols: Iterable[str], tags: NDArray[np.int64]) -> list[str]:
    """Return the kind name of each atom, from its symbol and tag.

    >>> kind_names(["As", "Cl"], np.array([13, 0]))
    ['As13', 'Cl']
    """
    regions, coordinations = tag_regions(tags).tolist(), tag_coordinations(tags).tolist()
    return [encode(str(s), r, c) for s, r, c in zip(symbols, regions, coordinations, strict=True)]


def encode(symbol: str, region: int, coordination: int) -> str:
    """Return the kind name, ``As13`` for a 3-coordinate core As; the bare symbol if ``region`` is 0."""
    return symbol if region == 0 else f"{symbol}{tag(region, coordination)}"


def decode(name: str) -> Kind:
    """Split a kind name into symbol, region and coordination.

    :raises InputError: the name is not an element symbol followed by nothing or by a region (1-4) and a
        coordination (one digit).
    """
    match = _KIND.match(name)
    if match is None:
        raise InputError(
            "not a kind name",
            value=name,
            remedy="Expected a symbol and a tag of 10·region + coordination, such as As13 or Cl42.",
        )
    symbol, region, coordination = match.groups()
    return Kind(symbol, int(region or 0), int(coordination or 0))
