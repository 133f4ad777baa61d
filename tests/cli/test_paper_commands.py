"""``methods``, ``trace VALUE``, ``diff`` and ``table cost`` on the recorded models."""

import json
import re

import pytest
from click.testing import CliRunner

from aiida_chargeflow.cli import main
from aiida_chargeflow.results import tables
from aiida_chargeflow.results.columns import describe
from aiida_chargeflow.science.writing.table_format import cell


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def answer(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def models(paper):
    return {node.label: node for node in tables.models_of([paper.label])}


def test_methods_say_what_ran(paper, models, tmp_path):
    draft, bibliography = tmp_path / "methods.md", tmp_path / "refs.bib"
    result = run("methods", paper.label, "-o", draft, "--bibtex", bibliography)
    assert result.exit_code == 0, result.output
    text = draft.read_text()
    job = models["demo-pure"].outputs.scf.output_parameters.creator
    assert f"CP2K {job.outputs.output_parameters['cp2k_version']}" in text
    cutoff = job.inputs.parameters["FORCE_EVAL"]["DFT"]["MGRID"]["CUTOFF"]
    assert re.search(
        rf"For demo-pure and demo-exchange, the density was expanded on 4 grids up to {cutoff:g} Ry", text
    )
    assert "1.25 times the exchange plus 0.5 times the correlation of TPSS" in text
    assert "libxc" not in text
    assert "by the weight method" in text
    assert "was not relaxed with density functional theory" in text
    assert all(node.uuid in text for node in models.values())
    cited = bibliography.read_text().count("@")
    assert max(int(n) for n in re.findall(r"\[(\d+)\]", text)) == cited
    assert "@article{yu2011," in bibliography.read_text()
    assert "tang2009" not in bibliography.read_text()


def test_numbers_of_a_table_lead_back_to_themselves(paper, models):
    gap_ev = models["demo-exchange"].outputs.summary["gap_ev"]
    for row in answer("table", "gaps", paper.label)[::2]:
        found = answer("trace", cell(row["energy_ev"]), "--in", row["pk"], "--column", "energy_ev")
        (match,) = found["matches"]
        assert (match["value"], match["model_uuid"]) == (row["energy_ev"], row["uuid"])
        assert found["origins"][0]["processes"]
    found = answer("trace", f"{gap_ev:.3f}", "--column", "gap_ev")["matches"]
    assert [match["model_label"] for match in found] == ["demo-exchange"]


def test_a_charge_leads_to_its_kind(models):
    row = answer("table", "charges", models["demo-pure"].pk)[0]
    pk = models["demo-pure"].pk
    found = answer(
        "trace", cell(row["bader_charge_e"]), "--in", pk, "--column", f"bader_charge_e.{row['kind']}"
    )
    assert found["matches"][0]["path"] == f"bader_charge_e.{row['kind']}"
    code = {process["code"] for process in found["origins"][0]["processes"]} - {None}
    assert any("cp2k" in name for name in code)
    assert any("bader" in name for name in code)


def test_several_candidates_come_with_commands_that_decide(models):
    number = cell(models["demo-pure"].outputs.summary["gap_ev"])  # the band-edge gap prints alike
    lines = run("trace", number, "--in", models["demo-pure"].pk).output.splitlines()
    commands = [line.split("trace ")[1].split() for line in lines if "aiida-chargeflow trace" in line]
    assert len(commands) > 1
    for command in commands:
        assert len(answer("trace", *command)["matches"]) == 1


def test_a_number_that_nothing_has(paper):
    refused = run("trace", "0.98765", "--in", paper.label)
    assert refused.exit_code == 1
    assert len(refused.output.splitlines()) == 1


def test_an_integer_is_a_pk_unless_a_column_is_named(models):
    node = models["demo-pure"]
    assert answer("trace", node.pk)[0]["uuid"] == node.uuid
    found = answer("trace", "38", "--column", "n_atoms", "--in", node.pk)
    assert [match["quantity"] for match in found["matches"]] == ["n_atoms"]


def test_every_column_of_every_table_has_a_meaning(paper):
    words = {"label", "pk", "uuid", "kind", "element", "region", "orbital", "job", "stage", "time_from"}
    for table in tables.TABLES:
        for row in answer("table", table, paper.label):
            missing = [name for name in row if name not in words and describe(table, name) is None]
            assert not missing, table


def test_stoichiometry_goes_from_the_inside_out(paper):
    table = answer("table", "stoichiometry", paper.label)
    families = [name.partition("_")[0] for name in table[0] if name not in ("n_atoms",)]
    order = ["label", "pk", "uuid", "formula", "core", "interlayer", "ligand", "ratio"]
    assert list(dict.fromkeys(families)) == order
    assert sorted(families, key=order.index) == families
    for row in table:
        of_core = [row[f"core_{symbol}"] for symbol in ("In", "As")]
        if row["label"].startswith("demo"):
            assert row["ratio_In_As"] == pytest.approx(of_core[0] / of_core[1])
            assert row["ratio_Cd_Se"] is None


def test_cost_counts_every_job_and_totals(paper, models):
    rows = answer("table", "cost", paper.label)
    jobs = {row["job"] for row in rows if row["label"] == "demo-pure"}
    assert jobs == {"cp2k", "bader"}
    assert {row["label"] for row in rows} >= set(models)
    by_user = answer("table", "cost", paper.label, "--by", "user")
    assert [row["user"] for row in by_user] == list({row["user"] for row in rows})
    by_stage = answer("table", "cost", paper.label, "--by", "stage")
    assert sum(row["n_jobs"] for row in by_stage) == len(rows) == by_user[0]["n_jobs"]
    spent = [row["core_hours"] for row in by_stage]
    assert spent == sorted(spent, reverse=True)
    assert sum(spent) == pytest.approx(by_user[0]["core_hours"])
    last = run("table", "cost", paper.label, "--format", "markdown").output.splitlines()[-1]
    known = [row["core_hours"] for row in rows if row["core_hours"] is not None]
    assert last.startswith("| total |")
    assert f"{sum(known):.4f}" in last


def test_diff_of_models_and_of_their_jobs(models):
    pure, exchange = models["demo-pure"], models["demo-exchange"]
    found = answer("diff", pure.pk, exchange.pk)
    assert found["spec.surface.pattern"] == ["pure", "exchange"]
    assert found["composition.counts.Cl"] == [9, 21]
    assert not any(key.startswith("protocol.") for key in found)
    jobs = [node.outputs.scf.output_parameters.creator for node in (pure, exchange)]
    keys = answer("diff", *(job.pk for job in jobs))
    assert "inputs.parameters.FORCE_EVAL.DFT.MGRID.CUTOFF" not in keys
    assert "outputs.output_parameters.n_electrons" in keys
    assert answer("diff", pure.pk, pure.pk) == {}
