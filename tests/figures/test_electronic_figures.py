"""Figures of the electronic structure: what is drawn is what was given, and nothing needs a display."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from recorded import CP2K, recorded_pdos

from aiida_chargeflow.figures import alignment, composition, isosurface, pdos
from aiida_chargeflow.figures.atom_colours import ball_stick
from aiida_chargeflow.figures.ball_stick import BallStick
from aiida_chargeflow.figures.colours import ELEMENTS, REGIONS, THREE_COORDINATE_ANION
from aiida_chargeflow.figures.surface_image import Surface, render
from aiida_chargeflow.science.electrons.orbital_cube import crop, isovalue, read_cube
from aiida_chargeflow.science.electrons.traps import find_traps


def rendered(figure: Figure) -> int:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=50)
    return buffer.tell()


def test_every_orbital_in_the_window_is_split_by_its_shares() -> None:
    states = recorded_pdos("cdse_vacancy")
    found = find_traps(states)
    shares = states.by_coordination()
    ladder = pdos.OrbitalLadder(
        "vacancy",
        found.energies_ev,
        shares,
        (found.valence_edge_ev, found.conduction_edge_ev),
        [trap.energy_ev for trap in found.traps],
    )
    figure = pdos.orbital_figure([ladder], window_ev=(-2.5, 2.5))
    (ax,) = figure.axes
    collections = [item for item in ax.collections if isinstance(item, LineCollection)]
    shown = np.abs(found.energies_ev) <= 2.5
    assert len(collections) == len(shares)
    ends = np.zeros(shown.sum())
    for item, share in zip(collections, shares.values(), strict=True):
        segments = np.array(item.get_segments())
        assert np.allclose(segments[:, 0, 0], ends)
        assert np.allclose(segments[:, 1, 0] - segments[:, 0, 0], share[shown])
        assert np.allclose(segments[:, :, 1], found.energies_ev[shown][:, None])
        ends = segments[:, 1, 0]
    assert np.allclose(ends, 1)
    assert "3.43 eV" in [text.get_text() for text in ax.texts]
    rings = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    inside = [
        sum(ring.get_y() <= trap.energy_ev <= ring.get_y() + ring.get_height() for ring in rings)
        for trap in found.traps
    ]
    assert inside == [1] * len(found.traps)
    assert rendered(figure) > 2000


def test_labels_follow_the_colours_of_the_conventions() -> None:
    colours = pdos.label_colours(["core", "shell", "In", "4c As", "3c As", "2c As", "Cl"])
    assert colours["core"] == REGIONS["core"]
    assert colours["4c As"] == ELEMENTS["As"]
    assert colours["3c As"] == THREE_COORDINATE_ANION
    assert len(set(colours.values())) == len(colours)


def test_panels_share_one_energy_axis() -> None:
    states = recorded_pdos("core_shell")
    found = find_traps(states)
    ladder = pdos.OrbitalLadder("a", found.energies_ev, states.by_region())
    figure = pdos.orbital_figure([ladder, ladder, ladder])
    assert len(figure.axes) == 3
    assert len({ax.get_ylim() for ax in figure.axes}) == 1


def test_composition_bars_end_at_one_and_show_percentages() -> None:
    states = recorded_pdos("core_shell")
    regions, homo = states.by_region(), states.n_occupied - 1
    bars = {
        name: {r: float(w[k]) for r, w in regions.items()} for name, k in (("LUMO", homo + 1), ("HOMO", homo))
    }
    figure = composition.composition_figure(bars, REGIONS)
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["LUMO", "HOMO"]
    right = [bar.get_x() + bar.get_width() for bar in ax.patches if bar.get_width() > 0]
    assert max(right) == pytest.approx(1)
    assert "65" in [text.get_text() for text in ax.texts]
    assert rendered(figure) > 2000


def test_alignment_draws_both_edges_of_every_region() -> None:
    steps = [("core", -1.2, -0.2), ("interlayer", -0.6, 0.7), ("shell", 0.1, 1.9)]
    figure = alignment.alignment_figure({"abrupt": steps}, REGIONS)
    (ax,) = figure.axes
    levels = sorted(line.get_ydata()[0] for line in ax.lines if line.get_linewidth() > 2)
    assert levels == sorted(edge for _, *pair in steps for edge in pair)
    assert rendered(figure) > 2000


def test_isosurface_of_a_sphere_has_its_radius() -> None:
    axis = np.linspace(-3, 3, 61)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    surface = isosurface.isosurface(
        np.exp(-(x**2 + y**2 + z**2) / 4), np.exp(-1), np.full(3, -3.0), np.eye(3) * (axis[1] - axis[0])
    )
    corners = surface.triangles_ang.reshape(-1, 3)
    radius = np.linalg.norm(corners, axis=1)
    assert radius == pytest.approx(2.0, abs=0.005)
    along = np.einsum("ij,ij->i", surface.normals.reshape(-1, 3), corners) / radius
    assert np.abs(along) == pytest.approx(1.0, abs=0.01)
    image = render(
        [surface], BallStick(np.zeros((1, 3)), np.ones(1), ["red"]), np.eye(3), (-3, 3, -3, 3), 200
    )
    covered = (image[:, :, 3] > 0).sum() * (6 / 200) ** 2
    assert covered == pytest.approx(4 * np.pi, rel=0.05)


def test_a_ball_in_front_of_a_surface_is_not_covered() -> None:
    triangle = np.array([[[-2.0, -2, 0], [2, -2, 0], [0, 3, 0]]])
    surface = Surface(triangle, np.tile([0.0, 0, 1], (1, 3, 1)), "red")
    covered = []
    for height in (-3.0, 3.0):
        ball = BallStick(np.array([[0, 0, height]]), np.ones(1), ["blue"])
        image = render([surface], ball, np.eye(3), (-3, 3, -3, 3), 200)
        covered.append((image[:, :, 3] > 0).sum() * (6 / 200) ** 2)
    assert covered[0] == pytest.approx(10.0, rel=0.03)
    assert covered[0] - covered[1] == pytest.approx(np.pi, rel=0.05)


def test_isosurface_that_leaves_the_box_is_closed() -> None:
    triangles = isosurface.isosurface(np.ones((4, 4, 4)), 0.5, np.zeros(3), np.eye(3)).triangles_ang
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    names = {tuple(sorted(map(tuple, edge.round(6)))) for edge in edges}
    assert len(edges) == 2 * len(names)


def test_level_that_is_not_reached_gives_no_triangles() -> None:
    surface = isosurface.isosurface(np.zeros((3, 3, 3)), 0.1, np.zeros(3), np.eye(3))
    assert surface.triangles_ang.shape == (0, 3, 3)


def test_orbital_picture_without_a_display() -> None:
    cube = crop(read_cube(CP2K / "incl3_homo.cube.gz"))
    dot = ball_stick(
        cube.positions_ang,
        ["In", "Cl", "Cl", "Cl"],
        np.ones(4, dtype=int),
        np.array([3, 1, 1, 1]),
        np.array([[0, 1], [0, 2], [0, 3]]),
        "element",
    )
    surfaces = isosurface.phase_surfaces(cube.values, isovalue(cube, 0.7), cube.origin_ang, cube.voxel_ang)
    figure = isosurface.orbital_figure([[isosurface.OrbitalView(dot, surfaces, "HOMO")]])
    (image,) = figure.axes[0].images
    assert (np.asarray(image.get_array())[:, :, 3] > 0).mean() > 0.05
    assert rendered(figure) > 2000


def test_lines_that_would_cover_each_other_are_drawn_as_their_mean():
    """The last colour painted would win: here the ligand's, although it carries the lesser half of all orbitals."""
    n = 4000
    energies = np.linspace(-1.0, -0.9, n)
    core = np.where(np.arange(n) % 2, 1.0, 0.2)
    ladder = pdos.OrbitalLadder(
        "", np.append(energies, 0.5), {"core": np.append(core, 1.0), "ligand": np.append(1 - core, 0.0)}
    )
    (ax,) = pdos.orbital_figure([ladder], window_ev=(-2.0, 3.0)).axes
    first, second = (collection.get_segments() for collection in ax.collections)
    assert len(first) < 10
    dense = [segment for segment in first if segment[0][1] < 0]
    assert [segment[1][0] for segment in dense] == pytest.approx([0.6] * len(dense), abs=0.01)
    assert [segment[0][0] for segment in second][: len(dense)] == pytest.approx([0.6] * len(dense), abs=0.01)
    assert [segment[1] for segment in first if segment[0][1] > 0] == [pytest.approx([1.0, 0.5])]
