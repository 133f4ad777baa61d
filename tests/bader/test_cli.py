"""The command: ACF.dat in the reference program's format, and no success without it."""

import contextlib
import os
import pty
import subprocess
import sys

import numpy as np
import pytest
from ase.units import Bohr

from aiida_chargeflow.bader.cli import main
from aiida_chargeflow.bader.cube import Cube, read_cube
from aiida_chargeflow.bader.engine import partition
from aiida_chargeflow.bader.jit import cache_directory
from aiida_chargeflow.science.charges.acf import read_acf

from .conftest import gaussians, make_header


def rows(path):
    lines = path.read_text().splitlines()
    assert lines[0].split() == ["#", "X", "Y", "Z", "CHARGE", "MIN", "DIST", "ATOMIC", "VOL"]
    assert set(lines[1].strip()) == {"-"}
    end = next(n for n, line in enumerate(lines[2:], start=2) if line.strip().startswith("---"))
    table = np.array([[float(field) for field in line.split()] for line in lines[2:end]])
    totals = {name.strip(): float(value) for name, value in (line.split(":") for line in lines[end + 1 :])}
    return table, totals


def test_writes_acf(dimer, write_cube, tmp_path, capsys):
    main([str(write_cube(dimer)), "-vac", "1e-6", "-b", "weight", "-o", str(tmp_path / "out")])
    table, totals = rows(tmp_path / "out" / "ACF.dat")
    np.testing.assert_allclose(table[:, 1:4], dimer.header.positions_bohr, atol=1e-6)
    assert list(totals) == ["VACUUM CHARGE", "VACUUM VOLUME", "NUMBER OF ELECTRONS"]
    assert table[:, 4].sum() + totals["VACUUM CHARGE"] == pytest.approx(
        totals["NUMBER OF ELECTRONS"], abs=5e-6
    )
    printed = capsys.readouterr().out
    for line in (
        "ENGINE:",
        "METHOD:               weight",
        "VACUUM CUT:           1e-06",
        "GRID:                 27 x",
    ):
        assert line in printed


def test_failure_leaves_no_acf(tmp_path):
    (tmp_path / "rho.cube").write_text("not a cube\n")
    (tmp_path / "ACF.dat").write_text("old")
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "rho.cube"), "-o", str(tmp_path)])
    assert "rho.cube" in str(stop.value.code)
    assert not (tmp_path / "ACF.dat").exists()


def test_reader_of_the_package_takes_it(dimer, write_cube, tmp_path):
    main([str(write_cube(dimer)), "-o", str(tmp_path)])
    acf = read_acf(tmp_path / "ACF.dat")
    expected = partition(read_cube(tmp_path / "rho.cube"), core="auto")
    np.testing.assert_allclose(acf.bader_population, expected.populations, atol=1e-6)
    np.testing.assert_allclose(acf.positions_ang, dimer.header.positions_bohr * Bohr, atol=1e-6)
    assert acf.n_electrons == pytest.approx(expected.n_electrons, abs=1e-6)


def test_non_nuclear_charge_is_reported_not_swallowed(tmp_path, write_cube, capsys):
    header = make_header(np.diag([8.0, 8, 20]), (20, 20, 50), [17, 17], [[4, 4, 4], [4, 4, 16]])
    lone = make_header(np.diag([8.0, 8, 20]), (20, 20, 50), [1], [[4, 4, 10]])
    density = gaussians(header, [4.0, 4.0], [1.5, 1.5]).density + gaussians(lone, [0.5], [1.0]).density
    main([str(write_cube(Cube(header, density))), "-o", str(tmp_path)])
    _, totals = rows(tmp_path / "ACF.dat")
    assert totals["NON-NUCLEAR CHARGE"] == pytest.approx(0.5, abs=0.01)
    assert "6.000 bohr from atom" in capsys.readouterr().out
    acf = read_acf(tmp_path / "ACF.dat")
    assert acf.non_nuclear_charge_e == pytest.approx(totals["NON-NUCLEAR CHARGE"])


def test_flags_of_the_reference_program(dimer, write_cube, tmp_path, capsys):
    path = str(write_cube(dimer))
    main([path, "-vac", "auto", "-ref", path, "-b", "neargrid", "-o", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "VACUUM CUT:           0.001 e/bohr^3" in printed
    assert f"REFERENCE:            {path}" in printed
    _, totals = rows(tmp_path / "ACF.dat")
    main([path, "-vac", "off", "-o", str(tmp_path)])
    _, without = rows(tmp_path / "ACF.dat")
    assert totals["VACUUM CHARGE"] > 1e-3
    assert without["VACUUM CHARGE"] == without["VACUUM VOLUME"] == 0


@pytest.mark.parametrize(
    "arguments",
    [["-vac", "much"], ["-vac", "-1"], ["-vac", "nan"], ["-b", "yt"], ["--core", "on", "-ref", "x"], []],
)
def test_wrong_arguments_stop_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments if not arguments else ["rho.cube", *arguments])
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert "usage:" in told
    assert ("nor auto, nor off" in told) is ("-vac" in arguments)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_directory_that_cannot_be_written(dimer, write_cube, tmp_path):
    path = write_cube(dimer)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(SystemExit) as stop:
        main([str(path), "-o", str(closed)])
    assert "ACF.dat: cannot be written" in str(stop.value.code)


def test_output_that_is_a_file(dimer, write_cube):
    path = write_cube(dimer)
    with pytest.raises(SystemExit) as stop:
        main([str(path), "-o", str(path)])
    assert "Choose another directory" in str(stop.value.code)


def test_processes_share_a_new_cache(dimer, write_cube, tmp_path):
    """Both compile at once into one directory; the reader's kernels stand for all, to spare time."""
    path = write_cube(dimer)
    environment = {**os.environ, "CHARGEFLOW_CACHE_DIR": str(tmp_path / "cache")}
    program = "from aiida_chargeflow.bader.cube import read_cube\n"
    program += f"print(repr(read_cube({str(path)!r}).density.sum()))"
    start = {"env": environment, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([sys.executable, "-c", program], **start) for _ in range(2)]
    printed = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert printed[0] == printed[1] != ""
    assert any((tmp_path / "cache").rglob("*.nbc"))


def test_cache_that_cannot_be_made_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CHARGEFLOW_CACHE_DIR", str(tmp_path / "file"))
    assert cache_directory() is None
    monkeypatch.setenv("CHARGEFLOW_CACHE_DIR", str(tmp_path / "new"))
    made = cache_directory()
    assert made is not None
    assert made.stat().st_mode & 0o077 == 0


def test_bars_on_a_terminal_leave_the_log_alone(dimer, write_cube, tmp_path):
    """Bars go to the terminal on standard error, lines for the provenance to the file on standard output."""
    path = write_cube(dimer)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "aiida_chargeflow.bader.cli", str(path), "-o", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # which is how the end of a terminal shows itself
        while block := os.read(ours, 65536):
            shown += block
    printed, _ = process.communicate()
    os.close(ours)
    assert process.returncode == 0
    assert printed.startswith("ENGINE:")
    assert printed.splitlines()[-1] == f"{'WRITTEN:':<22}{tmp_path / 'ACF.dat'}"
    assert b"ENGINE" not in shown
    assert shown.count(b"100%") >= 2


def test_failing_program_exits_with_1(tmp_path):
    command = [sys.executable, "-m", "aiida_chargeflow.bader.cli", str(tmp_path / "none.cube")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
