"""Whole models: published formulas by rule, regions, neutrality, order and start geometry."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from model_helpers import bonds_by_pair

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.kinds import Kind, decode
from aiida_chargeflow.science.models import bond_valence, geometry
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.spec import ModelSpec

CORE = {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]}


def make(start_geometry="lattice", **content):
    """Build a model; on the lattice unless its geometry matters."""
    content = {"core": CORE, "start_geometry": start_geometry, **content}
    return build(ModelSpec.from_mapping(content))


@pytest.mark.parametrize(
    ("k", "formula"), [(1, "In31As20Cl33"), (2, "In107As73Cl102"), (4, "In477As396Cl243")]
)
def test_published_iii_v_series(k, formula):
    core = {"material": "InAs", "planes": [4 * k, 4 * k + 5, 2 * k + 2]}
    assert make(core=core, passivation={"rule": "saturate"}).formula == formula


@pytest.mark.parametrize(("k", "n_zinc"), [(5, 21), (6, 29)])
def test_large_iii_v_dots_take_zinc_on_100(k, n_zinc):
    core = {"material": "InP", "planes": [4 * k, 4 * k + 5, 2 * k + 2]}
    model = make(core=core, passivation={"rule": "saturate", "exchange": 12, "substitute": "Zn"})
    assert model.summary()["counts"]["Zn"] == n_zinc
    assert model.formal_charge == 0
    zinc = model.atoms.numbers == 30
    assert (np.abs(model.sites[zinc]).max(axis=1) == 2 * k + 2).all()


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_published_ii_vi_series(k):
    """Cl on all bridging sites; what charge is left, 2(k - 1), sits on top of ⟨111⟩ cations."""
    model = make(core={"material": "CdSe", "planes": [4 * k + 1, 4 * k, 2 * k + 1]})
    assert model.summary()["coordination"]["Cl"].get(1, 0) == 2 * (k - 1)
    known = {1: "Cd16Se13Cl6", 2: "Cd68Se55Cl26"}
    assert model.formula == known.get(k, model.formula)


def test_cores_of_the_paper():
    pure, exchanged = make(), make(surface="exchange")
    assert (pure.formula, len(pure.atoms)) == ("In156As119Cl111", 386)
    assert (exchanged.formula, len(exchanged.atoms)) == ("In156As111Cl135", 402)
    assert bonds_by_pair(pure) == {"In-As": 464, "In-Cl": 141}
    assert bonds_by_pair(exchanged) == {"In-As": 440, "In-Cl": 181}
    assert pure.summary()["coordination"]["As"] == {3: 12, 4: 107}
    assert exchanged.summary()["coordination"]["As"] == {3: 4, 4: 107}
    assert exchanged.summary()["coordination"]["Cl"][3] == 8


@pytest.mark.parametrize(
    ("surface", "formula", "n_exchanged"),
    [("pure", "In16As13Cl9", 0), ({"pattern": "exchange", "fraction": 0.3333}, "In16As9Cl21", 4)],
)
def test_demonstration_dots(surface, formula, n_exchanged):
    model = make(core={"material": "InAs", "planes": [5, 4, 3]}, surface=surface)
    assert model.formula == formula
    facets = [model.facets[i] for i, kind in enumerate(model.kinds) if kind == "Cl43"]
    assert len(facets) == n_exchanged
    assert len(set(facets)) == n_exchanged, "one on each facet"


def test_atoms_carry_region_and_coordination():
    model = make(surface="exchange")
    assert (model.atoms.get_tags() == 10 * model.regions + model.coordination).all()
    assert not model.atoms.pbc.any()
    assert np.allclose(model.atoms.positions.mean(axis=0), 0, atol=1e-6)
    assert {decode(kind) for kind in model.kinds} >= {Kind("As", 1, 3), Kind("Cl", 4, 3), Kind("Cl", 4, 1)}
    assert {decode(kind).name for kind in model.kinds} == set(model.kinds)


def test_atoms_know_their_facets():
    model = make(surface="exchange")
    families = Counter()
    for name, kind in zip(model.facets, model.kinds, strict=True):
        for facet in name.split("+"):
            families[decode(kind).symbol, decode(kind).coordination, facet] += 1
    on_opposite = [facet for symbol, _, facet in families if symbol == "As" and facet != "-"]
    assert sorted(on_opposite) == sorted(["-1-1-1", "-111", "1-11", "11-1"])
    bridging = {facet for symbol, n, facet in families if (symbol, n) == ("Cl", 2)}
    assert bridging == {"100", "-100", "010", "0-10", "001", "00-1"}
    on_top = {facet for symbol, n, facet in families if (symbol, n) == ("Cl", 1)}
    assert on_top == {"111", "1-1-1", "-11-1", "-1-11"}
    assert all(n == 5 for (symbol, k, _), n in families.items() if (symbol, k) == ("Cl", 2)), (
        "30 on six facets"
    )


def test_a_material_of_ones_own():
    aluminium = {"cation": "Al", "anion": "P", "lattice_constant_ang": 5.4672, "oxidation_states": {"Al": 3}}
    model = make(
        core={"material": "AlP", "planes": [9, 16, 7]},
        shells=[{"material": "ZnS", "n_monolayers": 1}],
        materials={"AlP": aluminium},
        interface="alloyed",
    )
    assert model.formula == "Al152Zn172P138S135Cl116"


def test_bonds_are_sorted_and_connect_opposite_charges():
    model = make(surface="exchange")
    assert (model.bonds[:, 0] < model.bonds[:, 1]).all()
    assert (np.lexsort(model.bonds.T[::-1]) == np.arange(len(model.bonds))).all()
    signs = np.sign(model.formal_charges[model.bonds])
    assert (signs.sum(axis=1) == 0).all()


@pytest.mark.parametrize(
    ("shells", "interface"),
    [
        ({"CdSe": 1}, "abrupt"),
        ({"ZnSe": 1}, "alloyed"),
        ({"ZnSe": 3}, "abrupt"),
        ({"InP": 1, "ZnSe": 2}, {"pattern": "alloyed", "boundary": 2}),
    ],
)
@pytest.mark.parametrize(("start", "largest"), [("v1", 0.05), ("v2", 0.075), ("v3", 0.08)])
def test_no_bond_starts_far_from_its_ideal_length(shells, interface, start, largest):
    """ZnSe is 6.4 % smaller than InAs; the force field shares the strain out."""
    listed = [{"material": name, "n_monolayers": n} for name, n in shells.items()]
    model = make("force-field", shells=listed, interface=interface, start=start)
    anion = model.formal_charges < 0
    bonds = np.where(anion[model.bonds[:, :1]], model.bonds[:, ::-1], model.bonds)
    numbers, is_ligand = model.atoms.numbers, model.regions == 4
    if start == "v1":
        ideal = geometry.bond_lengths_ang(numbers, model.coordination, is_ligand, bonds)
    else:
        ideal = bond_valence.bond_lengths_ang(numbers, model.formal_charges, is_ligand, bonds)
    length = np.linalg.norm(np.diff(model.atoms.positions[bonds], axis=1)[:, 0], axis=1)
    assert np.abs(length / ideal - 1).max() < largest


def test_same_specification_same_atoms_in_another_process():
    code = (
        "from aiida_chargeflow.science.models.build import build;"
        "from aiida_chargeflow.science.models.spec import ModelSpec;"
        f"m = build(ModelSpec.from_mapping({{'core': {CORE!r}, 'surface': 'exchange'}}));"
        "import hashlib;"
        "print(hashlib.sha256(m.atoms.positions.tobytes() + m.atoms.numbers.tobytes()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_too_few_ligand_sites_is_an_error_with_the_numbers():
    with pytest.raises(InputError, match=r"needs 141 Cl .* 102 ligand sites. 39 sites are missing"):
        make(core={"material": "InAs", "planes": [13, 12, 7]}, surface="exchange")


def test_more_anions_than_ligands_can_balance():
    with pytest.raises(InputError, match="formal charge of -3"):
        make(core={"material": "InAs", "planes": [13, 12, 11]})


def test_loose_corners_are_refused():
    with pytest.raises(InputError, match="fewer than two framework bonds"):
        make(core={"material": "InAs", "planes": [9, 28, 9]})
