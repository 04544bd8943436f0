"""Procedural textures: functions that make a normalized texture from a Generator and a shape.

Every family returns `(H, W)` float32 with zero mean and unit standard deviation, and draws its
own scale, orientation and sharpness, so that no two calls look alike.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from napari_layeredcnn.training.texture_fields import (
    band_noise,
    colored_noise,
    gaussian_gain,
    log_uniform,
    normalize,
    radial_filter,
    random_points,
    random_sign,
    scattered_seeds,
    squash,
    stripe_phase,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_layeredcnn.training.texture_fields import Field

    Family = Callable[[np.random.Generator, tuple[int, int]], Field]

FAMILIES: dict[str, Family] = {}
"""The families by name; each is called as ``family(rng, (height, width))``.

Examples
--------
>>> import numpy as np
>>> tile = FAMILIES["stripes"](np.random.default_rng(0), (32, 64))
>>> tile.shape, tile.dtype
((32, 64), dtype('float32'))
"""


def _family(function: Family) -> Family:
    @wraps(function)
    def normalized(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
        texture = normalize(function(rng, shape))
        # A sparse family may leave a small tile empty; grain is never constant.
        return texture if texture.any() else normalize(rng.standard_normal(shape, np.float32))

    FAMILIES[function.__name__] = normalized
    return normalized


@_family
def grain(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """White noise, slightly blurred."""
    white = rng.standard_normal(shape, dtype=np.float32)
    return radial_filter(white, gaussian_gain, scale=rng.uniform(0.05, 0.7))


@_family
def power_law(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Noise whose amplitude falls as a power of the frequency, stretched along a direction."""
    slope = rng.uniform(0.6, 1.7)
    return colored_noise(rng, shape, lambda r: (r + 0.01) ** -slope, stretch=log_uniform(rng, 1, 4))


@_family
def clouds(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Smooth shading, hardly any fine detail."""
    return colored_noise(rng, shape, lambda r: (r + 0.02) ** -3.0, stretch=log_uniform(rng, 1, 5))


@_family
def band_pass(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Noise of one spatial frequency."""
    return band_noise(rng, shape, log_uniform(rng, 0.04, 0.3), stretch=log_uniform(rng, 1, 3))


@_family
def labyrinth(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Band-pass noise cut to two levels: winding paths of one width."""
    return squash(rng.uniform(1, 6) * band_noise(rng, shape, log_uniform(rng, 0.05, 0.2)))


@_family
def porous(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Holes of many sizes in a solid, or islands in a void."""
    slope = rng.uniform(1.5, 2.5)
    field = colored_noise(
        rng, shape, lambda r: (r + 0.04) ** -slope, stretch=log_uniform(rng, 1, 2)
    )
    level = random_sign(rng) * rng.uniform(0.3, 1.3)
    return squash((field - level) * log_uniform(rng, 2, 12)) + 0.1 * field


@_family
def palisade(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Elongated cells side by side, with gaps."""
    field = band_noise(rng, shape, log_uniform(rng, 0.06, 0.2), stretch=rng.uniform(3, 7))
    return squash((field - rng.uniform(-0.8, 0.8)) * rng.uniform(1.5, 6))


@_family
def veins(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Thin winding lines: the zero lines of a smooth field."""
    slope = rng.uniform(1.6, 2.4)
    field = colored_noise(
        rng, shape, lambda r: (r + 0.02) ** -slope, stretch=log_uniform(rng, 1, 4)
    )
    return gaussian_gain(field / rng.uniform(0.2, 1.3)) * random_sign(rng)


@_family
def folds(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Contour lines of a smooth field, as in wood or folded tissue."""
    field = colored_noise(rng, shape, lambda r: (r + 0.015) ** -2.6, stretch=log_uniform(rng, 1, 4))
    wave = np.sin(field * rng.uniform(4, 14) + rng.uniform(0, 6))
    return squash(wave * rng.uniform(0.5, 4))


@_family
def stripes(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Warped parallel stripes, soft or sharp."""
    return squash(rng.uniform(0.5, 5) * np.sin(stripe_phase(rng, shape, rng.uniform(0, np.pi))))


@_family
def weave(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Two crossing sets of stripes."""
    angle = rng.uniform(0, np.pi)
    other = angle + np.pi / 2 + rng.normal(0, 0.2)
    product = np.sin(stripe_phase(rng, shape, angle)) * np.sin(stripe_phase(rng, shape, other))
    return squash(rng.uniform(0.5, 4) * product)


@_family
def laminae(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Wavy sheets of random brightness, as in seismic sections."""
    height, _ = shape
    profile = scipy.fft.irfft(
        scipy.fft.rfft(rng.standard_normal(2 * height))
        * np.exp(-((scipy.fft.rfftfreq(2 * height) * rng.uniform(1, 8)) ** 2)),
        2 * height,
    )
    slope = rng.uniform(1.6, 2.6)
    warp = colored_noise(rng, shape, lambda r: (r + 0.01) ** -slope)
    position = np.arange(height)[:, None] + height / 2 + warp * rng.uniform(0, 8)
    result: Field = np.interp(position, np.arange(2 * height), profile).astype(np.float32)
    return result


@_family
def fibers(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Long thin bright lines along one direction, or a few."""
    angle = rng.uniform(0, np.pi)
    total = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        points = random_points(rng, shape, log_uniform(rng, 0.003, 0.03))
        length, thickness = log_uniform(rng, 6, 40), rng.uniform(0.5, 1.4)
        angle += rng.normal(0, 0.15)
        total += radial_filter(
            points,
            gaussian_gain,
            angle=angle,
            stretch=length / thickness,
            scale=thickness,
        )
    result: Field = np.sqrt(np.maximum(total, 0))
    return result


@_family
def strokes(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Short dark slanted strokes on a plain ground, as in handwriting."""
    total = np.zeros(shape, np.float32)
    slant = rng.uniform(0, np.pi)
    for _ in range(3):
        points = random_points(rng, shape, log_uniform(rng, 0.01, 0.04))
        total += radial_filter(
            points,
            gaussian_gain,
            angle=slant + rng.normal(0, 0.35),
            stretch=rng.uniform(2, 5),
            scale=rng.uniform(0.6, 1.0),
        )
    return -squash(total / (total.std() + 1e-6) * rng.uniform(0.5, 1.5))


@_family
def dots(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Round spots of about one size, bright or dark."""
    points = random_points(rng, shape, log_uniform(rng, 0.002, 0.03))
    size = log_uniform(rng, 0.8, 4)
    field = radial_filter(
        points,
        gaussian_gain,
        scale=size,
        stretch=rng.uniform(1, 2),
        angle=rng.uniform(0, np.pi),
    )
    peak = 1 / (2 * np.pi * size**2)
    return random_sign(rng) * squash(np.maximum(field / peak, 0) ** rng.uniform(1, 4))


@_family
def specks(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Few tiny bright points of very different strength over faint noise."""
    points = random_points(rng, shape, log_uniform(rng, 0.003, 0.05))
    points *= rng.standard_exponential(shape, dtype=np.float32)
    field = radial_filter(points, gaussian_gain, scale=rng.uniform(0.4, 1.0))
    faint = np.float32(0.2 * field.std())
    field += faint * rng.standard_normal(shape, dtype=np.float32)
    return field


@_family
def speckle(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Fully developed speckle: the magnitude of a complex random field (OCT, ultrasound)."""
    size, stretch = rng.uniform(0.3, 1.6), rng.uniform(1, 4)
    angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.1)
    parts = [
        radial_filter(
            rng.standard_normal(shape, dtype=np.float32),
            gaussian_gain,
            angle=angle,
            stretch=stretch,
            scale=size,
        )
        for _ in range(2)
    ]
    result: Field = np.hypot(parts[0], parts[1]) ** np.float32(rng.uniform(0.5, 2))
    return result


@_family
def cells(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Polygons with walls between them."""
    nearest, _ = scattered_seeds(rng, shape, log_uniform(rng, 5, 24))
    wall = nearest[..., 1] - nearest[..., 0]
    return random_sign(rng) * squash(wall / rng.uniform(0.8, 2.5))


@_family
def pebbles(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Rounded grains, shaded from the middle to the rim."""
    nearest, _ = scattered_seeds(rng, shape, log_uniform(rng, 4, 20))
    return random_sign(rng) * nearest[..., 0] ** rng.uniform(0.6, 2)


@_family
def patches(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Polygons, each of its own brightness."""
    nearest, owner = scattered_seeds(rng, shape, log_uniform(rng, 5, 24))
    values = rng.standard_normal(int(owner.max()) + 1, dtype=np.float32)
    return squash(nearest[..., 1] - nearest[..., 0]) * values[owner]
