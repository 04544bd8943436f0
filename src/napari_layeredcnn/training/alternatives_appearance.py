"""What a seed says of the looks of boundaries and regions, as costs for every place of an image.

Shared by the alternatives that follow the seed's appearance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def features(images: NDArray[Any], smoothing: float, texture: float) -> NDArray[np.float32]:
    """Smoothed intensity, and how much it varies near by.

    Parameters
    ----------
    images : (B, H, W) array
        Gray images of any integer or float dtype.
    smoothing : float
        Standard deviation of the Gaussian in px along the rows; half as much down the columns.
    texture : float
        Weight of the standard deviation under a Gaussian twice as wide.

    Returns
    -------
    (B, 2, H, W) float32 array
        In units of each image's own standard deviation.
    """
    gray = np.asarray(images, np.float64)
    spread = gray.std((1, 2), keepdims=True)
    gray = (gray - gray.mean((1, 2), keepdims=True)) / np.where(spread > 0, spread, 1)

    def smooth(image: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
        return np.asarray(ndimage.gaussian_filter(image, (0, sigma / 2, sigma), mode="nearest"))

    wide = 2 * max(smoothing, 1.0)
    variance = smooth(gray**2, wide) - smooth(gray, wide) ** 2
    deviation = texture * np.sqrt(np.maximum(variance, 0))
    return np.stack([smooth(gray, smoothing), deviation], axis=1).astype(np.float32)


def profile_costs(
    shown: NDArray[np.float32],
    seeds: NDArray[np.float32],
    last: NDArray[np.intp],
    reach: int,
    memory: int,
) -> NDArray[np.float32]:
    """Compare every place with the seed: mean absolute difference of the profiles across it.

    Parameters
    ----------
    shown : (B, C, H, W) float32 array
        See `features`.
    seeds : (B, K, W) float32 array
        Curves in edge coordinates, the first columns given.
    last : (B,) int array
        The last given column of each.
    reach : int
        Rows above and below a boundary that are compared.
    memory : int
        How many of the last given columns make the profile of the seed.

    Returns
    -------
    (B, K, H+1, W) float32 array
        Cost of each curve at each edge between pixel rows.
    """
    batch, channels, height, width = shown.shape
    n_curves = seeds.shape[1]
    padded = np.pad(shown, ((0, 0), (0, 0), (reach, reach), (0, 0)), mode="edge")
    columns = np.clip(last[:, None] - np.arange(memory), 0, None)  # (B, memory)
    every = np.arange(batch)[:, None]
    rows = np.rint(seeds[every, :, columns]).astype(np.intp).clip(0, height)  # (B, memory, K)
    costs = np.zeros((batch, n_curves, height + 1, width), np.float32)
    for offset in range(2 * reach):
        for channel in range(channels):
            plane = padded[:, channel]
            there = plane[every[..., None], rows + offset, columns[..., None]].mean(1)  # (B, K)
            here = plane[:, None, offset : offset + height + 1]
            costs += np.abs(here - there[..., None, None])
    return (costs / (2 * reach)).astype(np.float32)


def region_costs(
    shown: NDArray[np.float32], seeds: NDArray[np.float32], last: NDArray[np.intp], memory: int
) -> NDArray[np.float32]:
    """Negative log likelihood of each pixel under a normal distribution for each region.

    Parameters
    ----------
    shown, seeds, last, memory
        See `profile_costs`.

    Returns
    -------
    (B, K+1, H, W) float32 array
        Up to a constant. Few pixels say little of a region's spread: it is mixed with that of the
        whole image.
    """
    batch, channels, height, width = shown.shape
    n_curves = seeds.shape[1]
    costs = np.zeros((batch, n_curves + 1, height, width), np.float32)
    centers = np.arange(height)[:, None] + 0.5
    for image, seed, end, cost in zip(shown, seeds, last, costs, strict=True):
        first = max(0, int(end) - memory + 1)
        curves = seed[:, first : end + 1]
        region = (curves[:, None] <= centers).sum(0)  # (H, columns)
        part = image[:, :, first : end + 1]
        overall = part.var((1, 2)) + 0.1
        for r in range(n_curves + 1):
            inside = part[:, region == r]  # (C, pixels)
            if not inside.size:  # too thin to hold the center of a pixel
                cost[r] = 5.0
                continue
            share = 4 / (4 + inside.shape[1])
            variance = share * overall + (1 - share) * inside.var(1)
            mean = inside.mean(1)
            for c in range(channels):
                away = (image[c] - mean[c]) ** 2 / variance[c]
                cost[r] += 0.5 * np.minimum(away, 9.0) + 0.5 * np.log(variance[c])
    return costs
