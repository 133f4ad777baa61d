"""What every finished model must satisfy is looked at, with the limits that the messages give."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.checks import check_overlaps
from aiida_chargeflow.science.models.lattice import Polyhedron
from aiida_chargeflow.science.models.patterns.interface import interlayer_bounds
from aiida_chargeflow.science.models.spec import ModelSpec


def test_a_charged_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModelSpec.from_mapping({"core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}})
    monkeypatch.setattr("aiida_chargeflow.science.models.build.passivate", lambda *_: None)
    with pytest.raises(InputError, match=r"keeps a formal charge of \+9"):
        build(spec)


@pytest.mark.parametrize(("distance", "overlap"), [(0.74, True), (0.76, False)])
def test_atoms_closer_than_three_quarters_of_a_bond_overlap(distance: float, overlap: bool) -> None:
    positions = np.array([[0.0, 0, 0], [distance * 2.6, 0, 0], [9, 9, 9]])
    sites = np.array([[0, 0, 0], [1, 1, 1], [9, 9, 9]])
    if overlap:
        with pytest.raises(InputError, match=r"1 pairs of atoms overlap.*\[0, 0, 0\] and \[1, 1, 1\]"):
            check_overlaps(positions, sites, 2.6)
    else:
        check_overlaps(positions, sites, 2.6)


def test_a_core_of_eight_planes_still_gives_its_outermost_bilayer_to_the_interlayer() -> None:
    inner, outer = interlayer_bounds(Polyhedron("anion", 5, 8, 5))
    assert (inner.A, inner.B, inner.C) == (5, 4, 5)
    assert outer == inner.grow(1)
    thin = Polyhedron("anion", 5, 4, 3)
    assert interlayer_bounds(thin) == (thin, thin.grow(1))
