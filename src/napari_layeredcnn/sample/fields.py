"""What the simulated stacks have in common: surfaces, and the regions between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray


def smooth_surface(
    rng: np.random.Generator, shape: tuple[int, int, int], sigma: tuple[float, float]
) -> NDArray[np.float64]:
    """Draw a smooth field with zero mean and unit deviation.

    Parameters
    ----------
    rng : numpy Generator
        Source of randomness.
    shape : (int, int, int)
        Slices, rows and columns of the stack.
    sigma : (float, float)
        Smoothness across slices and along columns.

    Returns
    -------
    (slices, columns) float array
        A height for every column of every slice.
    """
    field = gaussian_filter(rng.standard_normal((shape[0], shape[2])), sigma, mode="reflect")
    normal: NDArray[np.float64] = (field - field.mean()) / field.std()
    return normal


def share_below(curves: NDArray[np.float32], height: int) -> list[NDArray[np.float64]]:
    """Return which share of every pixel lies below each curve.

    Parameters
    ----------
    curves : (slices, K, columns) float array
        Edge coordinates.
    height : int
        Rows of the stack.

    Returns
    -------
    list of K (slices, height, columns) float arrays
        From 0, above the curve, to 1.

    Examples
    --------
    >>> share_below(np.full((1, 1, 2), 1.25), 3)[0][0, :, 0]
    array([0.  , 0.75, 1.  ])
    """
    rows = np.arange(height)[None, :, None]
    return [np.clip(rows + 1 - curves[:, None, k], 0, 1) for k in range(curves.shape[1])]
