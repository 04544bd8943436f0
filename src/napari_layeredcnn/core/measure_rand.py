"""The adjusted Rand index from a table of how often regions of two partitions meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def rand_index(table: ArrayLike) -> NDArray[np.float64]:
    """Compare two partitions of the same pixels, corrected for chance (Hubert, Arabie 1985).

    Parameters
    ----------
    table : (..., A, B) array_like of int
        How many pixels are in region a of the one and in region b of the other partition.

    Returns
    -------
    (...) float64 array
        1 for the same partition, about 0 for independent ones; NaN without pixels.

    Examples
    --------
    >>> rand_index([[[2, 0], [0, 2]], [[1, 1], [1, 1]]])
    array([ 1. , -0.5])
    """
    counts = np.asarray(table, np.float64)

    def pairs(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((numbers * (numbers - 1) / 2).sum(axis=(-2, -1)))

    both = pairs(counts)
    in_a = pairs(counts.sum(axis=-1, keepdims=True))
    in_b = pairs(counts.sum(axis=-2, keepdims=True))
    total = counts.sum(axis=(-2, -1), keepdims=True)
    chance = in_a * in_b / np.maximum(pairs(total), 1.0)
    most = (in_a + in_b) / 2
    same = most == chance
    index = np.where(same, 1.0, (both - chance) / np.where(same, 1.0, most - chance))
    return np.where(total[..., 0, 0] > 0, index, np.nan)
