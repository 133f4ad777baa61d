"""How well predictions hold: on dots whose errors are known because they were put in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from aiida_chargeflow.science.kinds import LIGAND, SHELL
from aiida_chargeflow.science.valences.assessment import (
    compared,
    coverage,
    dot_row,
    environment_rows,
    foreseen,
    rank_correlation,
    rank_rows,
    region_rows,
    trap_rows,
)
from aiida_chargeflow.science.valences.fit import Orbitals, fit
from aiida_chargeflow.science.valences.prediction import predict


@pytest.fixture
def noisy(dots):
    """Five dots whose charges are predictable but for noise of 0.05 e on each atom."""
    generator = np.random.default_rng(3)
    made = []
    for item in dots:
        noise = 0.05 * generator.normal(size=item.dot.n_atoms)
        made.append(replace(item, bader_charge=item.bader_charge + noise - noise.mean()))
    return fit(made)


def test_the_noise_that_was_put_in_is_found(noisy):
    rows = {row["environment"]: row for row in environment_rows(noisy.left_out)}
    assert rows["all"]["n_atoms"] == sum(one.computed.dot.n_atoms for one in noisy.left_out)
    assert rows["all"]["n_formulas"] == 5
    assert rows["all"]["charge_rms_e"] == pytest.approx(0.05, rel=0.1)
    assert rows["In"]["charge_rms_e"] < 0.6 * rows["In"]["baseline_charge_rms_e"]
    assert rows["As 4c"]["charge_r"] is None  # one charge for all of them, so there is nothing to correlate
    assert rows["In"]["charge_r"] > 0.9


def test_claimed_errors_cover_what_they_should(noisy):
    share = coverage(noisy.left_out)
    assert share["charge_within_1"] == pytest.approx(0.68, abs=0.06)
    assert share["charge_within_2"] == pytest.approx(0.95, abs=0.03)


def test_errors_of_a_dot_are_claimed_by_the_others(dots):
    """A dot with an error of its own does not know of it before it was computed."""
    odd = replace(dots[0], bader_charge=1.5 * dots[0].bader_charge)
    found = fit([odd, *dots[1:]])
    own = next(one for one in found.left_out if one.computed is odd)
    other = next(one for one in found.left_out if one.computed is dots[1])
    assert own.prediction.charge_error_e.max() < other.prediction.charge_error_e.max()


def test_the_charge_of_a_region_is_off_by_what_dots_differ_in(dots):
    """All atoms of a dot share its own parameters, so that the errors of a region's atoms do not average out."""
    factors = (0.9, 0.95, 1.0, 1.05, 1.1)
    scaled = [
        replace(item, bader_charge=f * item.bader_charge) for f, item in zip(factors, dots, strict=True)
    ]
    rows = region_rows(fit(scaled).left_out)
    assert {row["label"] for row in rows} == {"abrupt", "alloyed"}
    off = [(row["predicted_charge_e"] - row["charge_e"]) / row["error_e"] for row in rows]
    assert 0.1 < np.sqrt(np.mean(np.square(off))) < 2


def test_ranks_of_one_run_of_each_formula(noisy):
    gaps = dict(zip(("pure", "exchange", "abrupt", "alloyed", "shell"), (1.0, 2, 3, 4, 5), strict=True))
    rows = [{**dot_row(one), "gap_ev": gaps[one.computed.label]} for one in noisy.left_out]
    assert dot_row(noisy.left_out[0])["band_edge_gap_ev"] is None
    old = {**rows[0], "gap_ev": 100.0}
    found = rank_rows([old, *rows])
    assert found == rank_rows(rows)
    assert {row["dots"] for row in found} == {"all dots"}  # two dots with an interface say nothing
    assert {row["gap"] for row in found} == {"gap_ev"}


def test_interfaces_of_one_core_and_shell_are_ranked_among_themselves(noisy):
    """Dots of another core, however many, do not count; nor does what has no interface."""
    abrupt = next(dot_row(one) for one in noisy.left_out if one.computed.label == "abrupt")
    bare = next(dot_row(one) for one in noisy.left_out if one.computed.label == "pure")
    series = [
        {**abrupt, "label": f"a{n}", "formula": f"A{n}", "gap_ev": 2.0 - n, "inner_formal_charge_e": n}
        for n in range(5)
    ]
    other = [{**row, "formula": f"B{n}", "n_sites": [1, 0]} for n, row in enumerate(series[::-1])]
    found = [row for row in rank_rows([*series, *other, bare]) if row["dots"] == "interfaces like a0"]
    assert {row["n"] for row in found} == {5}
    (inner,) = [row for row in found if row["descriptor"] == "inner_formal_charge_e"]
    assert inner["rho"] == pytest.approx(-1)


def test_the_formal_charge_inside_is_what_ligands_and_shell_carry(noisy):
    for one in noisy.left_out:
        outside = np.isin(one.computed.dot.regions, (SHELL, LIGAND))
        row = dot_row(one)
        if row["has_interface"]:
            assert row["inner_formal_charge_e"] == abs(one.computed.dot.formal_charge[outside].sum())
        else:
            assert row["inner_formal_charge_e"] is None


@pytest.mark.parametrize("n", [6, 12])
def test_a_rank_correlation_is_that_of_scipy(n):
    generator = np.random.default_rng(n)
    x = generator.normal(size=n)
    y = x + generator.normal(size=n)
    rho, p = rank_correlation(x, y)
    assert rho == pytest.approx(spearmanr(x, y).statistic)
    assert p == pytest.approx(spearmanr(x, y).pvalue, abs=0.05)
    assert rank_correlation(x, -x)[0] == pytest.approx(-1)
    assert rank_correlation(x, np.ones(n)) == (None, None)


def test_a_trap_on_the_atom_that_ranks_first_is_foreseen(dots):
    alloyed = dots[3]
    described = predict(alloyed.dot).described
    anion = alloyed.dot.formal_charge < 0
    lowest = int(np.argmin(np.where(anion, described.potential_v, np.inf)))
    highest = int(np.argmax(np.where(anion, described.potential_v, -np.inf)))
    cation = int(np.argmax(np.where(~anion, described.potential_v, -np.inf)))

    def rows_of(*traps):
        found = fit([*dots[:3], replace(alloyed, orbitals=Orbitals(1.0, 1.0, traps)), dots[4]])
        return trap_rows(found.left_out)

    assert [row["potential"] for row in rows_of((True, lowest))] == pytest.approx([1])
    assert [row["potential"] for row in rows_of((True, highest))] == pytest.approx([0])
    rows = rows_of((True, lowest), (False, cation), (False, lowest))
    assert [(row["traps"], row["n_missed_kind"]) for row in rows] == [("occupied", 0), ("empty", 1)]
    assert rows[1]["potential"] == pytest.approx(1)
    assert [line["potential"] for line in foreseen(rows)] == pytest.approx([1, 1])
    assert rows_of() == []


def test_arrays_keep_the_order_of_the_dots(noisy):
    arrays = compared(noisy.left_out)
    second = arrays["dot"] == 1
    assert arrays["computed_charge"][second] == pytest.approx(noisy.left_out[1].computed.bader_charge)
    assert arrays["predicted_flow"][second] == pytest.approx(noisy.left_out[1].prediction.flow.flow_magnitude)
