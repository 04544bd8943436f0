"""Noise of several kinds, and a cheap blur.

Strengths are relative to the image's own spread, so that noise seldom drowns the boundaries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter1d

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Image = NDArray[np.float32]


def add_noise(rng: np.random.Generator, image: Image) -> Image:
    """Add a random choice of kinds of noise.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : array, shape (H, W), float32
        It may be changed in place.

    Returns
    -------
    array, shape (H, W), float32
        The noisy image, not clipped.

    Examples
    --------
    >>> add_noise(np.random.default_rng(0), np.ones((16, 32), np.float32)).shape
    (16, 32)
    """
    chances = rng.random(len(_NOISES))
    for (noise, probability), chance in zip(_NOISES, chances, strict=True):
        if chance < probability:
            image = noise(rng, image)
    return image


def soften(image: Image, weight: float) -> Image:
    """Blur by three taps along both axes; each neighbor gets `weight`, 0 to 1/3.

    Parameters
    ----------
    image : array, shape (H, W), float32
        Any image; it stays as it is.
    weight : float
        Of each of the two neighbors along an axis.

    Returns
    -------
    array, shape (H, W), float32
        The blurred image.

    Examples
    --------
    >>> soften(np.array([[0, 0, 1, 0, 0]], np.float32), 0.25).round(2)
    array([[0.  , 0.25, 0.5 , 0.25, 0.  ]], dtype=float32)
    """
    side, middle = np.float32(weight), np.float32(1 - 2 * weight)
    result = image * middle
    result[1:] += image[:-1] * side
    result[:-1] += image[1:] * side
    result[0] += image[0] * side
    result[-1] += image[-1] * side
    final = result * middle
    final[:, 1:] += result[:, :-1] * side
    final[:, :-1] += result[:, 1:] * side
    final[:, 0] += result[:, 0] * side
    final[:, -1] += result[:, -1] * side
    return final


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Image:
    """Normalized Gaussian noise: of single pixels, of short runs along rows, or coarse."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    kind = rng.random()
    if kind < 0.5:
        return noise
    if kind < 0.75:
        noise = uniform_filter1d(noise, int(rng.integers(2, 8)), axis=1)
    else:
        noise = soften(noise, rng.uniform(0.15, 0.33))
    noise *= np.float32(1 / (float(noise.std()) + 1e-6))
    return noise


def _amount(rng: np.random.Generator, image: Image) -> np.float32:
    """Strength of noise, mostly well below what tells the regions apart."""
    return np.float32(image.std() * np.exp(rng.uniform(np.log(0.05), np.log(0.5))))


def _speckle(rng: np.random.Generator, image: Image) -> Image:
    """Multiplicative noise of coherent imaging, over one or a few pixels."""
    speckle = np.sqrt(rng.standard_exponential(image.shape, dtype=np.float32))
    size = int(rng.integers(1, 5))
    if size > 1:  # averaged along rows, which makes it weaker
        speckle = uniform_filter1d(speckle, size, axis=1)
    speckle *= np.float32(1 / 0.886)
    speckle -= 1
    speckle *= np.float32(rng.uniform(0.15, 1.0))
    speckle += 1
    image = image - np.float32(min(0.0, float(image.min())))
    image *= speckle
    return image


def _additive(rng: np.random.Generator, image: Image) -> Image:
    """Noise of equal strength everywhere; now and then a great deal of it."""
    amount = _amount(rng, image)
    if rng.random() < 0.05:
        amount *= np.float32(2)
    image += _noise(rng, image.shape) * amount
    return image


def _shot(rng: np.random.Generator, image: Image) -> Image:
    """Noise that grows with the square root of the intensity."""
    bright = np.maximum(image, 0)
    scale = np.float32(1 / np.sqrt(float(bright.mean()) + 1e-3))
    image += _noise(rng, image.shape) * np.sqrt(bright) * (scale * _amount(rng, image))
    return image


def _salt(rng: np.random.Generator, image: Image) -> Image:
    """Single bright or dark pixels."""
    count = int(image.size * rng.uniform(0.0005, 0.01))
    where = rng.integers(image.size, size=count)
    image.reshape(-1)[where] = rng.choice([image.min(), image.max()], size=count)
    return image


def _lines(rng: np.random.Generator, image: Image) -> Image:
    """Every column, or every row, is a little brighter or darker than the next."""
    strength = rng.uniform(0.02, 0.12)
    if rng.random() < 0.6:
        image *= np.exp(strength * rng.standard_normal(image.shape[1])).astype(np.float32)
    else:
        image *= np.exp(strength * rng.standard_normal((len(image), 1))).astype(np.float32)
    return image


_NOISES: tuple[tuple[Callable[[np.random.Generator, Image], Image], float], ...] = (
    (_speckle, 0.25),
    (_additive, 0.5),
    (_shot, 0.2),
    (_salt, 0.05),
    (_lines, 0.1),
)
