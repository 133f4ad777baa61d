"""A screening as files: the model file, a picture and the edits of each of the best, and the Pareto figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from aiida import orm
from matplotlib.figure import Figure

from ..figures import model_view
from ..figures.pareto import pareto_figure
from ..science.files import write_whole
from ..science.models.build import build
from ..science.models.spec import ModelSpec
from ..science.valences.descriptors import OBJECTIVES
from .files import save

_DRAWN = 3  # of the best
_VIEW = (1.0, -2.0, 0.6)


def write_screening(node: orm.CalcFunctionNode, folder: Path) -> list[Path]:
    """Write the files of a finished screening into a folder and return them.

    :raises OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ranking = node.outputs.ranking.get_dict()
    written = [folder / "pareto.png"]
    save(_pareto(node), written[0], [node.uuid])
    for one in ranking["ranked"]:
        stem = f"rank-{one['rank']}"
        head = f"# Rank {one['rank']} of the screening {ranking['name']} ({node.uuid}): {one['formula']}.\n"
        path = folder / f"{stem}.yaml"
        write_whole(
            path, head + yaml.safe_dump(one["spec"], sort_keys=False, default_flow_style=None, width=110)
        )
        written.append(path)
        if one["rank"] <= _DRAWN:
            model = build(ModelSpec.from_stored(one["spec"]))
            save(model_view.figure_of(model, "region", _VIEW), folder / f"{stem}.png", [node.uuid])
            written.append(folder / f"{stem}.png")
            if (edits := model_view.pattern_figure_of(model)) is not None:
                save(edits, folder / f"{stem}-edits.png", [node.uuid])
                written.append(folder / f"{stem}-edits.png")
    return written


def _pareto(node: orm.CalcFunctionNode) -> Figure:
    ranking, arrays = node.outputs.ranking.get_dict(), node.outputs.candidates
    names = list(ranking["objectives"])
    values = arrays.get_array("values")
    without = [ranking["reference_on_lattice"].get(name) for name in names]
    best = np.array([[one["on_lattice"][name] for name in names] for one in ranking["ranked"]])
    labels = [f"{name} ({unit})" if (unit := OBJECTIVES[name].unit) else name for name in names]
    return pareto_figure(labels, values, arrays.get_array("on_front").astype(bool), without, best)
