"""Mean, spread, percentiles and places of many rows of numbers at once, some of them missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


#: Standard deviation of normal errors whose median distance from 0 is 1: the uncertainty of a curve
#: is about the median distance from the truth (`docs/experiments.md`).
DEVIATION = 1.4826


@dataclass(frozen=True)
class Statistics:
    """Figures of G rows of numbers, each an array (G,); NaN for a row that has none.

    Parameters
    ----------
    count : int array
        Numbers that are not NaN.
    mean, sd : float array
        Mean, and standard deviation of the sample (n - 1; NaN for a single number).
    percentiles : dict of float to float array
        By linear interpolation, as NumPy's.
    minimum, maximum : float array
        Extremes.
    minimum_at, maximum_at : int array
        Where they are (first); -1 for a row without numbers.
    """

    count: NDArray[np.intp]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    percentiles: dict[float, NDArray[np.float64]]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    minimum_at: NDArray[np.intp]
    maximum_at: NDArray[np.intp]


def statistics(values: ArrayLike, percentiles: Sequence[float] = (50,)) -> Statistics:
    """Describe each row of an array.

    Parameters
    ----------
    values : (G, N) array_like of float
        Numbers; NaN where there is none.
    percentiles : sequence of float
        From 0 to 100.

    Returns
    -------
    Statistics
        Of each row.

    Examples
    --------
    >>> found = statistics([[3, np.nan, 1, 2]])
    >>> found.count, found.mean, found.sd, found.percentiles[50], found.minimum_at
    (array([3]), array([2.]), array([1.]), array([2.]), array([2]))
    """
    array = np.asarray(values, np.float64)
    known = ~np.isnan(array)
    count = known.sum(axis=-1)
    none = count == 0
    mean = ratio(np.where(known, array, 0).sum(axis=-1), count)
    squares = np.where(known, array - mean[:, None], 0.0) ** 2
    ordered = np.sort(array, axis=-1)  # NaN comes last
    lowest = np.argmin(np.where(known, array, np.inf), axis=-1)
    highest = np.argmax(np.where(known, array, -np.inf), axis=-1)
    rows = np.arange(len(array))
    return Statistics(
        count,
        mean,
        np.sqrt(ratio(squares.sum(axis=-1), count - 1)),
        {q: _percentile(ordered, count, q) for q in percentiles},
        array[rows, lowest],
        array[rows, highest],
        np.where(none, -1, lowest),
        np.where(none, -1, highest),
    )


def mean_error(uncertainty: ArrayLike, correlation_length: int | None) -> NDArray[np.float64]:
    """Standard error of the mean of each row, from the uncertainty of its numbers.

    The uncertainty is about the median distance from the truth, so that 1.48 times of it is a
    standard deviation. The errors of neighboring columns are alike: they are taken to be the same
    within blocks of `correlation_length` columns, and independent from block to block, so that

        error = 1.48 sqrt(sum over blocks of (sum of the uncertainty in the block) ** 2) / n

    Parameters
    ----------
    uncertainty : (G, N) array_like of float
        Of each number; NaN where there is none.
    correlation_length : int or None
        Columns of a block. None takes all columns as one block: the error is 1.48 times the mean
        uncertainty then, the largest that it can be, and does not fall with the number of columns.

    Returns
    -------
    (G,) float array
        The errors; NaN for a row without numbers.

    Raises
    ------
    ValueError
        If the length is not positive.

    Examples
    --------
    >>> [mean_error([[2.0] * 8], length).round(3) for length in (None, 2, 1)]
    [array([2.965]), array([1.483]), array([1.048])]
    """
    array = np.asarray(uncertainty, np.float64)
    width = array.shape[-1]
    length = max(width, 1) if correlation_length is None else correlation_length
    if length < 1:
        raise ValueError(f"a correlation length is 1 column or more, but it is {length}")
    known = ~np.isnan(array)
    blocks = np.add.reduceat(np.where(known, array, 0), np.arange(0, width, length), axis=-1)
    return DEVIATION * ratio(np.sqrt((blocks**2).sum(axis=-1)), known.sum(axis=-1))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Divide; NaN where the denominator is not positive.

    Examples
    --------
    >>> ratio([1, 1], [2, 0])
    array([0.5, nan])
    """
    above, below = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)


def _percentile(
    ordered: NDArray[np.float64], count: NDArray[np.intp], q: float
) -> NDArray[np.float64]:
    if not 0 <= q <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, but one is {q}")
    at = np.maximum(count - 1, 0) * (q / 100)
    below = np.floor(at).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    return np.asarray(low + (at - below) * (high - low))
