"""The model file: shorthand, normal form, digest and messages."""

from __future__ import annotations

import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.spec import ModelSpec

CORE = {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]}


def test_shorthand_and_full_form_are_the_same_model():
    short = ModelSpec.from_mapping({"core": {"material": "InAs", "height_nm": 2.1}, "surface": "exchange"})
    full = ModelSpec.from_mapping(
        {
            "core": CORE,
            "shells": [],
            "interface": "abrupt",
            "surface": {"pattern": "exchange", "fraction": 2 / 3},
            "passivation": {"ligand": "Cl", "rule": "balance"},
        }
    )
    assert short == full
    assert short.digest == full.digest


def test_normal_form_reads_back_to_itself():
    spec = ModelSpec.from_mapping(
        {
            "core": {"material": "AlP", "planes": [5, 4, 3]},
            "shells": {"material": "ZnS", "n_monolayers": 1},
            "materials": {
                "AlP": {
                    "cation": "Al",
                    "anion": "P",
                    "lattice_constant_ang": 5.4672,
                    "oxidation_states": {"Al": 3},
                }
            },
        }
    )
    again = ModelSpec.from_mapping(spec.to_mapping())
    assert again == spec
    assert again.digest == spec.digest


def test_digests_do_not_change_between_versions():
    """A sweep recognises its finished points by these."""
    contents = [
        {"core": CORE},
        {
            "core": CORE,
            "shells": [{"material": "CdSe", "n_monolayers": 3}],
            "interface": "alloyed",
            "surface": "vacancies-2x2",
        },
    ]
    digests = [ModelSpec.from_stored(content).digest[:12] for content in contents]
    assert digests == ["3d65c2ee8b82", "1a7d994a84b3"]
    named = [ModelSpec.from_mapping(content | {"start": "v1"}).digest[:12] for content in contents]
    assert named == digests
    second = [ModelSpec.from_mapping(content | {"start": "v2"}).digest[:12] for content in contents]
    assert second == ["1385cf001fed", "58cdd3c075d3"]
    today = [ModelSpec.from_mapping(content).digest[:12] for content in contents]
    assert today == ["402ce18fdcdc", "9ad9d628c2ce"]


@pytest.mark.parametrize("start", ["v1", "v2", "v3"])
def test_the_stored_form_keeps_the_version_of_the_start_geometry(start):
    spec = ModelSpec.from_mapping({"core": CORE, "start": start})
    again = ModelSpec.from_stored(spec.to_mapping())
    assert (again, again.digest) == (spec, spec.digest)
    assert ModelSpec.from_stored({"core": CORE}).start == "v1", "stored before there were versions"


def test_every_choice_changes_the_digest():
    base = {"core": CORE, "shells": [{"material": "CdSe", "n_monolayers": 1}]}
    variants = [
        base,
        base | {"surface": "exchange"},
        base | {"shells": [{"material": "CdSe", "n_monolayers": 2}]},
        base | {"shells": [{"material": "ZnSe", "n_monolayers": 1}]},
        base | {"passivation": {"ligand": "Br"}},
        base | {"start_geometry": "lattice"},
        base | {"start": "v1"},
    ]
    assert len({ModelSpec.from_mapping(variant).digest for variant in variants}) == len(variants)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"surface": "pure"}, "core: the key core is missing"),
        ({"core": CORE | {"hole": 1}}, r"core\.hole: unknown key"),
        ({"core": CORE, "shell": []}, "shell: unknown key"),
        ({"core": CORE | {"material": "InN"}}, "unknown material .*Known: CdS"),
        ({"core": {"material": "InAs"}}, "either planes or height_nm"),
        ({"core": CORE | {"height_nm": 2.1}}, "either planes or height_nm"),
        ({"core": {"material": "InAs", "planes": [9, 16]}}, r"core\.planes"),
        ({"core": CORE | {"centre": "cation"}}, r"A = 0 \(mod 4\), B = 1 \(mod 4\) and C is even"),
        ({"core": CORE, "surface": "smooth"}, "unknown surface pattern .*exchange"),
        ({"core": CORE, "surface": {"pattern": "exchange", "fraction": 2}}, r"surface\.fraction"),
        (
            {"core": CORE, "surface": {"pattern": "exchange", "share": 0.5}},
            r"surface\.share: unknown key .*Known: fraction",
        ),
        ({"core": CORE, "passivation": {"rule": "fill"}}, r"passivation\.rule"),
        ({"core": CORE, "passivation": {"substitute": "Zn"}}, "belong to the rule saturate"),
        ({"core": CORE, "shells": [{"material": "CdSe", "n_monolayers": 0}]}, "n_monolayers"),
        ({"core": CORE, "axes": {"surface": ["pure"]}}, "several models"),
        ({"core": CORE, "materials": {"XY": {"cation": "Xq", "anion": "P"}}}, "materials"),
        (["core"], "a model is a mapping"),
        ({"core": CORE, "shells": "CdSe"}, r"shells\.0: expected a material"),
        ({"core": CORE, "shells": [{"material": "CdSe"}]}, r"shells\.0\.n_monolayers: field required"),
        (
            {"core": CORE, "shells": [{"material": "CdSe", "n_monolayer": 2}]},
            r"shells\.0\.n_monolayer: unknown key \(got 2\)\. Did you mean n_monolayers\?",
        ),
        (
            {"core": CORE, "passivation": {"ligands": "Br"}},
            r"passivation\.ligands: .*Did you mean ligand\? Known: ligand, rule, exchange, substitute",
        ),
        ({"core": CORE, "materials": 7}, "materials: expected a mapping"),
        ({"core": CORE, "materials": {"XY": 7}}, r"materials\.XY: expected cation"),
        ({"core": {"material": "InAs", "height_nm": "tall"}}, r"core\.height_nm: expected a number"),
        ({"core": {"material": "InAs", "height_nm": float("nan")}}, r"core\.height_nm"),
        ({"core": CORE | {"planes": [4001, 4000, 2001]}}, "millions of atoms"),
        (
            {
                "size_unit_cells": [2, 2, 2],
                "facets": [{"hkl": "111", "scope": "family", "termination": "cation_rich", "gamma": 1.0}],
                "passivation": {"ligand": "Br", "surf_tol": 2.0},
                "charges": {"As": -3, "In": 3, "Br": -1},
            },
            r"recipe of QD_Builder.*material: InAs.*ligand: Br.*--material InAs",
        ),
    ],
)
def test_mistakes_name_the_key_and_the_remedy(content, message):
    with pytest.raises(InputError, match=message):
        ModelSpec.from_mapping(content)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        ModelSpec.from_yaml(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("core: {material: [")
    with pytest.raises(InputError, match=r"broken\.yaml: not valid YAML"):
        ModelSpec.from_yaml(broken)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("core: {material: InAs, planes: [1, 2, 3]}")
    with pytest.raises(InputError, match=r"wrong\.yaml: planes: planes fit neither centre"):
        ModelSpec.from_yaml(wrong)
