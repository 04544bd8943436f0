"""A cut tree: rings about a center, each from light early wood to dark late wood.

Simulated from densities, medullary rays, a drying crack and a camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from napari_layeredcnn.sample.strokes import strokes_outwards

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHAPE = (288, 320)
"""Rows and columns of the image."""

SCALE_MM = (0.1, 0.1)
"""Size of a pixel in mm."""

CENTER = (138, 166)
"""Row and column of the pith, in napari coordinates (pixel centers at integers)."""

N_ANGLES = 720
"""Angles, half a degree apart, at which the true radii are given."""

REGION_NAMES = ("ring 1", "ring 2", "ring 3", "ring 4", "ring 5", "bast")
"""What the ids 1 to 6 stand for."""

_SEED = 1881
_WIDTHS = (26, 26, 28, 21, 21)  # of the rings, from the center outwards (px)
_EARLY, _LATE = 0.25, 0.75  # density
_BAST = 0.24
_NOISE = 0.035
_STROKE = 5  # rows


def annular_image() -> tuple[
    NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8], tuple[float, float]
]:
    """Return a cut tree, its true rings, partial labels and its center.

    The same arrays come back every time.

    Returns
    -------
    image : (288, 320) uint8 array
        Five rings and what surrounds them; a crack runs across four of them.
    curves : (5, 720) float32 array
        True radius in pixels of each boundary at 0, 0.5, ... 359.5 degrees, from the center
        outwards; 0 degrees points to the right, 90 down.
    partial_labels : (288, 320) uint8 array
        Strokes of the region ids 1 to 6 from the center to the right, five rows wide; zero
        elsewhere.
    center : (float, float)
        Row and column in napari coordinates.

    Examples
    --------
    >>> image, curves, partial_labels, center = annular_image()
    >>> image.shape, curves.shape, center
    ((288, 320), (5, 720), (138.0, 166.0))
    >>> np.unique(partial_labels)
    array([0, 1, 2, 3, 4, 5, 6], dtype=uint8)
    """
    rng = np.random.default_rng(_SEED)
    curves = _rings(rng)
    labels = strokes_outwards(curves[:, 0], SHAPE, CENTER, _STROKE)
    center = (float(CENTER[0]), float(CENTER[1]))
    return _photograph(curves, rng), curves, labels, center


def _rings(rng: np.random.Generator) -> NDArray[np.float32]:
    """Let five rings grow one around the other, wider on one side of the tree."""
    angle = 2 * np.pi * np.arange(N_ANGLES) / N_ANGLES
    radius = np.zeros(N_ANGLES)
    rings = []
    for width in _WIDTHS:
        uneven = gaussian_filter1d(rng.standard_normal(N_ANGLES), 34, mode="wrap")
        uneven *= 0.07 / uneven.std()
        radius = radius + width * (1 + 0.08 * np.cos(angle - 0.7)) * (1 + uneven)
        rings.append(radius)
    return np.stack(rings).astype(np.float32)


def _photograph(curves: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw the wood between the curves, and photograph it in uneven light."""
    rows, columns = np.indices(SHAPE)
    y, x = rows - CENTER[0], columns - CENTER[1]
    distance = np.hypot(y, x)
    place = np.arctan2(y, x) / (2 * np.pi) * N_ANGLES % N_ANGLES
    density = np.zeros(SHAPE)
    inner = np.zeros(SHAPE)
    for curve in curves:
        outer = np.interp(place, np.arange(N_ANGLES), curve, period=N_ANGLES)
        share = np.clip(distance - inner + 0.5, 0, 1) * np.clip(outer - distance + 0.5, 0, 1)
        season = np.clip((distance - inner) / (outer - inner), 0, 1)
        density += share * (_EARLY + (_LATE - _EARLY) * season**4)
        inner = outer
    fibers = gaussian_filter(rng.standard_normal(SHAPE), 2)
    density += np.clip(distance - inner + 0.5, 0, 1) * (_BAST + 0.06 * fibers / fibers.std())
    medullary = gaussian_filter1d(rng.standard_normal(N_ANGLES), 1, mode="wrap")
    density += 0.05 * medullary[place.astype(int) % N_ANGLES] * np.clip(distance / 30, 0, 1)
    density *= 1 + 0.3 * gaussian_filter(rng.standard_normal(SHAPE), 1)  # cells
    light = 1 + 0.2 * (columns / SHAPE[1] - 0.5) - 0.15 * (rows / SHAPE[0] - 0.5)
    seen = (1 - density) * light * (1 - 0.75 * _crack(distance, place))
    seen = gaussian_filter(seen, 0.7) + rng.normal(0, _NOISE, SHAPE)
    gray: NDArray[np.uint8] = np.round(255 * np.clip(seen, 0, 1)).astype(np.uint8)
    return gray


def _crack(distance: NDArray[np.float64], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of a pixel is a winding crack that begins in the second ring."""
    beside = (place - 470 + 2.5 * np.sin(distance / 9)) * distance * 2 * np.pi / N_ANGLES
    crack: NDArray[np.float64] = np.exp(-((beside / 1.6) ** 2)) * np.clip(
        (distance - 38) / 10, 0, 1
    )
    return crack
