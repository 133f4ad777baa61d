"""Charge flow against the depth below the surface."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..science.charges.surface_frame import SurfaceFrame
from ..science.kinds import REGIONS as REGION_NAMES
from .colours import REGIONS
from .style import SINGLE_COLUMN_IN, paper_style

Array = NDArray[np.float64]


@paper_style()
def depth_profile(frame: SurfaceFrame, flow_vector: Array, regions: NDArray[np.int64]) -> Figure:
    """Draw the magnitude of each atom and the running sum of the outward flow against depth.

    :param frame: facet, depth and outward normal of each atom.
    :param flow_vector: shape (n_atoms, 3), in e.
    :param regions: shape (n_atoms,), which colour the atoms.
    """
    magnitude = np.linalg.norm(flow_vector, axis=1)
    figure = Figure(figsize=(SINGLE_COLUMN_IN, 3.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    for number, name in REGION_NAMES.items():
        members = regions == number
        if members.any():
            top.scatter(
                frame.depth_ang[members], magnitude[members], s=9, alpha=0.55, color=REGIONS[name], label=name
            )
    unknown = ~np.isin(regions, list(REGION_NAMES))
    if unknown.any():
        top.scatter(
            frame.depth_ang[unknown], magnitude[unknown], s=9, alpha=0.55, color="0.6", label="unknown"
        )
    layers = np.unique(frame.layer)
    means = [(frame.depth_ang[frame.layer == n].mean(), magnitude[frame.layer == n].mean()) for n in layers]
    top.plot(*np.array(means).T, color="black", marker="o", markersize=4, label="mean of the layer")
    top.set_ylabel("flow magnitude (e)")
    top.set_ylim(bottom=0)
    top.legend(frameon=False)

    order = np.argsort(-frame.depth_ang, kind="stable")
    outward = np.einsum("ij,ij->i", flow_vector, frame.outward)[order]
    bottom.plot(frame.depth_ang[order], np.cumsum(outward), color="black")
    bottom.axhline(0.0, color="0.7", linewidth=0.8)
    bottom.set_ylabel("outward flow, summed\nfrom the centre (e)")
    bottom.set_xlabel("depth below the outermost framework atoms (Å)")
    bottom.invert_xaxis()
    for panel in (top, bottom):
        panel.spines[["top", "right"]].set_visible(False)
    return figure
