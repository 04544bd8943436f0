"""Which of the candidates part an image into even regions, and whether into regions at all.

NumPy and SciPy only. What is sure is not always what is meant: a boundary within one layer may be
as clear as the one below it, but parts the image into regions that are less even. And in noise or
a single texture sure lines may be found between which all looks alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.signal import detrend

Floats = NDArray[np.float32]

#: Pixels of the working grid over which intensities are smoothed, so that texture counts little.
SMOOTHING = 3.0
#: Cost from which on a candidate is not taken instead of a surer one.
UNSURE = 0.6
#: Cost up to which a candidate is taken that makes an image no more even, where no number is known.
WORTH = 0.3


def most_even(image: Floats, curves: Floats, costs: Floats, count: int) -> list[int]:
    """Choose candidates that are sure and part an image into even regions.

    Of all sets of so many candidates, the one with the least sum of its costs and of the share of
    the image's variance that is left within regions; intensities are smoothed before. A cost of 1
    px weighs as much as all of the variance. What costs `UNSURE` or more has a place only among
    the cheapest ``count``.

    Parameters
    ----------
    image : (H, W) float array
        The image on the working grid.
    curves : (C, W) float array
        Candidates in edge coordinates of the grid.
    costs : (C,) float array
        What each of them costs.
    count : int
        How many are chosen, from 0 to C.

    Returns
    -------
    list of int
        Their indices, ascending.

    Examples
    --------
    Two layers, and a false candidate that is surer than the boundary between them:

    >>> image = np.zeros((20, 16), np.float32)
    >>> image[12:] = 1
    >>> curves = np.repeat(np.float32([[5], [12]]), 16, axis=1)
    >>> most_even(image, curves, np.float32([0.1, 0.2]), 1)
    [1]
    """
    if count in (0, len(curves)):
        return list(range(count))
    dear = costs >= UNSURE
    dear[np.argsort(costs, kind="stable")[:count]] = False
    order = np.flatnonzero(~dear)
    order = order[np.argsort(curves[order].mean(axis=1), kind="stable")]
    left = _left_between(_smoothed(image), curves[order])
    price = np.concatenate([[np.inf], costs[order], [np.inf]])
    # Shortest path from the top to the bottom by way of so many candidates; nodes 0 and C+1 are
    # the top and the bottom, and least[i] is what it costs to come to node i.
    least = left[0]
    before = []
    for step in range(count):
        ways = (least + price)[:, None] + left
        if step == count - 1:
            ways[:, :-1] = np.inf  # the bottom is next
        before.append(np.argmin(ways, axis=0))
        least = ways.min(axis=0)
    node, chosen = len(left) - 1, []
    for came_from in reversed(before):
        node = int(came_from[node])
        chosen.append(int(order[node - 1]))
    return sorted(chosen)


def worth_taking(image: Floats, curves: Floats, costs: Floats) -> list[int]:
    """Choose candidates as `most_even` does, but however many are worth it.

    Of all sets of candidates, the one with the least sum of its costs, less `WORTH` for each, and
    of the share of the image's variance that is left within regions. So a candidate that makes the
    image no more even has to be surer than others.

    Parameters
    ----------
    image, curves, costs
        See `most_even`.

    Returns
    -------
    list of int
        Their indices, ascending; may be empty.

    Examples
    --------
    Two lines of the same cost, of which one parts the image:

    >>> image = np.zeros((20, 16), np.float32)
    >>> image[12:] = 1
    >>> curves = np.repeat(np.float32([[5], [12]]), 16, axis=1)
    >>> worth_taking(image, curves, np.float32([0.4, 0.4]))
    [1]
    """
    order = np.argsort(curves.mean(axis=1), kind="stable")
    left = _left_between(_smoothed(image), curves[order])
    price = np.append(costs[order] - WORTH, 0)
    # Shortest path from the top to the bottom by way of any candidates, as above.
    least, before = np.zeros(len(left)), np.zeros(len(left), dtype=np.intp)
    for node in range(1, len(left)):
        ways = least[:node] + left[:node, node]
        before[node] = np.argmin(ways)
        least[node] = ways.min() + price[node - 1]
    node, chosen = int(before[-1]), []
    while node:
        chosen.append(int(order[node - 1]))
        node = int(before[node])
    return sorted(chosen)


def told_apart(features: NDArray[np.floating], curves: Floats) -> float:
    """Tell how different the regions between curves look.

    Parameters
    ----------
    features : (H, W, C) float array
        Of the working grid, each of mean 0.
    curves : (K, W) float array
        In edge coordinates of the grid.

    Returns
    -------
    float
        Share of the features' variance that is between regions and not within, from 0 to 1.

    Examples
    --------
    >>> features = np.full((20, 16, 1), -1, np.float32)
    >>> features[10:] = 1
    >>> [round(told_apart(features, np.full((1, 16), row)), 2) for row in (10, 15)]
    [1.0, 0.33]
    """
    ordered = curves[np.argsort(curves.mean(axis=1), kind="stable")]
    left = float(np.diagonal(_left_between(features, ordered), offset=1).sum())
    whole = float((features**2).sum(axis=2).mean())
    return 1 - left / whole if whole else 0.0


def without_fade(image: Floats) -> NDArray[np.float64]:
    """Smooth an image, and take away light that fades evenly downwards or to a side.

    Parameters
    ----------
    image : (H, W) float array
        The image on the working grid.

    Returns
    -------
    (H, W, 1) float64 array
        As `told_apart` takes it: of mean 0 and variance 1, or 0 if nothing else is in the image.

    Examples
    --------
    >>> ramp = np.arange(24)[:, None] + np.zeros((24, 30))
    >>> bool((without_fade(ramp) == 0).all())
    True
    """
    lit = image.astype(np.float64)
    for axis in (0, 1):
        profile = lit.mean(axis=axis, keepdims=True)
        lit = lit - (profile - detrend(profile, axis=1 - axis))
    return _smoothed(lit)


def _smoothed(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Smoothed intensities (H, W, 1) of mean 0 and variance 1, or 0 if they are all the same."""
    smooth = gaussian_filter(image.astype(np.float64), SMOOTHING)
    smooth -= smooth.mean()
    deviation = float(smooth.std())
    smooth *= 1 / deviation if deviation > 1e-9 else 0.0
    return np.asarray(smooth[..., None])


def _left_between(pixels: NDArray[np.floating], curves: Floats) -> NDArray[np.float64]:
    """Variance between each pair of ordered curves, top and bottom among them, per image pixel.

    Infinite for pairs in the wrong order; where curves cross, the region is empty.
    """
    height, width, _ = pixels.shape
    inner = np.clip(np.rint(curves), 0, height).astype(np.intp)
    rows = np.pad(inner, ((1, 1), (0, 0)), constant_values=((0, height), (0, 0)))
    # Sums over what is above each curve, column by column.
    above = np.pad(pixels.cumsum(axis=0), ((1, 0), (0, 0), (0, 0)))[rows, np.arange(width)]
    squares = (pixels.astype(np.float64) ** 2).sum(axis=2).cumsum(axis=0)
    above_squares = np.pad(squares, ((1, 0), (0, 0)))[rows, np.arange(width)]
    left = np.full((len(rows), len(rows)), np.inf)
    for i in range(len(rows) - 1):
        there = rows[i + 1 :] > rows[i]
        count = ((rows[i + 1 :] - rows[i]) * there).sum(axis=1)
        total = np.einsum("nw,nwc->nc", there, above[i + 1 :] - above[i], dtype=np.float64)
        spread = ((above_squares[i + 1 :] - above_squares[i]) * there).sum(axis=1)
        left[i, i + 1 :] = spread - (total**2).sum(axis=1) / np.maximum(count, 1)
    shares: NDArray[np.float64] = np.maximum(left, 0) / (height * width)
    return shares
