"""The near-grid method of Tang, Sanville and Henkelman, J. Phys.: Condens. Matter 21, 084204 (2009).

From every point a path climbs along the gradient; each step goes to a grid point, and what rounding cuts
off is carried along to the next step. The path's end labels the point. First, paths end where they meet a
labelled point; then the points on edges between labels are climbed from again, with full paths into the
interior, until no label changes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product

import numpy as np
import numpy.typing as npt

from .grid import (
    ByteArray,
    FloatArray,
    Grid,
    IntArray,
    Stencil,
    is_on_face,
    untouched_zeros,
    wrapped_neighbours,
)
from .jit import compiled, over_slabs, slab_edges

LabelArray = npt.NDArray[np.int32]
# flux, cut, transform of the gradient; steps, offsets, inverse lengths of the neighbours; shape, periodic
_Arrays = tuple[FloatArray, float, FloatArray, IntArray, IntArray, FloatArray, IntArray, bool]

_FREE, _LABELLED, _NEAR_EDGE, _MAXIMUM = 0, 1, 2, 3
_MEMORY = 32
_PATIENCE = 4096
_MAX_ROUNDS = 100


def box_stencil(grid: Grid) -> Stencil:
    """Return the 26 neighbours of a point, weighted with the inverse of their distance."""
    offsets = np.array([step for step in product((-1, 0, 1), repeat=3) if any(step)], dtype=np.int64)
    lengths = np.linalg.norm(offsets @ grid.header.voxel_bohr, axis=1)
    return Stencil.of(offsets, 1 / lengths, grid.counts)


@compiled
def _steepest(point: int, arrays: _Arrays, others: IntArray) -> int:
    """Return the one of the 26 neighbours with the steepest ascent, or the point itself at a maximum."""
    flux, _, _, steps, offsets, inverse_lengths, shape, periodic = arrays
    wrapped_neighbours(point, offsets, shape, periodic, others)
    best = 0.0
    to = point
    for n in range(steps.size):
        if others[n] >= 0:
            ascent = (flux[others[n]] - flux[point]) * inverse_lengths[n]
            if ascent > best:
                best = ascent
                to = others[n]
    return to


@compiled
def _near_step(point: int, arrays: _Arrays, carried: FloatArray, slope: FloatArray) -> int:
    """Return the point that the gradient leads to, -1 where it leads nowhere; update the carried rest."""
    flux, cut, transform, _, _, _, shape, periodic = arrays
    rest = point // shape[2]
    here = (rest // shape[1], rest % shape[1], point % shape[2])
    strides = (shape[1] * shape[2], shape[2], 1)
    for axis in range(3):
        up = point + strides[axis]
        down = point - strides[axis]
        if here[axis] == shape[axis] - 1:
            up = up - shape[axis] * strides[axis] if periodic else point
        if here[axis] == 0:
            down = down + shape[axis] * strides[axis] if periodic else point
        slope[axis] = 0.5 * (flux[up] - flux[down])
        if flux[up] < flux[point] and flux[down] < flux[point]:
            slope[axis] = 0.0
    largest = 0.0
    for axis in range(3):
        slope[3 + axis] = (
            transform[axis, 0] * slope[0] + transform[axis, 1] * slope[1] + transform[axis, 2] * slope[2]
        )
        largest = max(largest, abs(slope[3 + axis]))
    if largest < 1e-30:
        return -1
    index = 0
    for axis in range(3):
        wanted = slope[3 + axis] / largest
        step = np.rint(wanted)
        carried[axis] += wanted - step
        correction = np.rint(carried[axis])
        carried[axis] -= correction
        at = here[axis] + int(step + correction)
        if not 0 <= at < shape[axis]:
            if not periodic:
                return -1
            at %= shape[axis]
        index = index * shape[axis] + at
    return index if flux[index] > cut else -1


@compiled
def _climb(
    seed: int,
    arrays: _Arrays,
    state: ByteArray,
    first: int,
    last: int,
    path: IntArray,
    others: IntArray,
    carried: FloatArray,
    slope: FloatArray,
) -> tuple[int, int]:
    """Climb from ``seed`` to a maximum, or to a labelled point between first and last.

    :param path: (> _MEMORY,) keeps the last points of the path; ``others``, ``carried`` and ``slope`` are
        work space for 26 neighbours, 3 and 6 components.
    :return: the end of the path, and the number of points before it.
    """
    point = seed
    length = 0
    carried[0] = carried[1] = carried[2] = 0.0
    while True:
        path[length % path.size] = point
        length += 1
        # A path that goes on for long goes in circles: then only steps to higher points are made.
        to = _near_step(point, arrays, carried, slope) if length < _PATIENCE else -1
        for n in range(max(0, length - _MEMORY), length):
            if path[n % path.size] == to:
                to = -1
                break
        if to < 0:
            carried[0] = carried[1] = carried[2] = 0.0
            to = _steepest(point, arrays, others)
            if to == point:
                return point, length
        point = to
        if state[point] == _MAXIMUM or (state[point] == _LABELLED and first <= point < last):
            return point, length


@compiled
def _label_slab(arrays: _Arrays, state: ByteArray, label: LabelArray, first: int, last: int) -> None:
    """Label all points from first to last; paths may leave the slab but write only inside it."""
    flux, cut = arrays[0], arrays[1]
    path = np.empty(_PATIENCE, dtype=np.int64)
    others = np.empty(26, dtype=np.int64)
    carried = np.empty(3)
    slope = np.empty(6)
    for seed in range(first, last):
        if state[seed] != _FREE or not flux[seed] > cut:
            continue
        end, length = _climb(seed, arrays, state, first, last, path, others, carried, slope)
        found = label[end]
        label[seed] = found
        state[seed] = _LABELLED
        for n in range(min(length, path.size)):
            if first <= path[n] < last and state[path[n]] == _FREE:
                label[path[n]] = found
                state[path[n]] = _LABELLED


@compiled
def _mark_edges(
    arrays: _Arrays, state: ByteArray, label: LabelArray, candidates: IntArray, edges: IntArray
) -> int:
    """List the candidates next to another label; mark them and their neighbours as near an edge."""
    _, _, _, steps, offsets, _, shape, periodic = arrays
    others = np.empty(26, dtype=np.int64)
    listed = 0
    for n in range(candidates.size):
        point = candidates[n]
        if label[point] == 0:
            continue
        wrapped_neighbours(point, offsets, shape, periodic, others)
        edge = False
        for m in range(steps.size):
            if others[m] >= 0 and label[others[m]] != 0 and label[others[m]] != label[point]:
                edge = True
                break
        if not edge or state[point] == _MAXIMUM:
            continue
        edges[listed] = point
        listed += 1
        state[point] = _NEAR_EDGE
        for m in range(steps.size):
            if others[m] >= 0 and state[others[m]] == _LABELLED:
                state[others[m]] = _NEAR_EDGE
    return listed


@compiled
def _edges_of_slab(
    label: LabelArray,
    steps: IntArray,
    reach: IntArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    edges: IntArray,
    start: int,
    stop: int,
) -> int:
    """List the points of the planes from start to stop that are next to another label; see ``edges``."""
    others = np.empty(26, dtype=np.int64)
    listed = 0
    for i in range(start, stop):
        for j in range(shape[1]):
            for k in range(shape[2]):
                point = (i * shape[1] + j) * shape[2] + k
                mine = label[point]
                if mine == 0:
                    continue
                on_face = is_on_face(i, j, k, reach, shape)
                if on_face:
                    wrapped_neighbours(point, offsets, shape, periodic, others)
                for n in range(steps.size):
                    other = others[n] if on_face else point + steps[n]
                    if other >= 0 and label[other] != mine and label[other] != 0:
                        if listed < edges.size:
                            edges[listed] = point
                        listed += 1
                        break
    return listed


@compiled
def _climb_all(
    arrays: _Arrays, state: ByteArray, label: LabelArray, points: IntArray, found: LabelArray
) -> None:
    """Set ``found`` to the labels at the ends of full paths from ``points``."""
    path = np.empty(2 * _MEMORY, dtype=np.int64)
    others = np.empty(26, dtype=np.int64)
    carried = np.empty(3)
    slope = np.empty(6)
    for n in range(points.size):
        end, _ = _climb(points[n], arrays, state, 0, state.size, path, others, carried, slope)
        found[n] = label[end]


@compiled
def _surround(
    points: IntArray, offsets: IntArray, shape: IntArray, periodic: bool, mark: ByteArray, out: IntArray
) -> int:
    """List points and their neighbours, each once; ``mark`` is zero on entry and on exit."""
    others = np.empty(offsets.shape[0], dtype=np.int64)
    listed = 0
    for n in range(points.size):
        wrapped_neighbours(points[n], offsets, shape, periodic, others)
        for m in range(-1, others.size):
            other = points[n] if m < 0 else others[m]
            if other >= 0 and mark[other] == 0:
                mark[other] = 1
                out[listed] = other
                listed += 1
    for n in range(listed):
        mark[out[n]] = 0
    return listed


def near_grid_labels(grid: Grid, stencil: Stencil, maxima: IntArray, labels: IntArray) -> LabelArray:
    """Return (n,) the labels of the points by the near-grid method, 0 in the vacuum.

    :param stencil: the 26 neighbours, see :func:`box_stencil`.
    :param maxima: flat indices of the maxima, and ``labels`` their positive labels.
    """
    label: LabelArray = untouched_zeros((grid.flux.size,), np.int32)
    state: ByteArray = untouched_zeros((grid.flux.size,), np.uint8)
    label[maxima] = labels
    state[maxima] = _MAXIMUM
    inverse = np.linalg.inv(grid.header.voxel_bohr)
    arrays = (
        grid.flux,
        grid.cut,
        np.ascontiguousarray(inverse.T @ inverse),
        stencil.steps,
        stencil.offsets,
        stencil.weights,
        grid.shape,
        grid.periodic,
    )
    # These slabs shape the first labels, so that their number is fixed.
    edges = [plane * grid.plane for plane in slab_edges(grid.counts[0], 16)]
    with ThreadPoolExecutor(grid.threads) as pool:
        list(pool.map(lambda slab: _label_slab(arrays, state, label, *slab), pairwise(edges)))
        _refine(grid, stencil, arrays, state, label, pool)
    return label


def _refine(
    grid: Grid,
    stencil: Stencil,
    arrays: _Arrays,
    state: ByteArray,
    label: LabelArray,
    pool: ThreadPoolExecutor,
) -> None:
    """Climb again from the points on edges until no label changes; each round sees the labels of the last."""
    candidates = _all_edges(grid, stencil, label)
    mark: ByteArray = untouched_zeros((grid.flux.size,), np.uint8)
    for _ in range(_MAX_ROUNDS):
        edges = np.empty(candidates.size, dtype=np.int64)
        edges = edges[: _mark_edges(arrays, state, label, candidates, edges)]
        found = np.empty(edges.size, dtype=np.int32)
        parts = [slice(start, start + 65536) for start in range(0, edges.size, 65536)]
        list(
            pool.map(lambda part: _climb_all(arrays, state, label, edges[part], found[part]), parts)  # noqa: B023
        )
        changed = edges[found != label[edges]]
        if changed.size == 0:
            return
        label[edges] = found
        around = np.empty(27 * changed.size, dtype=np.int64)
        listed = _surround(changed, stencil.offsets, grid.shape, grid.periodic, mark, around)
        candidates = np.sort(around[:listed])


def _all_edges(grid: Grid, stencil: Stencil, label: LabelArray) -> IntArray:
    """Return the points next to another label, ascending."""
    shape = grid.shape

    def task(start: int, stop: int) -> IntArray:
        capacity = 4096
        while True:
            edges = np.empty(capacity, dtype=np.int64)
            listed = _edges_of_slab(
                label, stencil.steps, stencil.reach, stencil.offsets, shape, grid.periodic, edges, start, stop
            )
            if listed <= capacity:
                return edges[:listed].copy()
            capacity = listed

    return np.concatenate(over_slabs(task, grid.counts[0], grid.threads))
