r"""The weight method of Yu and Trinkle, J. Chem. Phys. 134, 064111 (2011), turned upside down.

The method gives each point X a share of each basin, :math:`w_A(X) = \sum_{X'} f_{XX'} w_A(X')`, where
:math:`f_{XX'} \propto (a/l)\,(\rho(X') - \rho(X))_+` is the flux over the Voronoi face towards a higher
neighbour, and wants :math:`Q_A = \sum_X w_A(X) \rho(X)`. Storing all shares takes much memory, and the
points in descending order. The same sum is had from its transpose: every point hands all that it holds,
its own density and what came from below, to its higher neighbours in the proportions f. What arrives at
the maximum of a basin is the charge of that basin (and its volume if every point brings 1). This needs two
numbers a point, no list of shares and no sorting: the value of a point is a pure function of its lower
neighbours, computed on demand. So threads may work on any slab, write the same bits where they meet, and
need no locks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import compiled

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
LabelArray = npt.NDArray[np.int32]

SMALLEST = 5e-324


@compiled
def neighbour(i: Any, j: Any, k: Any, offset: IntArray, shape: IntArray, periodic: bool) -> int:
    """Return the flat index of the neighbour of (i, j, k), or -1 outside an isolated grid."""
    i += offset[0]
    j += offset[1]
    k += offset[2]
    if 0 <= i < shape[0] and 0 <= j < shape[1] and 0 <= k < shape[2]:
        return int((i * shape[1] + j) * shape[2] + k)
    if not periodic:
        return -1
    return int(((i % shape[0]) * shape[1] + j % shape[1]) * shape[2] + k % shape[2])


@compiled
def _resolve(
    point: int,
    flux: FloatArray,
    excess: FloatArray,
    cut: float,
    offsets: IntArray,
    weights: FloatArray,
    shape: IntArray,
    periodic: bool,
    held: FloatArray,
    stack: IntArray,
    top: int,
) -> int:
    """Compute what ``point`` holds if all its lower neighbours are known, else push the unknown ones.

    ``held`` (n, 2) holds charge and volume over the sum of the outgoing weights; zero means unknown.
    Return the new top of the stack, unchanged where the point was resolved.
    """
    k = point % shape[2]
    rest = point // shape[2]
    j = rest % shape[1]
    i = rest // shape[1]
    here = flux[point]
    charge = here
    if excess.size:
        charge -= excess[point]
    volume = 1.0
    outgoing = 0.0
    pushed = top
    for n in range(weights.size):
        other = neighbour(i, j, k, offsets[n], shape, periodic)
        if other < 0:
            continue
        there = flux[other]
        if there > here:
            outgoing += weights[n] * (there - here)
        elif there < here and there > cut:
            other_charge = held[other, 0]
            other_volume = held[other, 1]
            if other_charge == 0.0 or other_volume == 0.0:
                stack[pushed] = other
                pushed += 1
            elif pushed == top:
                share = weights[n] * (here - there)
                charge += share * other_charge
                volume += share * other_volume
    if pushed > top:
        return pushed
    if outgoing > 0.0:
        charge /= outgoing
        volume /= outgoing
    held[point, 0] = charge if charge != 0.0 else SMALLEST
    held[point, 1] = volume
    return top


@compiled
def accumulate(
    flux: FloatArray,
    excess: FloatArray,
    cut: float,
    offsets: IntArray,
    weights: FloatArray,
    shape: IntArray,
    periodic: bool,
    held: FloatArray,
    start: int,
    stop: int,
) -> None:
    """Fill ``held`` for all points above ``cut`` in the planes from ``start`` to ``stop``.

    :param flux: (n,) density that defines the basins.
    :param excess: (n,) what to subtract from ``flux`` to get the density to be integrated, or empty.
    :param held: (n, 2) zero on entry; at the maxima it ends as the charge and the points of their basins.
    """
    plane = shape[1] * shape[2]
    stack = np.empty(4096, dtype=np.int64)
    for point in range(start * plane, stop * plane):
        if not flux[point] > cut or (held[point, 0] != 0.0 and held[point, 1] != 0.0):
            continue
        stack[0] = point
        top = 1
        while top > 0:
            if top + weights.size > stack.size:
                larger = np.empty(2 * stack.size, dtype=np.int64)
                larger[:top] = stack[:top]
                stack = larger
            current = stack[top - 1]
            if held[current, 0] != 0.0 and held[current, 1] != 0.0:
                top -= 1
                continue
            new_top = _resolve(
                current, flux, excess, cut, offsets, weights, shape, periodic, held, stack, top
            )
            top = top - 1 if new_top == top else new_top


@compiled
def find_flat(
    flux: FloatArray,
    cut: float,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    found: IntArray,
    start: int,
    stop: int,
) -> tuple[int, int]:
    """List the points above ``cut`` without a higher neighbour; return (listed, points above the cut).

    :param found: (capacity,) int64; points beyond its capacity are counted, not stored.
    """
    listed = 0
    inside = 0
    for i in range(start, stop):
        for j in range(shape[1]):
            for k in range(shape[2]):
                point = (i * shape[1] + j) * shape[2] + k
                here = flux[point]
                if not here > cut:
                    continue
                inside += 1
                flat = True
                for n in range(offsets.shape[0]):
                    other = neighbour(i, j, k, offsets[n], shape, periodic)
                    if other >= 0 and flux[other] > here:
                        flat = False
                        break
                if flat:
                    if listed < found.size:
                        found[listed] = point
                    listed += 1
    return listed, inside


@compiled
def label_steepest(
    flux: FloatArray,
    cut: float,
    offsets: IntArray,
    weights: FloatArray,
    shape: IntArray,
    periodic: bool,
    label: LabelArray,
    start: int,
    stop: int,
) -> None:
    """Give each point the label of the maximum that its strongest flux leads to.

    :param label: (n,) int32; positive at the maxima, zero elsewhere on entry.
    """
    plane = shape[1] * shape[2]
    path = np.empty(4096, dtype=np.int64)
    for point in range(start * plane, stop * plane):
        if label[point] != 0 or not flux[point] > cut:
            continue
        length = 0
        current = point
        while label[current] == 0:
            if length == path.size:
                larger = np.empty(2 * path.size, dtype=np.int64)
                larger[:length] = path
                path = larger
            path[length] = current
            length += 1
            current = _steepest(current, flux, offsets, weights, shape, periodic)
        found = label[current]
        for n in range(length):
            label[path[n]] = found


@compiled
def _steepest(
    point: int, flux: FloatArray, offsets: IntArray, weights: FloatArray, shape: IntArray, periodic: bool
) -> int:
    k = point % shape[2]
    rest = point // shape[2]
    j = rest % shape[1]
    i = rest // shape[1]
    here = flux[point]
    best = 0.0
    to = point
    for n in range(weights.size):
        other = neighbour(i, j, k, offsets[n], shape, periodic)
        if other >= 0:
            strength = weights[n] * (flux[other] - here)
            if strength > best:
                best = strength
                to = other
    return to
