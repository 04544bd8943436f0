"""What stands between the eye and the boundaries: shading, shadows, false edges, noise.

Each disturbance changes a float32 image in place or returns a new one; `disturb` draws which of
them an image gets, and `expose` brings the result into 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter1d

from napari_layeredcnn.training.lines import draw_line
from napari_layeredcnn.training.noise import add_noise, soften
from napari_layeredcnn.training.reliefs import smooth_noise, window

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_layeredcnn.training.textures import TextureBank

    Image = NDArray[np.float32]
    Curves = NDArray[np.float32]


def disturb(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Add a random choice of disturbances to an image.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : array, shape (H, W), float32
        A composed image, around 0 to 1; it may be changed in place.
    curves : array, shape (K, W), float32
        Its curves: shadows start at one of them.
    bank : TextureBank
        Textures for what hides the image.

    Returns
    -------
    array, shape (H, W), float32
        The disturbed image, not clipped.

    Examples
    --------
    >>> from napari_layeredcnn.training.textures import TextureBank
    >>> image = np.full((32, 64), 0.5, np.float32)
    >>> curves = np.full((1, 64), 10, np.float32)
    >>> disturb(np.random.default_rng(0), image, curves, TextureBank()).shape
    (32, 64)
    """
    chances = rng.random(len(_BEFORE_NOISE))
    for (step, probability), chance in zip(_BEFORE_NOISE, chances, strict=True):
        if chance < probability:
            image = step(rng, image, curves, bank)
    if rng.random() < 0.4:
        image = soften(image, rng.uniform(0.05, 0.3))
    image = add_noise(rng, image)
    if rng.random() < 0.3:
        image = soften(image, rng.uniform(0.05, 0.33))
    if rng.random() < 0.12:  # resampled along rows, or moved while it was taken
        image = uniform_filter1d(image, int(rng.integers(2, 6)), axis=1)
    if rng.random() < 0.05:
        image = _frame(rng, image)
    return image


def expose(rng: np.random.Generator, image: Image) -> Image:
    """Bring intensities into 0 to 1 with random contrast, gamma and saturation.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : array, shape (H, W), float32
        Any finite intensities.

    Returns
    -------
    array, shape (H, W), float32
        Values from 0 to 1.

    Examples
    --------
    >>> result = expose(np.random.default_rng(0), np.array([[-3.0, 5.0]], np.float32))
    >>> bool(result.min() >= 0 and result.max() <= 1)
    True
    """
    some = np.sort(image[::2, ::3], axis=None)
    cut = rng.uniform(0, 0.02)
    low = float(some[int(cut * (some.size - 1))])
    high = float(some[int((1 - cut * rng.uniform(0, 1)) * (some.size - 1))])
    image = (image - np.float32(low)) * np.float32(1 / max(high - low, 1e-3))
    np.clip(image, 0, 1, out=image)
    gamma = np.exp(rng.normal(0, 0.45))
    if rng.random() < 0.6:
        image **= np.float32(gamma)
    return image


def _shading(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Uneven light: a product of a slow change over rows and one over columns."""
    height, width = image.shape
    rows = smooth_noise(rng, 1, height, height * rng.uniform(0.2, 0.6))[0]
    columns = smooth_noise(rng, 1, width, width * rng.uniform(0.1, 0.6))[0]
    strength = rng.uniform(0.05, 0.35)
    rows = np.exp(strength * rng.random() * rows).astype(np.float32)
    columns = np.exp(strength * columns).astype(np.float32)
    image *= rows[:, None]
    image *= columns
    return image


def _attenuation(
    rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank
) -> Image:
    """Light that fades with depth below a curve, or below the image's upper border."""
    rows = np.arange(0.5, len(image), dtype=np.float32)[:, None]
    top = curves[0] if rng.random() < 0.7 else np.float32(0)
    reach = len(image) * np.exp(rng.uniform(np.log(0.2), np.log(1.5)))
    image *= np.exp(np.minimum((top - rows) * np.float32(1 / reach), 0))
    return image


def _shadows(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Dark columns below a curve (vessels in OCT) or from top to bottom."""
    height, width = image.shape
    keep = np.ones(width)
    for _ in range(int(rng.integers(1, 5))):
        longest = rng.choice([0.05, 0.12, 0.25])
        keep *= 1 - rng.uniform(0.3, 1.0) * window(rng, width, longest)
    left = keep.astype(np.float32)
    floor = np.float32(np.partition(image[::3, ::3], 4, axis=None)[4])
    if rng.random() < 0.4:
        return floor + (image - floor) * left
    curve = curves[int(rng.integers(len(curves)))]
    rows = np.arange(0.5, height, dtype=np.float32)[:, None]
    below = np.clip((rows - curve) * np.float32(rng.uniform(0.2, 1)), 0, 1)
    darkened: Image = floor + (image - floor) * (1 - below * (1 - left))
    return darkened


def _veil(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Hide a stretch of columns behind something else: no boundary shows there."""
    width = image.shape[1]
    hidden = window(rng, width, rng.choice([0.08, 0.25])).astype(np.float32)
    columns = np.flatnonzero(hidden > 0)
    if not columns.size:
        return image
    start, stop = int(columns[0]), int(columns[-1]) + 1
    part = image[:, start:stop]
    cover = np.float32(rng.uniform(part.min(), part.max()))
    if rng.random() < 0.6:
        texture = bank.sample(rng, (len(part), stop - start))
        texture *= np.float32(0.5 * image.std())
    else:
        texture = np.zeros((1, 1), np.float32)
    part += (cover + texture - part) * (hidden[start:stop] * np.float32(rng.uniform(0.6, 1.0)))
    return image


def _wires(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Straight or bent lines that are no boundary: wires, scratches, sheaths, reflections."""
    height, width = image.shape
    x = np.linspace(0, 1, width, dtype=np.float32)
    contrast = float(image.std()) + 0.05
    for _ in range(int(rng.integers(1, 4))):
        curve = np.full(width, rng.uniform(0, height), np.float32)
        if rng.random() < 0.5:
            curve += np.float32(rng.normal(0, 0.5) * height) * (x - 0.5)
        if rng.random() < 0.2:
            curve += np.float32(rng.normal(0, 0.3) * height) * (x - 0.5) ** 2
        amount = rng.choice([-1, 1]) * contrast * rng.uniform(0.5, 4)
        profile = np.full(width, amount, np.float32)
        if rng.random() < 0.5:
            profile *= window(rng, width, 1.0).astype(np.float32)
        draw_line(image, curve, np.exp(rng.uniform(np.log(0.4), np.log(2.0))), profile)
    return image


def _sheath(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """A straight band along the top or bottom that the nearest curve comes close to, or touches.

    Catheter sheaths, cover glasses, headers: the strongest boundary of an image may be none.
    """
    height, width = image.shape
    at_top = rng.random() < 0.7
    room = float(curves[0].min() if at_top else height - curves[-1].max())
    # Most of them are touched: the curve is to part from the band again, not to go on along it.
    reach = room + rng.uniform(-2, 3) if rng.random() < 0.6 else room * rng.uniform(0.4, 1)
    rows = min(int(reach), height // 3)
    if rows < 2:
        return image
    part = image[:rows] if at_top else image[-rows:]
    contrast = float(image.std()) + 0.05
    mean = rng.choice([image.min(), image.max(), image.mean()]) + rng.normal(0, 0.5) * contrast
    stretched = bank.draw(rng, stretch=float(np.exp(rng.uniform(np.log(2), np.log(20)))))
    texture = stretched.render(rng, (rows, width))
    part[:] = np.float32(mean) + np.float32(contrast * rng.uniform(0.05, 0.7)) * texture
    if rng.random() < 0.5:  # bright and dark lines along it
        lines = rng.normal(0, 1, (rows, 1)).astype(np.float32)
        part += np.float32(contrast * rng.uniform(0.2, 1)) * lines
    return image


def _posts(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Narrow or wide upright bars with sharp sides."""
    width = image.shape[1]
    contrast = float(image.std()) + 0.05
    for _ in range(int(rng.integers(1, 3))):
        start = int(rng.integers(width))
        stop = start + int(np.exp(rng.uniform(0, np.log(width / 6))))
        image[:, start:stop] += np.float32(rng.choice([-1, 1]) * contrast * rng.uniform(0.5, 3))
    return image


def _blobs(rng: np.random.Generator, image: Image, curves: Curves, bank: TextureBank) -> Image:
    """Round things: holes, droplets, struts; some throw a shadow downwards."""
    height, width = image.shape
    contrast = float(image.std()) + 0.05
    amount = rng.choice([-1, 1]) * contrast * rng.uniform(0.7, 3)
    size = height * np.exp(rng.uniform(np.log(0.02), np.log(0.15)))
    flat = np.exp(rng.normal(0, 0.4))
    shadow = rng.random() < 0.25
    for _ in range(int(rng.integers(1, 3 if shadow else 8))):
        ry, rx = size * rng.uniform(0.5, 1.5) / flat, size * rng.uniform(0.5, 1.5) * flat
        y0, x0 = rng.uniform(0, height), rng.uniform(0, width)
        top, left = max(0, int(y0 - ry - 1)), max(0, int(x0 - rx - 1))
        bottom, right = min(height, int(y0 + ry + 2)), min(width, int(x0 + rx + 2))
        if bottom <= top or right <= left:
            continue
        y = (np.arange(top + 0.5, bottom, dtype=np.float32)[:, None] - np.float32(y0)) / ry
        x = (np.arange(left + 0.5, right, dtype=np.float32) - np.float32(x0)) / rx
        inside = np.clip((1 - y * y - x * x) * np.float32(min(ry, rx)) + 0.5, 0, 1)
        part = image[top:bottom, left:right]
        part += inside.astype(np.float32) * np.float32(amount)
        if shadow:
            dark = np.float32(rng.uniform(0.5, 1)) * np.clip(1.5 - 1.5 * x * x, 0, 1)
            image[bottom:, left:right] *= 1 - dark
    return image


def _frame(rng: np.random.Generator, image: Image) -> Image:
    """Borders of one intensity: image frames, missing data, tilted scans."""
    height, width = image.shape
    value = np.float32(rng.choice([image.min(), image.max()]))
    if rng.random() < 0.5:
        rows = max(1, int(height * rng.uniform(0.01, 0.08)))
        image[:rows] = value
        if rng.random() < 0.5:
            image[-rows:] = value
        return image
    edge = rng.uniform(-0.1, 0.12, 2) * height
    line = np.linspace(edge[0], edge[1], width, dtype=np.float32)
    rows_at = np.arange(0.5, height, dtype=np.float32)[:, None]
    outside = rows_at < line if rng.random() < 0.5 else rows_at > height - line
    image[outside] = value
    return image


_BEFORE_NOISE: tuple[
    tuple[Callable[[np.random.Generator, Image, Curves, TextureBank], Image], float], ...
] = (
    (_wires, 0.15),
    (_blobs, 0.2),
    (_shading, 0.35),
    (_attenuation, 0.12),
    (_shadows, 0.16),
    (_veil, 0.1),
    (_posts, 0.04),
    (_sheath, 0.27),
)
