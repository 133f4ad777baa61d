"""How long an SCF still takes, told from its first part, against what recorded runs took."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiida_chargeflow.science.cp2k.scf_steps import scf_steps, seconds_left

CP2K = Path(__file__).parents[2] / "fixtures" / "cp2k"


@pytest.mark.parametrize("name", ["inas_smeared", "incl3_diagonalisation", "incl3_ot_diis"])
@pytest.mark.parametrize("part", [0.4, 0.6, 0.8])
def test_the_estimate_is_that_of_recorded_runs(name: str, part: float) -> None:
    text = (CP2K / f"{name}.out").read_text()
    steps = list(scf_steps(text))
    k = int(part * len(steps))
    took = sum(step.time_s for step in steps[k:])
    assert took / 2 < seconds_left(text[: steps[k].position]) < took * 2


def test_too_few_steps_and_no_convergence_tell_nothing() -> None:
    assert seconds_left("") is None
    head = "                        eps_scf:                    1.00E-06\n SCF WAVEFUNCTION OPTIMIZATION\n"
    rows = [f"{k:6d} Broy./Diag. 0.30E+00    0.2     0.50000000      -104.24 -1.04E+02" for k in range(1, 20)]
    assert seconds_left(head + "\n".join(rows[:3])) is None
    assert seconds_left(head + "\n".join(rows)) is None, "it does not fall"
