"""Composing regions: what each looks like, how they meet, and what lies on their boundaries.

Regions are painted from top to bottom, each over the ones above it, through a ramp at its upper
curve. The width of the ramp may change from column to column: where it is wide, the boundary
vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.training.lines import draw_fibers, draw_marks, draw_ridges
from napari_layeredcnn.training.reliefs import window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.training.textures import Texture, TextureBank

    Image = NDArray[np.float32]

LOOKS = ("textures", "independent", "alternating", "plain", "tissue", "ridges", "rows")
LOOK_SHARES = (0.45, 0.14, 0.05, 0.07, 0.10, 0.14, 0.05)
"""What images look like as a whole, and how often: a strong texture for every region, as in the
paper; every region for itself; two looks in turn; flat intensities; bright beds in the dark; lines
in one texture; rows of marks."""


def compose(
    rng: np.random.Generator,
    curves: NDArray[np.float32],
    height: int,
    bank: TextureBank,
    look: str,
) -> Image:
    """Paint the regions between curves, and lines on some of the curves.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    curves : array, shape (K, W), float32
        Ordered edge coordinates within 0 and `height`.
    height : int
        Rows of the image.
    bank : TextureBank
        Where textures come from.
    look : str
        One of `LOOKS`.

    Returns
    -------
    array, shape (H, W), float32
        Intensities around 0 to 1, not clipped.

    Examples
    --------
    >>> from napari_layeredcnn.training.textures import TextureBank
    >>> curves = np.full((1, 64), 10, np.float32)
    >>> compose(np.random.default_rng(0), curves, 32, TextureBank(), "plain").shape
    (32, 64)
    """
    regions = _regions(rng, look, len(curves) + 1, bank)
    ramps = _ramps(rng, look, curves)
    image = _paint(rng, curves, ramps, regions, height)
    if look == "textures":
        return image
    if look == "rows":
        return draw_marks(rng, image, curves, bank)
    if rng.random() < (0.5 if look == "ridges" else 0.08):
        draw_fibers(rng, image, curves)
    share = {"ridges": 1.0, "independent": 0.2, "tissue": 0.25}.get(look, 0.12)
    drawn = rng.random(len(curves)) < share
    for index, (upper, lower) in enumerate(pairwise(regions)):
        # Without any other cue a line is what makes the boundary one.
        needed = max(0.1, 0.7 * max(upper.contrast, lower.contrast))
        alike = upper.texture is lower.texture and abs(upper.mean - lower.mean) < needed
        drawn[index] |= alike and rng.random() < 0.8
    return draw_ridges(rng, image, curves[drawn], alike=look == "ridges")


@dataclass
class _Region:
    """Look of one region: mean and contrast in intensity, texture, and change with depth."""

    mean: float
    contrast: float
    texture: Texture
    follows: float = 0.0  # how far the texture follows the upper curve, 0 to 1
    glow: float = 0.0  # added at the upper curve, and fading with depth
    reach: float = 10.0  # px, over which the glow fades


def _textures(rng: np.random.Generator, count: int, bank: TextureBank) -> list[_Region]:
    """Photographs of surfaces side by side: as different in their means as in themselves."""
    spread = rng.uniform(0.1, 0.3)
    means = rng.normal(0.5, spread, count)
    contrasts = np.exp(rng.normal(np.log(0.11), 0.4, count))
    return [
        _Region(float(mean), float(contrast), bank.draw(rng))
        for mean, contrast in zip(means, contrasts, strict=True)
    ]


def _regions(rng: np.random.Generator, look: str, count: int, bank: TextureBank) -> list[_Region]:
    if look == "textures":
        return _textures(rng, count, bank)
    contrasts = np.exp(rng.uniform(np.log(0.015), np.log(0.15)) + rng.normal(0, 0.6, count))
    means = _means(rng, count)
    # The fewer textures there are, the more of the regions share one.
    n_textures = count if rng.random() < 0.6 else int(rng.integers(1, 3))
    if look == "independent":
        contrasts = np.maximum(contrasts, 0.06)
        n_textures = count if rng.random() < 0.85 else max(2, count // 2)
        if rng.random() < 0.25:  # told apart by texture alone
            means = 0.5 + (means - 0.5) * rng.uniform(0, 0.35)
    elif look == "alternating":
        pair = _means(rng, 2)
        means = np.resize(pair, count) + rng.normal(0, 0.03, count)
        n_textures = 2
    elif look == "plain":
        contrasts *= 0.35
        if rng.random() < 0.4:  # faint boundaries beside one region full of dark or bright things
            means = means.mean() + (means - means.mean()) * rng.uniform(0.3, 0.8)
            contrasts[rng.integers(count)] = rng.uniform(0.1, 0.35)
    elif look == "tissue":
        # A dark outside, and brighter beds within; often the same below.
        means = 0.25 + 0.75 * means
        means[0] = rng.uniform(0, 0.1)
        if count > 2 and rng.random() < 0.5:
            means[-1] = rng.uniform(0, 0.2)
        contrasts *= means
        n_textures = int(rng.integers(1, 3))
    elif look in ("ridges", "rows"):
        means = means.mean() + (means - means.mean()) * rng.choice([0.0, 0.1, 0.3])
        n_textures = 1 if rng.random() < 0.6 else 2
    # Layered things are mostly longer than high; some images are squeezed, too.
    stretch = 1.0 if rng.random() < 0.4 else np.exp(rng.uniform(np.log(0.7), np.log(6.0)))
    # Bands among fibers, as in muscle: what lies between them looks much like them.
    family = "fibers" if look == "ridges" and rng.random() < 0.35 else None
    textures = [bank.draw(rng, stretch=stretch, family=family) for _ in range(max(1, n_textures))]
    order = np.resize(rng.permutation(len(textures)), count)
    follows = rng.choice([0.0, 1.0, 0.5], p=(0.5, 0.35, 0.15))
    regions = [
        _Region(float(mean), float(contrast), textures[index], follows)
        for mean, contrast, index in zip(means, contrasts, order, strict=True)
    ]
    glowing = 0.5 if look == "tissue" else 0.12
    for region in regions[1:]:
        if rng.random() < glowing:
            region.glow = float(rng.normal(0, 0.25))
            region.reach = float(np.exp(rng.uniform(np.log(3), np.log(40))))
    return regions


def _means(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Intensities for neighbors: mostly well apart, now and then nearly the same."""
    spread = rng.uniform(0.4, 1.0)
    close = rng.random(count) < 0.1
    steps = rng.uniform(0.2, 0.7, count) * rng.choice([-1, 1], count)
    steps[close] = rng.normal(0, 0.03, count)[close]
    means = rng.uniform(0, 1) + np.cumsum(steps)
    # Folded back into 0 to 1, as a triangle wave.
    folded: NDArray[np.float64] = np.abs((means % 2) - 1)
    return 0.5 + (folded - 0.5) * spread


def _ramps(rng: np.random.Generator, look: str, curves: NDArray[np.float32]) -> NDArray[np.float32]:
    """Width in pixels of the transition at every curve and column."""
    count, width = curves.shape
    sharpest = 1.0 if rng.random() < 0.7 else rng.uniform(1, 4)
    widths = np.full((count, width), sharpest, np.float32)
    for row in widths:
        kind = rng.random()
        if kind < 0.2:
            row *= rng.uniform(1, 4)
        elif kind < 0.28 and look != "rows":  # a wide fade
            row[:] = rng.uniform(4, 14)
        if rng.random() < 0.12:  # a gap: the boundary vanishes and comes back
            row += np.float32(rng.uniform(6, 30)) * window(rng, width, 0.3).astype(np.float32)
    return widths


def _paint(
    rng: np.random.Generator,
    curves: NDArray[np.float32],
    ramps: NDArray[np.float32],
    regions: list[_Region],
    height: int,
) -> Image:
    count, width = curves.shape
    rows = np.arange(0.5, height, dtype=np.float32)[:, None]
    first = np.floor((curves - ramps / 2).min(axis=1)).astype(int)
    last = np.ceil((curves + ramps / 2).max(axis=1)).astype(int)
    first = np.clip(first, 0, height)
    last = np.clip(last, 0, height)
    image = np.zeros((height, width), np.float32)
    stop = max(1, int(last[0]))
    image[:stop] = _fill(rng, regions[0], (stop, width), curves[0])
    for index, region in enumerate(regions[1:]):
        start = int(first[index])
        stop = int(last[index + 1]) if index + 1 < count else height
        if stop <= start:
            continue
        below = rows[start:stop] - curves[index]
        fresh = _fill(rng, region, (stop - start, width), curves[index])
        if region.glow:
            fade = np.exp(np.minimum(-below / np.float32(region.reach), 0))
            fresh += np.float32(region.glow) * fade
        share = below / ramps[index] + np.float32(0.5)
        np.clip(share, 0, 1, out=share)
        fresh -= image[start:stop]
        fresh *= share
        image[start:stop] += fresh
    return image


def _fill(
    rng: np.random.Generator,
    region: _Region,
    shape: tuple[int, int],
    curve: NDArray[np.float32],
) -> Image:
    shift = curve * np.float32(region.follows) if region.follows else None
    texture = region.texture.render(rng, shape, shift=shift)
    texture *= np.float32(region.contrast)
    texture += np.float32(region.mean)
    return texture
