"""Fields that procedural textures are made of: filtered noise, scattered points, phases.

These are parts for `texture_families`; each draws what it needs from an explicit Generator.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Field = NDArray[np.float32]
    Gain = Callable[[Field], Field]


def normalize(values: NDArray[np.floating]) -> Field:
    """Shift and scale values to zero mean and unit standard deviation.

    Parameters
    ----------
    values : array, shape (H, W)
        Any finite values.

    Returns
    -------
    array, shape (H, W), float32
        The normalized values; all zero where `values` is constant.

    Examples
    --------
    >>> normalize(np.array([[0.0, 2.0]]))
    array([[-1.,  1.]], dtype=float32)
    """
    result = values.astype(np.float32, copy=True)
    result -= result.mean(dtype=np.float64)
    spread = float(np.sqrt(np.mean(np.square(result), dtype=np.float64)))
    if spread > 1e-6:
        result /= spread
    return result


def squash(values: NDArray[np.floating]) -> Field:
    """Hyperbolic tangent: a field's extremes become two levels."""
    result: Field = np.tanh(values)
    return result


def gaussian_gain(frequency: Field) -> Field:
    """Gain of a Gaussian with a standard deviation of one pixel over radial frequency."""
    result: Field = np.exp(-2 * (np.pi * frequency) ** 2)
    return result


def random_sign(rng: np.random.Generator) -> float:
    """Draw 1 or -1: bright on dark or dark on bright."""
    return 1.0 if rng.random() < 0.5 else -1.0


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def colored_noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    gain: Gain,
    *,
    stretch: float = 1.0,
) -> Field:
    """Draw normalized Gaussian noise with `gain` as its amplitude over radial frequency."""
    white = rng.standard_normal(shape, dtype=np.float32)
    return normalize(radial_filter(white, gain, angle=rng.uniform(0, np.pi), stretch=stretch))


def band_noise(
    rng: np.random.Generator, shape: tuple[int, int], frequency: float, *, stretch: float = 1.0
) -> Field:
    """Draw normalized noise around one spatial frequency, in cycles per pixel."""
    width = frequency * rng.uniform(0.1, 0.5)
    return colored_noise(
        rng, shape, lambda r: np.exp(-0.5 * ((r - frequency) / width) ** 2), stretch=stretch
    )


def random_points(rng: np.random.Generator, shape: tuple[int, int], density: float) -> Field:
    """Draw a field that is 1 at a share `density` of the pixels, elsewhere 0."""
    return (rng.random(shape, dtype=np.float32) < density).astype(np.float32)


def radial_filter(
    values: Field,
    gain: Gain,
    *,
    angle: float = 0.0,
    stretch: float = 1.0,
    scale: float = 1.0,
) -> Field:
    """Filter with a gain over radial frequency, `stretch` times longer along `angle`."""
    fy, fx = _frequencies(values.shape)
    along = (fx * np.float32(np.cos(angle)) + fy * np.float32(np.sin(angle))) * (scale * stretch)
    across = (fy * np.float32(np.cos(angle)) - fx * np.float32(np.sin(angle))) * scale
    spectrum = scipy.fft.rfft2(values) * gain(np.hypot(along, across))
    result: Field = scipy.fft.irfft2(spectrum, s=values.shape)
    return result


@lru_cache(maxsize=8)
def _frequencies(shape: tuple[int, int]) -> tuple[Field, Field]:
    height, width = shape
    return (
        scipy.fft.fftfreq(height).astype(np.float32)[:, None],
        scipy.fft.rfftfreq(width).astype(np.float32)[None, :],
    )


def stripe_phase(rng: np.random.Generator, shape: tuple[int, int], angle: float) -> Field:
    """Draw the phase of warped stripes whose lines run across `angle`."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    frequency = 2 * np.pi / log_uniform(rng, 3, 16)
    warp = colored_noise(rng, shape, lambda r: (r + 0.01) ** -2.2) * rng.uniform(0, 2.5)
    phase: Field = (x * np.sin(angle) + y * np.cos(angle)) * frequency + warp
    return phase


def scattered_seeds(
    rng: np.random.Generator, shape: tuple[int, int], spacing: float
) -> tuple[Field, NDArray[np.intp]]:
    """Scatter points; give the distances to the nearest two, and which is nearest."""
    height, width = shape
    count = max(4, round(height * width / spacing**2))
    # The points of a stretched plane: cells that are longer one way than the other.
    stretch = log_uniform(rng, 0.5, 2.0)
    points = rng.random((count, 2)) * (height * stretch, width)
    y, x = np.mgrid[:height, :width]
    grid = np.stack([y * stretch, x], axis=-1)
    distance, index = cKDTree(points).query(grid, k=2)
    return distance.astype(np.float32), index[..., 0]
