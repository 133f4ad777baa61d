"""Figures as a printer and a reader with another colour vision meet them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from figures.legible import overlaps, too_small
from matplotlib.colors import to_rgb

from aiida_chargeflow.figures.alignment import alignment_figure
from aiida_chargeflow.figures.colours import ELEMENTS, REGIONS, THREE_COORDINATE_ANION
from aiida_chargeflow.figures.pdos import OrbitalLadder, orbital_figure
from aiida_chargeflow.figures.traps_flow import EMPTY, OCCUPIED, FlowOfOrbitals, traps_flow_figure
from aiida_chargeflow.figures.trends import TrendPoint, trend_figure

# Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1, for linear RGB
_VISION = {
    "usual": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}  # fmt: skip
_CLEARLY_DIFFERENT = 20.0  # CIE76; about 2 is just noticeable


def _lab(colour: str, vision: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(_VISION[vision]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", _VISION)
@pytest.mark.parametrize(
    "colours",
    [
        REGIONS,
        {name: ELEMENTS[name] for name in ("In", "As", "Cl")} | {"3c As": THREE_COORDINATE_ANION},
        {"occupied": OCCUPIED, "empty": EMPTY},
    ],
    ids=["regions", "core", "orbitals"],
)
def test_colours_that_stand_side_by_side_are_told_apart(colours: dict[str, str], vision: str) -> None:
    for (a, one), (b, other) in combinations(colours.items(), 2):
        assert np.linalg.norm(_lab(one, vision) - _lab(other, vision)) > _CLEARLY_DIFFERENT, (a, b)


def _panel(title: str) -> FlowOfOrbitals:
    energies = np.linspace(-3, 4, 60)
    return FlowOfOrbitals(title, energies, np.abs(np.sin(energies)), energies < 0, energies > 3.5, 0.4)


def test_the_legend_of_all_families_fits_one_column() -> None:
    points = [
        TrendPoint("", "", "InAs", n, interface, surface, 0.5, 0.6, 4.0)
        for interface in ("none", "pure", "recon")
        for surface in ("pure", "recon")
        for n in (1, 2)
    ]
    figure = trend_figure(
        points, lambda p: p.n_monolayers, lambda p: p.gap_ev, xlabel="Shell thickness", ylabel="Gap (eV)"
    )
    assert overlaps(figure) == []
    assert too_small(figure) == []


@pytest.mark.parametrize("n", [1, 2, 4])
def test_nothing_is_too_small_and_nothing_overlaps(n: int) -> None:
    titles = [f"cs-alloyed-{k}\nIn$_{{40}}$Cd$_{{88}}$As$_{{31}}$Se$_{{76}}$Cl$_{{51}}$" for k in range(n)]
    energies = np.linspace(-3, 3, 50)
    shares = {"core": np.full(50, 0.4), "shell": np.full(50, 0.6)}
    steps = [("core", -0.3, 0.4), ("interlayer", 1.45, 1.7), ("shell", -1.0, 1.2)]
    figures = [
        traps_flow_figure([_panel(title) for title in titles]),
        orbital_figure([OrbitalLadder(title, energies, shares, (-0.3, 0.3)) for title in titles]),
        alignment_figure(dict.fromkeys([f"{title}\ntype quasi-II" for title in titles], steps), REGIONS),
    ]
    for figure in figures:
        assert too_small(figure) == []
        assert overlaps(figure) == []
