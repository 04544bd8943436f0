"""Intervals of means by resampling the images (percentile bootstrap)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


class Interval(NamedTuple):
    """A mean over `n` images, and where it would lie with other images of the same kind."""

    mean: float
    low: float
    high: float
    n: int


def interval(
    groups: Sequence[ArrayLike], *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Mean of the means of groups, with a percentile bootstrap interval over images.

    Images are drawn again with replacement within each group, so that each keeps its size.

    Parameters
    ----------
    groups : sequence of array_like, each of shape (n,)
        One figure for each image. A single group gives the mean of its images.
    level : float
        Share of the resampled means that lie in the interval.
    resamples : int
        How often images are drawn.
    seed : int
        Of the draws: equal figures give equal intervals.

    Returns
    -------
    Interval
        For a single image the interval is the figure itself.

    Raises
    ------
    ValueError
        If there is no group, or one without images or with NaN.

    Examples
    --------
    >>> interval([[2.0, 2.0, 2.0]])
    Interval(mean=2.0, low=2.0, high=2.0, n=3)
    >>> interval([[0.0, 0.0], [3.0]]).mean
    1.5
    """
    arrays = [np.asarray(group, np.float64) for group in groups]
    if not arrays or any(a.ndim != 1 or not a.size or np.isnan(a).any() for a in arrays):
        raise ValueError(
            "An interval needs groups of one finite figure for each image, but these have the "
            f"shapes {[a.shape for a in arrays]}; leave out empty groups and NaN."
        )
    rng = np.random.default_rng(seed)
    means = np.mean(
        [a[rng.integers(a.size, size=(resamples, a.size))].mean(1) for a in arrays], axis=0
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    mean = np.mean([a.mean() for a in arrays])
    return Interval(float(mean), float(low), float(high), sum(a.size for a in arrays))
