"""Orbital cubes: a recorded one from CP2K 2023.1 and made-up ones with known integrals."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.io.cube import read_cube as ase_read_cube
from recorded import CP2K
from scipy.special import erf

from aiida_chargeflow.science.electrons.orbital_cube import (
    Cube,
    atom_shares,
    crop,
    isovalue,
    read_cube,
    write_cube,
)
from aiida_chargeflow.science.electrons.pdos import read_pdos
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.units import BOHR_ANG

HOMO = CP2K / "incl3_homo.cube.gz"


def gaussian(centre_bohr: tuple[float, float, float] = (6.0, 6.5, 7.0), exponent: float = 0.5) -> Cube:
    """A normalised s Gaussian in a box of 14 x 13 x 14 bohr."""
    step = np.diag([0.25, 0.26, 0.28])
    shape = (56, 50, 50)
    cube = Cube(
        title=("made up", "s Gaussian"),
        numbers=np.array([33, 49]),
        charges=np.array([5.0, 13.0]),
        positions_ang=np.array([centre_bohr, (11.0, 6.5, 7.0)]) * BOHR_ANG,
        origin_ang=np.zeros(3),
        voxel_ang=step * BOHR_ANG,
        values=np.zeros(shape),
    )
    distance2 = ((cube.grid_ang() / BOHR_ANG - np.array(centre_bohr)) ** 2).sum(axis=-1)
    return replace(cube, values=(2 * exponent / np.pi) ** 0.75 * np.exp(-exponent * distance2))


def test_recorded_orbital_is_normalised_and_in_place() -> None:
    cube = read_cube(HOMO)
    assert cube.values.shape == (24, 24, 24)
    assert cube.numbers.tolist() == [49, 17, 17, 17]
    assert "HOMO" in cube.title[1]
    assert cube.norm == pytest.approx(1, abs=0.01)
    assert np.linalg.norm(cube.positions_ang[1] - cube.positions_ang[0]) == pytest.approx(2.28, abs=1e-4)


def test_shares_of_atoms_agree_with_cp2k_s_projection() -> None:
    files = sorted((CP2K / "incl3_pdos").glob("*.pdos"))
    pdos = read_pdos(files, atom_kinds=["In31", "Cl41", "Cl41", "Cl41"])
    shares = atom_shares(read_cube(HOMO))
    assert shares.sum() == pytest.approx(1)
    # The nearest atom owns a voxel here, the basis function there: the tails of small ions differ.
    assert shares == pytest.approx(pdos.atom_weights[:, pdos.n_occupied - 1], abs=0.08)


def test_round_trip_and_ase_reads_the_same(tmp_path: Path) -> None:
    cube = read_cube(HOMO)
    for name in ("a.cube", "a.cube.gz"):
        write_cube(cube, tmp_path / name)
        again = read_cube(tmp_path / name)
        assert again.title == cube.title
        assert np.allclose(again.values, cube.values, rtol=1e-4, atol=0)
        assert np.allclose(again.positions_ang, cube.positions_ang, atol=1e-6)
        assert np.allclose(again.voxel_ang, cube.voxel_ang, atol=1e-6)
    with (tmp_path / "a.cube").open() as handle:
        ase = ase_read_cube(handle)
    assert np.allclose(ase["data"], cube.values, rtol=1e-4, atol=0)
    assert np.allclose(ase["atoms"].positions, cube.positions_ang, atol=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.cube", "a.cube.gz"]


def test_gzipped_files_are_reproducible(tmp_path: Path) -> None:
    cube = read_cube(HOMO)
    write_cube(cube, tmp_path / "a.cube.gz")
    write_cube(cube, tmp_path / "b.cube.gz")
    assert (tmp_path / "a.cube.gz").read_bytes() == (tmp_path / "b.cube.gz").read_bytes()


def test_gaussian_norm_isovalue_and_owner() -> None:
    cube = gaussian()
    assert cube.norm == pytest.approx(1, abs=1e-6)
    # ∫ of |ψ|² inside radius r of an s Gaussian of exponent a: erf(x) - 2x exp(-x²)/√π, x = r√(2a).
    level = isovalue(cube, 0.9)
    radius2 = -np.log(level / (1 / np.pi) ** 0.75) / 0.5
    x = np.sqrt(radius2)
    assert erf(x) - 2 * x * np.exp(-(x**2)) / np.sqrt(np.pi) == pytest.approx(0.9, abs=0.01)
    assert atom_shares(cube)[0] > 0.99


@pytest.mark.parametrize("fraction", [0.9, 0.99, 0.999])
def test_crop_keeps_the_density_and_the_place(fraction: float) -> None:
    cube = gaussian()
    small = crop(cube, fraction=fraction)
    assert small.values.size < cube.values.size
    assert fraction <= small.norm / cube.norm <= 1
    peak, peak_small = (np.unravel_index(np.argmax(c.values), c.values.shape) for c in (cube, small))
    assert np.allclose(cube.grid_ang()[peak], small.grid_ang()[peak_small])


def test_cropping_by_threshold_blanks_the_rest() -> None:
    small = crop(gaussian(), threshold=0.1)
    assert (np.abs(small.values[small.values != 0]) >= 0.1).all()
    assert (small.values[0] == 0).all()


def test_compression_shrinks_a_localised_orbital(tmp_path: Path) -> None:
    cube = gaussian()
    write_cube(cube, tmp_path / "whole.cube")
    write_cube(crop(cube), tmp_path / "crop.cube.gz")
    ratio = (tmp_path / "crop.cube.gz").stat().st_size / (tmp_path / "whole.cube").stat().st_size
    assert ratio < 0.1


def _header(text: str, number: int, change) -> str:
    """Return a cube with another line, counted from 1."""
    lines = text.split("\n")
    lines[number - 1] = change(lines[number - 1])
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda _: "", "not a cube file"),
        (lambda text: text[: len(text) // 2], "cut short|values"),
        (lambda text: text.replace("   24 ", "   25 ", 1), "values"),
        (lambda text: text.replace("E-", "X-"), "not a number"),
        (lambda text: text.replace("\n    4 ", "\n   -4 ", 1), "several fields"),
        (lambda text: _header(text, 3, lambda line: f"{line}   2"), "several fields"),
        (lambda text: _header(text, 4, lambda line: "0" + line[5:]), "no volume"),
        (lambda text: _header(text, 4, lambda line: f"{line.split()[0]} 0 0 0"), "no volume"),
        (lambda text: _header(text, 4, lambda line: line.replace("   24", "  2_4")), "not a cube file"),
    ],
)
def test_damaged_cubes_are_refused(tmp_path: Path, spoil, match: str) -> None:
    text = gzip.decompress(HOMO.read_bytes()).decode().replace("e-", "E-")
    path = tmp_path / "bad.cube"
    path.write_text(spoil(text))
    with pytest.raises(InputError, match=match) as caught:
        read_cube(path)
    assert "bad.cube" in str(caught.value)


def test_limits_are_checked(tmp_path: Path) -> None:
    cube = gaussian()
    with pytest.raises(InputError, match="fraction"):
        isovalue(cube, 1.5)
    with pytest.raises(InputError, match="threshold"):
        crop(cube, threshold=99.0)
    with pytest.raises(InputError, match="zero everywhere"):
        isovalue(replace(cube, values=np.zeros((2, 2, 2))))
    with pytest.raises(InputError, match="cannot read"):
        read_cube(tmp_path / "nowhere.cube")
