"""Partial labels of the samples: short strokes, as a careful person would paint them.

One stroke to a region, with equal gaps around each boundary.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

#: Length of the strokes in the outermost regions, with the gap (px).
_OUTER = 12
_GAP = 3


def strokes_down(
    curves: NDArray[np.float32], height: int, stretches: Sequence[range]
) -> NDArray[np.uint8]:
    """Paint strokes of the ids 1 to K+1 from top to bottom in some columns.

    Parameters
    ----------
    curves : (K, W) float array
        Edge coordinates.
    height : int
        Rows of the image.
    stretches : sequence of range
        Columns of each place that is painted.

    Returns
    -------
    (height, W) uint8 array
        Zero where nothing is painted.

    Examples
    --------
    >>> strokes_down(np.full((1, 3), 6.0), 13, [range(1, 2)])[:, 1]
    array([1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2], dtype=uint8)
    """
    labels = np.zeros((height, curves.shape[1]), np.uint8)
    for columns in stretches:
        # A brush paints whole rows, and the same ones in all columns of a short stroke.
        bounds = np.rint(curves[:, columns].mean(axis=1)).astype(int)
        edges = [int(bounds[0]) - _OUTER, *bounds.tolist(), int(bounds[-1]) + _OUTER]
        for region, (start, stop) in enumerate(_between(edges)):
            rows = slice(max(start, 0), min(stop, height))
            labels[rows, columns.start : columns.stop] = region + 1
    return labels


def strokes_outwards(
    radii: ArrayLike, shape: tuple[int, int], center: tuple[int, int], thickness: int
) -> NDArray[np.uint8]:
    """Paint strokes of the ids 1 to K+1 along the row of the center, to the right.

    Parameters
    ----------
    radii : (K,) array_like of float
        Boundaries on the ray to the right, in pixels from the center outwards.
    shape : (int, int)
        Rows and columns of the image.
    center : (int, int)
        Row and column.
    thickness : int
        Rows of the strokes; odd.

    Returns
    -------
    (H, W) uint8 array
        Zero where nothing is painted.

    Examples
    --------
    >>> strokes_outwards([4.5], (1, 20), (0, 1), 1)
    array([[0, 0, 1, 1, 1, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0]],
          dtype=uint8)
    """
    labels = np.zeros(shape, np.uint8)
    row, column = center
    rows = slice(row - thickness // 2, row + thickness // 2 + 1)
    # The boundary at radius r is the edge before the pixel whose center is r + 0.5 away.
    bounds = (np.rint(np.asarray(radii) + 0.5) + column).astype(int).tolist()
    for region, (start, stop) in enumerate(_between([column, *bounds, bounds[-1] + _OUTER])):
        labels[rows, start:stop] = region + 1
    return labels


def _between(edges: list[int]) -> Iterator[tuple[int, int]]:
    """Yield where the stroke of each region starts and stops."""
    for start, stop in itertools.pairwise(edges):
        gap = min(_GAP, (stop - start) // 4)
        yield start + gap, stop - gap
