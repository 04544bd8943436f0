"""What a completion is compared with: the flat line and the shortest path from the seed.

Both are predictors as `evaluate` takes them: images and seeds in, curves out. More careful ones
are in `alternatives_joint` and `alternatives_cut`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_layeredcnn.training.alternatives_search import cheapest_paths, last_given

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class PathSettings:
    """Settings of `shortest_path`, chosen on validation images (`docs/benchmark.md`).

    Parameters
    ----------
    smoothing : float
        Standard deviation of the Gaussian whose derivative is taken, in px.
    step : float
        What a step of one row costs; an edge of full strength saves 1 per column.
    most : int
        Rows up or down from column to column, at most.
    signed : bool
        Whether an edge must go from dark to bright, or back, as it does at the seed.
    """

    smoothing: float = 1.0
    step: float = 3.2
    most: int = 1
    signed: bool = True


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


def shortest_path(
    images: NDArray[Any],
    seeds: NDArray[np.float32],
    settings: PathSettings = PathSettings(),
) -> NDArray[np.float32]:
    """Continue each curve to the right along the strongest edges, by dynamic programming.

    Each curve is the cheapest path from its last given column, where a pixel costs one minus its
    vertical gradient (as a share of the image's strongest); the gradient has the sign that it has
    at the given columns. The curves are found one by one; the running maximum puts them in order.

    Parameters
    ----------
    images : ndarray, shape (B, H, W)
        Gray images of any integer or float dtype.
    seeds : ndarray of float32, shape (B, K, W)
        Curves in edge coordinates; the columns given are the first ones, NaN elsewhere.
    settings : PathSettings
        See there.

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
    last = last_given(seeds)
    edges = _edges(np.asarray(images, np.float64), settings.smoothing)
    batch, n_rows, width = edges.shape
    n_curves = seeds.shape[1]
    every = np.arange(batch)
    # Rows of the search are the edges between pixel rows: where a curve runs.
    rows = np.rint(np.where(np.isnan(seeds), 0, seeds)).astype(np.intp).clip(0, n_rows - 1)
    if settings.signed:
        there = np.take_along_axis(edges, rows.reshape(batch, -1, width), 1)
        signs = np.where(np.nansum(np.where(np.isnan(seeds), 0, there), 2) < 0, -1.0, 1.0)
        gain = edges[:, None] * signs[..., None, None]
    else:
        gain = np.repeat(np.abs(edges)[:, None], n_curves, axis=1)
    offsets = np.arange(-settings.most, settings.most + 1)
    found = cheapest_paths(
        1 - gain.reshape(-1, n_rows, width),
        np.repeat(last, n_curves),
        rows[every, :, last].ravel(),
        settings.step * np.abs(offsets),
    )
    curves = np.where(np.isnan(seeds), found.reshape(seeds.shape), seeds)
    return np.asarray(np.maximum.accumulate(curves, axis=-2), np.float32)


def _edges(images: NDArray[np.float64], smoothing: float) -> NDArray[np.float64]:
    """Vertical gradient at the H + 1 edges between pixel rows, the strongest of each image 1."""
    padded = np.pad(images, ((0, 0), (1, 1), (0, 0)), mode="edge")
    # Difference of neighbors, then smoothing: the derivative sits between two pixel rows.
    steps = np.diff(padded, axis=1)
    gradient = ndimage.gaussian_filter(steps, (0, smoothing, smoothing), mode="nearest")
    strongest = np.abs(gradient).max((1, 2), keepdims=True)
    return np.asarray(gradient / np.where(strongest > 0, strongest, 1))
