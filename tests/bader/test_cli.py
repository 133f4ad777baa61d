"""The command: ACF.dat in the reference program's format, and no success without it."""

import numpy as np
import pytest

from aiida_chargeflow.bader.cli import main


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
