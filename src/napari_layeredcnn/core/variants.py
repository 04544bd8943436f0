"""Four runs instead of one, and of each curve the one that goes between even regions.

In negative or upside down, an image is as good to the network, but not quite the same: where a
curve is led over to another boundary in one run, it often is not in the next. Which of them is
right can be told afterwards, when all of the regions is known: right ones are more even in the
features that the network's image stack has of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: The image as it is, in negative, upside down, and both.
VARIANTS = 4
#: Pixels of the working grid: curves nearer to each other in the mean are the same one, of which
#: evenness cannot choose; their median is taken.
SAME = 2.0
#: Pixels by which curves of different runs may cross and be put in order again.
MAY_CROSS = 0.25
#: How much of the runs' median distance from what was settled is uncertainty.
DISAGREEMENT = 0.25


def varied(images: Floats, curves: Floats) -> tuple[Floats, Floats]:
    """Make the variants of images and of their curves.

    Parameters
    ----------
    images : (..., H, W) float array
        Scaled to [-1, 1].
    curves : (..., K, W') float array
        In edge coordinates; NaN where not given.

    Returns
    -------
    images : (VARIANTS, ..., H, W) array
        The first one is as it was.
    curves : (VARIANTS, ..., K, W') array
        The same boundaries in these.

    Examples
    --------
    >>> images, curves = varied(np.float32([[0.25], [0.5], [0.75]]), np.float32([[1], [2.5]]))
    >>> images[3, :, 0], curves[3, :, 0]
    (array([-0.75, -0.5 , -0.25], dtype=float32), array([0.5, 2. ], dtype=float32))
    """
    turned = images[..., ::-1, :]
    over = images.shape[-2] - curves[..., ::-1, :]
    return np.stack([images, -images, turned, -turned]), np.stack([curves, curves, over, over])


def unvaried(curves: Floats, uncertainty: Floats, height: int) -> tuple[Floats, Floats]:
    """Bring curves that were found in the variants back to the image as it is.

    Parameters
    ----------
    curves, uncertainty : (VARIANTS, ..., K, W) float array
        Of the variants, in the order of `varied`.
    height : int
        Rows of the image.

    Returns
    -------
    curves, uncertainty : (VARIANTS, ..., K, W) array
        Of the image.

    Examples
    --------
    >>> image, curves = np.zeros((3, 1), np.float32), np.float32([[1], [2.5]])
    >>> back, _ = unvaried(*[varied(image, curves)[1]] * 2, height=3)
    >>> bool((back == curves).all())
    True
    """
    half = VARIANTS // 2
    curves = np.concatenate([curves[:half], height - curves[half:, ..., ::-1, :]])
    return curves, np.concatenate([uncertainty[:half], uncertainty[half:, ..., ::-1, :]])


def settled(
    pixels: Tensor, given: Floats, curves: Floats, uncertainty: Floats
) -> tuple[Floats, Floats]:
    """Make one set of curves of those that several runs have found.

    Of each curve that one is taken with which, and with the others that are taken, the least
    share of the features' variance is left within regions: the first run's as long as nothing
    else leaves less. Then the median of those runs that are less than `SAME` away.

    Parameters
    ----------
    pixels : (G+W, H, C) Tensor
        Features of the image, see `appearance.standardized`.
    given : (K, G) float32 array
        Labelled columns that the runs were started from.
    curves, uncertainty : (V, K, W) float32 array
        What each run has found behind them.

    Returns
    -------
    curves, uncertainty : (K, W) float32 array
        In order; a quarter of the runs' median distance from them is part of the uncertainty.

    Examples
    --------
    >>> pixels = (torch.arange(8) >= 5).float().repeat(6, 1).unsqueeze(2)
    >>> given, runs = np.float32([[5]]), np.full((2, 1, 5), [[[2.0]], [[5.0]]], np.float32)
    >>> settled(pixels, given, runs, np.zeros_like(runs))[0]
    array([[5., 5., 5., 5., 5.]], dtype=float32)
    """
    apart = np.abs(curves[:, None] - curves[None]).mean(-1)  # (V, V, K)
    whole = np.concatenate([np.repeat(given[None], len(curves), axis=0), curves], axis=2)
    taken = _most_even(_Regions.of(pixels, whole), curves, apart >= SAME)
    same = (apart[:, taken, np.arange(len(taken))] < SAME)[..., None]  # (V, K, 1)
    chosen = np.nanmedian(np.where(same, curves, np.nan), axis=0)
    chosen = np.maximum.accumulate(chosen, axis=0)
    blur = uncertainty.mean(axis=0, where=same)
    disagreement = DISAGREEMENT * np.median(np.abs(curves - chosen), axis=0)
    return chosen, blur + disagreement


class _Regions(NamedTuple):
    # What is above each curve of each run, and in all: sums (V, K, C) and (C,) over features,
    # numbers of pixels (V, K) and one, and the sum of squares (C,).
    sums: Doubles
    counts: Doubles
    all_sums: Doubles
    all_count: int
    squares: Doubles

    @classmethod
    def of(cls, pixels: Tensor, curves: Floats) -> _Regions:
        width, height, n = pixels.shape
        flat = pixels.reshape(-1, n)
        edges = torch.from_numpy(curves).to(pixels).unsqueeze(3)  # (V, K, W, 1)
        above = (edges - torch.arange(height).to(pixels)).clamp(0, 1)
        sums = above.flatten(2) @ flat
        all_ = torch.stack([flat.sum(0), (flat * flat).sum(0)]).cpu().double().numpy()
        counts = above.sum((2, 3)).cpu().double().numpy()
        return cls(sums.cpu().double().numpy(), counts, all_[0], width * height, all_[1])

    def left(self, taken: NDArray[np.intp]) -> float:
        """Share of the variance that is left within regions, mean over the features."""
        every = np.arange(len(taken))
        nothing = np.zeros((1, len(self.all_sums)))
        sums = np.concatenate([nothing, self.sums[taken, every], self.all_sums[None]])
        counts = np.concatenate([[0], self.counts[taken, every], [self.all_count]])
        within, number = np.diff(sums, axis=0), np.diff(counts)
        there = number > 0.5
        between = (within[there] ** 2 / number[there, None]).sum(axis=0)
        variance = self.squares - self.all_sums**2 / self.all_count
        return float(((self.squares - between) / np.maximum(variance, 1e-6)).mean())


def _most_even(regions: _Regions, curves: Floats, differ: NDArray[np.bool_]) -> NDArray[np.intp]:
    # Index of the run from which each curve is taken: first as many as differ from the first
    # run's together, then curve by curve as long as it gets better.
    every = np.arange(curves.shape[1])
    taken = np.zeros(curves.shape[1], np.intp)
    least = regions.left(taken)

    def better(other: NDArray[np.intp]) -> bool:
        nonlocal taken, least
        together = curves[other, every]
        if (np.diff(together, axis=0) < -MAY_CROSS).any():
            return False
        left = regions.left(other)
        if left >= least - 1e-6:
            return False
        taken, least = other, left
        return True

    for run in range(1, len(curves)):
        better(np.where(differ[run, 0], run, 0))
    gains = True
    while gains:
        gains = False
        for k in every:
            for run in range(len(curves)):
                if differ[run, taken[k], k]:
                    gains |= better(np.where(every == k, run, taken))
    return taken
