"""Orbital cubes: found by number, named after the edges, small without loss, and never lost to a failing gzip."""

import gzip
import subprocess

import numpy as np
import pytest
from recorded import CP2K, recorded_pdos

from aiida_chargeflow.science.cp2k.orbital_cubes import COMPRESS, edge_numbers, name_cubes, orbital_number
from aiida_chargeflow.science.electrons.orbital_cube import crop, read_cube
from aiida_chargeflow.science.electrons.traps import find_traps
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.fortran import parse_numbers


def file_of(number):
    return f"aiida-WFN_{number:05d}_1-1_0.cube.gz"


def test_traps_lie_between_the_edges_and_are_named_after_the_gap():
    found = find_traps(recorded_pdos("cdse_vacancy"))
    edges = edge_numbers(found)
    assert edges["valence_edge"] < edges["homo"] < edges["lumo"] < edges["conduction_edge"]
    printed = range(edges["valence_edge"] - 1, edges["conduction_edge"] + 2)
    named = name_cubes([file_of(number) for number in reversed(printed)], found)
    assert list(named)[:4] == ["homo", "lumo", "valence_edge", "conduction_edge"]
    assert {name: orbital_number(file) for name, file in named.items() if name in edges} == edges
    assert orbital_number(named["homo-1"]) == edges["homo"] - 1
    assert orbital_number(named["lumo+2"]) == edges["lumo"] + 2
    assert set(named.values()) == {file_of(number) for number in printed}


def test_without_traps_the_frontier_orbitals_are_the_edges():
    found = find_traps(recorded_pdos("cdse"))
    named = name_cubes([file_of(found.homo_index), file_of(found.lumo_index)], found)
    assert named["homo"] == named["valence_edge"]
    assert named["lumo"] == named["conduction_edge"]


def test_an_orbital_that_was_not_printed_has_no_name():
    found = find_traps(recorded_pdos("cdse_vacancy"))
    assert set(name_cubes([file_of(found.homo_index)], found)) == {"homo"}
    with pytest.raises(InputError, match="not the name"):
        orbital_number("aiida-ELECTRON_DENSITY-1_0.cube")


@pytest.fixture
def folder(tmp_path):
    """A job's folder with one whole cube of CP2K."""
    (tmp_path / "aiida-WFN_00017_1-1_0.cube").write_bytes(
        gzip.decompress((CP2K / "incl3_homo.cube.gz").read_bytes())
    )
    return tmp_path


def end_of_job(folder, before="true", **environment):
    return subprocess.run(
        ["bash", "-c", f"{before}\n{COMPRESS}"], cwd=folder, check=False, env=environment or None
    )


def test_compression_on_the_cluster_loses_nothing_that_cropping_keeps(folder):
    whole = folder / "aiida-WFN_00017_1-1_0.cube"
    before, size = crop(read_cube(whole)), whole.stat().st_size
    assert end_of_job(folder).returncode == 0
    small = folder / f"{whole.name}.gz"
    assert [path.name for path in folder.iterdir()] == [small.name]
    assert small.stat().st_size < 0.4 * size
    after = crop(read_cube(small))
    np.testing.assert_allclose(after.origin_ang, before.origin_ang)
    np.testing.assert_allclose(
        after.values, before.values, atol=2 * np.abs(before.values[before.values != 0]).min()
    )
    assert after.norm == pytest.approx(before.norm, abs=1e-5)


def test_the_status_of_cp2k_is_that_of_the_job(folder):
    assert end_of_job(folder, "(exit 3)").returncode == 3
    assert end_of_job(folder).returncode == 0, "nothing is left to compress"


def test_a_failing_gzip_leaves_the_cube_and_the_job_alone(folder):
    broken = folder / "bin"
    broken.mkdir()
    (broken / "gzip").write_text("#!/bin/sh\nexit 1\n")
    (broken / "gzip").chmod(0o755)
    assert end_of_job(folder, PATH=f"{broken}:/usr/bin:/bin").returncode == 0
    assert read_cube(folder / "aiida-WFN_00017_1-1_0.cube").norm > 0.9
    assert not list(folder.glob("*.gz"))


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ("  0.12345E-05  0.12345E-04 -0.12345E-05  0.12345E+00", "0 0.12345E-04 0 0.12345E+00"),
        (" 0.12345E-005-0.13032E-004 0.90536E-009-0.20000E-003", "0 -0.13032E-004 0 -0.20000E-003"),
        ("-0.12345E-051-0.12345E-015-0.50000E+000", "0 0 -0.50000E+000"),
        ("  0.33004-101 -0.33004-110  0.30000D-03  0.30000D-07", "0 0 0.30000D-03 0"),
    ],
)
def test_only_what_is_small_is_dropped_in_every_form_of_a_number(folder, row, kept):
    whole = folder / "aiida-WFN_00017_1-1_0.cube"
    whole.write_text(f"{row}\n")
    assert end_of_job(folder).returncode == 0
    text = gzip.decompress((folder / f"{whole.name}.gz").read_bytes()).decode()
    assert parse_numbers(text).tolist() == parse_numbers(kept).tolist()


def test_a_damaged_compressed_cube_is_refused(folder):
    assert end_of_job(folder).returncode == 0
    (packed,) = folder.glob("*.gz")
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 0xFF
    for damaged in (bytes(content), packed.read_bytes()[:-200]):
        packed.write_bytes(damaged)
        with pytest.raises(InputError, match=packed.name):
            read_cube(packed)
