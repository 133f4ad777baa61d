"""``diff`` names every key that differs and no other."""

from aiida_chargeflow.cli.diff import differences


def test_differences():
    left = {"spec": {"planes": [5, 4], "surface": {"pattern": "pure"}}, "gap_ev": 0.1}
    right = {"spec": {"planes": [5, 4], "surface": {"pattern": "exchange", "fraction": 0.5}}, "gap_ev": 0.1}
    assert differences(left, right) == {
        "spec.surface.pattern": ["pure", "exchange"],
        "spec.surface.fraction": [None, 0.5],
    }
    assert differences(left, left) == {}
