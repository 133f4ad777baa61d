"""Predictions before DFT where a model is shown, and beside the result where there is one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import ok, refused, run
from flow_samples import acf_text

from aiida_chargeflow.results.predicted import prediction_beside
from aiida_chargeflow.results.tables import models_of

RECORDED = Path(__file__).parents[1] / "fixtures" / "bader"
ABRUPT = """\
core: {material: InAs, centre: anion, planes: [5, 8, 5]}
shells: [{material: CdSe, n_monolayers: 1}]
interface: abrupt
"""


@pytest.fixture(scope="module")
def models(paper):
    return {node.label: node for node in models_of([paper.label])}


def test_model_show_says_what_is_expected(tmp_path):
    file = tmp_path / "abrupt.yaml"
    file.write_text(ABRUPT)
    found = json.loads(run("model", "show", str(file), "--json").stdout)["predicted"]
    assert found["excess_e"] == 9  # 40 In less 31 As
    assert sum(found["excess_by_region_e"].values()) == pytest.approx(9)
    assert sum(charge for charge, _ in found["region_charge_e"].values()) == pytest.approx(0, abs=1e-9)
    assert all(error > 0 for _, error in found["region_charge_e"].values())
    assert found["region_charge_e"]["interlayer"][0] > 0 > found["region_charge_e"]["ligand"][0]
    assert {row["name"] for row in found["by_coordination"]} >= {"As 4c", "Se 3c", "Cl 2c"}
    worst = found["strained_bonds"][0]
    assert abs(worst["valence_e"] - worst["strength_e"]) > 0.25
    text = ok("model", "show", str(file))
    assert "excess N(III) - N(V) = +9 e" in text
    assert f"warning: {found['n_strained_bonds']} bonds have a negative valence or" in text
    assert "estimated" not in text


def test_an_anion_that_was_not_fitted_is_named(tmp_path):
    file = tmp_path / "cdte.yaml"
    file.write_text("core: {material: CdTe, centre: anion, planes: [5, 4, 3]}\n")
    assert "transfer to Te (-2) is estimated" in ok("model", "show", str(file))


def test_analyse_puts_the_prediction_beside_the_result(tmp_path):
    given = (str(RECORDED / "structure.xyz"), str(RECORDED / "ACF.dat"), "-o", str(tmp_path / "out"))
    summary = json.loads(run("analyse", *given, "--json").stdout)
    both = summary["prediction"]
    computed = {row["name"]: row for row in summary["by_coordination"]}
    for row in both["by_coordination"]:
        assert row["charge_e"] == pytest.approx(computed[row["name"]]["mean_charge_e"])
        assert row["flow_e"] == pytest.approx(computed[row["name"]]["mean_e"])
        assert abs(row["predicted_charge_e"] - row["charge_e"]) < 3 * row["charge_error_e"]
        assert abs(row["predicted_flow_e"] - row["flow_e"]) < 3 * row["flow_error_e"]
    assert 0 < both["charge_rms_e"] < 0.15
    assert "prediction from bond valences beside the result" in ok("analyse", *given)


def test_no_prediction_where_an_element_has_no_formal_charge(tmp_path):
    (tmp_path / "a.xyz").write_text("2\n\nXe 0 0 0\nAs 2.4 0 0\n")
    (tmp_path / "ACF.dat").write_text(acf_text(np.array([[0.0, 0, 0], [2.4, 0, 0]]), [7.9, 5.1]))
    given = (str(tmp_path / "a.xyz"), str(tmp_path / "ACF.dat"), "-o", str(tmp_path / "out"), "--json")
    found = run("analyse", *given, "--valence", "Xe=8", "--radius", "Xe=1.4")
    assert found.exit_code == 0, found.output
    assert "prediction" not in json.loads(found.stdout)


def test_predicted_maps_stand_beside_computed_ones(models, tmp_path):
    node = models["cs-alloyed"]
    ok("figure", "flow-map", node.uuid, "--predicted", "-o", str(tmp_path / "map.png"))
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "one flow" in refused(
        "figure", "flow-map", node.uuid, "--predicted", "-o", str(tmp_path / "map.html")
    )


def test_predictions_are_in_the_basis_of_the_result(models, monkeypatch):
    """Charges in the minimal basis are smaller, all alike."""
    from aiida_chargeflow.results import predicted

    full = prediction_beside(models["demo-pure"])
    monkeypatch.setattr(predicted, "basis", lambda _: "SZV")
    minimal = prediction_beside(models["demo-pure"])
    assert full is not None
    assert minimal is not None
    assert minimal[0].charge == pytest.approx(full[0].charge / 1.132)
    assert minimal[0].charge_error_e == pytest.approx(full[0].charge_error_e / 1.132)
    assert minimal[0].charge_of(full[0].dot.regions == 1)[1] == pytest.approx(
        full[0].charge_of(full[0].dot.regions == 1)[1] / 1.132
    )
