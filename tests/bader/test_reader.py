"""The cube reader: any layout gives the same numbers, any damage gives one clear error with its line."""

import dataclasses
import gzip
import re

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_chargeflow.bader import cube as cube_module
from aiida_chargeflow.bader import regular
from aiida_chargeflow.bader.cli import main
from aiida_chargeflow.bader.cube import read_cube
from aiida_chargeflow.bader.engine import partition
from aiida_chargeflow.bader.parse import POWERS_OF_TEN, parse_numbers
from aiida_chargeflow.science.electrons.orbital_cube import read_cube as read_orbital_cube
from aiida_chargeflow.science.errors import InputError

from .conftest import cube_text


def parse(text: bytes) -> tuple[list[float], int]:
    out = np.empty(len(text) // 2 + 1)
    count, wrong = parse_numbers(np.frombuffer(text, dtype=np.uint8), out, POWERS_OF_TEN)
    return out[:count].tolist(), wrong


@pytest.mark.parametrize("columns", [1, 3, 5, 6, 7, 100])
@pytest.mark.parametrize("form", ["%13.5E", " %.9e", "%20.12E", " %.6f"])
def test_any_layout(dimer, write_cube, columns, form):
    result = read_cube(write_cube(dimer, columns=columns, form=form), threads=2)
    expected = [float(form % value) for value in dimer.density.ravel()]
    np.testing.assert_allclose(result.density.ravel(), expected, rtol=3e-16, atol=0)
    np.testing.assert_allclose(result.header.origin_bohr, [0.5, 0, -1])
    assert result.header.shape == (27, 25, 41)


def test_blocks_may_end_anywhere(dimer, write_cube, monkeypatch):
    path = write_cube(dimer)
    whole = read_cube(path).density
    monkeypatch.setattr(cube_module, "read_regular", lambda *_: None)
    for size in (7, 100, 4099):
        monkeypatch.setattr(cube_module, "_BLOCK", size)
        np.testing.assert_array_equal(read_cube(path, threads=3).density, whole)


def test_rows_of_equal_length_are_read_in_parts(dimer, write_cube, monkeypatch):
    path = write_cube(dimer)
    fractions = []
    with path.open("rb") as stream:
        offset = len(b"".join(stream.readline() for _ in range(8)))
    for size in (1, 5000, 1 << 20):
        monkeypatch.setattr(regular, "_PART_BYTES", size)
        values = regular.read_regular(path, offset, dimer.header.shape, 3, fractions.append)
        expected = [float(f"{value:.5E}") for value in dimer.density.ravel()]
        np.testing.assert_allclose(values, expected, rtol=3e-16, atol=0)
        assert fractions[-1] == 1.0


@pytest.mark.parametrize(
    "field", ["          NaN", "*************", "  0.1234xE-05", "  0.1234 E-05", " " * 13]
)
@pytest.mark.parametrize("line", [9, 2000, 4733])
def test_damage_that_keeps_the_length_is_found(dimer, tmp_path, monkeypatch, line, field):
    monkeypatch.setattr(regular, "_PART_BYTES", 3000)
    lines = lines_of(dimer)
    lines[line - 1] = lines[line - 1][:26] + field + lines[line - 1][39:]
    path = tmp_path / "rho.cube"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError) as error:
        read_cube(path, threads=2)
    missing = "27674 of 27675" if not field.strip() else f"line {line}: not a finite number"
    assert missing in str(error.value)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed(dimer, write_cube, suffix):
    path = write_cube(dimer)
    packed = path.with_name("rho.cube" + suffix)
    compress = gzip.compress if suffix == ".gz" else zstandard.ZstdCompressor().compress
    packed.write_bytes(compress(path.read_bytes()))
    np.testing.assert_array_equal(read_cube(packed).density, read_cube(path).density)
    renamed = packed.with_name("link.cube")
    renamed.symlink_to(packed)
    np.testing.assert_array_equal(read_cube(renamed).density, read_cube(path).density)
    packed.write_bytes(packed.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"rho\.cube"):
        read_cube(packed)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_numbers_survive(values):
    for form in ("%.5E", "%.16E", "%r"):
        text = "\n ".join(form % value for value in values).encode()
        found, wrong = parse(text)
        assert wrong == -1
        np.testing.assert_allclose(found, [float(form % value) for value in values], rtol=3e-15, atol=0)


@given(st.integers(-99999, 99999), st.integers(-16, 27))
@settings(max_examples=300, deadline=None)
def test_the_usual_form_is_read_to_the_last_bit(mantissa, exponent):
    text = f"{'-' if mantissa < 0 else ''}0.{abs(mantissa):05d}E{exponent:+03d}"
    assert parse(text.encode()) == ([float(text)], -1)
    # In columns of 13 there is a shorter way, which needs the byte after a number.
    assert parse(f"{text:>13}\n{text:>13} ".encode()) == ([float(text)] * 2, -1)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.12345-100", 0.12345e-100), ("1.5D+02", 150.0), ("+.5e1", 5.0), ("-7", -7.0), ("1.E-3", 1e-3)],
)
def test_forms_of_fortran(text, value):
    found, wrong = parse(text.encode())
    assert wrong == -1
    assert found == pytest.approx([value], rel=1e-15)


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "****", "1.2.3", "1e", "--1", "1e5x", "0.1\x00", "1E999", "."]
)
def test_what_is_no_number(text):
    assert parse(f"1.0 {text} 2.0".encode()) == ([1.0], 4)


def lines_of(cube) -> list[str]:
    return cube_text(cube).splitlines()


def replace(lines: list[str], number: int, text: str) -> str:
    return "\n".join([*lines[: number - 1], text, *lines[number:]]) + "\n"


DAMAGES = {
    "empty file": (lambda _: "", "line 1"),
    "cut in the header": (lambda x: "\n".join(x[:4]) + "\n", "line 5"),
    "no number of atoms": (lambda x: replace(x, 3, "atoms 0 0 0"), "line 3"),
    "broken number of atoms": (lambda x: replace(x, 3, "2.5 0 0 0"), "line 3"),
    "orbitals": (lambda x: replace(x, 3, "-2 0 0 0"), "line 3"),
    "no atoms": (lambda x: replace(x, 3, "0 0 0 0"), "line 3"),
    "axis without points": (lambda x: replace(x, 5, "0 0 1 0"), "line 5"),
    "axis with a missing field": (lambda x: replace(x, 4, "27 0.3 0.0"), "line 4"),
    "axes in one plane": (lambda x: replace(x, 5, x[3]), "line 6"),
    "axis too long": (lambda x: replace(x, 4, "1000000000000000000 0.3 0 0"), "line 6"),
    "digits as Python parts them": (lambda x: replace(x, 4, x[3].replace("27", "2_7")), "line 4"),
    "infinite axis": (lambda x: replace(x, 4, "27 inf 0 0"), "line 4"),
    "unknown element": (lambda x: replace(x, 7, "200 0 1 1 1"), "line 7"),
    "atom without coordinate": (lambda x: replace(x, 8, "49 0 1 1"), "line 8"),
    "word among the values": (lambda x: replace(x, 40, x[39][:30] + " oops"), "line 40"),
    "NaN among the values": (lambda x: replace(x, 41, x[40][:26] + "          NaN"), "line 41"),
    "overflowing Fortran field": (lambda x: replace(x, 42, "*************"), "line 42"),
    "merged columns": (lambda x: replace(x, 43, x[42].replace(" ", "")), "line 43"),
    "truncated": (lambda x: "\n".join(x[:3000]) + "\n", "line 3001"),
    "truncated within a number": (lambda x: "\n".join(x)[:-4], "line end"),
    "one value too few": (lambda x: "\n".join([*x[:-1], x[-1][:-13]]) + "\n", "27674 of 27675"),
    "one value too many": (lambda x: "\n".join(x) + " 1.0\n", "more than the 27675"),
    "binary": (lambda x: replace(x, 50, "\x00\x01\x02"), "line 50"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_one_clear_error_and_leaves_no_acf(dimer, tmp_path, damage):
    make, expected = DAMAGES[damage]
    path = tmp_path / "rho.cube"
    path.write_text(make(lines_of(dimer)))
    with pytest.raises(SystemExit) as stop:
        main([str(path), "-o", str(tmp_path / "out")])
    message = str(stop.value.code)
    assert message.startswith(f"Error: {path}: ")
    assert re.search(expected, message)
    assert "\n" not in message
    assert list((tmp_path / "out").glob("*")) == []


def test_a_header_in_fortran_s_exponents(dimer, tmp_path):
    lines = lines_of(dimer)
    path = tmp_path / "rho.cube"
    for number in range(3, 9):
        lines[number - 1] = re.sub(r"(\d+\.\d+)", r"\1D+00", lines[number - 1])
    path.write_text("\n".join(lines) + "\n")
    np.testing.assert_allclose(read_cube(path).header.voxel_bohr, dimer.header.voxel_bohr, atol=1e-6)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_cube(tmp_path / "none.cube")


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (" 0.34558E-009-0.13032E-008 0.90536E-009", [0.34558e-9, -0.13032e-8, 0.90536e-9]),
        ("-0.53695E-009-0.16291E-009-0.24E+000", [-0.53695e-9, -0.16291e-9, -0.24]),
        ("  0.33004-101-0.30795D-034", [0.33004e-101, -0.30795e-34]),
    ],
)
def test_negative_neighbours_may_touch(row, values):
    found, wrong = parse(row.encode())
    assert wrong == -1
    np.testing.assert_allclose(found, values, rtol=1e-14)


@pytest.mark.parametrize("row", ["0.1E-0050.2", "0.1E--5", "0.1-0.2", "0.1E-05x", "0.1E"])
def test_what_cannot_be_split_is_no_number(row):
    assert parse(row.encode())[1] == 0


def test_both_readers_take_every_form_of_a_number(dimer, write_cube, tmp_path):
    """The density reader and that of orbitals agree on a cube whose numbers Fortran wrote in all its ways."""
    text = write_cube(dimer, form=" %.9e").read_text()
    head, body = text.split("\n", 8)[:8], text.split("\n", 8)[8].split()
    forms = (lambda v: f" {v:.9E}", lambda v: f" {v:.9E}".replace("E", "D"), lambda v: f"{-v:.9E}")
    lines = [
        "".join(forms[k % 3](float(word)) for k, word in enumerate(body[i : i + 6]))
        for i in range(0, len(body), 6)
    ]
    path = tmp_path / "mixed.cube"
    path.write_text("\n".join([*head, *lines]) + "\n")
    ours, orbital = read_cube(path).density, read_orbital_cube(path).values
    np.testing.assert_allclose(ours, orbital, rtol=1e-14)
    assert ours.ravel()[0] == pytest.approx(dimer.density.ravel()[0], rel=1e-9)
    assert ours.ravel()[2] == pytest.approx(-dimer.density.ravel()[2], rel=1e-9)


@pytest.mark.parametrize("kind", ["negative", "spin", "difference"])
def test_what_is_no_density_is_refused(dimer, write_cube, tmp_path, capsys, kind):
    density = dimer.density
    half = np.arange(density.shape[0])[:, None, None] < density.shape[0] // 2
    values = {
        "negative": -density,
        "spin": np.where(half, density, -0.2 * density),
        "difference": density - density[::-1],
    }
    path = write_cube(dataclasses.replace(dimer, density=np.ascontiguousarray(values[kind])))
    with pytest.raises(SystemExit) as ended:
        main([str(path), "-o", str(tmp_path)])
    assert "no electron density" in str(ended.value.code)
    assert not (tmp_path / "ACF.dat").exists()
    capsys.readouterr()


def test_electrons_far_from_a_whole_number_are_pointed_out(dimer, write_cube, tmp_path, capsys):
    total = dimer.density.sum() * dimer.header.voxel_volume_bohr3
    for electrons, warned in ((8.0, False), (7.4, True)):
        main(
            [
                str(
                    write_cube(
                        dataclasses.replace(dimer, density=dimer.density * electrons / total), form="%20.12E"
                    )
                ),
                "-o",
                str(tmp_path),
            ]
        )
        assert ("WARNING" in capsys.readouterr().out) == warned


def test_a_cube_of_ase_ends_without_a_line_end_and_is_read(dimer, write_cube):
    """ASE writes one value a line and nothing after the last; a number that was cut is still refused."""
    path = write_cube(dimer, columns=1, form="%e")
    whole = path.read_text().rstrip("\n")
    path.write_text(whole)
    np.testing.assert_allclose(read_cube(path).density, dimer.density, rtol=1e-5, atol=1e-99)
    for cut in (1, 2, 5):
        path.write_text(whole[:-cut])
        with pytest.raises(InputError, match=r"may have been cut|not a finite number"):
            read_cube(path)


@pytest.mark.parametrize("factor", [1 / 0.529177**3, 1000.0])
def test_a_density_in_another_unit_has_more_electrons_than_protons(dimer, factor):
    header = dataclasses.replace(dimer.header, numbers=np.array([1, 3]))
    cube = dataclasses.replace(dimer, header=header, density=dimer.density * factor)
    with pytest.raises(InputError, match="its atoms have 4 protons"):
        partition(cube)
