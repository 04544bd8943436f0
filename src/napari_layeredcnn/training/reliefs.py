"""Shapes along an image that curves are made of: noise, stretches, tilts, waves, steps, bumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curves = NDArray[np.float64]


def smooth_noise(
    rng: np.random.Generator, n_rows: int, width: int, sigma: float
) -> NDArray[np.float64]:
    """Draw rows of smooth noise with zero mean and unit standard deviation.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n_rows, width : int
        Shape of the result.
    sigma : float
        Columns, standard deviation of the smoothing Gaussian.

    Returns
    -------
    array, shape (n_rows, width), float64
        The noise.

    Examples
    --------
    >>> smooth_noise(np.random.default_rng(0), 2, 50, 4.0).std(axis=1).round(6)
    array([1., 1.])
    """
    noise = gaussian_filter1d(
        rng.standard_normal((n_rows, width)), sigma, axis=1, mode="reflect", truncate=2.5
    )
    noise -= noise.mean(axis=1, keepdims=True)
    noise /= np.maximum(noise.std(axis=1, keepdims=True), 1e-9)
    result: Curves = noise
    return result


def window(rng: np.random.Generator, width: int, longest: float = 0.4) -> NDArray[np.float64]:
    """Draw a stretch of columns: 1 inside, 0 outside, soft at both ends.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    width : int
        Columns of the image.
    longest : float
        Share of the columns that the stretch covers at most.

    Returns
    -------
    array, shape (width,), float64
        Values from 0 to 1.

    Examples
    --------
    >>> stretch = window(np.random.default_rng(0), 100)
    >>> float(stretch.min()), float(stretch.max())
    (0.0, 1.0)
    """
    half = 0.5 * width * rng.uniform(0.03, longest)
    soft = max(0.5, half * rng.uniform(0.1, 1.0))
    distance = np.abs(np.arange(width) - rng.uniform(0, width))
    inside = np.clip((half - distance) / soft + 0.5, 0, 1)
    result: Curves = inside * inside * (3 - 2 * inside)
    return result


def base_relief(rng: np.random.Generator, height: int, width: int) -> Curves:
    """Draw the shape of a whole stack: a sum of a few kinds of relief, sometimes faulted.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    height, width : int
        Size of the image in pixels.

    Returns
    -------
    array, shape (1, W), float64
        Heights in pixels, around 0.

    Examples
    --------
    >>> base_relief(np.random.default_rng(0), 32, 64).shape
    (1, 64)
    """
    x = np.linspace(0, 1, width)
    shape = np.zeros(width)
    size = height * np.exp(rng.uniform(np.log(0.012), np.log(0.7)))
    for _ in range(int(rng.integers(1, 4))):
        amount = size * rng.uniform(0.2, 1.0) * rng.choice([-1, 1])
        shape += amount * _RELIEFS[int(rng.integers(len(_RELIEFS)))](rng, x)
    if rng.random() < 0.1:  # faults: everything to one side is moved
        for _ in range(int(rng.integers(1, 4))):
            shape += height * rng.normal(0, 0.08) * (x > rng.random())
    return shape[None]


def bump(rng: np.random.Generator, x: Curves) -> Curves:
    """Draw a swell of height 1 somewhere along `x`, pointed, round or flat on top.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    x : array, shape (W,)
        Positions of the columns, from 0 to 1.

    Returns
    -------
    array, shape (W,), float64
        Values from 0 to 1.

    Examples
    --------
    >>> bump(np.random.default_rng(0), np.linspace(0, 1, 64)).shape
    (64,)
    """
    reach = np.exp(rng.uniform(np.log(0.02), np.log(0.2)))
    distance = (x - rng.uniform(0, 1)) / reach
    result: Curves = np.exp(-0.5 * np.abs(distance) ** rng.uniform(1, 4))
    return result


def _tilt(rng: np.random.Generator, x: Curves) -> Curves:
    return x - 0.5


def _arc(rng: np.random.Generator, x: Curves) -> Curves:
    return 4.0 * (x - rng.uniform(0.2, 0.8)) ** 2


def _wave(rng: np.random.Generator, x: Curves) -> Curves:
    frequency = np.exp(rng.uniform(np.log(0.5), np.log(6)))
    wave = np.sin(2 * np.pi * (frequency * x + rng.random()))
    sharpness = rng.uniform(-0.9, 0.9)  # pointed crests and round troughs, or the reverse
    result: Curves = wave / (1 + sharpness * wave) * (1 - abs(sharpness)) / 2
    return result


def _step(rng: np.random.Generator, x: Curves) -> Curves:
    reach = np.exp(rng.uniform(np.log(0.005), np.log(0.15)))
    result: Curves = np.tanh((x - rng.uniform(0, 1)) / reach) / 2
    return result


def _steep_start(rng: np.random.Generator, x: Curves) -> Curves:
    reach = np.exp(rng.uniform(np.log(0.03), np.log(0.3)))
    side = x if rng.random() < 0.5 else 1 - x
    result: Curves = np.exp(-side / reach)
    return result


def _rolling(rng: np.random.Generator, x: Curves) -> Curves:
    sigma = len(x) * np.exp(rng.uniform(np.log(0.02), np.log(0.2)))
    result: Curves = smooth_noise(rng, 1, len(x), sigma)[0] / 3
    return result


def _wander(rng: np.random.Generator, x: Curves) -> Curves:
    walk = np.cumsum(rng.standard_normal(len(x)))
    result: Curves = (walk - walk.mean()) / (np.ptp(walk) + 1e-9)
    return result


_RELIEFS = (_tilt, _arc, _wave, bump, _step, _steep_start, _rolling, _rolling, _wander)
