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
#: What the share of the variance that is left within regions weighs beside the costs, in px: of
#: smoothed intensities, and of what the network's image stack makes of the image.
INTENSITY, FEATURES = 0.25, 4.0
#: Cost from which on a candidate is not taken instead of a surer one.
UNSURE = 0.6
#: Cost up to which a candidate is taken that makes an image no more even, where no number is known.
WORTH = 0.3


def weighted(image: Floats, features: Floats) -> Floats:
    """Tell in what regions shall be even: smoothed intensities, and features of the network.

    Parameters
    ----------
    image : (H, W) float array
        The image on the working grid.
    features : (H, W, C) float array
        Each of mean 0 and variance 1, see `appearance.standardized`.

    Returns
    -------
    (H, W, 1 + C) float32 array
        Of mean 0; the variances of the intensities, and of all features together, are `INTENSITY`
        and `FEATURES`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pixels = weighted(rng.normal(size=(20, 30)), rng.normal(size=(20, 30, 4)))
    >>> pixels.shape, round(float(pixels[..., 0].var()), 3)
    ((20, 30, 5), 0.25)
    """
    smooth = gaussian_filter(image.astype(np.float64), SMOOTHING)
    smooth -= smooth.mean()
    smooth *= INTENSITY**0.5 / max(float(smooth.std()), np.finfo(np.float32).tiny)
    share = np.float32((FEATURES / features.shape[2]) ** 0.5)
    return np.concatenate([smooth[..., None].astype(np.float32), share * features], axis=2)


def most_even(pixels: Floats, curves: Floats, costs: Floats, count: int) -> list[int]:
    """Choose candidates that are sure and part an image into even regions.

    Of all sets of so many candidates, the one with the least sum of its costs and of the variance
    that is left within regions. What costs `UNSURE` or more has a place only among the cheapest
    ``count``.

    Parameters
    ----------
    pixels : (H, W, C) float array
        Of the working grid, see `weighted`; variances of all channels are added up.
    curves : (N, W) float array
        Candidates in edge coordinates of the grid.
    costs : (N,) float array
        What each of them costs.
    count : int
        How many are chosen, from 0 to N.

    Returns
    -------
    list of int
        Their indices, ascending.

    Examples
    --------
    Two layers, and a false candidate that is surer than the boundary between them:

    >>> pixels = np.zeros((20, 16, 1), np.float32)
    >>> pixels[12:] = 1
    >>> curves = np.repeat(np.float32([[5], [12]]), 16, axis=1)
    >>> most_even(pixels, curves, np.float32([0.1, 0.2]), 1)
    [1]
    """
    if count in (0, len(curves)):
        return list(range(count))
    dear = costs >= UNSURE
    dear[np.argsort(costs, kind="stable")[:count]] = False
    order = np.flatnonzero(~dear)
    order = order[np.argsort(curves[order].mean(axis=1), kind="stable")]
    left = _left_between(pixels, curves[order])
    price = np.concatenate([[np.inf], costs[order], [np.inf]])
    # Shortest path from the top to the bottom by way of so many candidates; nodes 0 and N+1 are
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


def worth_taking(pixels: Floats, curves: Floats, costs: Floats) -> list[int]:
    """Choose candidates as `most_even` does, but however many are worth it.

    Of all sets of candidates, the one with the least sum of its costs, less `WORTH` for each, and
    of the variance that is left within regions. So a candidate that makes the image no more even
    has to be surer than others.

    Parameters
    ----------
    pixels, curves, costs
        See `most_even`.

    Returns
    -------
    list of int
        Their indices, ascending; may be empty.

    Examples
    --------
    Two lines of the same cost, of which one parts the image:

    >>> pixels = np.zeros((20, 16, 1), np.float32)
    >>> pixels[12:] = 1
    >>> curves = np.repeat(np.float32([[5], [12]]), 16, axis=1)
    >>> worth_taking(pixels, curves, np.float32([0.4, 0.4]))
    [1]
    """
    order = np.argsort(curves.mean(axis=1), kind="stable")
    left = _left_between(pixels, curves[order])
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


def told_apart(features: Floats, curves: Floats) -> float:
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


def without_fade(image: Floats) -> Floats:
    """Smooth an image, and take away light that fades evenly downwards or to a side.

    Parameters
    ----------
    image : (H, W) float array
        The image on the working grid.

    Returns
    -------
    (H, W, 1) float32 array
        Of mean 0, as `told_apart` takes it.

    Examples
    --------
    >>> ramp = np.arange(24, dtype=np.float32)[:, None] + np.zeros((24, 30))
    >>> bool((np.abs(without_fade(ramp)) < 1e-5).all())
    True
    """
    lit = image - image.mean(dtype=np.float64)
    for axis in (0, 1):
        profile = lit.mean(axis=axis, keepdims=True)
        lit -= profile - detrend(profile, axis=1 - axis)
    smooth = gaussian_filter(lit, SMOOTHING)
    smooth -= smooth.mean()
    return np.asarray(smooth[..., None], dtype=np.float32)


def _left_between(pixels: Floats, curves: Floats) -> NDArray[np.float64]:
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
