"""The 3D page: what it holds, and that it asks the network for nothing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from aiida_chargeflow.figures.scene import scene_html

POINTS = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [2.0, 2.0, 0.0]])


def data_of(page):
    """Return the data that the page draws."""
    return json.loads(re.search(r"const DATA = (\{.*\});", page).group(1))


def test_page_holds_the_scene_around_its_centre():
    page = scene_html(
        POINTS,
        1.0,
        ["gray", "#00ff00", "C0"],
        arrows=(POINTS[:1], [[0, 0, 3]]),
        bonds=[(0, 1), (1, 2)],
        title="a < b",
        legend=[("In", "gray")],
        labels=["In14", "</script>", "As13"],
        rings=[(POINTS[2], 1.5, "red", True)],
    )
    data = data_of(page)
    assert data["positions"] == [[-1, -1, 0], [1, -1, 0], [1, 1, 0]]
    assert data["radii"] == [1, 1, 1]
    (colouring,) = data["colourings"]
    assert colouring["colours"] == ["#808080", "#00ff00", "#1f77b4"]
    assert colouring["legend"] == [["In", "#808080"]]
    assert data["bonds"] == [[0, 1], [1, 2]]
    assert (data["arrows"][0]["from"], data["arrows"][0]["to"]) == ([-1, -1, 0], [-1, -1, 3])
    assert data["rings"] == [{"at": [1, 1, 0], "radius": 1.5, "colour": "#ff0000", "dashed": True}]
    assert data["labels"][1] == "</script>"
    assert page.count("</script>") == 1, "text cannot close the script"
    assert "<title>a &lt; b</title>" in page


def test_page_needs_no_network():
    page = scene_html(POINTS, 1.0, ["gray"] * 3)
    assert not re.search(r"(https?:)?//[a-z]|src=|@import|url\(", page)


def test_colourings_to_choose_from_replace_the_colours():
    choices = {"element": (["red"] * 3, [("In", "red")]), "region": (["blue"] * 3, [("core", "blue")])}
    data = data_of(scene_html(POINTS, 1.0, ["gray"] * 3, colourings=choices))
    assert [colouring["name"] for colouring in data["colourings"]] == ["element", "region"]
    assert data["colourings"][1] == {
        "name": "region",
        "colours": ["#0000ff"] * 3,
        "legend": [["core", "#0000ff"]],
    }
    with pytest.raises(ValueError, match="one colour"):
        scene_html(POINTS, 1.0, ["gray"] * 3, colourings={"element": (["red"], [])})


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="one colour"):
        scene_html(POINTS, 1.0, ["gray"])
    with pytest.raises(ValueError, match="a start and a vector"):
        scene_html(POINTS, 1.0, ["gray"] * 3, arrows=(POINTS, POINTS[:2]))
