"""Whether a number tells what is wrong: the area under the receiver operating characteristic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.training.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def area_under_curve(scores: ArrayLike, wrong: ArrayLike) -> float:
    """Chance that something wrong has a larger score than something right; ties count half.

    Parameters
    ----------
    scores : array_like of float
        Any scale.
    wrong : array_like of bool, the same shape
        What is wrong.

    Returns
    -------
    float
        1 for a perfect score, 0.5 for one that says nothing; NaN if all is wrong, or all right.

    Examples
    --------
    >>> area_under_curve([0.1, 0.4, 0.3, 0.9], [False, False, True, True])
    0.75
    """
    return _areas([scores], [wrong], np.ones((1, 1)))[0]


def area_interval(
    scores: Sequence[ArrayLike],
    wrong: Sequence[ArrayLike],
    *,
    level: float = 0.95,
    resamples: int = 300,
    seed: int = 0,
) -> Interval:
    """`area_under_curve` over all images together, with a bootstrap interval over images.

    Parameters
    ----------
    scores, wrong : sequence of array_like
        One array for each image.
    level : float
        Share of the resampled areas that lie in the interval.
    resamples : int
        How often images are drawn with replacement.
    seed : int
        Of the draws.

    Returns
    -------
    Interval
        Its mean is the area with each image once.

    Examples
    --------
    >>> area_interval([[1.0, 2.0], [3.0, 4.0]], [[False, True], [False, True]])
    Interval(mean=0.75, low=0.75, high=1.0, n=2)
    """
    n = len(scores)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    areas = _areas(scores, wrong, np.concatenate([np.ones((1, n)), draws]))
    low, high = np.nanquantile(areas[1:], [(1 - level) / 2, (1 + level) / 2])
    return Interval(areas[0], float(low), float(high), n)


def _areas(
    scores: Sequence[ArrayLike], wrong: Sequence[ArrayLike], counts: NDArray[np.floating]
) -> list[float]:
    """Areas with each image so many times, for each row of counts."""
    flat = [np.ravel(s) for s in scores]
    image = np.repeat(np.arange(len(flat)), [s.size for s in flat])
    _, place = np.unique(np.concatenate(flat), return_inverse=True)
    is_wrong = np.concatenate([np.ravel(w) for w in wrong]).astype(bool)
    found = []
    for weights in counts:
        weight = weights[image]
        bad = np.bincount(place, weight * is_wrong)
        good = np.bincount(place, weight * ~is_wrong)
        pairs = bad.sum() * good.sum()
        less = np.cumsum(good) - good / 2
        found.append(float((bad * less).sum() / pairs) if pairs else float("nan"))
    return found
