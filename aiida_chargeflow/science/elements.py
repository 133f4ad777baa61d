"""The elements that models are made of: formal charge, covalent radius, valence and CP2K basis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ase.data import atomic_numbers, covalent_radii

from .errors import InputError


@dataclass(frozen=True)
class Element:
    """One chemical element.

    :param symbol: chemical symbol.
    :param oxidation_state: formal charge in a III-V or II-VI crystal or as an X-type ligand, in e.
    :param n_valence: electrons described by the GTH potential that the protocols use.
    :param has_hard_exponents: CP2K splits this kind into a soft and a hard density under GAPW with the
        DZVP-MOLOPT-GGA-GTH basis, so that its default density cube would be incomplete.
    """

    symbol: str
    oxidation_state: int
    n_valence: int
    has_hard_exponents: bool = False

    @property
    def covalent_radius_ang(self) -> float:
        """Return the single-bond radius in Å."""
        return covalent_radius_ang(self.symbol)


def covalent_radius_ang(symbol: str) -> float:
    """Return the single-bond radius in Å of Cordero et al., Dalton Trans. 2008, 2832, as ASE has it."""
    return float(covalent_radii[atomic_numbers[symbol]])


_ORGANIC = ("H", "C", "N", "O")

_TABLE = {
    element.symbol: element
    for element in (
        Element("H", 1, 1, has_hard_exponents=True),
        Element("C", 4, 4, has_hard_exponents=True),
        Element("N", -3, 5, has_hard_exponents=True),
        Element("O", -2, 6, has_hard_exponents=True),
        Element("F", -1, 7, has_hard_exponents=True),
        Element("P", -3, 5),
        Element("S", -2, 6),
        Element("Cl", -1, 7),
        Element("Zn", 2, 12, has_hard_exponents=True),
        Element("Ga", 3, 13, has_hard_exponents=True),
        Element("As", -3, 5),
        Element("Se", -2, 6),
        Element("Br", -1, 7),
        Element("Cd", 2, 12),
        Element("In", 3, 13),
        Element("Sb", -3, 5),
        Element("Te", -2, 6),
        Element("I", -1, 7),
        Element("Hg", 2, 12),
    )
}


def element(symbol: str) -> Element:
    """Return the entry of the table for ``symbol``.

    :raises InputError: the element is not in the table; there is no silent default.
    """
    try:
        return _TABLE[symbol]
    except KeyError:
        raise InputError(
            "unknown element", value=symbol, remedy=f"Known elements: {', '.join(sorted(_TABLE))}."
        ) from None


def is_ligand(symbol: str) -> bool:
    """Return whether atoms of an element belong to ligands where nothing else says so: univalent anions (X-type
    ligands), and H, C, N, O of organic ones.
    """
    return symbol in _ORGANIC or (symbol in _TABLE and _TABLE[symbol].oxidation_state == -1)


def known_elements() -> tuple[str, ...]:
    """Return the symbols of the table, sorted."""
    return tuple(sorted(_TABLE))


# cations before anions, each from the highest formal charge to the lowest, the heavier first
_IN_FORMULAE = (
    *(
        "Pb",
        "Sn",
        "Ge",
        "Si",
        "C",
        "In",
        "Ga",
        "Al",
        "Hg",
        "Cd",
        "Zn",
        "Mn",
        "Mg",
        "Be",
        "Cs",
        "Ag",
        "Cu",
        "Na",
    ),
    *("Li", "H", "Bi", "Sb", "As", "P", "N", "Te", "Se", "S", "O", "I", "Br", "Cl", "F"),
)


def formula_order(symbols: Iterable[str]) -> list[str]:
    """Return the different symbols in the order of every formula: ``In Cd As Se Cl``; unlisted elements come first."""
    return sorted(set(symbols), key=lambda s: (_IN_FORMULAE.index(s) if s in _IN_FORMULAE else -1, s))


def formula(symbols: Iterable[str]) -> str:
    """Return the formula of a list of atoms, such as ``In156Cd180As119Se154Cl163``; a single atom has no number."""
    counts = Counter(symbols)
    return "".join(
        f"{symbol}{counts[symbol] if counts[symbol] > 1 else ''}" for symbol in formula_order(counts)
    )
