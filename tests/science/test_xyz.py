"""XYZ files as programs write them: units, labels, headers that say odd things."""

from __future__ import annotations

import numpy as np
import pytest
from ase.units import Bohr

from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.models.build import build
from aiida_chargeflow.science.models.from_atoms import import_model
from aiida_chargeflow.science.models.spec import ModelSpec
from aiida_chargeflow.science.models.structure_file import write_model
from aiida_chargeflow.science.xyz import parse_xyz

DOT = build(ModelSpec.from_mapping({"core": {"material": "InAs", "centre": "anion", "planes": [5, 4, 3]}}))


def text(comment="", factor=1.0, extra=lambda _: "", label=lambda atom: DOT.symbols[atom]):
    rows = [
        f"{label(k)} {x} {y} {z} {extra(k)}".rstrip()
        for k, (x, y, z) in enumerate(DOT.atoms.positions * factor)
    ]
    return "\n".join([str(len(rows)), comment, *rows]) + "\n"


def written(tmp_path, content):
    path = tmp_path / "dot.xyz"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(("unit", "factor"), [("bohr", 1 / Bohr), ("nm", 0.1), ("pm", 100.0)])
def test_lengths_in_another_unit_are_named(tmp_path, unit, factor):
    path = written(tmp_path, text(factor=factor))
    with pytest.raises(InputError) as caught:
        import_model(path)
    assert str(caught.value).startswith(str(path))
    if unit != "nm":  # there the atoms lie upon each other, which is said instead
        assert f"seem to be in {unit}" in str(caught.value)


def test_tags_of_another_meaning_are_no_regions(tmp_path):
    """Fragments counted from 11 look like regions and coordinations."""
    comment = 'Properties=species:S:1:pos:R:3:tags:I:1 pbc="F F F"'
    fragments = text(comment, extra=lambda k: str(11 + k % 3))
    assert not parse_xyz(fragments).get_tags().any()
    ours = text(comment, extra=lambda k: str(DOT.atoms.get_tags()[k]))
    np.testing.assert_array_equal(parse_xyz(ours).get_tags(), DOT.atoms.get_tags())
    np.testing.assert_array_equal(import_model(written(tmp_path, fragments)).regions, DOT.regions)


def test_our_own_files_come_back(tmp_path):
    write_model(DOT, tmp_path / "own.xyz")
    np.testing.assert_array_equal(import_model(tmp_path / "own.xyz").regions, DOT.regions)


@pytest.mark.parametrize("style", ["{}1", "{}_core", "{}_", "{}123"])
def test_labels_of_another_rule_are_elements(style):
    atoms = parse_xyz(text(label=lambda k: style.format(DOT.symbols[k])))
    assert atoms.get_chemical_symbols() == DOT.symbols
    assert not atoms.get_tags().any()


@pytest.mark.parametrize("label", ["Qq1", "1In", "In-1", "X", "In 1²"])
def test_labels_without_an_element_are_refused(label):
    with pytest.raises(InputError, match="line 3"):
        parse_xyz(text(label=lambda k: label if k == 0 else DOT.symbols[k]))


CELL = 'Lattice="30 0 0 0 30 0 0 0 30" Properties=species:S:1:pos:R:3'


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ('Properties=""', "need species"),
        ("Properties=", "need species"),
        ("Properties=species:S:1:pos:R:²", "need species"),
        (CELL + ' pbc=""', "pbc needs"),
        (CELL + ' pbc="T F"', "pbc needs"),
        (CELL + ' pbc="maybe"', "pbc needs"),
        (CELL.replace("30 0 0 0", "inf 0 0 0"), "nine finite numbers"),
        (CELL.replace("30 0 0 0", "nan 0 0 0"), "nine finite numbers"),
        (CELL.replace("30 0 0 0", "30 0 0"), "nine finite numbers"),
        (CELL.replace("0 30 0 0 0 30", "0 30 0 0 30 0"), "no volume"),
        ("Properties=species:S:1:pos:R:3:tags:I:1", "column"),
    ],
)
def test_odd_headers_are_refused_with_their_line(tmp_path, comment, problem):
    content = text(comment)
    with pytest.raises(InputError, match=problem):
        parse_xyz(content)
    if problem != "column":
        with pytest.raises(InputError, match=problem) as caught:
            import_model(written(tmp_path, content))
        assert caught.value.field == "line 2"
        assert str(caught.value.file).endswith("dot.xyz")


def test_a_superscript_is_no_whole_number():
    with pytest.raises(InputError, match="whole numbers"):
        parse_xyz(text("Properties=species:S:1:pos:R:3:tags:I:1", extra=lambda _: "²"))


def test_no_cell_may_be_written_as_zeros(tmp_path):
    content = text('Lattice="0 0 0 0 0 0 0 0 0" Properties=species:S:1:pos:R:3 pbc="T T T"')
    assert not parse_xyz(content).pbc.any()
    assert len(import_model(written(tmp_path, content)).bonds) == len(DOT.bonds)


def test_coordinates_with_fortran_exponents_are_read():
    content = text().replace(
        f"{DOT.atoms.positions[0, 0]}", f"{DOT.atoms.positions[0, 0]:.10E}".replace("E", "D"), 1
    )
    np.testing.assert_allclose(parse_xyz(content).positions, DOT.atoms.positions, atol=1e-9)
