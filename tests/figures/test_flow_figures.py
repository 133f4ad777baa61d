"""Maps, profiles, diagrams and scenes of the charge flow show what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from matplotlib.patches import FancyArrowPatch
from matplotlib.quiver import Quiver

from aiida_chargeflow.figures.depth_profile import depth_profile
from aiida_chargeflow.figures.flow_map import flow_maps, slice_atoms
from aiida_chargeflow.figures.flow_scene import flow_scene, flow_scene_png
from aiida_chargeflow.figures.plane import plane
from aiida_chargeflow.figures.plane_field import interpolate
from aiida_chargeflow.figures.region_diagram import region_diagram
from aiida_chargeflow.science.charges.analysis import Analysis, analyse
from aiida_chargeflow.science.charges.region_flow import region_flow
from aiida_chargeflow.science.charges.summary import frame_of
from aiida_chargeflow.science.errors import InputError


@pytest.fixture(scope="module")
def sheet() -> Analysis:
    """Return a flat 6 × 6 chequerboard of In and As, 2.6 Å apart, with random neutral charges."""
    x, y = np.meshgrid(np.arange(6), np.arange(6))
    symbols = ["In" if (a + b) % 2 else "As" for a, b in zip(x.ravel(), y.ravel(), strict=True)]
    positions = 2.6 * np.column_stack([x.ravel(), y.ravel(), np.zeros(36)])
    charge = np.random.default_rng(3).normal(size=36)
    return analyse(Atoms(symbols, positions=positions), charge - charge.mean())


def test_the_axes_of_a_plane_are_right_handed() -> None:
    for normal in [(0, 0, 1), (1, 0, -1), (1, 1, 1), (0, 0, -1), (2, -3, 1)]:
        view = plane(normal, (0, 0, 0))
        axes = np.array([view.right, view.up, view.normal])
        assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(axes) == pytest.approx(1.0)
        assert view.normal @ np.array(normal) > 0


def test_the_background_equals_the_values_at_the_atoms_and_stays_in_their_range() -> None:
    rng = np.random.default_rng(0)
    points, values = 20 * rng.random((60, 2)), rng.random(60)
    assert interpolate(points, values, points) == pytest.approx(values, abs=1e-8)
    between = interpolate(points, values, 20 * rng.random((500, 2)))
    assert between.min() >= values.min()
    assert between.max() <= values.max()


def test_arrows_are_the_flow_vectors_of_the_species(sheet: Analysis) -> None:
    cut = slice_atoms(
        sheet.atoms.positions,
        sheet.symbols,
        sheet.flow.flow_vector,
        sheet.flow.flow_magnitude,
        normal=(0, 0, 1),
        species="As",
    )
    figure = flow_maps([cut])
    (arrows,) = [child for child in figure.axes[0].get_children() if isinstance(child, Quiver)]
    chosen = np.array(sheet.symbols) == "As"
    drawn = np.column_stack([arrows.U, arrows.V])
    assert drawn == pytest.approx(sheet.flow.flow_vector[chosen, :2])


def test_maps_share_one_colour_bar_for_the_magnitude(sheet: Analysis) -> None:
    flow = sheet.flow
    cuts = [
        slice_atoms(
            sheet.atoms.positions, sheet.symbols, flow.flow_vector, flow.flow_magnitude,
            normal=(0, 0, 1), species=species,
        )
        for species in ("anion", "cation")
    ]  # fmt: skip
    figure = flow_maps(cuts, streamlines=True, divergence=True)
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels.count("charge-flow magnitude (e)") == 1
    assert labels.count("divergence of the in-plane flow (e/Å)") == 1
    scales = {image.norm.vmax for axes in figure.axes[:2] for image in axes.images}
    assert scales == {flow.flow_magnitude.max()}


def test_an_empty_slab_is_refused(sheet: Analysis) -> None:
    flow = sheet.flow
    with pytest.raises(InputError, match="slab"):
        slice_atoms(
            sheet.atoms.positions, sheet.symbols, flow.flow_vector, flow.flow_magnitude,
            normal=(0, 0, 1), origin=(0, 0, 9),
        )  # fmt: skip


def test_the_diagram_has_one_arrow_for_each_pair_from_donor_to_acceptor() -> None:
    atoms = Atoms("InCl2", positions=[[0, 0, 0], [2.3, 0, 0], [0, 2.3, 0]])
    result = analyse(atoms, np.array([1.0, -0.6, -0.4]))
    figure = region_diagram(region_flow(result.flow, result.regions))
    axes = figure.axes[0]
    assert sum(isinstance(patch, FancyArrowPatch) for patch in axes.patches) == 1
    assert "1.00 e" in [text.get_text() for text in axes.texts]


def test_profile_and_scenes_are_drawn(sheet: Analysis) -> None:
    figure = depth_profile(frame_of(sheet), sheet.flow.flow_vector, sheet.regions)
    assert len(figure.axes[0].collections[0].get_offsets()) == 36
    assert flow_scene_png(sheet, "sheet", arrows=True).axes
    page = flow_scene(sheet, "sheet", arrows=True)
    assert "donor to acceptor" in page
    assert "http" not in page.replace("http://www.w3.org", "")
