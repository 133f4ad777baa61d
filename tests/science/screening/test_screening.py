"""A screening: its space, the values of candidates, the ranking, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.screening.evaluate import Evaluator
from aiida_chargeflow.science.screening.ranking import pareto_front, screen
from aiida_chargeflow.science.screening.search import scales_of, score_of, search
from aiida_chargeflow.science.screening.settings import ScreeningSettings
from aiida_chargeflow.science.screening.space import Candidate, group_operations, make_space
from aiida_chargeflow.science.valences.descriptors import OBJECTIVES
from aiida_chargeflow.science.valences.dot import dot_of_model
from aiida_chargeflow.science.valences.parameters import default_parameters
from aiida_chargeflow.science.valences.prediction import predict

SMALL = {
    "name": "small",
    "core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]},
    "shells": [{"material": "CdSe", "n_monolayers": 1}],
    "start_geometry": "lattice",
    "space": {
        "edits": {"se_by_as": {"counts": [0, 3]}, "in_by_cd": {"counts": [0, 3]}},
        "symmetry": "C3v",
    },
    "objectives": {"excess": 1, "strain": 2},
}


def settings(**changes):
    return ScreeningSettings.from_file_content({**SMALL, **changes})


def evaluator_of(given):
    return Evaluator(make_space(given), tuple(given.objectives), given.constraints, default_parameters())


@pytest.mark.parametrize("surface", ["pure", "vacancies-2x2"])
@pytest.mark.parametrize("n_monolayers", [1, 2])
def test_a_value_on_the_lattice_is_that_of_the_built_model(surface, n_monolayers):
    """Edits of one lattice give what the whole build gives, for every objective."""
    given = settings(
        shells=[{"material": "CdSe", "n_monolayers": n_monolayers}],
        surface=surface,
        space={
            "edits": {
                "se_by_as": {"counts": [0, 4], "layers": [1]},
                "as_by_se": {"counts": [0, 4], "facets": ["-1-1-1"]},
                "in_by_cd": {"counts": [0, 4]},
                "vacancies": {"counts": [0, 4], "facets": ["111"]},
            },
            "symmetry": "D2",
        },
        objectives=dict.fromkeys(OBJECTIVES, 1.0),
    )
    evaluate = evaluator_of(given)
    space = evaluate.space
    every = list(space.every())
    every = every[:: max(len(every) // 12, 1)]
    compared = 0
    for candidate in [space.reference, *every]:
        found = evaluate(candidate)
        if found.problem or (surface != "pure" and n_monolayers == 1 and candidate.sites[-1]):
            continue  # with one monolayer vacancies of the surface depend on those of the interface
        model = build(space.spec(candidate))
        described = predict(dot_of_model(model)).described
        built = {name: item.value(described) for name, item in OBJECTIVES.items()}
        assert found.values == pytest.approx(built, abs=1e-7)
        assert found.n_atoms == len(model.atoms)
        compared += 1
    assert compared >= 5


def test_every_candidate_differs_by_symmetry():
    """Against brute force: each choice of sites is one of the candidates, turned or mirrored, and no two are alike."""
    space = make_space(settings(space={"edits": {"in_by_cd": {"counts": [0, 1, 2]}}}))
    sites = space.sites[0]
    operations = group_operations("Td")
    classes = set()
    for n in (0, 1, 2):
        for chosen in itertools.combinations(sites.tolist(), n):
            turned = [
                tuple(sorted(map(tuple, (np.array(chosen).reshape(-1, 3) @ op.T).tolist())))
                for op in operations
            ]
            classes.add(min(turned))
    found = list(space.every())
    assert len(found) == len(set(found)) == len(classes)
    assert space.size == 1 + len(sites) + len(sites) * (len(sites) - 1) // 2


@pytest.mark.parametrize(
    ("symmetry", "order"), [("Td", 24), ("T", 12), ("D2", 4), ("C3v", 6), ("C3", 3), ("C2", 2)]
)
def test_edits_keep_the_symmetry_that_is_asked_for(symmetry, order):
    operations = group_operations(symmetry)
    assert len({op.tobytes() for op in operations}) == order
    space = make_space(settings(space={"edits": {"se_by_as": {"counts": list(range(13))}}, "symmetry": "C1"}))
    given = settings(space={"edits": {"se_by_as": {"counts": [0, 4, 6, 12]}}, "symmetry": symmetry})
    try:
        kept = make_space(given)
    except InputError:
        kept = make_space(settings(space={"edits": {"se_by_as": {"counts": [0]}}, "symmetry": symmetry}))
    for orbit in kept.orbits[0]:
        points = {tuple(p) for p in kept.sites[0][list(orbit)].tolist()}
        for op in operations:
            assert {tuple(p) for p in (np.array(sorted(points)) @ op.T).tolist()} == points
    assert sum(map(len, kept.orbits[0])) == len(space.sites[0])


def test_the_excess_of_a_combination_is_that_of_the_atoms():
    given = settings()
    evaluate = evaluator_of(given)
    space = evaluate.space
    for candidate in itertools.islice(space.every(), 0, 200, 17):
        counts = tuple(len(part) for part in candidate.sites)
        symbols = np.array(build(space.spec(candidate)).symbols)
        wanted = int((symbols == "In").sum() - (symbols == "As").sum())
        assert space.excesses[counts][candidate.surface] == wanted


def test_a_vacancy_of_a_trivalent_cation_takes_one_electron_of_the_excess():
    space = make_space(
        settings(
            core={"material": "CdSe", "centre": "anion", "planes": [5, 4, 3]},
            shells=[{"material": "InP", "n_monolayers": 1}],
            space={"edits": {"vacancies": {"counts": [0, 3]}}, "symmetry": "C3"},
        )
    )
    assert space.excesses[(3,)][0] == space.excesses[(0,)][0] - 3


@pytest.mark.parametrize("edit", ["in_by_cd", "se_by_as"])
def test_a_deeper_layer_is_another_one(edit):
    def sites(*layers):
        space = {"edits": {edit: {"counts": [0], "layers": list(layers)}}}
        core = {**SMALL["core"], "planes": [9, 12, 7]}
        given = settings(core=core, space=space, shells=[{"material": "CdSe", "n_monolayers": 2}])
        return {tuple(site) for site in make_space(given).sites[0].tolist()}

    first, second = sites(1), sites(2)
    assert first
    assert second
    assert first.isdisjoint(second)
    assert sites(1, 2) == first | second


def test_the_ranking_is_that_of_the_built_models_where_the_lattice_has_another():
    """Relaxed atoms have other flows: an order by the lattice alone would not rise from rank to rank."""
    given = settings(start_geometry="force-field", objectives={"interface_flow": 1, "coherence": 1}, keep=6)
    result = screen(given, workers=1)
    assert [one.score for one in result.ranked] == sorted(one.score for one in result.ranked)
    on_lattice = [sum(one.on_lattice.values()) for one in result.ranked]
    assert on_lattice != sorted(on_lattice)


def test_the_same_seed_gives_the_same_ranking_whatever_the_number_of_processes():
    given = settings(
        space={"edits": {"se_by_as": {"counts": [0, 1, 2, 3, 4]}, "in_by_cd": {"counts": [0, 1, 2]}}},
        search={"method": "annealing", "evaluations": 80, "seed": 3},
        keep=3,
    )
    runs = [screen(given, workers=1).summary() for _ in range(2)]
    assert runs[0] == runs[1]
    other = screen(
        given.model_copy(update={"search": given.search.model_copy(update={"seed": 4})}), workers=1
    )
    assert other.summary()["ranked"] != runs[0]["ranked"] or other.values.shape != (runs[0]["n_possible"], 2)


def test_processes_share_the_work_without_changing_it(monkeypatch):
    from aiida_chargeflow.science.screening import search as module

    monkeypatch.setattr(module, "_WORTH_A_POOL", 1)
    given = settings(search={"method": "annealing", "evaluations": 40, "seed": 3})
    evaluate = evaluator_of(given)
    one, two = (search(evaluate, given, workers=n) for n in (1, 2))
    assert one == two


def test_annealing_finds_what_looking_at_everything_finds():
    space = {"edits": {"se_by_as": {"counts": [3]}, "in_by_cd": {"counts": [0, 3]}}, "symmetry": "C3"}
    everything = settings(space=space, search={"method": "exhaustive", "evaluations": 3000})
    evaluate = evaluator_of(everything)
    exact = search(evaluate, everything, workers=1)
    annealed_settings = settings(
        space=space, search={"method": "annealing", "evaluations": len(exact.evaluations) // 2}
    )
    annealed = search(evaluate, annealed_settings, workers=1)
    assert exact.exhaustive
    assert not annealed.exhaustive
    assert len(annealed.evaluations) < len(exact.evaluations)
    scales = scales_of(exact.reference, everything)
    best = [
        sorted(score_of(one, everything, scales) for one in found.evaluations) for found in (exact, annealed)
    ]
    assert best[1][0] <= best[0][max(len(best[0]) // 50, 3)]  # among the best two in a hundred


def test_the_ranking_is_by_score_and_the_front_is_not_beaten():
    result = screen(settings(keep=4), workers=1)
    assert [one.rank for one in result.ranked] == [1, 2, 3, 4]
    scores = [one.score for one in result.ranked]
    assert scores == sorted(scores)
    reference = result.reference
    for one in result.ranked:
        wanted = (
            one.values["excess"] / reference["excess"] + 2 * one.values["strain"] / reference["strain"]
        ) / 3
        assert one.score == pytest.approx(wanted, abs=1e-5)
    beaten = [
        any((other <= row).all() and (other < row).any() for other in result.values.round(6))
        for row in result.values.round(6)
    ]
    assert result.front.tolist() == [not b for b in beaten]
    assert result.front.any()


def test_a_front_by_hand():
    values = np.array([[1.0, 3], [2, 2], [3, 1], [2, 3], [3, 3], [2, 2]])
    assert pareto_front(values).tolist() == [True, True, True, False, False, True]


def test_constraints_leave_out_what_misses_them():
    given = settings(constraints={"excess": [0, 1]}, search={"method": "annealing", "evaluations": 60})
    evaluate = evaluator_of(given)
    found = search(evaluate, given, workers=1)
    symbols = [
        np.array(build(evaluate.space.spec(one.candidate)).symbols) for one in found.evaluations if one.values
    ]
    assert symbols
    assert {int((s == "In").sum() - (s == "As").sum()) for s in symbols} <= {0, 1}
    three = settings(
        constraints={"least_coordination": 3}, space={"edits": {"vacancies": {"counts": [0, 1]}}}
    )
    problems = {one.problem for one in search(evaluator_of(three), three, workers=1).evaluations}
    assert any("fewer than 3 bonds" in problem for problem in problems)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objectives": {"gap": 1}}, r"objectives: there is no objective 'gap'; known: excess"),
        ({"objectives": {"excess": -1}}, "weight of excess must be 0 or more"),
        ({"objectives": {"excess": 0}}, "one weight at least"),
        ({"objectives": {}}, "objectives"),
        ({"space": {"edits": {"se_by_te": {"counts": [1]}}}}, "se_by_te"),
        ({"space": {"edits": {"se_by_as": {"counts": [1], "facets": ["110"]}}}}, "facets"),
        (
            {"space": {"edits": {"se_by_as": {"counts": [1], "site": [1]}}}},
            "site: unknown key.*Known: counts",
        ),
        ({"space": {}}, "expected edits"),
        ({"interface": "abrupt"}, "chooses the interface itself"),
        ({"axes": {"surface": ["pure"]}}, "no axes"),
        ({"shells": []}, "without a shell"),
        ({"constraints": {"excess": [3, 1]}}, "smallest value comes first"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        settings(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"space": {"edits": {"se_by_as": {"counts": [500]}}}}, r"no choice of its \d+ sites.*got 500"),
        (
            {"space": {"edits": {"se_by_as": {"counts": [2]}}, "symmetry": "Td"}},
            "A lower symmetry allows more",
        ),
        ({"space": {"edits": {"in_by_cd": {"counts": [1], "layers": [9]}}}}, "there is no such site"),
        ({"space": {"edits": {"se_by_as": {"counts": [1]}}, "boundary": 2}}, "boundary"),
        ({"constraints": {"excess": [90, 99]}}, r"no combination of the counts has such an excess.*reach"),
        ({"constraints": {"ligands_per_nm2": [90, 99]}}, "none of .* candidates is possible.*ligand density"),
        (
            {
                "shells": [{"material": "InP", "n_monolayers": 1}],
                "space": {"edits": {"vacancies": {"counts": [1]}}},
            },
            "needs different cations",
        ),
        (
            {
                "space": {"edits": {"se_by_as": {"counts": [9]}}},
                "search": {"method": "exhaustive", "evaluations": 5},
            },
            "more than can be looked at",
        ),
    ],
)
def test_an_impossible_space_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        screen(settings(**changes), workers=1)


def test_a_candidate_is_written_out_with_its_sites():
    given = settings()
    space = make_space(given)
    candidate = next(c for c in space.every() if all(c.sites))
    spec = space.spec(candidate)
    assert {name: len(sites) for name, sites in spec.interface.parameters["sites"].items()} == {
        name: len(chosen) for name, chosen in zip(space.edits, candidate.sites, strict=True)
    }
    assert isinstance(candidate, Candidate)
