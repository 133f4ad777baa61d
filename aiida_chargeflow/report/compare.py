"""The page that puts models side by side, ordered by family of interface and surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from aiida import orm
from matplotlib.figure import Figure

from ..figures.flow_map import flow_maps
from ..figures.trends import TrendPoint, trend_figure
from ..panels.trends import trend_points
from ..results.flow import flow_analysis
from ..results.orbitals import orbital_result
from ..results.structures import spec_of
from ..science.errors import InputError
from .cells import Cell, Grid, words
from .overview import overview_columns
from .pages import render
from .pictures import PLANES, Picture, alignments, flow_slice, ladders, save_light

_COLUMNS = (
    "n_monolayers",
    "n_atoms",
    "gap_ev",
    "band_edge_gap_ev",
    "n_traps",
    "flow_4c_e",
    "flow_3c_e",
    "ligands_per_nm2",
)
_NAMES = {
    "none": "core only",
    "pure": "abrupt interface",
    "recon": "reconstructed interface",
}
_MOST_PANELS = 4
_GAP, _EDGE_GAP = "HOMO–LUMO gap (eV)", "Band-edge gap (eV)"
_THICKNESS, _DENSITY = "Shell thickness (monolayers)", "Ligand density (nm$^{-2}$)"
_TRENDS = (
    ("gap-vs-monolayers", "n_monolayers", "gap_ev", _THICKNESS, _GAP),
    ("band-edge-gap-vs-monolayers", "n_monolayers", "band_edge_gap_ev", _THICKNESS, _EDGE_GAP),
    ("gap-vs-ligand-density", "ligands_per_nm2", "gap_ev", _DENSITY, _GAP),
    ("ligand-density-vs-monolayers", "n_monolayers", "ligands_per_nm2", _THICKNESS, _DENSITY),
)


def comparison(
    nodes: Sequence[orm.WorkChainNode], rows: Sequence[Mapping[str, Cell]], directory: Path, title: str
) -> str:
    """Return the page, and write its pictures to ``directory``.

    :param rows: the summary rows of the models.
    """
    points, notes = trend_points(nodes)
    family = {point.uuid: point.family for point in points}
    order = sorted(range(len(nodes)), key=lambda k: (_thickness(rows[k]), family.get(nodes[k].uuid, "~"), k))
    pictures = _trends(points, directory)
    whole = [k for k in order if "charge_flow" in nodes[k].outputs and "orbitals" in nodes[k].outputs.scf]
    notes += [
        f"{rows[k]['label'].text}: it has no charge flow or no orbitals" for k in order if k not in whole
    ]
    for number, members in enumerate(_parts([(_thickness(rows[k]), nodes[k]) for k in whole]), start=1):
        pictures += _panels(members, number, directory, notes)
    table = _table([nodes[k] for k in order], [rows[k] for k in order], family)
    return render("compare.html", title=title, table=table, pictures=pictures, notes=notes)


def family_name(family: str) -> str:
    """Return ``recon-pure`` in words."""
    if not family:
        return "not built from a specification"
    interface, surface = family.split("-")
    return f"{_NAMES[interface]}, {'pure' if surface == 'pure' else 'reconstructed'} surface"


def _thickness(row: Mapping[str, Cell]) -> float:
    return float(row["n_monolayers"].value or 0)


def _parts(members: Sequence[tuple[float, orm.WorkChainNode]]) -> list[list[orm.WorkChainNode]]:
    """Return what is drawn in one figure: all if few, else the families of one shell thickness."""
    nodes = [node for _, node in members]
    if 0 < len(nodes) <= _MOST_PANELS:
        return [nodes]
    parts = []
    for _, same in groupby(members, key=lambda member: member[0]):
        own = [node for _, node in same]
        parts += [own[k : k + _MOST_PANELS] for k in range(0, len(own), _MOST_PANELS)]
    return parts


def _table(
    nodes: Sequence[orm.WorkChainNode], rows: Sequence[Mapping[str, Cell]], family: Mapping[str, str]
) -> Grid:
    heads = {column.name: column for column in overview_columns()}
    first = replace(heads["label"], name="family", heading="family", definition="interface and surface")
    cells = [
        [
            row["label"],
            words(
                family_name(family.get(node.uuid, "")),
                node.inputs.spec.uuid if spec_of(node) else node.uuid,
            ),
            *(row[key] for key in _COLUMNS),
        ]
        for node, row in zip(nodes, rows, strict=True)
    ]
    return Grid("Models by family", [heads["label"], first, *(heads[key] for key in _COLUMNS)], cells)


def _trends(points: Sequence[TrendPoint], directory: Path) -> list[Picture]:
    pictures = []
    for name, x, y, xlabel, ylabel in _TRENDS:
        known = [point for point in points if getattr(point, x) is not None and getattr(point, y) is not None]
        if len({getattr(point, x) for point in known}) < 2:
            continue  # one place on the abscissa shows no trend
        figure = trend_figure(
            known,
            attrgetter(x),
            attrgetter(y),
            xlabel=xlabel,
            ylabel=ylabel,
            join=x == "n_monolayers",
            whole_x=x == "n_monolayers",
        )
        text = f"{ylabel.split(' (')[0]} against {xlabel.split(' (')[0].lower()}"
        pictures.append(
            _save(figure, name, text, f"{text}, by family.", [point.uuid for point in known], directory)
        )
    return pictures


def _panels(
    nodes: Sequence[orm.WorkChainNode], number: int, directory: Path, notes: list[str]
) -> list[Picture]:
    """Draw alignment, orbitals and flow maps of up to four models side by side."""
    uuids, labels = [node.uuid for node in nodes], ", ".join(node.label or str(node.pk) for node in nodes)
    results = [orbital_result(node) for node in nodes]
    normal, plane = next(iter(PLANES.items()))

    def maps() -> Figure:
        named = zip(nodes, results, strict=True)
        return flow_maps([flow_slice(flow_analysis(node), normal, result.title) for node, result in named])

    wanted: tuple[tuple[str, Callable[[], Figure], str], ...] = (
        ("orbitals", lambda: ladders(results, "coordination"), "Orbitals by element and coordination"),
        ("alignment", lambda: alignments(results), "Band edges of the regions"),
        ("flow-map", maps, f"Charge flow of the anions in the plane {plane}, on one scale"),
    )
    pictures = []
    for kind, draw, text in wanted:
        try:
            figure = draw()
        except InputError as error:
            notes.append(f"{text}, {labels}: {error}")
            continue
        pictures.append(_save(figure, f"{kind}-{number}", text, f"{text}: {labels}.", uuids, directory))
    return [replace(picture, wide=len(nodes) > 1) for picture in pictures]


def _save(
    figure: Figure, name: str, alt: str, caption: str, uuids: Sequence[str], directory: Path
) -> Picture:
    folder = directory / "compare"
    folder.mkdir(exist_ok=True)
    save_light(figure, folder / f"{name}.svg", uuids)
    return Picture(f"compare/{name}.svg", alt, caption, " ".join(uuids))
