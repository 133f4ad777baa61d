"""Charges of other methods come in by name, and are refused where they do not fit."""

from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.charges import readers
from aiida_chargeflow.science.errors import InputError
from aiida_chargeflow.science.from_files import analyse_files


def last_column(path: Path, atoms: Atoms, n_valence: object, tolerance_e: object) -> np.ndarray:  # noqa: ARG001
    """Read a charge method of another package: one charge in e a line."""
    return np.loadtxt(path)


@pytest.fixture
def dimer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    point = EntryPoint("hirshfeld", f"{__name__}:last_column", readers.ENTRY_POINT_GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda _: last_column)
    monkeypatch.setattr(readers, "entry_points", lambda group: [point] if group == point.group else [])
    path = tmp_path / "dimer.xyz"
    path.write_text("2\n\nIn 0 0 0\nCl 0 0 2.4\n")
    return path


def test_another_method_is_found_by_its_name_and_solved(dimer: Path, tmp_path: Path) -> None:
    (tmp_path / "charges").write_text("0.7\n-0.7\n")
    result = analyse_files(dimer, tmp_path / "charges", charge_method="hirshfeld")
    assert result.flow.bond_flow == pytest.approx([0.7])


@pytest.mark.parametrize("text", ["0.7\n", "0.7\nnan\n", "0.7\n-0.3\n-0.4\n"])
def test_a_method_that_gives_other_atoms_or_no_number_is_refused(
    dimer: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "charges").write_text(text)
    with pytest.raises(InputError, match=r"charges: the charge method hirshfeld .* 2 atoms"):
        analyse_files(dimer, tmp_path / "charges", charge_method="hirshfeld")


def test_an_unknown_method_names_the_known_ones(dimer: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown charge method .*hirshfeld"):
        analyse_files(dimer, tmp_path / "charges", charge_method="hirshfelt")
