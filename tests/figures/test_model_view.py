"""Drawings of models: what is on them, in the colours of the conventions."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection

from aiida_chargeflow.figures.colours import REGIONS
from aiida_chargeflow.figures.model_view import figure_of, page_of, pattern_figure_of
from aiida_chargeflow.figures.structure import view_axes
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec

VIEW = (1.0, -2.0, 0.6)


def make(**content):
    """Build a model on the lattice."""
    core = {"material": "InAs", "planes": [9, 16, 7]}
    return build(ModelSpec.from_mapping({"core": core, "start_geometry": "lattice", **content}))


def balls(axes):
    """Return the number of filled balls: each has a disc and a gleam."""
    discs = [c for c in axes.collections if isinstance(c, EllipseCollection)]
    return sum(len(c.get_offsets()) for c in discs) // 2


@pytest.mark.parametrize("colouring", ["element", "region", "coordination"])
def test_every_atom_is_drawn(colouring, tmp_path):
    model = make(surface="exchange")
    figure = figure_of(model, colouring, VIEW)
    assert balls(figure.axes[0]) == len(model.atoms)
    assert "In156As111Cl135" in figure.axes[0].get_title()
    figure.savefig(tmp_path / "dot.png", dpi=50)
    assert (tmp_path / "dot.png").stat().st_size > 10_000


def test_the_page_has_the_colours_of_the_regions():
    shells = [{"material": "CdSe", "n_monolayers": 1}]
    page = page_of(make(shells=shells, interface="alloyed"), "region", VIEW, ring_edits=True)
    data = json.loads(re.search(r"const DATA = (\{.*\});", page).group(1))
    assert set(data["colourings"][0]["colours"]) == {
        REGIONS["core"],
        REGIONS["interlayer"],
        REGIONS["shell"],
        REGIONS["ligand"],
    }
    assert len(data["rings"]) == 4 + 12 + 27 + 8
    assert sum(ring["dashed"] for ring in data["rings"]) == 12, "vacancies"


def test_the_pattern_view_rings_the_edits_of_one_facet():
    shells = [{"material": "CdSe", "n_monolayers": 1}]
    figure = pattern_figure_of(make(shells=shells, interface="alloyed"))
    on_111, on_opposite = figure.axes
    rings = [
        sum(1 for c in axes.collections if isinstance(c, EllipseCollection) and c.get_zorder() == 5000)
        for axes in (on_111, on_opposite)
    ]
    assert rings == [7 + 3, 2 + 1], "7 Se-by-As and 3 vacancies; 2 As-by-Se and 1 In-by-Cd"
    assert pattern_figure_of(make()) is None


def test_views_are_right_handed():
    for direction in ((1, 1, 1), (0, 0, 1), (1, -2, 0.6)):
        axes = view_axes(direction)
        assert np.allclose(axes @ axes.T, np.eye(3))
        assert np.linalg.det(axes) == pytest.approx(1)
        assert axes[2] @ direction == pytest.approx(np.linalg.norm(direction))
