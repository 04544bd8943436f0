"""Which of the candidates are layers, by what they cost and what lies between them.

NumPy and SciPy only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_layeredcnn.core.evenness import (
    most_even,
    told_apart,
    without_fade,
    worth_taking,
)

Floats = NDArray[np.float32]

#: Pixels of the working grid; what is nearer to a surer candidate in the mean is an echo of it.
ECHO = 2.5
#: Layers tell so large a share of the features' variance apart at least (`told_apart`), times the
#: square root of what the surest of them costs: the less sure they are, the more they have to.
TOLD_APART = 0.0275
#: Or they are brighter and darker: so large a share of the intensities' variance is between them.
TOLD_BY_BRIGHTNESS = 0.075


class Limits(NamedTuple):
    """Costs below which candidates are layers.

    Parameters
    ----------
    layer : float
        For each candidate, where no number of layers is given.
    some : float
        For the surest one, where a number is given: if it costs more, there are no layers at all.
    most : float
        For each of the others, where a number is given.
    """

    layer: float
    some: float
    most: float


def choose(costs: Floats, k: int | None, limits: Limits) -> tuple[int, list[str]]:
    """Tell how many of the candidates are layers.

    Parameters
    ----------
    costs : (C,) float array
        Ascending.
    k : int, optional
        How many layers there are. Default: as many as cost less than ``limits.layer``.
    limits : Limits
        What layers cost.

    Returns
    -------
    count : int
        How many are chosen.
    notes : list of str
        What the person should know.

    Examples
    --------
    >>> costs = np.float32([0.1, 0.2, 0.9])
    >>> choose(costs, None, Limits(0.5, 0.7, 1.0))
    (2, [])
    >>> choose(costs, 5, Limits(0.5, 0.7, 1.0))[1][0]
    'only 3 of 5 layers were found'
    """
    if not len(costs):
        return 0, ["no layers found: there are no candidates"]
    least = limits.layer if k is None else limits.some
    if costs[0] >= least:
        return 0, [
            f"no layers found: the surest candidate costs {costs[0]:.2f}, and where there are "
            f"layers it costs less than {least:g}"
        ]
    if k is None:
        return int((costs < limits.layer).sum()), []
    count = min(k, max(1, int((costs < limits.most).sum())))
    if count == k:
        return count, []
    rest = f"; no further candidates cost less than {limits.most:g}" * (count < len(costs))
    return count, [f"only {count} of {k} layers were found{rest}"]


def choose_regions(
    image: Floats, features: Floats, curves: Floats, costs: Floats, k: int | None, limits: Limits
) -> tuple[list[int], list[str]]:
    """Choose the candidates between which an image is most even, if they tell regions apart.

    Parameters
    ----------
    image : (H, W) float array
        The image on the working grid.
    features : (H, W, C) float array
        What the network's image stack makes of it, each of mean 0 and variance 1.
    curves : (C, W) float array
        Candidates in edge coordinates of the grid.
    costs : (C,) float array
        Ascending.
    k : int, optional
        How many layers there are. Default: of those that cost less than ``limits.layer`` and are
        no echo of a surer one as many as are worth it, the surest in any case.
    limits : Limits
        What layers cost.

    Returns
    -------
    chosen : list of int
        Candidates, ascending; none, if all looks alike between them.
    notes : list of str
        What the person should know.

    Examples
    --------
    >>> image = np.zeros((20, 16), np.float32)
    >>> image[12:] = 1
    >>> curves = np.repeat(np.float32([[5], [12]]), 16, axis=1)
    >>> features = image[..., None] - image.mean()
    >>> costs, limits = np.float32([0.1, 0.2]), Limits(0.5, 0.7, 1.0)
    >>> choose_regions(image, features, curves, costs, 1, limits)[0]
    [1]
    >>> nothing = 0 * image
    >>> choose_regions(nothing, 0 * features, curves, costs, 1, limits)[1][0][:25]
    'no layers found: the imag'
    """
    count, notes = choose(costs, k, limits)
    if not count:
        return [], notes
    if k is None:
        own = without_echoes(curves[:count])
        which = [own[i] for i in worth_taking(image, curves[own], costs[own])] or own[:1]
    else:
        which = most_even(image, curves, costs, count)
        if which != list(range(count)):
            notes.append(
                "some surer candidates are not taken, as the image is more even between these"
            )
    apart, least = told_apart(features, curves[which]), TOLD_APART * float(costs[0]) ** 0.5
    if apart >= least or told_apart(without_fade(image), curves[which]) >= TOLD_BY_BRIGHTNESS:
        return which, notes
    return [], [
        "no layers found: the image looks alike on both sides of the candidates, which part "
        f"{apart:.1%} of what differs in it; layers as sure as these part {least:.1%} or more"
    ]


def without_echoes(curves: Floats) -> list[int]:
    """Leave out candidates that run along a surer one, as beside a strong boundary many do.

    Parameters
    ----------
    curves : (C, W) float array
        Candidates in pixels of the working grid, the surest first.

    Returns
    -------
    list of int
        The candidates that are `ECHO` or more away from each surer one among them, in the mean.

    Examples
    --------
    >>> without_echoes(np.float32([[10, 10], [12, 12], [13, 13], [40, 40]]))
    [0, 2, 3]
    """
    kept: list[int] = []
    for index, curve in enumerate(curves):
        if all(np.abs(curve - curves[surer]).mean() >= ECHO for surer in kept):
            kept.append(index)
    return kept


def doubts(costs: Floats, limits: Limits) -> list[str]:
    """Tell how many of the layers that a number was given for may be none.

    Parameters
    ----------
    costs : (K,) float array
        Of those that are chosen.
    limits : Limits
        What layers cost.

    Returns
    -------
    list of str
        What the person should know; empty where all are sure.

    Examples
    --------
    >>> doubts(np.float32([0.1, 0.8]), Limits(0.5, 0.7, 1.0))[0][:38]
    '1 of the layers cost more than 0.5 and'
    """
    unsure = int((costs >= limits.layer).sum())
    if not unsure:
        return []
    return [
        f"{unsure} of the layers cost more than {limits.layer:g} and may be none; look "
        "at them, or ask for fewer"
    ]
