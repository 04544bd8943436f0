"""What lies along a curve or leaves it: a soft line, ridges, fibers, rows of marks.

Ridges are bands rather than edges between two textures; fibers end on a curve, at a slant; rows of
marks are text and its like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.training.reliefs import smooth_noise, window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.training.textures import TextureBank

    Image = NDArray[np.float32]


def draw_line(
    image: Image,
    curve: NDArray[np.float32],
    thickness: float,
    amount: NDArray[np.float32] | float,
) -> None:
    """Add a soft line along a curve to an image, in place.

    Parameters
    ----------
    image : array, shape (H, W), float32
        Changed in place.
    curve : array, shape (W,), float32
        Edge coordinate of the line's center.
    thickness : float
        Pixels, standard deviation across the line.
    amount : float or array, shape (W,)
        Intensity added at the center.

    Examples
    --------
    >>> image = np.zeros((5, 2), np.float32)
    >>> draw_line(image, np.full(2, 2.5, np.float32), 0.5, 1.0)
    >>> image[:, 0].round(3)
    array([0.   , 0.135, 1.   , 0.135, 0.   ], dtype=float32)
    """
    height = image.shape[0]
    start = max(0, int(curve.min() - 3 * thickness - 1))
    stop = min(height, int(curve.max() + 3 * thickness + 2))
    if stop <= start:
        return
    distance = np.arange(start + 0.5, stop, dtype=np.float32)[:, None] - curve
    distance *= distance
    distance *= np.float32(-0.5 / thickness**2)
    image[start:stop] += np.exp(distance) * amount


def draw_ridges(
    rng: np.random.Generator,
    image: Image,
    curves: NDArray[np.float32],
    *,
    alike: bool,
) -> Image:
    """Draw thin bright or dark lines along curves, in place.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : array, shape (H, W), float32
        Changed in place, and returned.
    curves : array, shape (K, W), float32
        Edge coordinates of the lines' centers, or nearly so.
    alike : bool
        All lines have one sign and thickness, and stand out: they are the image's only cue.

    Returns
    -------
    array, shape (H, W), float32
        The image.

    Examples
    --------
    >>> image = np.zeros((16, 32), np.float32)
    >>> curve = np.full((1, 32), 8, np.float32)
    >>> bool(draw_ridges(np.random.default_rng(0), image, curve, alike=True).any())
    True
    """
    contrast = float(image.std()) + 0.05
    sign = rng.choice([-1.0, 1.0], p=(0.3, 0.7))
    strength = rng.uniform(1.5, 6.0) if alike else rng.uniform(0.5, 3.0)
    thickness = np.exp(rng.uniform(np.log(0.6), np.log(2.2)))
    aside = rng.normal(0, 0.3) * thickness
    for curve in curves:
        if not alike:
            sign = rng.choice([-1.0, 1.0])
            thickness = np.exp(rng.uniform(np.log(0.5), np.log(2.5)))
        amount = sign * contrast * strength * rng.uniform(0.6, 1.2)
        profile = _along(rng, image.shape[1]) * np.float32(amount)
        draw_line(image, curve + np.float32(aside), float(thickness), profile)
    return image


def draw_fibers(rng: np.random.Generator, image: Image, curves: NDArray[np.float32]) -> Image:
    """Draw parallel straight lines through one region, in place; they end on its curves.

    Muscle fibers between their sheets, bedding that a younger layer cuts off: where something parts
    from a boundary at a slant, the boundary is what goes on.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : array, shape (H, W), float32
        Changed in place, and returned.
    curves : array, shape (K, W), float32
        Edge coordinates of the curves, ordered.

    Returns
    -------
    array, shape (H, W), float32
        The image.

    Examples
    --------
    >>> image = np.zeros((16, 32), np.float32)
    >>> curve = np.full((1, 32), 8, np.float32)
    >>> drawn = draw_fibers(np.random.default_rng(0), image, curve)
    >>> bool(drawn[:8].any()), bool(drawn[8:].any())
    (False, True)
    """
    height, width = image.shape
    x = np.arange(width, dtype=np.float32)
    region = int(rng.integers(len(curves) + 1))
    top = curves[region - 1] if region else np.zeros_like(x)
    bottom = curves[region] if region < len(curves) else np.full_like(x, height)
    slope = rng.choice([-1, 1]) * np.exp(rng.uniform(np.log(0.06), np.log(0.7)))
    thickness = np.exp(rng.uniform(np.log(0.4), np.log(1.5)))
    strength = (float(image.std()) + 0.05) * rng.uniform(0.5, 4)
    sign = rng.choice([-1.0, 1.0], p=(0.3, 0.7))
    part = np.zeros_like(image)
    for _ in range(int(rng.integers(1, 10))):
        at = int(rng.integers(width))
        through = rng.uniform(min(top[at], bottom[at]), max(top[at], bottom[at]))
        line = np.float32(through) + np.float32(slope) * (x - at)
        profile = _along(rng, width) * np.float32(rng.uniform(0.3, 1))
        if rng.random() < 0.4:
            profile *= window(rng, width, 0.6).astype(np.float32)
        draw_line(part, line, float(thickness), profile)
    rows = np.arange(0.5, height, dtype=np.float32)[:, None]
    part *= (rows > top) & (rows < bottom)
    image += np.float32(sign * strength) * part
    return image


def draw_marks(
    rng: np.random.Generator, image: Image, curves: NDArray[np.float32], bank: TextureBank
) -> Image:
    """Show a texture only in rows of marks that stand on the curves, as in writing.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    image : array, shape (H, W), float32
        The ground; what varies in it is weakened.
    curves : array, shape (K, W), float32
        Edge coordinates of the base lines.
    bank : TextureBank
        Where the marks come from.

    Returns
    -------
    array, shape (H, W), float32
        A new image.

    Examples
    --------
    >>> from napari_layeredcnn.training.textures import TextureBank
    >>> image = np.full((32, 64), 0.5, np.float32)
    >>> curves = np.full((1, 64), 16, np.float32)
    >>> draw_marks(np.random.default_rng(0), image, curves, TextureBank()).shape
    (32, 64)
    """
    height, width = image.shape
    paper = np.float32(image.mean())
    rows = np.arange(0.5, height, dtype=np.float32)[:, None]
    spacing = float(np.median(np.diff(curves, axis=0))) if len(curves) > 1 else height / 4
    tall = max(2.0, spacing * rng.uniform(0.35, 0.9))
    # There are rows above and below the ones to follow, too.
    more = [curves[0] - np.float32(spacing), *curves, curves[-1] + np.float32(spacing)]
    shown = np.zeros_like(image)
    for curve in more if rng.random() < 0.6 else curves:
        start = max(0, int(curve.min() - 1.5 * tall))
        stop = min(height, int(curve.max() + 0.4 * tall) + 2)
        if stop <= start:
            continue
        above = (curve - rows[start:stop]) / np.float32(tall)
        band = 1 / (1 + ((above - 0.45) / 0.55) ** 8)
        np.maximum(shown[start:stop], band * _along(rng, width), out=shown[start:stop])
    family = "strokes" if rng.random() < 0.6 else None
    marks = bank.draw(rng, family=family).render(rng, (height, width))
    # Ink only adds to the paper; between the marks nothing changes.
    ink = np.maximum(np.float32(0.3) - marks if family else np.abs(marks) - np.float32(0.7), 0)
    amount = np.float32((-1 if rng.random() < 0.7 else 1) * rng.uniform(0.2, 0.6))
    result: Image = paper + (image - paper) * np.float32(0.3) + amount * ink * shown
    return result


def _along(rng: np.random.Generator, width: int) -> NDArray[np.float32]:
    """How strong a line is along the image: even, uneven, or broken."""
    strength = np.ones(width)
    kind = rng.random()
    if kind < 0.5:
        uneven = smooth_noise(rng, 1, width, np.exp(rng.uniform(0, 3)))[0]
        strength = np.maximum(1 + rng.uniform(0, 0.7) * uneven, 0.1)
    if rng.random() < 0.25:
        strength *= 1 - window(rng, width, 0.3)
    return strength.astype(np.float32)
