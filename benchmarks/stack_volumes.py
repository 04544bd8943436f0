"""Simulated volumes with known smooth surfaces, for `stack_accuracy.py` and `stack_doubt.py`.

64 slices of 64x128 pixels. A slice spacing of 10 means that neighboring slices are as far apart
as 10 columns: surfaces that are smooth along the columns jump from slice to slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from napari_layeredcnn.sample.fields import share_below, smooth_surface
from napari_layeredcnn.training.composition import compose
from napari_layeredcnn.training.textures import TextureBank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Curves = NDArray[np.float32]

SHAPE = (64, 64, 128)
#: Smoothness of the surfaces in columns.
SIGMA = 24
#: Contrast that is left in a few slices of a faded volume, from slice `FADES` on.
FADES, CONTRAST = 44, (0.6, 0.3, 0.1, 0.0, 0.0, 0.1, 0.3, 0.6)


def volume(kind: str, spacing: float, seed: int) -> tuple[NDArray[np.uint8], Curves]:
    """Make a volume (S, H, W) of one of `KINDS` and its curves (S, K, W)."""
    gray, curves = KINDS[kind](np.random.default_rng(seed), spacing)
    return (255 * np.clip(gray, 0, 1)).astype(np.uint8), curves


def faded(stack: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Let a volume fade into noise and come back."""
    contrast = np.ones((len(stack), 1, 1))
    contrast[FADES : FADES + len(CONTRAST), 0, 0] = CONTRAST
    mean = stack.mean()
    noise = np.random.default_rng(seed).normal(0, 12, stack.shape) * (1 - contrast)
    return ((stack - mean) * contrast + mean + noise).clip(0, 255).astype(np.uint8)


def retina(rng: np.random.Generator, spacing: float) -> tuple[Floats, Curves]:
    """Light scattered back and lost on the way, with speckle of several looks."""
    curves = surfaces(rng, (18, 27, 39, 47), spacing)
    echo, lost = (0.012, 0.62, 0.2, 0.85, 0.3), (0.0, 0.006, 0.004, 0.02, 0.022)
    scatter, loss = np.full(SHAPE, echo[0]), np.zeros(SHAPE)
    below = share_below(curves, SHAPE[1])
    for k, share in enumerate(below):
        scatter += share * (echo[k + 1] - echo[k])
        loss += share * (lost[k + 1] - lost[k])
    scatter *= np.exp((0.12 + 0.18 * below[-1]) * texture(rng, (3 / spacing, 1.5, 4)))
    light = scatter * np.exp(-2 * np.cumsum(loss, axis=1)) * rng.gamma(6, 1 / 6, SHAPE)
    return (np.log10(gaussian_filter1d(light, 0.6, axis=2) + 0.004) + 2.1) / 2.25, curves


def ultrasound(rng: np.random.Generator, spacing: float) -> tuple[Floats, Curves]:
    """Echoes of scatterers with a phase each: speckle of three looks; tilted sheets."""
    curves = surfaces(rng, (20, 32, 44), spacing, tilt=9)
    strengths = (0.2, 0.5, 0.22, 0.7)
    strength = np.full(SHAPE, strengths[0])
    for k, share in enumerate(share_below(curves, SHAPE[1])):
        strength += share * (strengths[k + 1] - strengths[k])
    power = np.zeros(SHAPE)
    for _ in range(3):
        echo = strength * (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE))
        power += np.abs(gaussian_filter(echo, (1.2 / spacing, 0.7, 1.2))) ** 2
    power *= np.square(strength).mean() / power.mean()
    power *= np.exp(-0.007 * np.arange(SHAPE[1]))[:, None]
    return (10 * np.log10(power + 1e-4) + rng.normal(0, 1, SHAPE) + 36) / 36, curves


def tissue(rng: np.random.Generator, spacing: float) -> tuple[Floats, Curves]:
    """Regions that differ in gray and in texture, one of them spotted; textures run on in 3D."""
    curves = surfaces(rng, (16, 30, 46), spacing)
    sizes = ((1, 1, 1), (2, 2, 6), (1.5, 1.5, 1.5), (3, 3, 3))
    textures = [texture(rng, (z / spacing, y, x)) for z, y, x in sizes]
    spots = texture(rng, (2 / spacing, 2, 2)) > 0.8
    looks = [0.25 + 0.06 * textures[0], 0.6 + 0.12 * textures[1]]
    looks += [0.32 + 0.1 * textures[2] + 0.25 * spots, 0.7 + 0.1 * textures[3]]
    gray = looks[0]
    for look, share in zip(looks[1:], share_below(curves, SHAPE[1]), strict=True):
        gray = gray * (1 - share) + look * share
    return gray + rng.normal(0, 0.05, SHAPE), curves


def recipe(rng: np.random.Generator, spacing: float) -> tuple[Floats, Curves]:
    """Every slice painted as the training images are, all of them with the same looks."""
    curves = surfaces(rng, (15, 28, 42), spacing)
    seed, bank = int(rng.integers(2**31)), TextureBank()
    slices = [compose(np.random.default_rng(seed), c, SHAPE[1], bank, "tissue") for c in curves]
    return np.stack(slices) + rng.normal(0, 0.04, SHAPE), curves


KINDS = {"retina": retina, "ultrasound": ultrasound, "tissue": tissue, "recipe": recipe}


def surfaces(
    rng: np.random.Generator, levels: Sequence[float], spacing: float, tilt: float = 0.0
) -> Curves:
    """Ordered surfaces (S, K, W): a relief of 4 px that all share, and 1 px of their own."""
    smooth = (SIGMA / spacing, SIGMA)
    shared = 4 * smooth_surface(rng, SHAPE, smooth) + tilt * np.linspace(-1, 1, SHAPE[2])
    curves = np.stack([level + shared + smooth_surface(rng, SHAPE, smooth) for level in levels], 1)
    return np.clip(np.maximum.accumulate(curves, axis=1), 0, SHAPE[1]).astype(np.float32)


def texture(rng: np.random.Generator, sigma: tuple[float, float, float]) -> Floats:
    """Smooth noise of unit deviation."""
    field = gaussian_filter(rng.standard_normal(SHAPE), sigma)
    normal: Floats = field / field.std()
    return normal
