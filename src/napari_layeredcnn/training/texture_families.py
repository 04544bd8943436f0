"""Procedural textures: functions that make a normalized texture from a Generator and a shape.

Every family returns `(H, W)` float32 with zero mean and unit standard deviation, and draws its
own scale, orientation and sharpness, so that no two calls look alike.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Family = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float32]]

FAMILIES: dict[str, Family] = {}
"""The families by name; each is called as ``family(rng, (height, width))``.

Examples
--------
>>> import numpy as np
>>> tile = FAMILIES["stripes"](np.random.default_rng(0), (32, 64))
>>> tile.shape, tile.dtype
((32, 64), dtype('float32'))
"""


def normalize(values: NDArray[np.floating]) -> NDArray[np.float32]:
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


def _family(function: Family) -> Family:
    @wraps(function)
    def normalized(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
        texture = normalize(function(rng, shape))
        # A sparse family may leave a small tile empty; grain is never constant.
        return texture if texture.any() else normalize(rng.standard_normal(shape, np.float32))

    FAMILIES[function.__name__] = normalized
    return normalized


@_family
def grain(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """White noise, slightly blurred."""
    return _noise(rng, shape, lambda r: np.exp(-((r * rng.uniform(0.2, 3.0)) ** 2)))


@_family
def power_law(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Noise whose amplitude falls as a power of the frequency, stretched along a direction."""
    slope = rng.uniform(0.6, 1.7)
    return _noise(rng, shape, lambda r: (r + 0.01) ** -slope, stretch=_log_uniform(rng, 1, 4))


@_family
def clouds(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Smooth shading, hardly any fine detail."""
    return _noise(rng, shape, lambda r: (r + 0.02) ** -3.0, stretch=_log_uniform(rng, 1, 5))


@_family
def band_pass(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Noise of one spatial frequency."""
    return _band(rng, shape, _log_uniform(rng, 0.04, 0.3), stretch=_log_uniform(rng, 1, 3))


@_family
def labyrinth(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Band-pass noise cut to two levels: winding paths of one width."""
    return np.tanh(rng.uniform(1, 6) * _band(rng, shape, _log_uniform(rng, 0.05, 0.2)))


@_family
def porous(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Holes of many sizes in a solid, or islands in a void."""
    slope = rng.uniform(1.5, 2.5)
    field = _noise(rng, shape, lambda r: (r + 0.04) ** -slope, stretch=_log_uniform(rng, 1, 2))
    level = rng.choice([-1, 1]) * rng.uniform(0.3, 1.3)
    return np.tanh((field - level) * _log_uniform(rng, 2, 12)) + 0.1 * field


@_family
def palisade(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Elongated cells side by side, with gaps."""
    field = _band(rng, shape, _log_uniform(rng, 0.06, 0.2), stretch=rng.uniform(3, 7))
    return np.tanh((field - rng.uniform(-0.8, 0.8)) * rng.uniform(1.5, 6))


@_family
def veins(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Thin winding lines: the zero lines of a smooth field."""
    slope = rng.uniform(1.6, 2.4)
    field = _noise(rng, shape, lambda r: (r + 0.02) ** -slope, stretch=_log_uniform(rng, 1, 4))
    return rng.choice([-1, 1]) * np.exp(-((field / rng.uniform(0.05, 0.3)) ** 2))


@_family
def folds(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Contour lines of a smooth field, as in wood or folded tissue."""
    field = _noise(rng, shape, lambda r: (r + 0.015) ** -2.6, stretch=_log_uniform(rng, 1, 4))
    wave = np.sin(field * rng.uniform(4, 14) + rng.uniform(0, 6))
    return np.tanh(wave * rng.uniform(0.5, 4))


@_family
def stripes(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Warped parallel stripes, soft or sharp."""
    return np.tanh(rng.uniform(0.5, 5) * np.sin(_phase(rng, shape, rng.uniform(0, np.pi))))


@_family
def weave(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Two crossing sets of stripes."""
    angle = rng.uniform(0, np.pi)
    other = angle + np.pi / 2 + rng.normal(0, 0.2)
    product = np.sin(_phase(rng, shape, angle)) * np.sin(_phase(rng, shape, other))
    return np.tanh(rng.uniform(0.5, 4) * product)


@_family
def laminae(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Wavy sheets of random brightness, as in seismic sections."""
    height, width = shape
    profile = scipy.fft.irfft(
        scipy.fft.rfft(rng.standard_normal(2 * height))
        * np.exp(-((scipy.fft.rfftfreq(2 * height) * rng.uniform(1, 8)) ** 2)),
        2 * height,
    )
    slope = rng.uniform(1.6, 2.6)
    warp = _noise(rng, shape, lambda r: (r + 0.01) ** -slope)
    position = np.arange(height)[:, None] + height / 2 + warp * rng.uniform(0, 8)
    return np.interp(position, np.arange(2 * height), profile)


@_family
def fibres(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Long thin bright lines along one direction, or a few."""
    angle = rng.uniform(0, np.pi)
    total = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        points = _points(rng, shape, _log_uniform(rng, 0.003, 0.03))
        length, thickness = _log_uniform(rng, 6, 40), rng.uniform(0.5, 1.4)
        angle += rng.normal(0, 0.15)
        total += _filter(
            points,
            lambda r: np.exp(-2 * (np.pi * r) ** 2),
            angle=angle,
            stretch=length / thickness,
            scale=thickness,
        )
    return np.sqrt(np.maximum(total, 0))


@_family
def strokes(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Short dark slanted strokes on a plain ground, as in handwriting."""
    total = np.zeros(shape, np.float32)
    slant = rng.uniform(0, np.pi)
    for _ in range(3):
        points = _points(rng, shape, _log_uniform(rng, 0.01, 0.04))
        total += _filter(
            points,
            lambda r: np.exp(-2 * (np.pi * r) ** 2),
            angle=slant + rng.normal(0, 0.35),
            stretch=rng.uniform(2, 5),
            scale=rng.uniform(0.6, 1.0),
        )
    return -np.tanh(total / (total.std() + 1e-6) * rng.uniform(0.5, 1.5))


@_family
def dots(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Round spots of about one size, bright or dark."""
    points = _points(rng, shape, _log_uniform(rng, 0.002, 0.03))
    size = _log_uniform(rng, 0.8, 4)
    field = _filter(
        points,
        lambda r: np.exp(-2 * (np.pi * r) ** 2),
        scale=size,
        stretch=rng.uniform(1, 2),
        angle=rng.uniform(0, np.pi),
    )
    peak = 1 / (2 * np.pi * size**2)
    return rng.choice([-1, 1]) * np.tanh(np.maximum(field / peak, 0) ** rng.uniform(1, 4))


@_family
def specks(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Few tiny bright points of very different strength over faint noise."""
    points = _points(rng, shape, _log_uniform(rng, 0.003, 0.05))
    points *= rng.standard_exponential(shape, dtype=np.float32)
    field = _filter(points, lambda r: np.exp(-2 * (np.pi * r) ** 2), scale=rng.uniform(0.4, 1.0))
    return field + 0.2 * field.std() * rng.standard_normal(shape, dtype=np.float32)


@_family
def speckle(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Fully developed speckle: the magnitude of a complex random field (OCT, ultrasound)."""
    size, stretch = rng.uniform(0.3, 1.6), rng.uniform(1, 4)
    angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
    parts = [
        _filter(
            rng.standard_normal(shape, dtype=np.float32),
            lambda r: np.exp(-2 * (np.pi * r) ** 2),
            angle=angle,
            stretch=stretch,
            scale=size,
        )
        for _ in range(2)
    ]
    return np.hypot(*parts) ** rng.uniform(0.5, 2)


@_family
def cells(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Polygons with walls between them."""
    nearest, _ = _seeds(rng, shape, _log_uniform(rng, 5, 24))
    wall = nearest[..., 1] - nearest[..., 0]
    return rng.choice([-1, 1]) * np.tanh(wall / rng.uniform(0.8, 2.5))


@_family
def pebbles(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Rounded grains, shaded from the middle to the rim."""
    nearest, _ = _seeds(rng, shape, _log_uniform(rng, 4, 20))
    return rng.choice([-1, 1]) * nearest[..., 0] ** rng.uniform(0.6, 2)


@_family
def patches(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Polygons, each of its own brightness."""
    nearest, owner = _seeds(rng, shape, _log_uniform(rng, 5, 24))
    values = rng.standard_normal(int(owner.max()) + 1, dtype=np.float32)
    return values[owner] * np.tanh(nearest[..., 1] - nearest[..., 0])


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    gain: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    *,
    stretch: float = 1.0,
) -> NDArray[np.float32]:
    """Normalized Gaussian noise with `gain` as its amplitude over radial frequency."""
    white = rng.standard_normal(shape, dtype=np.float32)
    return normalize(_filter(white, gain, angle=rng.uniform(0, np.pi), stretch=stretch))


def _band(
    rng: np.random.Generator, shape: tuple[int, int], frequency: float, *, stretch: float = 1.0
) -> NDArray[np.float32]:
    width = frequency * rng.uniform(0.1, 0.5)
    return _noise(
        rng, shape, lambda r: np.exp(-0.5 * ((r - frequency) / width) ** 2), stretch=stretch
    )


def _points(
    rng: np.random.Generator, shape: tuple[int, int], density: float
) -> NDArray[np.float32]:
    return (rng.random(shape, dtype=np.float32) < density).astype(np.float32)


def _filter(
    values: NDArray[np.float32],
    gain: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    *,
    angle: float = 0.0,
    stretch: float = 1.0,
    scale: float = 1.0,
) -> NDArray[np.float32]:
    """Filter with a gain over radial frequency, `stretch` times longer along `angle`."""
    fy, fx = _frequencies(values.shape)
    along = (fx * np.float32(np.cos(angle)) + fy * np.float32(np.sin(angle))) * (scale * stretch)
    across = (fy * np.float32(np.cos(angle)) - fx * np.float32(np.sin(angle))) * scale
    spectrum = scipy.fft.rfft2(values) * gain(np.hypot(along, across))
    result: NDArray[np.float32] = scipy.fft.irfft2(spectrum, s=values.shape)
    return result


@lru_cache(maxsize=8)
def _frequencies(shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = shape
    return (
        scipy.fft.fftfreq(height).astype(np.float32)[:, None],
        scipy.fft.rfftfreq(width).astype(np.float32)[None, :],
    )


def _phase(
    rng: np.random.Generator, shape: tuple[int, int], angle: float
) -> NDArray[np.float32]:
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    frequency = 2 * np.pi / _log_uniform(rng, 3, 16)
    warp = _noise(rng, shape, lambda r: (r + 0.01) ** -2.2) * rng.uniform(0, 2.5)
    return (x * np.sin(angle) + y * np.cos(angle)) * frequency + warp


def _seeds(
    rng: np.random.Generator, shape: tuple[int, int], spacing: float
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Distances to the two nearest of scattered points, and which point is nearest."""
    height, width = shape
    count = max(4, round(height * width / spacing**2))
    # The points of a stretched plane: cells that are longer one way than the other.
    stretch = _log_uniform(rng, 0.5, 2.0)
    points = rng.random((count, 2)) * (height * stretch, width)
    y, x = np.mgrid[:height, :width]
    grid = np.stack([y * stretch, x], axis=-1)
    distance, index = cKDTree(points).query(grid, k=2)
    return distance.astype(np.float32), index[..., 0]
