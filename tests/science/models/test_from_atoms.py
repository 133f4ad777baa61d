"""Structures from elsewhere: regions by column, element and lattice; published dots where they are at hand."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import ase.io
import networkx
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.from_atoms import import_model, model_from_atoms
from aiida_chargeflow.science.models.lattice import Polyhedron
from aiida_chargeflow.science.models.lattice_fit import fit_lattice
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.models.structure_file import write_model

CORE_SHELL = {
    "core": {"material": "InAs", "planes": [9, 16, 7]},
    "shells": [{"material": "CdSe", "n_monolayers": 1}],
}


def make(**content):
    """Build a model with its start geometry."""
    return build(ModelSpec.from_mapping({**CORE_SHELL, **content}))


def test_a_written_model_reads_back_whole(tmp_path):
    model = make(interface="alloyed")
    write_model(model, tmp_path / "dot.xyz")
    again = import_model(tmp_path / "dot.xyz")
    assert (again.regions == model.regions).all()
    assert (again.coordination == model.coordination).all()
    assert (again.bonds == model.bonds).all()
    assert (again.sites == model.sites).all()
    assert again.facets == model.facets
    assert np.allclose(again.atoms.positions, model.atoms.positions, atol=1e-5)


def test_an_xyz_with_kind_names_has_their_regions(tmp_path):
    """As CP2K's input has them; ASE does not know such names."""
    model = make()
    rows = [
        f"{symbol}{tag} {x:.5f} {y:.5f} {z:.5f}"
        for symbol, tag, (x, y, z) in zip(
            model.symbols, model.atoms.get_tags(), model.atoms.positions, strict=True
        )
    ]
    path = tmp_path / "dot.xyz"
    path.write_text("\n".join([str(len(rows)), "", *rows]) + "\n", encoding="utf-16")
    assert (import_model(path).regions == model.regions).all()
    path.write_text("\n".join([str(len(rows)), "", "1 " + rows[0], *rows[1:]]) + "\n")
    with pytest.raises(InputError, match="line 3"):
        import_model(path)


def test_regions_by_element(tmp_path):
    model = make()
    model.atoms.set_tags(None)
    model.atoms.write(tmp_path / "plain.xyz", format="xyz")
    found = import_model(tmp_path / "plain.xyz").summary()["regions"]
    assert found["core"] == {"In": 156, "As": 119}
    assert found["ligand"] == {"Cl": 163}
    assert sum(found["interlayer"].values()) + sum(found["shell"].values()) == 334
    named = import_model(tmp_path / "plain.xyz", "elements", ["In"])
    assert named.summary()["regions"]["core"] == {"In": 156}
    with pytest.raises(InputError, match="no such element"):
        import_model(tmp_path / "plain.xyz", "elements", ["Ga"])


def test_regions_by_lattice_in_any_orientation():
    model = make()
    turned = model.atoms.copy()
    turned.positions = Rotation.from_euler("xyz", [20, -35, 70], degrees=True).apply(turned.positions) + 3.0
    turned.set_tags(None)
    found = model_from_atoms(turned, "lattice", core_planes=(9, 16, 7))
    core = (found.regions == 1) == np.isin(model.symbols, ["In", "As"])
    assert core.all()
    assert found.lattice_constant_ang == pytest.approx(6.07, abs=0.05)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("2\n\nIn 0 0 0\nXx 0 0 2\n", "line 4: no such element"),
        ("2\n\nIn 0 0 0\nCo 0 0 2\n", "unknown element"),
        ("2\n\nIn 0 0 0\n", "promises 2 atoms, 1 lines follow"),
        ("2\n\nIn 0 0 0\nCl 2 0 0\n81800000\n\nIn 0 0 0\n", "line 5 promises 81800000 atoms, 1 lines follow"),
        ("1_0000000000\n\nIn 0 0 0\n", "line 1: the number of atoms was expected"),
        ("2\n\nIn 0 0 0\nCl 1e200 0 0\n", "further away"),
    ],
)
def test_malformed_files_are_one_message(tmp_path, text, message):
    file = tmp_path / "bad.xyz"
    file.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        import_model(file)
    assert "bad.xyz" in str(caught.value)


def test_a_column_of_something_else_is_refused(tmp_path):
    atoms = make().atoms
    atoms.set_tags(0)
    atoms.new_array("region", np.full(len(atoms), 7))
    atoms.write(tmp_path / "odd.xyz", format="extxyz")
    with pytest.raises(InputError, match="other values than regions"):
        import_model(tmp_path / "odd.xyz")


PUBLISHED = [
    ("Cd16Se13Cl6_HLE17_12ang_opt.xyz", {"material": "CdSe", "planes": [5, 4, 3]}, "balance"),
    ("In31As20Cl33_HLE17_18ang_OPT.xyz", {"material": "InAs", "planes": [4, 9, 4]}, "saturate"),
    ("In107As73Cl102_HLE17_23ang_OPT.xyz", {"material": "InAs", "planes": [8, 13, 6]}, "saturate"),
]


def framework_graph(model):
    """Return the bonds among atoms that are no halides, elements on the nodes."""
    halide = np.isin(model.symbols, ["Cl"])
    graph = networkx.Graph()
    graph.add_nodes_from((i, {"symbol": model.symbols[i]}) for i in np.flatnonzero(~halide).tolist())
    graph.add_edges_from(bond for bond in model.bonds.tolist() if not halide[bond].any())
    return graph


@pytest.mark.skipif("CHARGEFLOW_REFERENCE_DIR" not in os.environ, reason="published structures not at hand")
@pytest.mark.parametrize(("name", "core", "rule"), PUBLISHED)
def test_published_dots_have_the_framework_of_the_rule(name, core, rule):
    path = Path(os.environ["CHARGEFLOW_REFERENCE_DIR"]) / name
    published = import_model(path)
    content = {"core": core, "passivation": {"rule": rule}, "start_geometry": "lattice"}
    built = build(ModelSpec.from_mapping(content))
    assert published.formula == built.formula
    atoms = ase.io.read(path)
    fit = fit_lattice(atoms.positions, published.bonds, published.formal_charges)
    inside = fit.inside(Polyhedron(built.spec.core.centre, *built.spec.core.planes))
    on_sites = Counter(symbol for symbol, held in zip(published.symbols, inside, strict=True) if held)
    counts = published.summary()["counts"]
    cation, anion = list(counts)[:2]
    assert counts[cation] - on_sites[cation] <= 1, "at most one relaxed cation has lost its lattice bonds"
    assert on_sites[anion] == counts[anion]
    assert on_sites["Cl"] == built.summary()["coordination"]["Cl"].get(3, 0), "exchanged anions"
    if on_sites["Cl"] == 0:
        ours, theirs = framework_graph(built), framework_graph(published)
        assert networkx.is_isomorphic(ours, theirs, node_match=lambda a, b: a["symbol"] == b["symbol"])
