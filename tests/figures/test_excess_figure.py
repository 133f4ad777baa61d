"""The figure of gaps, traps and flows against electrons in excess."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_chargeflow.figures.excess import ExcessPoint, excess_figure

from .legible import overlaps, too_small


def _point(label: str, excess: int, **values: float | None) -> ExcessPoint:
    known = {"gap_ev": 0.5, "band_edge_gap_ev": 1.0, "n_traps": 3, "interface_flow_e": 0.2, "surface_flow_e": 0.3,
             "predicted_interface_flow_e": 0.19, "predicted_surface_flow_e": 0.28}  # fmt: skip
    return ExcessPoint(label, label, excess, **known | values)


def _drawn(ax) -> list[np.ndarray]:
    return [line.get_xydata() for line in ax.lines if len(line.get_xdata())]


def test_every_number_stands_at_the_excess_of_its_dot() -> None:
    gap_ev = {9: 0.61, 0: 0.16, -3: 0.3}
    figure = excess_figure([_point(f"dot{x}", x, gap_ev=y) for x, y in gap_ev.items()])
    first, edge = _drawn(figure.axes[0])
    assert dict(first.tolist()) == gap_ev
    assert (edge[:, 1] == 1.0).all()


def test_dots_of_the_same_excess_can_be_told_apart() -> None:
    figure = excess_figure([_point("se9", 0), _point("designed", 0), _point("alloyed", 6)])
    x = _drawn(figure.axes[0])[0][:, 0]
    assert len(set(x)) == 3
    assert np.round(x).tolist() != [0, 0, 0]
    assert np.abs(x[:2]).max() < 3 < x[2]


def test_what_a_dot_lacks_is_not_drawn_as_zero() -> None:
    figure = excess_figure(
        [_point("core", 9, interface_flow_e=None, predicted_interface_flow_e=None), _point("a", 0)]
    )
    interface = _drawn(figure.axes[2])[0]
    assert np.isnan(interface[interface[:, 0] == 9, 1]).all()


@pytest.mark.parametrize("excess", [[3, 2, 1, 0, -1], [9, 0, 0, 6, 3, -3, 0], [3]])
def test_nothing_overlaps_and_nothing_is_too_small(excess: list[int]) -> None:
    figure = excess_figure([_point(f"interface-{k}", x) for k, x in enumerate(excess)])
    assert overlaps(figure) == []
    assert too_small(figure) == []
