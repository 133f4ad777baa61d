"""The weight method as its paper states it: points in descending order, a share of each basin stored."""

import numpy as np


def basin_shares(density, offsets, weights, cut):
    """Return {flat maximum: shares (n,)} over all points of a periodic density."""
    shape = np.array(density.shape)
    flat = density.ravel()
    shares = {}
    for point in np.argsort(-flat, kind="stable"):
        if flat[point] <= cut:
            break
        here = np.array(np.unravel_index(point, density.shape))
        others = [np.ravel_multi_index(tuple((here + step) % shape), density.shape) for step in offsets]
        flux = np.array([max(a * (flat[n] - flat[point]), 0) for a, n in zip(weights, others, strict=True)])
        if flux.sum() == 0:
            shares[point] = np.zeros(flat.size)
            shares[point][point] = 1
            continue
        for share in shares.values():
            share[point] = sum(f * share[n] for f, n in zip(flux / flux.sum(), others, strict=True))
    return shares
