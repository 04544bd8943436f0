"""Which of the candidates part an image into even regions.

NumPy and SciPy only. What is sure is not always what is meant: a boundary within one layer may be
as clear as the one below it, but parts the image into regions that are less even.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

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
    order = np.argsort(curves.mean(axis=1), kind="stable")
    spread = _variance_left(image, curves[order])
    dear = costs >= UNSURE
    dear[np.argsort(costs, kind="stable")[:count]] = False
    price = np.where(dear, np.inf, costs)[order]
    # Shortest path from the top to the bottom by way of so many candidates; nodes 0 and C+1 are
    # the top and the bottom, and least[i] is what it costs to come to node i.
    least = spread[0]
    before = []
    for step in range(count):
        least = least + np.concatenate([[np.inf], price, [np.inf]])
        ways = least[:, None] + spread
        if step == count - 1:
            ways[:, :-1] = np.inf  # the bottom is next
        before.append(np.argmin(ways, axis=0))
        least = ways.min(axis=0)
    node, chosen = len(spread) - 1, []
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
    image : (H, W) float array
        The image on the working grid.
    curves : (C, W) float array
        Candidates in edge coordinates of the grid.
    costs : (C,) float array
        What each of them costs.

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
    spread = _variance_left(image, curves[order])
    price = np.append(costs[order] - WORTH, 0)
    # Shortest path from the top to the bottom by way of any candidates, as above.
    least, before = np.zeros(len(spread)), np.zeros(len(spread), dtype=np.intp)
    for node in range(1, len(spread)):
        ways = least[:node] + spread[:node, node]
        before[node] = np.argmin(ways)
        least[node] = ways.min() + price[node - 1]
    node, chosen = int(before[-1]), []
    while node:
        chosen.append(int(order[node - 1]))
        node = int(before[node])
    return sorted(chosen)


def gain_over_flat(image: Floats, curves: Floats) -> float:
    """Tell how much more even an image is between curves than between flat lines.

    Noise, and light that fades from top to bottom, are about as even between any lines.

    Parameters
    ----------
    image : (H, W) float array
        The image on the working grid.
    curves : (K, W) float array
        Curves in edge coordinates of the grid.

    Returns
    -------
    float
        Share of the image's variance (smoothed as in `most_even`) that is left within the regions
        between as many flat lines, evenly spaced, at the best of nine heights; less the share that
        is left between the curves.

    Examples
    --------
    >>> rows, slope = np.arange(20)[:, None], np.linspace(4, 16, 32, dtype=np.float32)
    >>> image = np.float32(rows > slope)
    >>> round(gain_over_flat(image, slope[None]), 1), gain_over_flat(image, slope[None, ::-1]) < 0
    (0.3, True)
    """
    height, width = image.shape
    count = len(curves)
    shifts = np.linspace(-0.5, 0.5, 9, dtype=np.float32)[:, None]
    heights = height * (np.arange(1, count + 1, dtype=np.float32) + shifts) / (count + 1)
    flat = [_left_between(image, np.repeat(lines[:, None], width, axis=1)) for lines in heights]
    return min(flat) - _left_between(image, np.sort(curves, axis=0))


def _left_between(image: Floats, ordered: Floats) -> float:
    left = _variance_left(image, ordered)
    return float(np.diagonal(left, offset=1).sum())


def _variance_left(image: Floats, curves: Floats) -> NDArray[np.float64]:
    """Share of the variance between each pair of ordered curves, top and bottom among them.

    Infinite for pairs in the wrong order; where curves cross, the region is empty.
    """
    height, width = image.shape
    smooth = gaussian_filter(image.astype(np.float64), SMOOTHING)
    smooth -= smooth.mean()
    whole = float((smooth**2).sum())
    sums = np.stack([smooth, smooth**2]).cumsum(axis=1)
    sums = np.pad(sums, ((0, 0), (1, 0), (0, 0)))
    inner = np.clip(np.rint(curves), 0, height).astype(np.intp)
    rows = np.pad(inner, ((1, 1), (0, 0)), constant_values=((0, height), (0, 0)))
    first, second = sums[:, rows, np.arange(width)]
    left = np.full((len(rows), len(rows)), np.inf)
    for i in range(len(rows) - 1):
        there = rows[i + 1 :] > rows[i]
        count = ((rows[i + 1 :] - rows[i]) * there).sum(axis=1)
        total = ((first[i + 1 :] - first[i]) * there).sum(axis=1)
        squares = ((second[i + 1 :] - second[i]) * there).sum(axis=1)
        left[i, i + 1 :] = np.maximum(squares - total**2 / np.maximum(count, 1), 0)
    return left / max(whole, np.finfo(np.float64).tiny)
