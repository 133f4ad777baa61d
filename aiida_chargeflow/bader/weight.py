r"""The weight method of Yu and Trinkle, J. Chem. Phys. 134, 064111 (2011), turned upside down.

The method gives each point X a share of each basin, :math:`w_A(X) = \sum_{X'} f_{XX'} w_A(X')`, where
:math:`f_{XX'} \propto (a/l)\,(\rho(X') - \rho(X))_+` is the flux over the Voronoi face towards a higher
neighbour, and wants :math:`Q_A = \sum_X w_A(X) \rho(X)`. Storing all shares takes much memory, and the
points in descending order. The same sum is had from its transpose: every point hands all that it holds,
its own density and what came from below, to its higher neighbours in the proportions f. What arrives at
the maximum of a basin is the charge of that basin (and its volume if every point brings 1). This needs one
number a point for each sum, no list of shares, and no sorting: a point is ready when the last of its lower
neighbours has given.

Slabs of planes work side by side and write to their own points only. What flows over the face of a slab is
posted, and delivered between rounds in the order of the slabs, so that the sums have the same bits for any
number of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .grid import ByteArray, FloatArray, Grid, IntArray, Stencil, wrapped_neighbours, zeros
from .jit import Report, compiled, over_slabs, slab_edges
from .slopes import COUNT, ON_FACE

LabelArray = npt.NDArray[np.int32]
_Arrays = tuple[FloatArray, FloatArray, IntArray, IntArray, FloatArray, IntArray, bool]

CHARGE, VOLUME = 0, 1

# The state of a point: lower neighbours that still have to give, then, once done, the direction it gave to.
_DONE, _ON_FACE, _COUNT = 128, ON_FACE, COUNT
_MAXIMUM = 63

# Few slabs mean little mail; this bounds the threads that can work at once.
_SLABS = 16


@compiled
def _receive(
    points: IntArray, values: FloatArray, held: FloatArray, state: ByteArray, ready: IntArray
) -> int:
    """Add what other slabs gave; list the points that now have everything and return their number."""
    n_ready = 0
    for task in range(points.size):
        point = points[task]
        for m in range(values.shape[1]):
            held[point, m] += values[task, m]
        state[point] -= 1
        if state[point] & _COUNT == 0:
            ready[n_ready] = point
            n_ready += 1
    return n_ready


@compiled
def _next_seed(flux: FloatArray, cut: float, state: ByteArray, seed: int, last: int) -> int:
    """Return the first point from ``seed`` on that is above the cut, has given nothing and waits for nobody."""
    while seed < last and (not flux[seed] > cut or state[seed] & (_COUNT + _DONE) != 0):
        seed += 1
    return seed


@compiled
def _drain(
    arrays: _Arrays,
    cut: float,
    quantities: tuple[int, ...],
    state: ByteArray,
    held: FloatArray,
    stack: IntArray,
    post_points: IntArray,
    post_values: FloatArray,
    progress: IntArray,
) -> None:
    """Let flow uphill what can inside a slab, until stack or post are full; ``progress`` is that of _Slab."""
    flux, excess, steps, offsets, weights, shape, periodic = arrays
    first, last, seed, top, posted, finished = progress
    others, fluxes = np.empty(weights.size, dtype=np.int64), np.empty(weights.size)
    while top + weights.size < stack.size and posted + weights.size < post_points.size:
        if top == 0:
            seed = _next_seed(flux, cut, state, seed, last)
            if seed == last:
                break
            stack[0] = seed
            top = 1
        top -= 1
        point = stack[top]
        finished += 1
        on_face = state[point] & _ON_FACE
        if on_face:
            wrapped_neighbours(point, offsets, shape, periodic, others)
        here = flux[point]
        direction, outgoing, strongest = _MAXIMUM, 0.0, 0.0
        for n in range(steps.size):
            other = others[n] if on_face else point + steps[n]
            fluxes[n] = max(weights[n] * (flux[other] - here), 0.0) if other >= 0 else 0.0
            outgoing += fluxes[n]
            if fluxes[n] > strongest:
                strongest, direction = fluxes[n], n
        state[point] = _DONE + on_face + direction
        for m in range(len(quantities)):
            own = here - excess[point] if excess.size else here
            held[point, m] += 1.0 if quantities[m] == VOLUME else own
        for n in range(steps.size):
            if fluxes[n] == 0.0:
                continue
            other = others[n] if on_face else point + steps[n]
            share = fluxes[n] / outgoing
            if first <= other < last:
                for m in range(len(quantities)):
                    held[other, m] += share * held[point, m]
                state[other] -= 1
                if state[other] & _COUNT == 0:
                    stack[top] = other
                    top += 1
            else:
                for m in range(len(quantities)):
                    post_values[posted, m] = share * held[point, m]
                post_points[posted] = other
                posted += 1
    progress[2:] = (seed, top, posted, finished)


class _Slab:
    """The points from first to last, their mail and their stack of points that are ready to give."""

    def __init__(self, first: int, last: int, n_quantities: int) -> None:
        # first, last, next point to look at, height of the stack, length of the post, points finished
        self.progress = np.array([first, last, first, 0, 0, 0])
        self.stack = np.empty(4096, dtype=np.int64)
        self.post_points = np.empty(4096, dtype=np.int64)
        self.post_values = np.empty((4096, n_quantities))
        self.mail: tuple[IntArray, FloatArray] | None = None

    def work(
        self, arrays: _Arrays, cut: float, quantities: tuple[int, ...], state: ByteArray, held: FloatArray
    ) -> None:
        """Take in the mail and drain the slab as far as it goes."""
        progress = self.progress
        progress[4] = 0
        if self.mail is not None:
            points, values = self.mail
            self.stack = np.empty(max(4096, 2 * points.size), dtype=np.int64)
            progress[3] = _receive(points, values, held, state, self.stack)
            self.mail = None
        while True:
            _drain(
                arrays,
                cut,
                quantities,
                state,
                held,
                self.stack,
                self.post_points,
                self.post_values,
                progress,
            )
            if progress[3] == 0 and progress[2] == progress[1]:
                return
            self.stack = np.resize(self.stack, 2 * self.stack.size)
            self.post_points = np.resize(self.post_points, 2 * len(self.post_points))
            self.post_values = np.resize(self.post_values, (2 * len(self.post_values), len(quantities)))

    @property
    def post(self) -> tuple[IntArray, FloatArray]:
        """Return the points of other slabs and what they get."""
        posted = int(self.progress[4])
        return self.post_points[:posted], self.post_values[:posted]


def flow_uphill(
    grid: Grid,
    stencil: Stencil,
    quantities: tuple[int, ...],
    state: ByteArray,
    n_inside: int,
    report: Report | None = None,
) -> FloatArray:
    """Let every point above the cut hand what it holds to its higher neighbours.

    :param quantities: CHARGE, VOLUME or both.
    :param state: (n,) of the points before anything flows; has then the direction of the strongest flux of
        each, for :func:`follow`.
    :param n_inside: number of points above the cut, to report progress.
    :return: (n, len(quantities)) sums, final at the maxima, in units of the density and of grid points.
    """
    held: FloatArray = zeros((grid.flux.size, len(quantities)), np.float64)
    arrays = (
        grid.flux,
        grid.excess,
        stencil.steps,
        stencil.offsets,
        stencil.weights,
        grid.shape,
        grid.periodic,
    )
    edges = np.array(slab_edges(grid.counts[0], _SLABS)) * grid.plane
    slabs = [_Slab(first, last, len(quantities)) for first, last in pairwise(edges.tolist())]
    busy = slabs
    with ThreadPoolExecutor(grid.threads) as pool:
        while busy:
            list(pool.map(lambda slab: slab.work(arrays, grid.cut, quantities, state, held), busy))
            _deliver(busy, slabs, edges)
            busy = [slab for slab in slabs if slab.mail is not None]
            if report is not None:
                report(sum(int(slab.progress[5]) for slab in slabs) / max(n_inside, 1))
    return held


def _deliver(senders: list[_Slab], slabs: list[_Slab], edges: IntArray) -> None:
    """Sort the mail by the slab of its points; within a slab it keeps the order of the senders."""
    points = np.concatenate([slab.post[0] for slab in senders])
    values = np.concatenate([slab.post[1] for slab in senders])
    owners = np.searchsorted(edges, points, side="right") - 1
    for owner in np.unique(owners):
        mine = owners == owner
        slabs[owner].mail = (points[mine], values[mine])


@compiled
def _follow(
    state: ByteArray,
    steps: IntArray,
    offsets: IntArray,
    shape: IntArray,
    periodic: bool,
    label: LabelArray,
    start: int,
    stop: int,
) -> None:
    """Give each finished point of the planes the label of the maximum at the end of its strongest fluxes."""
    others = np.empty(steps.size, dtype=np.int64)
    path = np.empty(1024, dtype=np.int64)
    for seed in range(start * shape[1] * shape[2], stop * shape[1] * shape[2]):
        if label[seed] != 0 or state[seed] < _DONE:
            continue
        length = 0
        point = seed
        # A path longer than the buffer is labelled in pieces: its tail now, the rest when met again.
        while label[point] == 0:
            path[length % path.size] = point
            length += 1
            direction = state[point] & _COUNT
            if state[point] & _ON_FACE == 0:
                point += steps[direction]
            else:
                wrapped_neighbours(point, offsets, shape, periodic, others)
                point = others[direction]
        found = label[point]
        for n in range(min(length, path.size)):
            label[path[n]] = found
        label[seed] = found


def follow(grid: Grid, stencil: Stencil, state: ByteArray, maxima: IntArray, labels: IntArray) -> LabelArray:
    """Return (n,) labels of the points: that of the maximum their strongest fluxes lead to, 0 in the vacuum.

    Threads may meet on a path; they write the same labels there.

    :param maxima: flat indices, and ``labels`` their positive labels.
    """
    label: LabelArray = zeros((grid.flux.size,), np.int32)
    label[maxima] = labels
    shape = grid.shape

    def task(start: int, stop: int) -> None:
        _follow(state, stencil.steps, stencil.offsets, shape, grid.periodic, label, start, stop)

    over_slabs(task, grid.counts[0], grid.threads)
    return label
