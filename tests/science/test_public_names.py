"""What other code may rely on: a name that goes, or that needs AiiDA, breaks somebody's notebook."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aiida_chargeflow.bader as bader
import aiida_chargeflow.science as science
from aiida_chargeflow.science import InputError, analyse_files

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "fixtures" / "bader"

SCIENCE = [
    "Analysis",
    "AtomicCharges",
    "Campaign",
    "ChargeFlow",
    "Draft",
    "InputError",
    "Material",
    "ModelSpec",
    "Pdos",
    "QDModel",
    "ScfSettings",
    "TrapRule",
    "accept_partition",
    "analyse",
    "analyse_files",
    "band_alignment",
    "bond_graph",
    "build",
    "candidates",
    "cp2k_parameters",
    "find_traps",
    "frontier",
    "import_model",
    "interface_pattern",
    "read_acf",
    "read_orbital",
    "read_output",
    "read_pdos",
    "read_xyz",
    "region_flow",
    "solve",
    "summarise",
    "surface_pattern",
]

WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("aiida", "aiida_cp2k", "matplotlib", "click"):
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
import aiida_chargeflow.bader, aiida_chargeflow.science
for package in (aiida_chargeflow.bader, aiida_chargeflow.science):
    for name in package.__all__:
        getattr(package, name)
"""


def test_no_public_name_is_lost_or_added_unseen() -> None:
    assert science.__all__ == SCIENCE
    assert bader.__all__ == ["partition", "read_cube"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = science.nothing


def test_every_public_name_imports_without_aiida() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True, cwd=ROOT)


def test_every_public_name_is_described() -> None:
    page = (ROOT / "docs" / "reference" / "public.md").read_text()
    assert set(science.__all__) | set(bader.__all__) <= set(re.findall(r"`(\w+)`", page))


def test_two_files_give_the_charge_flow() -> None:
    """Of every atom the flows along its bonds add up to its charge."""
    result = analyse_files(FILES / "structure.xyz", FILES / "ACF.dat")
    given = np.zeros(len(result.atoms))
    np.add.at(given, result.flow.bonds[:, 0], result.flow.bond_flow)
    np.add.at(given, result.flow.bonds[:, 1], -result.flow.bond_flow)
    np.testing.assert_allclose(given, result.flow.bader_charge, atol=1e-10)


def test_files_that_do_not_belong_together_are_named() -> None:
    with pytest.raises(InputError, match=r"ACF\.dat: the populations sum to"):
        analyse_files(FILES / "structure.xyz", FILES / "ACF.dat", n_valence={"As": 15})
