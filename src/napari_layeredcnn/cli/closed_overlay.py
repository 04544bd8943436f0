"""A picture of closed curves over their image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from napari_layeredcnn.overlay import COLORS, draw_overlay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_FINE = 4  # a line is drawn so many times finer, for smooth edges
_TICK = 7  # px of the picture that the mark of a labelled ray is long
_MARKED = COLORS[2]


def draw_closed_overlay(
    image: NDArray[Any],
    paths: Sequence[ArrayLike],
    center: tuple[float, float],
    labelled_angles: ArrayLike,
) -> NDArray[np.uint8]:
    """Draw closed paths over their image.

    Parameters
    ----------
    image : (H, W) or (H, W, 3 or 4) array
        Of any integer or float dtype.
    paths : sequence of (N, 2) array_like of float
        Vertices (row, column) in napari coordinates, the innermost path first.
    center : (float, float)
        What they go around: marked by a yellow cross.
    labelled_angles : array_like of float
        Rays that were given, in degrees, clockwise from the right: marked in yellow outside the
        outermost path.

    Returns
    -------
    (h, w, 3) uint8 array
        The picture, at least 600 px wide.

    Examples
    --------
    >>> triangle = [(20, 20), (20, 70), (60, 40), (20, 20)]
    >>> draw_closed_overlay(np.zeros((80, 100)), [triangle], (30, 40), [0]).shape
    (480, 600, 3)
    """
    width = np.shape(image)[1]
    picture = draw_overlay(image, np.empty((0, width)))
    scale = picture.shape[1] / width
    line = max(1.5, scale / 3, min(picture.shape[:2]) / 400)
    drawn = [np.asarray(path, np.float64) for path in paths]
    for i, path in enumerate(drawn):
        for color, thickness in (((0, 0, 0), line + 1.5), (COLORS[i % len(COLORS)], line)):
            picture = _draw(picture, [(path + 0.5) * scale], color, thickness)
    marks = [_mark(drawn[-1], center, angle) for angle in np.asarray(labelled_angles, np.float64)]
    at = (np.array(center) + 0.5) * scale
    cross = [at + _TICK * np.array(arm) for arm in ([[-1, 0], [1, 0]], [[0, -1], [0, 1]])]
    ticks = [np.stack([place, place + _TICK * away]) for place, away in _scaled(marks, scale, line)]
    picture = _draw(picture, [*cross, *ticks], (0, 0, 0), max(3.5, line))
    return _draw(picture, [*cross, *ticks], _MARKED, max(1.5, line / 2))


def _mark(
    path: NDArray[np.float64], center: tuple[float, float], angle: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a ray leaves the outermost path, and the way that it goes."""
    away = np.array([np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))])
    from_center = path - np.array(center)
    # The vertex that is seen from the center in the direction closest to the ray's.
    distance = np.hypot(*from_center.T)
    vertex = np.argmax(from_center @ away / np.maximum(distance, 1e-9))
    return np.array(center) + distance[vertex] * away, away


def _scaled(
    marks: list[tuple[NDArray[np.float64], NDArray[np.float64]]], scale: float, gap: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    return [((place + 0.5) * scale + (gap + 2) * away, away) for place, away in marks]


def _draw(
    picture: NDArray[np.uint8],
    lines: list[NDArray[np.float64]],
    color: tuple[int, int, int],
    thickness: float,
) -> NDArray[np.uint8]:
    """Draw lines of (row, column) in pixels of the picture, with smooth edges."""
    height, width = picture.shape[:2]
    mask = Image.new("L", (width * _FINE, height * _FINE))
    draw = ImageDraw.Draw(mask)
    for points in lines:
        flat = [(x * _FINE, y * _FINE) for y, x in points.tolist()]
        draw.line(flat, fill=255, width=max(1, round(thickness * _FINE)), joint="curve")
    share = np.asarray(mask.reduce(_FINE), np.float32)[..., None] / 255
    blended = picture + share * (np.array(color, np.float32) - picture)
    return np.clip(np.rint(blended), 0, 255).astype(np.uint8)
