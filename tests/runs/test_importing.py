"""``import DIR``: the same dot from its raw files as through the chain; what does not fit is refused whole."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from aiida import orm
from commands import FIXTURE, ok, refused
from imported_runs import imported, plain

from aiida_chargeflow.calculations.orbitals import orbitals_node, to_pdos
from aiida_chargeflow.calculations.summarise import summarise
from aiida_chargeflow.science.electrons.pdos_file import read_pdos_file

CP2K = FIXTURE.parent / "cp2k"


def close(left, right):
    """Nested results agree to the last digits that the files print."""
    assert type(left) is type(right)
    if isinstance(left, dict):
        assert set(left) == set(right)
        for key in left:
            close(left[key], right[key])
    elif isinstance(left, list):
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            close(a, b)
    else:
        assert left == (pytest.approx(right, abs=1e-9) if isinstance(left, float) else right)


def summary_by_kind(node):
    """What the chain tells without the shares of single atoms, whose files it does not keep."""
    orbitals = orbitals_node(replace(to_pdos(node.outputs.scf.orbitals), atom_weights=None))
    parts = node.outputs.structure, node.outputs.scf.output_parameters, orbitals, node.outputs.charge_flow
    return summarise(*parts).get_dict()


@pytest.mark.parametrize("label", ["demo-exchange", "cs-abrupt"])
def test_files_give_what_the_chain_gave(chain, raw, label):
    ours, theirs = imported(raw / label), chain[label]
    close(ours.outputs.summary.get_dict(), summary_by_kind(theirs))
    for name in ("bond_flow", "flow_vector", "bader_charge"):
        found, expected = (node.outputs.charge_flow.get_array(name) for node in (ours, theirs))
        np.testing.assert_allclose(found, expected, atol=1e-9)
    close(ours.outputs.scf.output_parameters.get_dict(), theirs.outputs.scf.output_parameters.get_dict())
    assert ours.outputs.bader.output_parameters["engine"] == "chargeflow-bader"


def test_nothing_pretends_that_a_job_ran(raw):
    node = imported(raw / "demo-pure", "--label", "from files")
    assert not [called for called in node.called_descendants if isinstance(called, orm.CalcJobNode)]
    assert node.process_label == "ImportedModelWorkChain"
    assert node.base.extras.get("chargeflow_imported_from") == "demo-pure"
    assert node.inputs.files.creator is None
    for output in (node.outputs.structure, node.outputs.scf.orbitals, node.outputs.bader.bader):
        assert output.creator.process_label.startswith("imported_")
    told = ok("trace", node.pk)
    assert "from: demo-pure" in told
    assert "aiida.out" in told


def test_old_data_join_tables_and_figures(chain, raw, tmp_path):
    node = imported(raw / "demo-pure")
    partner = chain["demo-pure"]
    for table in ("gaps", "stoichiometry", "charges", "charge-flow", "orbitals", "ligand-density"):
        rows = json.loads(ok("table", table, node.pk, partner.pk, "--json"))
        half = len(rows) // 2
        for ours, theirs in zip(rows[:half], rows[half:], strict=True):
            for key in set(theirs) - {"pk", "uuid", "label", "geometry", "basis"}:  # files do not tell these
                close(ours[key], theirs[key])
    ok("figure", "orbitals", node.pk, partner.pk, "-o", tmp_path / "both.svg")
    assert node.uuid in (tmp_path / "both.svg").read_text()


def test_the_same_files_are_stored_once(raw):
    first = imported(raw / "demo-pure")
    n_nodes = orm.QueryBuilder().append(orm.Node).count()
    told = json.loads(ok("import", raw / "demo-pure", "--json"))
    assert told["pk"] == first.pk
    assert told["new"] is False
    assert orm.QueryBuilder().append(orm.Node).count() == n_nodes


def test_without_pdos_there_is_a_gap_and_no_trap(chain, folder, tmp_path):
    for path in [*folder.glob("*.pdos"), *folder.glob("*.cube.gz")]:
        path.unlink()
    assert "no .pdos files" in ok("import", folder, "--dry-run")
    node = imported(folder)
    (row,) = json.loads(ok("table", "gaps", node.pk, "--json"))
    assert row["gap_ev"] == pytest.approx(chain["demo-pure"].outputs.summary["gap_ev"], abs=2e-3)
    assert row["band_edge_gap_ev"] is None
    assert row["n_traps"] is None
    assert json.loads(ok("table", "orbitals", node.pk, "--json")) == []
    assert "no orbitals" in refused("figure", "orbitals", node.pk, "-o", tmp_path / "o.png")


def test_without_a_partition_there_are_no_charges(folder, tmp_path):
    (folder / "ACF.dat").unlink()
    node = imported(folder)
    assert "charge_flow" not in node.outputs
    assert json.loads(ok("table", "charges", node.pk, "--json")) == []
    assert "no charge flow" in refused("figure", "flow-map", node.pk, "-o", tmp_path / "map.png")
    ok("figure", "structure", node.pk, "-o", tmp_path / "dot.png")


def test_kinds_of_the_output_serve_a_plain_xyz(chain, folder):
    plain(folder / "aiida.coords.xyz")
    node = imported(folder)
    kinds = [site.kind_name for site in node.outputs.structure.sites]
    assert kinds == [site.kind_name for site in chain["demo-pure"].outputs.structure.sites]
    assert node.outputs.summary["band_edge_gap_ev"] is not None


def by_element(folder):
    """Make of a run with kinds one with bare elements and little output, as many old runs are."""
    sums = {}
    for path in sorted(folder.glob("*.pdos")):
        found = read_pdos_file(path.read_text(), file=path)
        symbol = re.match("[A-Z][a-z]?", found.name).group()
        weights = found.weights.sum(axis=1) + (sums[symbol].weights[:, 0] if symbol in sums else 0)
        sums[symbol] = type(found)(**{**vars(found), "weights": weights[:, None]})
        header = path.read_text().splitlines()[0].replace(f"kind {found.name} ", f"kind {symbol} ")
        path.unlink()
        lines = [header, "#     MO Eigenvalue [eV]      Occupation     s"]
        rows = zip(found.index, found.eigenvalues_ev, found.occupations, weights, strict=True)
        lines += [f"{k} {energy:.6f} {occupation:.6f} {share:.8f}" for k, energy, occupation, share in rows]
        (folder / f"aiida-{symbol}.pdos").write_text("\n".join(lines) + "\n")
    without_kinds(folder / "aiida.out")


def without_kinds(output):
    lines = output.read_text().splitlines(keepends=True)
    places = r" +\d+ +\d+ +[A-Z][a-z]? +\d+ +-?\d+\.\d+ .*| +\d+\. Atomic kind: .*"
    output.write_text("".join(line for line in lines if not re.fullmatch(places, line.rstrip("\n"))))


def test_bare_elements_claim_no_band_edge(chain, folder):
    plain(folder / "aiida.coords.xyz")
    by_element(folder)
    assert "bare elements" in ok("import", folder, "--dry-run")
    node = imported(folder)
    ours, theirs = node.outputs.summary.get_dict(), chain["demo-pure"].outputs.summary.get_dict()
    assert ours["gap_ev"] == pytest.approx(theirs["gap_ev"], abs=1e-4)
    assert ours.get("band_edge_gap_ev") is None
    assert "n_traps" not in ours
    assert ours["alignment"] is None
    # charges and coordination come from the structure, not from the names of the run
    close(ours["bader_charge_e"], theirs["bader_charge_e"])


def test_regions_of_a_plain_core_shell_dot_come_from_its_elements(chain, raw, tmp_path):
    folder = tmp_path / "shell"
    folder.mkdir()
    for name in ("aiida.coords.xyz", "aiida.out", "ACF.dat"):
        shutil.copy(raw / "cs-abrupt" / name, folder)
    without_kinds(folder / "aiida.out")
    plain(folder / "aiida.coords.xyz")
    told = json.loads(ok("import", folder, "--json"))
    assert told["regions_from"] == "elements"
    found = [site.kind_name for site in orm.load_node(told["pk"]).outputs.structure.sites]
    expected = [site.kind_name for site in chain["cs-abrupt"].outputs.structure.sites]
    core = [name for name in expected if name[2] == "1"]
    assert [name for name in found if name[2] == "1"] == core != []


def test_a_model_file_lets_old_data_join_figures_by_family(chain, raw, tmp_path):
    model = tmp_path / "tiny-alloyed.yaml"
    text = (FIXTURE.parents[2] / "workflows" / "tiny-alloyed.yaml").read_text()
    model.write_text(f"start: v1  # as when the run was recorded\n{text}")
    node = imported(raw / "cs-alloyed", "--model", model)
    assert node.inputs.spec.get_dict() == chain["cs-alloyed"].inputs.spec.get_dict()
    assert "not this structure" in refused("import", raw / "cs-abrupt", "--model", model)


def cube_of_another(folder, raw):
    (path,) = list((raw / "cs-abrupt").glob("*334*.gz")) or [next((raw / "cs-abrupt").glob("*.gz"))]
    shutil.copy(path, folder)


def table_of_another(folder, raw):
    shutil.copy(raw / "cs-abrupt" / "ACF.dat", folder)


def table_short(folder, raw):  # noqa: ARG001
    path = folder / "ACF.dat"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:6]))


def other_order(folder, raw):  # noqa: ARG001
    path = folder / "aiida.coords.xyz"
    lines = path.read_text().splitlines()
    lines[2], lines[3] = lines[3], lines[2]
    path.write_text("\n".join(lines) + "\n")


def unconverged(folder, raw):
    for path in [*folder.glob("*.pdos"), *folder.glob("*.gz"), folder / "ACF.dat"]:
        path.unlink()
    shutil.copy(raw / "demo-exchange" / "aiida.coords.xyz", folder)
    shutil.copy(CP2K / "inas_unconverged.out", folder / "aiida.out")


def cut_output(folder, raw):  # noqa: ARG001
    path = folder / "aiida.out"
    path.write_text(path.read_text()[:20000])


def output_of_another(folder, raw):
    shutil.copy(raw / "demo-exchange" / "aiida.out", folder)


def pdos_of_another(folder, raw):
    for path in folder.glob("*.pdos"):
        path.unlink()
    for path in (raw / "demo-exchange").glob("*.pdos"):
        shutil.copy(path, folder)


def one_pdos_missing(folder, raw):  # noqa: ARG001
    (folder / "aiida-k3-1.pdos").unlink()


def second_structure(folder, raw):  # noqa: ARG001
    shutil.copy(folder / "aiida.coords.xyz", folder / "relaxed.xyz")


def no_structure(folder, raw):  # noqa: ARG001
    (folder / "aiida.coords.xyz").unlink()


def no_output(folder, raw):  # noqa: ARG001
    (folder / "aiida.out").unlink()


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (cube_of_another, "cube is of"),
        (table_of_another, "different calculations"),
        (table_short, "ACF.dat"),
        (other_order, "not those of the structure"),
        (unconverged, "did not converge"),
        (cut_output, "aiida.out"),
        (output_of_another, "46 atoms"),
        (pdos_of_another, "kinds of the projected DOS"),
        (one_pdos_missing, "sum to"),
        (second_structure, "--structure NAME"),
        (no_structure, "missing"),
        (no_output, "missing"),
    ],
)
def test_what_does_not_belong_together_is_refused_and_nothing_stored(folder, raw, spoil, word):
    n_nodes = orm.QueryBuilder().append(orm.Node).count()
    spoil(folder, raw)
    assert word in refused("import", folder)
    assert orm.QueryBuilder().append(orm.Node).count() == n_nodes


def test_the_methods_section_says_nothing_of_what_was_not_run_here(chain, raw):
    node = imported(raw / "demo-pure", "--label", "from files")
    assert "nothing is known" in refused("methods", node.pk).splitlines()[-1]
    told = ok("methods", chain["demo-pure"].pk, node.pk)
    assert "CP2K" in told
    assert node.uuid not in told


def test_no_folder(paper, tmp_path):  # noqa: ARG001
    assert "no such folder" in refused("import", tmp_path / "missing")


def test_a_name_cannot_lead_out_of_the_folder(folder):
    shutil.copy(folder / "aiida.coords.xyz", folder.parent / "other.xyz")
    assert "no such file in the folder" in refused("import", folder, "--structure", "../other.xyz")


def test_imported_models_travel_in_archives(raw, tmp_path):
    node = imported(raw / "demo-pure")
    said = json.loads(ok("archive", "create", node.pk, "-o", tmp_path / "old.aiida", "--json"))
    assert said["models"] == [node.uuid]
    assert json.loads(ok("archive", "import", tmp_path / "old.aiida", "--json"))["models"][0]["pk"] == node.pk
