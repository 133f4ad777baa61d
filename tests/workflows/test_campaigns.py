"""Every shipped campaign: each point builds, is neutral, and has the formula that the study needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_helpers import bonds_by_pair

from aiida_chargeflow.science.charges.bonds import bond_graph
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.campaign import Campaign
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.screening.settings import ScreeningSettings
from aiida_chargeflow.science.screening.space import make_space

WORKFLOWS = Path(__file__).parents[2] / "workflows"
SCREENINGS = sorted(WORKFLOWS.glob("screen-*.yaml"))
FILES = [file for file in sorted(WORKFLOWS.glob("*.yaml")) if file not in SCREENINGS]


def formulas(file):
    """Build every point of a campaign on the lattice; its label and formula."""
    found = {}
    for point in Campaign.from_yaml(file).points:
        model = build(ModelSpec.from_mapping({**point.model, "start_geometry": "lattice"}))
        assert model.formal_charge == 0
        found[point.label] = model.formula
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_point_builds(file):
    found = formulas(file)
    assert len(found) == len(Campaign.from_yaml(file).points) >= 1


def test_the_fourteen_models_of_the_study():
    found = formulas(FILES[0].parent / "inas-cdse-paper.yaml")
    assert len(found) == 14
    assert found["core-pure"] == "In156As119Cl111"
    assert found["core-recon"] == "In156As111Cl135"
    assert found["recon-pure-1ML"] == "In152Cd172As138Se135Cl116"
    assert found["recon-recon-3ML"] == "In152Cd804As138Se721Cl208"
    assert len(set(found.values())) == 14


def test_each_as_for_se_takes_one_electron_off_the_excess():
    """Every In-Se bond has 1/4 e too much and every Cd-As bond too little, which sums to N(In) - N(As)."""
    points = {point.label: point for point in Campaign.from_yaml(FILES[0].parent / "workstation.yaml").points}
    excess = {}
    for label, point in points.items():
        symbols = build(ModelSpec.from_mapping({**point.model, "start_geometry": "lattice"})).atoms.symbols
        excess[label] = int((symbols == "In").sum() - (symbols == "As").sum())
    assert {name: excess.pop(name) for name in ("vacancies", "se9-vacancies")} == {
        "vacancies": 9,
        "se9-vacancies": 0,
    }
    assert excess == {"core": 9, "abrupt": 9, "alloyed": 6, "se3": 6, "se6": 3, "se9": 0, "se12": -3}


@pytest.mark.parametrize("file", SCREENINGS, ids=lambda file: file.stem)
def test_every_screening_has_candidates_within_its_limits(file):
    settings = ScreeningSettings.from_yaml(file)
    space = make_space(settings)
    assert space.combinations(settings.constraints.excess)


def test_the_designed_interlayer_holds_as_many_bonds_with_too_much_as_with_too_little():
    model = build(ModelSpec.from_mapping(Campaign.from_yaml(WORKFLOWS / "designed.yaml").points[0].model))
    bonds = bonds_by_pair(model)
    assert model.formula == "In34Cd94As34Se73Cl42"
    assert bonds["In-Se"] == bonds["Cd-As"] == 36


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("demo-exchange", "demo-exchange"),
        ("inas-cdse-paper", "recon-recon-2ML"),
        ("other-materials", "InAs-ZnSe"),
    ],
)
def test_distances_give_the_bonds_of_the_lattice(file, label):
    """The charge-flow analysis finds bonds from distances: it must see those that the model was built with."""
    points = {point.label: point for point in Campaign.from_yaml(FILES[0].parent / f"{file}.yaml").points}
    model = build(points[label].spec())
    found = bond_graph(model.atoms, exclude_like_charges=True).bonds
    assert (found == model.bonds).all()
