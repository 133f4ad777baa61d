"""Axes become points: products in the order of the file, exclusions, labels that tell the points apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.campaign import Campaign

BASE: dict[str, Any] = {
    "name": "thickness",
    "core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]},
    "shells": [{"material": "CdSe", "n_monolayers": 1}],
    "passivation": {"ligand": "Cl", "rule": "balance"},
}


def campaign(**change: Any) -> Campaign:
    return Campaign.from_mapping({**BASE, **change})


def test_product_of_two_axes_in_the_order_of_the_file() -> None:
    result = campaign(axes={"shells.0.n_monolayers": [1, 2, 3], "interface": ["abrupt", "alloyed"]})
    assert [p.label for p in result.points] == [
        "1-abrupt", "1-alloyed", "2-abrupt", "2-alloyed", "3-abrupt", "3-alloyed",
    ]  # fmt: skip
    assert result.points[4].model["shells"] == [{"material": "CdSe", "n_monolayers": 3}]
    assert BASE["shells"] == [{"material": "CdSe", "n_monolayers": 1}], "the base stays as it was"


def test_exclusion_by_value_and_by_list_of_values() -> None:
    axes = {"shells.0.n_monolayers": [1, 2, 3], "interface": ["abrupt", "alloyed"]}
    rules = [{"interface": "alloyed", "shells.0.n_monolayers": [1, 2]}]
    assert [p.label for p in campaign(axes=axes, exclude=rules).points] == [
        "1-abrupt", "2-abrupt", "3-abrupt", "3-alloyed",
    ]  # fmt: skip


def test_named_values_change_several_keys_together() -> None:
    families = {
        "pure-pure": {"interface": "abrupt", "surface": "pure"},
        "pure-recon": {"interface": "abrupt", "surface": {"pattern": "exchange", "fraction": 0.5}},
    }
    result = campaign(axes={"family": families})
    assert [p.label for p in result.points] == ["pure-pure", "pure-recon"]
    assert result.points[1].model["surface"]["fraction"] == 0.5
    assert "family" not in result.points[0].model


def test_protocol_can_be_an_axis_and_is_no_part_of_the_model() -> None:
    result = campaign(protocol="fast", axes={"protocol": ["fast", "stringent"]})
    assert [p.protocol for p in result.points] == ["fast", "stringent"]
    assert "protocol" not in result.points[0].model
    assert result.points[0].spec().digest == result.points[1].spec().digest


def test_overrides_of_the_protocol_can_be_an_axis() -> None:
    result = campaign(overrides={"scf": {"n_grids": 5}}, axes={"overrides.scf.cutoff_ry": [200, 300]})
    assert [p.overrides for p in result.points] == [
        {"scf": {"n_grids": 5, "cutoff_ry": 200}},
        {"scf": {"n_grids": 5, "cutoff_ry": 300}},
    ]
    assert "overrides" not in result.points[0].model


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"name": "a b"}, "name: must be one word"),
        ({"name": "x/../../y"}, "name: must be one word"),
        ({"axes": [1]}, "axes: must map"),
        ({"axes": {"interface": []}}, "axes.interface: needs a list"),
        ({"axes": {"interface": "abrupt"}}, "axes.interface: needs a list"),
        ({"axes": {"shells.1.n_monolayers": [1]}}, "outside a list"),
        ({"axes": {"core.material.name": ["InAs"]}}, "below a plain value"),
        ({"axes": {"interface": ["abrupt", "abrupt"]}}, "same label"),
        ({"axes": {"interface": ["abrupt"]}, "exclude": [{"interface": "alloyed"}]}, "not a value"),
        ({"axes": {"interface": ["abrupt"]}, "exclude": [{"surface": "pure"}]}, "not an axis"),
        ({"axes": {"interface": ["abrupt"]}, "exclude": [{"interface": "abrupt"}]}, "excludes every point"),
        ({"axes": {"shells.0.n_monolayers": list(range(20000))}}, "more than 10000"),
        ({"axes": {"shells.².n_monolayers": [1]}}, "outside a list"),
        ({"axes": {"family": {"a": {1: 2}}}}, "axes.family: a model key must be text"),
        ({"protocol": 3}, "protocol: must be a name"),
        ({"options": "fast"}, "options: must be a mapping"),
        ({"overrides": [1]}, "overrides: must be a mapping"),
    ],
)
def test_bad_campaign_is_one_message(change: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        campaign(**change)


def test_file_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("axes: [")
    with pytest.raises(InputError, match=r"c\.yaml"):
        Campaign.from_yaml(path)
    path.write_text("name: 2020-13-45")
    with pytest.raises(InputError, match=r"c\.yaml: not valid YAML"):
        Campaign.from_yaml(path)
    path.write_text("1: 2\ncore: {material: InAs, centre: anion, planes: [5, 4, 3]}\n")
    with pytest.raises(InputError, match="a key must be text"):
        Campaign.from_yaml(path).points[0].spec()
    path.write_text("core: {material: InAs, centre: anion, planes: [5, 4, 3]}\n")
    assert Campaign.from_yaml(path).points[0].label == "c"
