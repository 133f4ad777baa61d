"""Interface and surface patterns: the numbers of the paper and of published dots, symmetry, parameters."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import numpy as np
import pytest
from ase.data import atomic_numbers
from model_helpers import bonds_by_pair

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.describe import count_edits
from aiida_chargeflow.science.models.lattice import TWO_FOLD, keys
from aiida_chargeflow.science.models.patterns import registry as patterns
from aiida_chargeflow.science.models.patterns.registry import surface_pattern
from aiida_chargeflow.science.models.spec import ModelSpec

CORE = {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]}


def make(n_monolayers=1, shell="CdSe", **content):
    """Build a core@shell model on the lattice."""
    shells = [{"material": shell, "n_monolayers": n_monolayers}] if n_monolayers else []
    content = {"core": CORE, "shells": shells, "start_geometry": "lattice", **content}
    return build(ModelSpec.from_mapping(content))


def invariant(model, operations):
    """Return whether the framework, elements included, is mapped onto itself by all operations."""
    framework = model.regions != 4
    sites, numbers = model.sites[framework], model.atoms.numbers[framework]
    reference = dict(zip(keys(sites).tolist(), numbers.tolist(), strict=True))
    return all(
        dict(zip(keys(sites[:, permutation] * signs).tolist(), numbers.tolist(), strict=True)) == reference
        for permutation, signs in operations
    )


TD = [
    (permutation, np.array(signs))
    for permutation in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
    if np.prod(signs) == 1
]
D2 = [((0, 1, 2), signs) for signs in TWO_FOLD]


TABLE = [
    (1, "abrupt", "pure", "In156Cd180As119Se154Cl163", 772),
    (1, "alloyed", "pure", "In152Cd172As138Se135Cl116", 713),
    (3, "abrupt", "pure", "In156Cd848As119Se752Cl303", 2178),
    (3, "alloyed", "pure", "In152Cd840As138Se733Cl256", 2119),
    (3, "abrupt", "vacancies-2x2", "In156Cd812As119Se740Cl255", 2082),
    (3, "alloyed", "vacancies-2x2", "In152Cd804As138Se721Cl208", 2023),
]


@pytest.mark.parametrize(("n", "interface", "surface", "formula", "n_atoms"), TABLE)
def test_core_shell_models(n, interface, surface, formula, n_atoms):
    model = make(n, interface=interface, surface=surface)
    assert (model.formula, len(model.atoms), model.formal_charge) == (formula, n_atoms, 0)


def test_all_models_of_the_paper_have_two_bonds_everywhere():
    for n, interface, surface in itertools.product(
        (1, 2, 3), ("abrupt", "alloyed"), ("pure", "vacancies-2x2")
    ):
        model = make(n, interface=interface, surface=surface)
        assert model.coordination[model.regions != 4].min() >= 2
        assert invariant(model, D2) == (interface == "abrupt"), "one of the 28 Se stays: no symmetry is left"


def test_bond_census():
    assert bonds_by_pair(make(3)) == {
        "Cd-Cl": 495,
        "Cd-Se": 2788,
        "In-Se": 160,
        "In-As": 464,
        "Cd-As": 12,
    }
    for n in (1, 2, 3):
        census = bonds_by_pair(make(n, interface="alloyed"))
        assert (census["In-As"], census["In-Se"], census["Cd-As"]) == (459, 149, 93)


def test_interlayer_before_and_after_each_edit():
    """In28As12Cd132Se130 becomes In24As31Cd124Se111 by 4 In→Cd, 12 Cd vacancies, 27 Se→As and 8 As→Se."""
    assert make(2).summary()["regions"]["interlayer"] == {"In": 28, "Cd": 132, "As": 12, "Se": 130}
    model = make(2, interface="alloyed")
    assert model.summary()["regions"]["interlayer"] == {"In": 24, "Cd": 124, "As": 31, "Se": 111}
    number = {symbol: atomic_numbers[symbol] for symbol in ("In", "Cd", "As", "Se")} | {"": 0}
    edits = Counter((edit.before, edit.after) for edit in model.edits if edit.pattern == "alloyed")
    assert edits == {
        (number["In"], number["Cd"]): 4,
        (number["Cd"], number[""]): 12,
        (number["Se"], number["As"]): 27,
        (number["As"], number["Se"]): 8,
    }
    vacancies = {edit.site for edit in model.edits if edit.after == 0}
    assert {(7, 3, 3), (3, 7, 3), (3, 3, 7)} < vacancies
    assert (5, 5, -5) in {edit.site for edit in model.edits if edit.before == number["In"]}


def test_pure_frameworks_have_full_tetrahedral_symmetry():
    assert len(TD) == 24
    assert invariant(make(0), TD)
    assert invariant(make(2), TD)
    unchanged = {"se_by_as": 28, "as_by_se": 12}
    assert invariant(make(1, interface={"pattern": "alloyed", **unchanged}), TD)


def test_alloyed_parameters_by_element_and_in_general():
    by_element = {"pattern": "alloyed", "se_by_as": 20, "as_by_se": 4, "in_by_cd": 0, "vacancy_share": 0.125}
    general = {
        "pattern": "alloyed",
        "shell_anion_by_core": 20,
        "core_anion_by_shell": 4,
        "core_cation_by_shell": 0,
        "vacancy_share": 0.125,
    }
    content = {"core": CORE, "shells": [{"material": "CdSe", "n_monolayers": 1}]}
    first, second = (ModelSpec.from_mapping(content | {"interface": item}) for item in (by_element, general))
    assert first.digest == second.digest
    interlayer = make(1, interface=by_element).summary()["regions"]["interlayer"]
    assert interlayer == {"In": 28, "Cd": 132 - 8, "As": 12 + 20 - 4, "Se": 130 - 20 + 4}
    with pytest.raises(InputError, match=r"unknown|extra|permitted"):
        make(1, shell="ZnSe", interface=by_element)


def test_alloyed_sites_can_be_listed():
    sites = {"vacancies": [[7, 3, 3]], "shell_anion_by_core": [], "core_anion_by_shell": []}
    model = make(1, interface={"pattern": "alloyed", "sites": sites, "in_by_cd": 0})
    assert [edit.site for edit in model.edits if edit.pattern == "alloyed"] == [(7, 3, 3)]
    with pytest.raises(InputError, match=r"no cation on this lattice site .*\[1, 2, 3\]"):
        make(1, interface={"pattern": "alloyed", "sites": {"vacancies": [[1, 2, 3]]}})


@pytest.mark.parametrize(
    ("interface", "message"),
    [
        ({"pattern": "alloyed", "se_by_as": 1000}, "only 100 such sites"),
        ({"pattern": "alloyed", "as_by_se": 13}, "only 12 such sites"),
        ({"pattern": "alloyed", "in_by_cd": 5}, "only 4 such sites"),
        ({"pattern": "alloyed", "boundary": 2}, "only 1 shell"),
    ],
)
def test_alloyed_asks_for_no_more_than_there_is(interface, message):
    with pytest.raises(InputError, match=message):
        make(1, interface=interface)


def test_alloyed_needs_two_different_materials():
    with pytest.raises(InputError, match="needs different cations and different anions"):
        make(1, shell="InP", interface="alloyed")
    with pytest.raises(InputError, match="needs at least one shell"):
        make(0, interface="alloyed")


def test_two_shells_alloyed_at_the_second_boundary():
    shells = [{"material": "InP", "n_monolayers": 1}, {"material": "ZnSe", "n_monolayers": 2}]
    model = make(shells=shells, interface={"pattern": "alloyed", "boundary": 2})
    assert set(model.summary()["regions"]["core"]) == {"In", "As"}
    assert set(model.summary()["regions"]["interlayer"]) == {"In", "Zn", "P", "Se"}
    assert model.formal_charge == 0


def test_first_shell_interlayer():
    model = make(2, interface={"pattern": "abrupt", "interlayer": "first-shell"})
    assert model.summary()["regions"]["interlayer"] == {"Cd": 180, "Se": 154}
    assert model.summary()["regions"]["core"] == {"In": 156, "As": 119}


def test_mixed_keeps_the_composition_and_follows_its_seed():
    abrupt, again = make(2), make(2, interface={"pattern": "mixed", "seed": 1})
    first, other = (make(2, interface={"pattern": "mixed", "seed": seed}) for seed in (1, 2))
    assert first.summary()["regions"] == abrupt.summary()["regions"]
    assert (first.atoms.numbers == again.atoms.numbers).all()
    assert (first.sites == again.sites).all()
    assert bonds_by_pair(first) != bonds_by_pair(abrupt)
    assert bonds_by_pair(first) != bonds_by_pair(other)
    wide = make(2, interface={"pattern": "mixed", "n_monolayers": 3, "seed": 1})
    assert wide.summary()["regions"]["interlayer"]["Cd"] > first.summary()["regions"]["interlayer"]["Cd"]
    assert wide.formula == abrupt.formula


def test_published_vacancies():
    """Cd324Se281Cl86: 3 + 6 Cd per facet and 28 Se are gone."""
    core = {"material": "CdSe", "planes": [17, 16, 9]}
    model = make(0, core=core, surface="vacancies-2x2")
    assert model.formula == "Cd324Se281Cl86"
    assert Counter(edit.before for edit in model.edits if edit.action == "remove") == {48: 36, 34: 28}
    removed = np.array([edit.site for edit in model.edits if edit.before == 48])
    assert (-removed @ TWO_FOLD.T == 15).any(axis=1).sum() == 24
    assert ((removed @ TWO_FOLD.T == 17).any(axis=1) & (-removed @ TWO_FOLD.T < 15).all(axis=1)).sum() == 12


def test_exchange_is_even_over_the_facets_and_symmetric():
    for fraction in (1 / 3, 2 / 3):
        model = make(0, surface={"pattern": "exchange", "fraction": fraction})
        exchanged = [kind == "Cl43" for kind in model.kinds]
        facets = Counter(facet for facet, is_new in zip(model.facets, exchanged, strict=True) if is_new)
        assert set(facets.values()) == {round(3 * fraction)}
        sites = model.sites[exchanged]
        reference = set(keys(sites).tolist())
        assert all(set(keys(sites * signs).tolist()) == reference for signs in TWO_FOLD)


def test_z_type_units_are_neutral_and_refill_vacancies():
    core = {"material": "CdSe", "planes": [17, 16, 9]}
    emptied = make(0, core=core, surface="vacancies-2x2")
    units = {"pattern": "z-type", "units": 10}
    refilled = make(0, core=core, surface=["vacancies-2x2", units])
    before, after = emptied.summary()["counts"], refilled.summary()["counts"]
    assert {symbol: after[symbol] - before[symbol] for symbol in after} == {"Cd": 10, "Se": 0, "Cl": 20}
    zinc = make(
        0, core=core, surface=["pure", {"pattern": "z-type", "metal": "Zn", "min_bonds": 1, "units": 4}]
    )
    assert zinc.formula == "Cd360Zn4Se309Cl110"
    for metal in ("Qq", "Se"):
        with pytest.raises(InputError, match=r"unknown element|not a cation"):
            make(0, core=core, surface={"pattern": "z-type", "metal": metal, "min_bonds": 1})
    with pytest.raises(InputError, match="0 empty sites touch at least 2"):
        make(0, core=core, surface="z-type")


def test_a_pattern_of_ones_own_in_a_few_lines():
    @surface_pattern("test-bare-tips", low_coordination=True)
    def bare_tips(draft, *, n_facets: int = 1) -> None:
        """Exchange every 3c anion of some facets."""
        sites = np.flatnonzero(draft.framework_anions & (draft.anion_coordination == 3))
        facet = np.argmin(draft.anion_neighbours[sites], axis=1)
        draft.add_ligands(sites[facet < n_facets], draft.ligand)

    try:
        model = make(0, surface={"pattern": "test-bare-tips", "n_facets": 2})
        assert model.formula == "In156As113Cl129"
        assert "test-bare-tips" in [item.name for item in patterns.patterns("surface")]
    finally:
        patterns._REGISTRY.pop(("surface", "test-bare-tips"))


def test_patterns_of_other_packages_are_loaded_from_their_entry_points(monkeypatch):
    loaded = []

    class Point:
        name = "elsewhere"

        def load(self):
            loaded.append(self.name)

    monkeypatch.setattr(patterns, "entry_points", lambda group: [Point()] if "patterns" in group else [])
    patterns._load.cache_clear()
    patterns.patterns("surface")
    assert loaded == ["elsewhere"]


TINY = {"material": "InAs", "centre": "anion", "planes": [1, 4, 3]}
PAPER = {"material": "InAs", "centre": "anion", "planes": [9, 16, 7]}
NOTHING = {"se_by_as": 0, "as_by_se": 0, "in_by_cd": 0, "vacancy_share": 0}


def edited(core, **counts):
    """The edits of an alloyed interlayer with these counts and no others."""
    interface = {"pattern": "alloyed", **NOTHING, **counts}
    spec = {"core": core, "shells": [{"material": "CdSe", "n_monolayers": 1}], "interface": interface}
    model = build(ModelSpec.from_mapping({**spec, "start_geometry": "lattice"}))
    return count_edits(model).get("alloyed", {}), model


@pytest.mark.parametrize("core", [TINY, PAPER], ids=["tiny", "paper"])
@pytest.mark.parametrize(
    ("name", "words", "before", "after"),
    [
        ("se_by_as", "Se → As", "Se", "As"),
        ("as_by_se", "As → Se", "As", "Se"),
        ("in_by_cd", "In → Cd", "In", "Cd"),
    ],
)
def test_a_count_is_met_exactly_or_refused_with_what_is_possible(core, name, words, before, after):
    _, abrupt = edited(core)
    with pytest.raises(InputError, match=r"there are only \d+ such sites") as refused:
        edited(core, **{name: 10_000})
    room = int(re.search(r"only (\d+)", str(refused.value)).group(1))
    assert room >= 4 or core is TINY
    for n in range(1, min(room, 7) + 1):
        edits, model = edited(core, **{name: n})
        assert edits == {words: n}
        for symbol, change in ((after, n), (before, -n)):
            assert model.symbols.count(symbol) - abrupt.symbols.count(symbol) == change
        assert model.formal_charge == 0
    with pytest.raises(InputError, match=f"only {room} "):
        edited(core, **{name: room + 1})


def test_no_count_stands_for_the_rule_of_the_pattern():
    edits, _ = edited(PAPER, se_by_as=None, as_by_se=None, in_by_cd=None, vacancy_share=0.25)
    assert edits == {"In → Cd": 4, "Cd removed": 12, "Se → As": 27, "As → Se": 8}
