"""What a completion is compared with: the flat line and the shortest path from the seed.

Both are predictors as `evaluate` takes them: images and seeds in, curves out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMOOTHING = 2.0  # px, standard deviation of the Gaussian whose derivative is taken
_STEP_COST = 0.1  # for a step of one row; an edge of full strength saves 1 per column


def flat_line(images: NDArray[Any], seeds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Continue each curve at the height of the nearest given column.

    Parameters
    ----------
    images : ndarray, shape (B, H, W)
        Not looked at.
    seeds : ndarray of float32, shape (B, K, W)
        Curves in edge coordinates, NaN where not given; the same columns in all of a batch
        need not be given. Between two given columns as near, the left one counts.

    Returns
    -------
    ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; given columns as they were.

    Raises
    ------
    ValueError
        If an image has no given column.

    Examples
    --------
    >>> seed = np.array([[[5.0, 6.0, np.nan, np.nan]]], np.float32)
    >>> flat_line(np.zeros((1, 10, 4)), seed)
    array([[[5., 6., 6., 6.]]], dtype=float32)
    """
    columns = np.arange(seeds.shape[-1])
    curves = np.empty_like(seeds)
    for seed, curve in zip(seeds, curves, strict=True):
        given = np.flatnonzero(np.isfinite(seed).all(0))
        if given.size == 0:
            raise ValueError("An image has no given column: there is nothing to continue.")
        nearest = given[np.abs(columns[:, None] - given).argmin(1)]
        curve[:] = seed[:, nearest]
    return curves


def shortest_path(images: NDArray[Any], seeds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Continue each curve to the right along the strongest edges, by dynamic programming.

    Each curve is the cheapest path from its last given column, one row up or down at most
    from column to column, where a pixel costs one minus its vertical gradient (at a scale
    of 2 px, as a share of the image's strongest). The curves are found one by one; the
    running maximum puts them in order.

    Parameters
    ----------
    images : ndarray, shape (B, H, W)
        Gray images of any integer or float dtype.
    seeds : ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; the columns given are the first ones, as many in all
        images, NaN elsewhere.

    Returns
    -------
    ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; given columns as they were.

    Raises
    ------
    ValueError
        If the given columns are not the first ones.

    Examples
    --------
    >>> image = np.zeros((1, 12, 5))
    >>> image[0, 6:] = 1.0
    >>> seed = np.full((1, 1, 5), np.nan, np.float32)
    >>> seed[..., 0] = 6.0
    >>> shortest_path(image, seed)
    array([[[6., 6., 6., 6., 6.]]], dtype=float32)
    """
    given = np.asarray(np.isfinite(seeds).all((0, 1)))
    last = int(given.sum()) - 1
    if last < 0 or not given[: last + 1].all() or np.isfinite(seeds[..., last + 1 :]).any():
        raise ValueError("The shortest path needs the first columns to be the given ones.")
    cost = 1 - _edges(np.asarray(images, np.float64))
    curves = seeds.copy()
    start = np.rint(seeds[..., last]).astype(int)
    # Rows of the search are the edges between pixel rows: where a curve runs.
    rows = _cheapest_rows(cost[..., last:], np.clip(start, 0, cost.shape[1] - 1))
    curves[..., last + 1 :] = rows[..., 1:]
    return np.asarray(np.maximum.accumulate(curves, axis=-2), np.float32)


def _edges(images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vertical gradient at the H + 1 edges between pixel rows, 0 to 1 in each image."""
    padded = np.pad(images, ((0, 0), (1, 1), (0, 0)), mode="edge")
    # Difference of neighbors, then smoothing: the derivative sits between two pixel rows.
    steps = np.diff(padded, axis=1)
    gradient = np.abs(ndimage.gaussian_filter(steps, (0, _SMOOTHING, _SMOOTHING), mode="nearest"))
    strongest = gradient.max((1, 2), keepdims=True)
    return np.asarray(gradient / np.where(strongest > 0, strongest, 1))


def _cheapest_rows(cost: NDArray[np.float64], start: NDArray[np.int_]) -> NDArray[np.float64]:
    """Follow the cheapest path of each of (B, K) starts through a (B, R, W) cost."""
    batch, rows, width = cost.shape
    spent = np.full((batch, start.shape[1], rows), np.inf)
    np.put_along_axis(spent, start[..., None], 0.0, -1)
    # The straight step stands first, so that ties go straight on, then up.
    offsets = np.array([0, -1, 1])
    choices = np.empty((width, *spent.shape), np.int8)
    for x in range(1, width):
        padded = np.pad(spent, ((0, 0), (0, 0), (1, 1)), constant_values=np.inf)
        reached = np.stack(
            [padded[..., 1 + d : 1 + d + rows] + _STEP_COST * abs(d) for d in offsets]
        )
        best = reached.argmin(0)
        choices[x] = offsets[best]
        spent = reached.min(0) + cost[:, None, :, x]
    path = np.empty((*start.shape, width), int)
    path[..., -1] = spent.argmin(-1)
    for x in range(width - 1, 0, -1):
        here = path[..., x]
        path[..., x - 1] = here + np.take_along_axis(choices[x], here[..., None], -1)[..., 0]
    return path.astype(np.float64)
