"""The pictures of a model's page, each a file that carries the UUIDs of its sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiida import orm
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ..figures.alignment import alignment_figure
from ..figures.atom_colours import choices
from ..figures.colours import REGIONS
from ..figures.composition import composition_figure
from ..figures.flow_map import flow_maps, slice_atoms
from ..figures.flow_scene import flow_scene
from ..figures.isosurface import orbital_figure as isosurface_figure
from ..figures.pdos import label_colours, orbital_figure
from ..figures.plane import Slice
from ..figures.scene import scene_html
from ..panels.files import save, save_page
from ..panels.views import ladder, orbital_rows, title_of
from ..results.flow import flow_analysis
from ..results.orbitals import OrbitalResult, orbital_result
from ..results.structures import structure_result
from ..science.charges.analysis import Analysis
from ..science.errors import InputError

#: Planes of the flow maps: normal → its name in captions.
PLANES: dict[tuple[float, ...], str] = {(1.0, 0.0, -1.0): "(1 0 -1)", (0.0, 0.0, 1.0): "(0 0 1)"}
N_FRONTIER = 3
_FRACTION = 0.7
_MOST_SEGMENTS = 3000  # more lines than this make an SVG of megabytes


@dataclass(frozen=True)
class Picture:
    """A picture on a page.

    :param file: relative to the page.
    :param uuids: of its sources, with spaces between them.
    :param wide: takes the whole width.
    """

    file: str
    alt: str
    caption: str
    uuids: str
    wide: bool = False

    @property
    def kind(self) -> str:
        """Return the format, ``SVG`` or ``PNG``."""
        return Path(self.file).suffix[1:].upper()


@dataclass
class Album:
    """The pictures of one model.

    :param folder: where the page lies.
    :param slug: subfolder for the pictures.
    :param notes: what could not be drawn, and why.
    """

    node: orm.WorkChainNode
    folder: Path
    slug: str
    notes: list[str] = field(default_factory=list)

    def electronic(self) -> list[Picture]:
        """Draw orbitals by coordination and region, shares of the frontier orbitals, alignment, isosurfaces."""
        try:
            result = orbital_result(self.node)
        except InputError as error:
            self.notes.append(f"electronic structure: {error}")
            return []
        regions = result.pdos.by_region()
        found = [
            self._draw(
                "orbitals-by-coordination",
                lambda: ladders([result], "coordination"),
                "Orbitals by element and coordination",
                "Every orbital is one horizontal line, split by element and coordination of the anions; dashed line: "
                "Fermi level; arrow: band-edge gap; dashed rings: traps.",
            ),
            self._draw(
                "orbitals-by-region",
                lambda: ladders([result], "region"),
                "Orbitals by region",
                "The same orbitals, split by core, interlayer, shell and ligands.",
            )
            if len(regions) > 1
            else None,
            self._draw(
                "composition",
                lambda: composition_figure(result.frontier_composition(N_FRONTIER), label_colours(regions)),
                "Shares of the regions in the orbitals next to the gap",
                "Where the orbitals next to the gap live.",
            ),
            self._draw(
                "alignment",
                lambda: alignments([result]),
                "Band edges of the regions",
                "Band edges of core, interlayer and shell: the highest valence and the lowest conduction orbital in "
                "which the region takes part, traps passed over.",
            ),
            self._isosurfaces(),
        ]
        return [picture for picture in found if picture is not None]

    def flow(self) -> list[Picture]:
        """Draw the maps of the charge flow in planes through the dot."""
        try:
            slices = self._slices(flow_analysis(self.node))
        except InputError as error:
            self.notes.append(f"charge flow: {error}")
            return []
        if not slices:
            return []
        names = " and ".join(PLANES[normal] for normal in slices)
        picture = self._draw(
            "flow-maps",
            lambda: flow_maps(list(slices.values())),
            f"Charge flow in the planes {names}",
            f"Charge flow of the anions in slabs of 3 Å through the middle, planes {names}. Colour: magnitude; arrows: "
            "direction in the plane, from donor to acceptor; ringed: 3-coordinate anions.",
            wide=len(slices) > 1,
        )
        return [picture] if picture else []

    def scene(self) -> str:
        """Write the dot in three dimensions; return the file relative to the page."""
        file = f"{self.slug}/structure.html"
        found = structure_result(self.node)
        title = found.label or found.formula
        if "charge_flow" in self.node.outputs:
            page = flow_scene(flow_analysis(self.node), title, arrows=True)
        else:
            page = scene_html(
                found.atoms.positions,
                0.5,
                [],
                bonds=found.bonds,
                title=title,
                colourings=choices(found.symbols, found.regions, found.coordination),
            )
        save_page(page, self._path(file), [self.node.uuid])
        return file

    def _slices(self, result: Analysis) -> dict[tuple[float, ...], Slice]:
        slices: dict[tuple[float, ...], Slice] = {}
        for normal, name in PLANES.items():
            try:
                slices[normal] = flow_slice(result, normal, name)
            except InputError as error:
                self.notes.append(f"flow map of the plane {name}: {error}")
        return slices

    def _isosurfaces(self) -> Picture | None:
        names = ["homo", "lumo", "vb", "cb"]
        rows, _ = orbital_rows([self.node], names, _FRACTION)
        views = list({row[0].title.split("\n")[-1]: row[0] for row in rows if row[0] is not None}.values())
        if not views:
            self.notes.append("isosurfaces: the run kept no cubes of orbitals")
            return None
        return self._draw(
            "isosurfaces",
            lambda: isosurface_figure([views]),
            "Isosurfaces of the orbitals next to the gap",
            f"Orbitals of which the run kept cubes; the surfaces enclose {100 * _FRACTION:.0f} % of the density, "
            "their colours are the two phases.",
            kind="png",
            wide=len(views) > 1,
        )

    def _draw(
        self,
        name: str,
        draw: Callable[[], Figure],
        alt: str,
        caption: str,
        *,
        kind: str = "svg",
        wide: bool = False,
    ) -> Picture | None:
        try:
            figure = draw()
        except InputError as error:
            self.notes.append(f"{alt}: {error}")
            return None
        label = self.node.label or str(self.node.pk)
        file = f"{self.slug}/{name}.{kind}"
        save_light(figure, self._path(file), [self.node.uuid])
        return Picture(file, f"{alt}: {label}", caption, self.node.uuid, wide)

    def _path(self, file: str) -> Path:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def save_light(figure: Figure, path: Path, uuids: Sequence[str]) -> None:
    """Save a figure with its sources; thousands of lines as an image inside of the SVG."""
    for ax in figure.axes:
        lines = [drawn for drawn in ax.collections if isinstance(drawn, LineCollection)]
        if sum(len(drawn.get_paths()) for drawn in lines) > _MOST_SEGMENTS:
            for drawn in lines:
                drawn.set_rasterized(True)
    save(figure, path, uuids)


def ladders(results: Sequence[OrbitalResult], by: str) -> Figure:
    """Return the orbitals of models side by side."""
    return orbital_figure([ladder(result, by) for result in results])


def alignments(results: Sequence[OrbitalResult]) -> Figure:
    """Return the band edges of the regions of models side by side, leaving out models that show none.

    :raises InputError: no model shows both edges of a region.
    """
    diagrams = {}
    for result in results:
        found = result.alignment()
        kind = f"\ntype {found.type}" if found.type else ""
        if found.regions:
            diagrams[title_of(result.label, result.formula) + kind] = [
                (edges.region, edges.valence_edge_ev, edges.conduction_edge_ev) for edges in found.regions
            ]
    if not diagrams:
        raise InputError("no region shows both of its band edges", remedy="Raise n_virtual and run again.")
    return alignment_figure(diagrams, REGIONS)


def flow_slice(result: Analysis, normal: tuple[float, ...], title: str) -> Slice:
    """Return the anions in a slab through the middle of a dot.

    :raises InputError: fewer than three of them.
    """
    return slice_atoms(
        result.atoms.positions,
        result.symbols,
        result.flow.flow_vector,
        result.flow.flow_magnitude,
        normal=normal,
        coordination=result.coordination,
        title=title,
    )
