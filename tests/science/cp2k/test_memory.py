"""The peak of memory meets recorded runs within what `--estimate` says, and decides how a job runs."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from aiida_chargeflow.science.cp2k.cost import ACCURACY
from aiida_chargeflow.science.cp2k.input import ScfSettings, Stage
from aiida_chargeflow.science.cp2k.memory import Layout, choose_layout, memory_of, peak_memory_gb
from aiida_chargeflow.science.errors import InputError

# CP2K 2023.1's own `MEMORY| Estimated peak process memory` of one rank, in MiB, beside what its output says of the run:
# points of the finest grid, basis functions, ranks, steps, remembered steps, functional.
RECORDED = [
    (1953125, 220, 2, 12, 12, "hle17", 952),  # Cd16Se13Cl6
    (1953125, 220, 2, 2, 12, "hle17", 810),
    (2460375, 232, 2, 12, 12, "hle17", 1154),  # In16As13Cl9
    (2332800, 264, 2, 8, 12, "hle17", 1033),  # In16As9Cl21
    (4723920, 491, 2, 12, 12, "hle17", 2084),  # In31As20Cl33
    (4723920, 491, 2, 1, 12, "hle17", 1723),
    (4723920, 491, 2, 15, 4, "hle17", 1579),
    (4723920, 491, 1, 1, 12, "hle17", 2806),
    (4723920, 491, 1, 1, 4, "pbe", 2073),
    (4723920, 491, 1, 1, 4, "hle17-libxc", 2227),
    (8640000, 491, 1, 1, 4, "hle17", 3946),  # the same at 240 Ry
    (10077696, 1663, 2, 14, 12, "hle17", 4538),  # In107As73Cl102
    (10077696, 1663, 2, 4, 12, "hle17", 3719),
    (2985984, 790, 2, 33, 12, "hle17", 1432),  # In16As9Cl21 with DZVP, 200 Ry
]


@pytest.mark.parametrize(
    ("n_points", "n_functions", "n_ranks", "n_steps", "n_broyden", "functional", "mib"), RECORDED
)
def test_recorded_peaks_are_met(
    n_points: int, n_functions: int, n_ranks: int, n_steps: int, n_broyden: int, functional: str, mib: int
) -> None:
    stage = Stage.from_mapping({"name": "a", "max_scf": n_steps, "mixing": {"n_broyden": n_broyden}})
    predicted = peak_memory_gb(n_points, n_functions, n_ranks, stage, functional) * 1e9 / 2**20 / n_ranks
    assert "within 15 %" in ACCURACY
    assert predicted == pytest.approx(mib, rel=0.05)


def test_orbital_transformation_remembers_no_densities() -> None:
    """Cd16Se13Cl6 by `published`, 300³ points, two ranks: 12.8 GB in all."""
    stage = Stage.from_mapping({"name": "ot", "solver": "ot"})
    assert peak_memory_gb(300**3, 647, 2, stage) == pytest.approx(12.8, rel=0.15)


def dot(edge_ang: float) -> Atoms:
    positions = np.zeros((282, 3))
    positions[0] = edge_ang
    return Atoms("In107As73Cl102", positions=positions)


def settings(**changes: object) -> ScfSettings:
    stages = [{"name": "direct", "final": True}]
    return ScfSettings.from_mapping(
        {"cutoff_ry": 160, "padding_ang": 2.5, "basis": "SZV", "stages": stages, **changes}
    )


def test_ranks_give_way_to_threads_where_memory_is_short() -> None:
    atoms, scf = dot(21.6), settings()
    one, two = (memory_of(atoms, scf, ranks) for ranks in (1, 2))
    assert one < two < 2 * one
    assert choose_layout(atoms, scf, 2, two / 0.9 + 0.01) == Layout(2, 1, two)
    assert choose_layout(atoms, scf, 2, two / 0.9 - 0.01) == Layout(1, 2, one)
    assert choose_layout(atoms, scf, 3, two / 0.9 + 0.01).ranks == 1, "two ranks cannot share three cores"


def test_a_dot_that_cannot_fit_is_refused_with_the_numbers() -> None:
    atoms, scf = dot(21.6), settings()
    needed = memory_of(atoms, scf, 1)
    with pytest.raises(InputError) as caught:
        choose_layout(atoms, scf, 2, 4.0)
    assert f"{needed:.1f} GB" in str(caught.value)
    assert "4.0 GB, of which 3.6 GB" in str(caught.value)
    assert "n_broyden" in str(caught.value)


def test_the_neediest_stage_counts() -> None:
    cheap = {"name": "ot", "solver": "ot"}
    last = {"name": "last", "final": True, "mixing": {"n_broyden": 4}}
    atoms = dot(21.6)
    assert memory_of(atoms, settings(stages=[cheap, last]), 1) == memory_of(atoms, settings(stages=[last]), 1)
