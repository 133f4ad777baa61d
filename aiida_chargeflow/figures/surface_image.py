"""Translucent surfaces over balls as one image: what is in front is found pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from .ball_stick import BallStick, Floats

N_PIXELS = 600
_CHUNK = 4_000_000
_LIGHT = np.array([-0.4, 0.6, 0.7]) / np.linalg.norm([-0.4, 0.6, 0.7])


@dataclass(frozen=True)
class Surface:
    """A translucent surface of one colour.

    :param triangles_ang: shape (n, 3, 3): triangle, corner, coordinate.
    :param normals: shape (n, 3, 3), at the corners; their sign does not matter.
    """

    triangles_ang: Floats
    normals: Floats
    colour: str
    alpha: float = 0.72


def render(
    surfaces: Sequence[Surface],
    dot: BallStick,
    axes: Floats,
    limits_ang: tuple[float, float, float, float],
    n_pixels: int = N_PIXELS,
) -> Floats:
    """Return the frontmost surface of every pixel, shape (n_pixels, n_pixels, 4), RGBA, lowest row first.

    A pixel where a ball is in front of every surface is clear.

    :param axes: rows right, up and towards the viewer.
    :param limits_ang: left, right, bottom, top of the square that is shown.
    """
    left, right, bottom, _ = limits_ang
    step = (right - left) / n_pixels
    depth = _ball_depth(dot, axes, np.array([left, bottom]), step, n_pixels)
    image = np.zeros((n_pixels * n_pixels, 4))
    for surface in surfaces:
        if not len(surface.triangles_ang):
            continue
        corners, normals = surface.triangles_ang @ axes.T, surface.normals @ axes.T
        weights = _barycentric(corners, step)
        each = max(1, _CHUNK // len(weights))
        for start in range(0, len(corners), each):
            part = slice(start, start + each)
            points = np.einsum("wc,tcx->twx", weights, corners[part]).reshape(-1, 3)
            chosen, pixel = _frontmost(depth, points, np.array([left, bottom]), step, n_pixels)
            triangle, sample = np.divmod(chosen, len(weights))
            normal = np.einsum("pc,pcx->px", weights[sample], normals[part][triangle])
            image[pixel] = _shaded(normal, surface)  # of the few points that are seen only
    return image.reshape(n_pixels, n_pixels, 4)


def _barycentric(corners: Floats, step: float) -> Floats:
    """Return weights, shape (m, 3), that sample the largest triangle at least once a pixel."""
    longest = float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max())
    n = max(int(np.ceil(longest / (0.7 * step))), 1)
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = i + j <= n
    first, second = i[inside] / n, j[inside] / n
    return np.column_stack([first, second, 1 - first - second])


def _shaded(normal: Floats, surface: Surface) -> Floats:
    """Return the RGBA of points under one lamp, lit alike from both sides, with a soft highlight."""
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    facing = np.where(normal[:, 2:] < 0, -normal, normal)
    light = np.clip(facing @ _LIGHT, 0, 1)[:, None]
    rgb = np.array(to_rgb(surface.colour)) * (0.45 + 0.55 * light)
    rgb = np.clip(rgb + 0.35 * light**18, 0, 1)
    return np.column_stack([rgb, np.full(len(rgb), surface.alpha)])


def _frontmost(
    depth: Floats, points: Floats, corner: Floats, step: float, n_pixels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which points come nearest to the viewer in their pixel, and the pixels; ``depth`` is brought forward."""
    cells = np.floor((points[:, :2] - corner) / step).astype(np.int64)
    shown = np.flatnonzero(((cells >= 0) & (cells < n_pixels)).all(axis=1))
    pixel = cells[shown, 1] * n_pixels + cells[shown, 0]
    ahead = points[shown, 2] > depth[pixel]
    shown, pixel = shown[ahead], pixel[ahead]
    np.maximum.at(depth, pixel, points[shown, 2])
    nearest = points[shown, 2] == depth[pixel]
    return shown[nearest], pixel[nearest]


def _ball_depth(
    dot: BallStick, axes: Floats, corner: Floats, step: float, n_pixels: int
) -> NDArray[np.float64]:
    """Return how near to the viewer the balls come, shape (n_pixels²,); minus infinity without a ball."""
    depth = np.full((n_pixels, n_pixels), -np.inf)
    for at, radius in zip(dot.positions_ang @ axes.T, dot.radii_ang, strict=True):
        low = np.maximum(np.floor((at[:2] - radius - corner) / step).astype(int), 0)
        high = np.minimum(np.ceil((at[:2] + radius - corner) / step).astype(int) + 1, n_pixels)
        if (low >= high).any():
            continue
        x = corner[0] + (np.arange(low[0], high[0]) + 0.5) * step - at[0]
        y = corner[1] + (np.arange(low[1], high[1]) + 0.5) * step - at[1]
        squared = radius**2 - x[None, :] ** 2 - y[:, None] ** 2
        ball = np.where(squared > 0, at[2] + np.sqrt(np.maximum(squared, 0)), -np.inf)
        window = depth[low[1] : high[1], low[0] : high[0]]
        np.maximum(window, ball, out=window)
    return depth.ravel()
