"""Every figure from the recorded models: it is written, names its sources, and shows the stored numbers."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.collections import LineCollection
from matplotlib.quiver import Quiver

from aiida_chargeflow.cli import main
from aiida_chargeflow.cli.paper_figures import _draw
from aiida_chargeflow.figures import style
from aiida_chargeflow.figures.pdos import orbital_figure
from aiida_chargeflow.figures.traps_flow import traps_flow_figure
from aiida_chargeflow.panels import paper as paper_models
from aiida_chargeflow.panels import trends
from aiida_chargeflow.panels import views as figure_views
from aiida_chargeflow.panels.excess import excess_points
from aiida_chargeflow.results.flow import flow_analysis
from aiida_chargeflow.results.kept_orbitals import read_orbital, wanted
from aiida_chargeflow.results.orbitals import orbital_cubes, orbital_result
from aiida_chargeflow.results.structures import structure_result
from aiida_chargeflow.results.tables import models_of
from aiida_chargeflow.results.tracing import uuids_of
from aiida_chargeflow.science.kinds import INTERLAYER, decode


@pytest.fixture(scope="module")
def models(paper):
    """The recorded runs by label."""
    return {node.label: node for node in models_of([paper.label])}


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Draw few pixels: it is quicker, and nothing here looks at them."""
    monkeypatch.setattr(style, "DPI", 60)


def figure(*arguments):
    return CliRunner().invoke(main, ["figure", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        ("structure {demo-pure} {demo-exchange} -o {out}.png", ["demo-pure", "demo-exchange"]),
        ("structure {cs-alloyed} --by region -o {out}.svg", ["cs-alloyed"]),
        ("orbitals {demo-exchange} --zoom -0.5,0.5 -o {out}.pdf", ["demo-exchange"]),
        ("isosurface {demo-pure} --orbitals lumo -o {out}.png", ["demo-pure"]),
        (
            "flow-map {cs-abrupt} --normal 0,0,1 --origin 0,0,0 --streamlines --atom-labels magnitude -o {out}.svg",
            ["cs-abrupt"],
        ),
        ("traps-flow {demo-pure} {demo-exchange} -o {out}.svg", ["demo-pure", "demo-exchange"]),
        ("flow-map {cs-alloyed} --scene spheres -o {out}.html", ["cs-alloyed"]),
        ("depth-profile {cs-alloyed} -o {out}.svg", ["cs-alloyed"]),
        ("region-flow {cs-alloyed} -o {out}.svg", ["cs-alloyed"]),
        ("composition {cs-alloyed} --states 2 -o {out}.svg", ["cs-alloyed"]),
        ("alignment {cs-alloyed} -o {out}.svg", ["cs-alloyed"]),
        ("paper 1 {group} -o {out}.svg", ["demo-pure", "demo-exchange"]),
        ("paper 2 {group} -o {out}.pdf", ["cs-abrupt"]),
        ("paper 3 {group} -o {out}.png", ["cs-alloyed"]),
        ("paper 4 {group} -o {out}.svg", ["cs-alloyed"]),
    ],
)
def test_every_figure_is_written_and_names_its_sources(models, paper, tmp_path, arguments, labels):
    pks = {label: node.pk for label, node in models.items()}
    words = arguments.format_map({**pks, "group": paper.label, "out": tmp_path / "figure"}).split()
    result = figure(*words, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["sources"] == [models[label].uuid for label in labels]
    (written,) = tmp_path.iterdir()
    assert str(written) == told["path"]
    assert uuids_of(written) == told["sources"]


@pytest.mark.parametrize("name", ["gap-vs-monolayers", "gap-vs-ligand-density", "ligand-density", "excess"])
def test_trends_have_one_point_for_each_model(models, paper, tmp_path, name):
    result = figure(name, paper.label, "-o", tmp_path / "a.svg", "--json")
    assert result.exit_code == 0, result.output
    assert set(json.loads(result.stdout)["sources"]) == {node.uuid for node in models.values()}


def test_points_of_a_trend_are_the_stored_numbers(models):
    points, notes = trends.trend_points(list(models.values()))
    assert notes == []
    found = {point.label: point for point in points}
    families = {label: (point.family, point.n_monolayers) for label, point in found.items()}
    assert families == {
        "demo-pure": ("none-pure", 0),
        "demo-exchange": ("none-recon", 0),
        "cs-alloyed": ("recon-pure", 1),
        "cs-abrupt": ("pure-pure", 1),
    }
    for label, node in models.items():
        summary = node.outputs.summary.get_dict()
        assert found[label].gap_ev == summary["gap_ev"]
        assert found[label].ligands_per_nm2 == summary["ligands_per_nm2"]


def test_points_against_the_excess_are_counts_and_stored_flows(models):
    points, notes = excess_points(list(models.values()))
    assert notes == []
    for point in points:
        node = models[point.label]
        symbols = [site.kind_name[:2] for site in node.outputs.structure.sites]
        assert point.excess_e == symbols.count("In") - symbols.count("As")
        flow = node.outputs.charge_flow.get_array("flow_magnitude")
        regions = np.array([decode(site.kind_name).region for site in node.outputs.structure.sites])
        if (regions == INTERLAYER).any():
            assert point.interface_flow_e == pytest.approx(flow[regions == INTERLAYER].mean())
        else:
            assert point.interface_flow_e is None


def test_the_gap_and_the_orbitals_that_are_drawn_are_the_stored_ones(models):
    for label, node in models.items():
        summary = node.outputs.summary.get_dict()
        for gap, key in (("band-edge", "band_edge_gap_ev"), ("homo-lumo", "gap_ev")):
            drawn = figure_views.ladder(orbital_result(node), "region", gap)
            (ax,) = orbital_figure([drawn], window_ev=(-1.5, 1.5)).axes
            texts = [text.get_text() for text in ax.texts]
            assert summary[key] is None or f"{summary[key]:.2f} eV" in texts, (label, gap, texts)
        stored = node.outputs.scf.orbitals.get_array("eigenvalue_ev") - summary["energy_zero_ev"]
        first = next(item for item in ax.collections if isinstance(item, LineCollection))
        lines_ev = np.array([segment[0][1] for segment in first.get_segments()])
        inside_ev = stored[np.abs(stored) <= 1.5]
        away_ev = np.abs(lines_ev[:, None] - inside_ev)
        assert away_ev.min(axis=0).max() < 0.02, "an orbital without a line within its thickness"
        assert away_ev.min(axis=1).max() < 0.02, "a line where no orbital is"


def test_the_flow_that_is_drawn_is_the_stored_one(models):
    node = models["cs-abrupt"]
    result, stored = flow_analysis(node), node.outputs.charge_flow
    for name in ("bonds", "bond_flow", "flow_vector", "flow_magnitude"):
        np.testing.assert_array_equal(getattr(result.flow, name), stored.get_array(name))
    cut = paper_models.paper_model(2, node, "abrupt", fraction=0.7, slab_ang=4.0)[0].cut
    drawn, _ = _draw_map(cut)
    assert {result.symbols[i] for i in cut.atoms} <= {"As", "Se"}
    vectors = stored.get_array("flow_vector")[cut.atoms]
    assert drawn == pytest.approx(cut.view.project(vectors))


def _draw_map(cut):
    from aiida_chargeflow.figures.flow_map import flow_maps

    ax = flow_maps([cut]).axes[0]
    (arrows,) = [child for child in ax.get_children() if isinstance(child, Quiver)]
    return np.column_stack([arrows.U, arrows.V]), ax


def test_an_orbital_lies_on_the_atoms_of_the_stored_structure(models):
    node = models["demo-pure"]
    file = orbital_cubes(node)["lumo"]
    atoms = structure_result(node).atoms
    np.testing.assert_allclose(read_orbital(node, file).positions_ang, atoms.positions, atol=2e-3)


def test_orbitals_that_were_not_kept_are_named(models, tmp_path):
    node = models["demo-pure"]
    found, notes = wanted(node, ["lumo", "homo-7"])
    assert list(found) == ["lumo"]
    assert "demo-pure: no cube of the HOMO-7; kept: " in notes[0]
    refused = figure("isosurface", node.pk, "--orbitals", "homo-7", "-o", tmp_path / "a.png")
    assert refused.exit_code == 1
    assert "nothing to draw" in refused.output


def test_where_no_edge_was_kept_the_frontier_orbital_is_shown_by_its_name(models, monkeypatch):
    def without_edges(node, names):
        return wanted(node, [name for name in names if name not in ("vb", "cb")])

    monkeypatch.setattr(paper_models, "wanted", without_edges)
    model, _ = paper_models.paper_model(1, models["demo-pure"], "pure", fraction=0.7, slab_ang=3.0)
    assert {name: view.title for name, view in model.orbitals.items()} == {"cb": "LUMO", "vb": "HOMO"}


def test_facets_are_named_from_the_specification(models):
    facets = dict(structure_result(models["demo-pure"]).facets())
    assert len([hkl for hkl in facets if sorted(map(abs, hkl)) == [1, 1, 1]]) == 8
    for hkl, centre in facets.items():
        assert np.dot(hkl, centre) > 0


def test_figures_choose_their_models_by_what_they_were_built_from(models):
    nodes = list(models.values())
    chosen = {
        n: [(node.label, name) for node, name in paper_models.choose(n, nodes)[0]] for n in (1, 2, 3, 4)
    }
    assert chosen == {
        1: [("demo-pure", "pure"), ("demo-exchange", "reconstructed")],
        2: [("cs-abrupt", "cs-abrupt")],
        3: [("cs-alloyed", "cs-alloyed")],
        4: [("cs-alloyed", "1 ML")],
    }


def test_a_panel_without_data_is_left_out(models):
    """Without cubes Figure 4 has no panel (c)."""
    node = models["cs-alloyed"]
    model, _ = paper_models.paper_model(4, node, "1 ML", fraction=0.7, slab_ang=3.0)
    letters = {}
    for name, orbitals in (("with", {"lumo": _any_orbital(node)}), ("without", {})):
        drawn, _ = _draw(
            4, [node], [type(model)(**{**vars(model), "orbitals": orbitals})], 3.0, (-2, 3), None
        )
        letters[name] = _letters(drawn)
    assert letters == {"with": ["(a)", "(b)", "(c)"], "without": ["(a)", "(b)"]}


def _any_orbital(node):
    file = next(iter(orbital_cubes(node).values()))
    return figure_views.orbital_view(node, structure_result(node), file, fraction=0.7)


def _letters(drawn):
    found = []
    for part in drawn.subfigs:
        found += [text.get_text() for cell in part.subfigs for text in cell.texts]
    return found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("structure 999999 -o a.png", "no such node"),
        ("structure {pk} -o a.gif", "unknown format"),
        ("structure {pk} -o no/where.png", "no such directory"),
        ("paper 2 {pk} -o a.png", "shell with an abrupt interface"),
        ("composition {group} -o a.png", "shows one model, not 4"),
        ("isosurface {pk} --orbitals nonsense -o a.png", "nothing to draw"),
        ("flow-map {pk} --slab 0.01 --normal 3,2,1 -o a.png", "slab"),
    ],
)
def test_bad_input_is_one_message_and_no_file(models, paper, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = figure(*arguments.format(pk=models["demo-pure"].pk, group=paper.label).split())
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_traps_stand_at_the_flow_of_the_atoms_that_carry_them(models):
    """The mean over atoms is summed here by hand from the stored nodes, orbital by orbital."""
    node = models["demo-pure"]
    panel = figure_views.flow_of_orbitals(node)
    pdos, flow = orbital_result(node).pdos, node.outputs.charge_flow.get_array("flow_magnitude")
    assert pdos.atom_weights is not None, "a dot this small prints shares of atoms"
    k = pdos.n_occupied
    expected = sum(share * e for share, e in zip(pdos.atom_weights[:, k], flow, strict=True))
    assert panel.flow_e[k] == pytest.approx(expected)
    assert panel.is_occupied[k - 1]
    assert not panel.is_occupied[k]
    (ax,) = traps_flow_figure([panel], window_ev=(-1.0, 2.0)).axes
    drawn = {line.get_gid(): line.get_xydata() for line in ax.lines}
    shown = (panel.energies_ev >= -1) & (panel.energies_ev <= 2)
    for name, members in (("empty", ~panel.is_occupied), ("trap", panel.is_trap)):
        assert np.allclose(drawn[name], np.column_stack([panel.flow_e, panel.energies_ev])[shown & members])
