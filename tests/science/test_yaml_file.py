"""YAML as people write it: no key twice, no number to the base 60, no truth value for a number."""

from __future__ import annotations

import pytest

from aiida_chargeflow.clusters.profile import RunOptions
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.campaign import Campaign
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.settings import BaderSettings, ChargeFlowSettings
from aiida_chargeflow.science.yaml_file import parse_yaml, read_yaml

CORE = "core: {material: InAs, centre: anion, planes: [5, 4, 3]}\n"


def file(tmp_path, text):
    path = tmp_path / "dot.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("a: 1\nb: 2\na: 3\n", "a", "lines 1 and 3"),
        ("x:\n  a: 1\n  a: 1\n", "a", "lines 2 and 3"),
        ("x: [{a: 1, a: 2}]\n", "a", "lines 1 and 1"),
        ('"a": 1\na: 2\n', "a", "lines 1 and 2"),
    ],
)
def test_a_key_that_stands_twice_is_named_with_both_lines(text, key, lines):
    with pytest.raises(InputError, match=lines) as caught:
        parse_yaml(text)
    assert caught.value.field == key


def test_a_key_may_stand_again_in_another_mapping():
    assert parse_yaml("a: {k: 1}\nb: {k: 2}\n") == {"a": {"k": 1}, "b": {"k": 2}}
    merged = "base: &b {k: 1, m: 2}\nx: {<<: *b, k: 3}\n"
    assert parse_yaml(merged)["x"] == {"k": 3, "m": 2}


@pytest.mark.parametrize("key", ["5", "5.5", "true", "null", "2026-11-26", "[a]", "~"])
def test_a_key_must_be_text(tmp_path, key):
    with pytest.raises(InputError, match="a key must be text") as caught:
        ModelSpec.from_yaml(file(tmp_path, f"{CORE}surface: pure\n{key}: 6\n"))
    assert caught.value.field == "line 3"
    assert str(caught.value.file).endswith("dot.yaml")


@pytest.mark.parametrize(
    ("written", "hours"),
    [("1:30:00", 1.5), ("1:30", 1.5), ("12:30", 12.5), ("0:45:30", 0.7583333), ("24:00:00", 24.0)],
)
def test_a_clock_is_a_clock(tmp_path, written, hours):
    campaign = Campaign.from_yaml(file(tmp_path, f"{CORE}options: {{walltime_hours: {written}}}\n"))
    assert RunOptions.from_mapping(campaign.options).walltime_hours == pytest.approx(hours)


def test_numbers_are_what_they_look_like():
    text = "{a: 010, b: 1:30, c: 1_000, d: 0x10, e: 3, f: -2.5, g: 1.0e-6, h: .5, i: 0}"
    assert parse_yaml(text) == {
        "a": "010", "b": "1:30", "c": "1_000", "d": "0x10", "e": 3, "f": -2.5, "g": 1e-6, "h": 0.5, "i": 0,
    }  # fmt: skip
    assert parse_yaml("{a: yes, b: off, c: true, d: False}") == {
        "a": "yes",
        "b": "off",
        "c": True,
        "d": False,
    }


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (CORE + "shells: [{material: CdSe, n_monolayers: yes}]", "shells.0.n_monolayers"),
        (CORE + "shells: [{material: CdSe, n_monolayers: true}]", "shells.0.n_monolayers"),
        ("core: {material: InAs, height_nm: true}", "core.height_nm"),
        ("core: {material: InAs, centre: anion, planes: [true, 4, 3]}", "core.planes"),
        (CORE + "surface: {pattern: exchange, fraction: true}", "surface.fraction"),
        (CORE + "passivation: {ligand: Cl, rule: saturate, exchange: true}", "passivation.exchange"),
    ],
)
def test_a_truth_value_is_no_number(tmp_path, text, field):
    with pytest.raises(InputError) as caught:
        ModelSpec.from_yaml(file(tmp_path, text))
    assert caught.value.field == field


def test_settings_and_options_take_no_truth_value_for_a_number():
    for settings, key in (
        (ChargeFlowSettings, "bond_scale"),
        (BaderSettings, "vacuum_e_bohr3"),
        (RunOptions, "nodes"),
    ):
        with pytest.raises(InputError, match="truth value"):
            settings.from_mapping({key: True})
    assert ChargeFlowSettings.from_mapping({"exclude_like_charges": True}).exclude_like_charges
    assert BaderSettings.from_mapping(parse_yaml("core: on")).core == "on"


def test_what_is_no_file_of_settings_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_yaml(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text file"):
        read_yaml(binary)
    with pytest.raises(InputError, match="not valid YAML"):
        read_yaml(file(tmp_path, "a: 1\n---\nb: 2\n"))
