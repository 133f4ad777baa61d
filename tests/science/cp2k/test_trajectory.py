"""The geometry that a trajectory ends with, from whole and damaged files."""

import numpy as np
import pytest

from aiida_chargeflow.science.cp2k.trajectory import last_frame
from aiida_chargeflow.science.errors import InputError


def frame(x, energy=-1.0):
    return f"2\n i =        1, E =      {energy}\n In {x} 0.0 0.0\n Cl {x + 2} 0.0 0.0\n"


def test_the_last_whole_frame_counts():
    cut_short = frame(3.0).rsplit("\n", 2)[0] + "\n"
    found = last_frame(frame(1.0) + frame(2.0, -1.5) + cut_short, ["In", "Cl"])
    np.testing.assert_allclose(found.positions_ang[:, 0], [2.0, 4.0])
    assert found.energy_hartree == -1.5


def test_a_frame_cut_within_its_last_number_is_not_whole():
    """What is left of the number is a number too."""
    cut_short = frame(3.0).removesuffix(".0\n")
    assert cut_short.endswith(" 0")
    np.testing.assert_allclose(last_frame(frame(2.0) + cut_short).positions_ang[:, 0], [2.0, 4.0])


@pytest.mark.parametrize(
    "text", ["", "2\n", frame(1.0).replace("2\n", "3\n", 1), frame(1.0).replace("0.0", "x")]
)
def test_a_damaged_trajectory_is_refused(text):
    with pytest.raises(InputError, match="trajectory"):
        last_frame(text, ["In", "Cl"])


@pytest.mark.parametrize(
    ("spoilt", "line"),
    [
        (frame(2.0).replace(" In 2.0", " In NaN"), "line 7"),
        (frame(2.0).replace(" In 2.0", " In *******"), "line 7"),
        (frame(2.0).replace(" In", " As"), "line 7"),
        (frame(2.0).replace(" In 2.0 0.0 0.0\n", " In 2.0 0.0 0.0\n" * 2) + frame(3.0), "line 9"),
        ("\n" + frame(2.0), "line 5"),
    ],
)
def test_the_line_at_fault_is_named(spoilt, line):
    with pytest.raises(InputError) as caught:
        last_frame(frame(1.0) + spoilt, ["In", "Cl"])
    assert caught.value.field == line


def test_fortran_numbers_are_read():
    text = frame(1.0).replace("In 1.0", "In 0.1D+01")
    assert last_frame(text).positions_ang[0, 0] == 1.0
