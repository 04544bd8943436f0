"""Random stacks of ordered curves: the paper's three ways, and what it had too little of.

Beside the paper's shifted copies, accumulated steps and sorted walks there are stacks built from a
base shape and thicknesses, with thin beds, pinch-outs, pits that press curves onto each other,
faults, steep starts, bumps and ragged boundaries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.training.reliefs import base_relief, bump, smooth_noise, window
from napari_layeredcnn.training.walks import STACKS, calm, check, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curves = NDArray[np.float64]


#: Share of the images with a single curve in which it goes from the top to the bottom.
TALL = 0.4


def random_curves(
    rng: np.random.Generator, n_curves: int, height: int, width: int
) -> NDArray[np.float32]:
    """Draw a stack of ordered curves.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n_curves : int
        Curves wanted, at least 1.
    height, width : int
        Size of the image in pixels.

    Returns
    -------
    array, shape (K, W), float32
        Edge coordinates, ordered from top to bottom, within 0 and `height`.

    Raises
    ------
    ValueError
        If a number is too small.

    Notes
    -----
    Shifted copies, accumulated steps and sorted walks are those of the authors' data
    ([1]_, section 3.2); the other half of the stacks is laid bed upon bed.

    .. [1] Christensen et al., "LayeredCNN: Segmenting Layers with Autoregressive Models", 2022.

    Examples
    --------
    >>> curves = random_curves(np.random.default_rng(0), 3, 32, 64)
    >>> curves.shape, bool((np.diff(curves, axis=0) >= 0).all())
    ((3, 64), True)
    """
    check(n_curves, height, width)
    # A single curve has no regions to make room for. In a part of the images it takes the whole
    # height, as the authors' do; left to the rest, it would be flat nearly always.
    tall = n_curves == 1 and rng.random() < TALL
    way = 0 if tall else rng.choice(4, p=(0.16, 0.16, 0.13, 0.55))
    if way == 3:
        curves = _beds(rng, n_curves, height, width)
    else:
        curves = place(rng, STACKS[way](rng, n_curves, width), height, tall=tall)
    if not tall and rng.random() < 0.4:
        curves = calm(rng, curves, height)
    if rng.random() < 0.25:
        curves = curves + _ragged(rng, n_curves, width)
    curves = np.maximum.accumulate(curves, axis=0)
    if rng.random() < 0.15:
        curves = _press(rng, curves, height)
    return np.clip(curves, 0, height).astype(np.float32)


def evenly_spaced_curves(
    rng: np.random.Generator, n_curves: int, height: int, width: int
) -> NDArray[np.float32]:
    """Draw nearly parallel, nearly straight curves at nearly equal distances, as lines of text.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n_curves : int
        Curves wanted, at least 1.
    height, width : int
        Size of the image in pixels.

    Returns
    -------
    array, shape (K, W), float32
        Edge coordinates, ordered from top to bottom, within 0 and `height`.

    Examples
    --------
    >>> evenly_spaced_curves(np.random.default_rng(0), 3, 64, 8).shape
    (3, 8)
    """
    spacing = height * rng.uniform(0.6, 1.0) / (n_curves + rng.uniform(0, 1))
    spacing = min(spacing, height * rng.uniform(0.15, 0.35))
    level = np.arange(1, n_curves + 1) + rng.normal(0, rng.uniform(0, 0.1), n_curves)
    relief = smooth_noise(rng, 1, width, width * rng.uniform(0.1, 0.3)) * rng.uniform(0, 0.2)
    relief = relief + rng.normal(0, 0.5) * (np.linspace(0, 1, width) - 0.5)
    own = smooth_noise(rng, n_curves, width, width * rng.uniform(0.03, 0.2)) * rng.uniform(0, 0.1)
    curves = spacing * (level[:, None] + relief + own)
    curves += rng.uniform(0, max(0.0, height - spacing * (n_curves + 0.5)))
    return np.clip(np.maximum.accumulate(curves, axis=0), 0, height).astype(np.float32)


def _beds(rng: np.random.Generator, n_curves: int, height: int, width: int) -> Curves:
    """Lay bed upon bed on a base shape."""
    base = base_relief(rng, height, width)
    room = height * rng.uniform(0.5, 1.0)
    if rng.random() < 0.15:  # a thin stack, a few pixels per bed
        thickness = np.exp(rng.uniform(np.log(1.5), np.log(6), n_curves))
        if rng.random() < 0.5:
            thickness[:] = rng.uniform(2, 6)
    else:
        thickness = rng.gamma(rng.uniform(1.5, 8), size=n_curves) + 0.05
        thickness *= room / thickness.sum() * n_curves / (n_curves + 1)
    profile = thickness[:, None] * _swelling(rng, n_curves, width)
    for bed in range(1, n_curves):
        if rng.random() < 0.15:
            profile[bed] *= _pinch(rng, width)
    if rng.random() < 0.5:  # draped: every bed smooths out, or repeats, the one below
        base = base * rng.uniform(0.5, 1.0, (1, 1))
    curves = base + np.cumsum(profile, axis=0) - profile[0]
    extent = np.ptp(curves)
    most = height * rng.uniform(0.6, 0.97)
    if extent > most:
        # Thickness first gives way to relief, otherwise steep stacks lose their thin beds.
        relief = np.ptp(base)
        beds = extent - relief
        spare = max(most - min(beds, 0.7 * most), 0.3 * most)
        base = base * min(1.0, spare / max(relief, 1e-9))
        profile *= min(1.0, (most - np.ptp(base)) / max(beds, 1e-9))
        curves = base + np.cumsum(profile, axis=0) - profile[0]
        extent = np.ptp(curves)
    margin = height - extent
    top = rng.uniform(0.02, 0.98) * margin
    placed: Curves = curves - curves.min() + top
    return placed


def _swelling(rng: np.random.Generator, n_rows: int, width: int) -> Curves:
    """How the thickness of each bed varies along the image, a factor around 1."""
    strength = rng.choice([0.0, 0.1, 0.3, 0.7], p=(0.15, 0.35, 0.3, 0.2))
    sigma = width * np.exp(rng.uniform(np.log(0.02), np.log(0.25)))
    factor: Curves = np.exp(strength * smooth_noise(rng, n_rows, width, sigma))
    return factor


def _pinch(rng: np.random.Generator, width: int) -> NDArray[np.float64]:
    """A factor that falls to nothing over a stretch of columns, and rises again."""
    return 1 - window(rng, width, longest=0.7)


def _ragged(rng: np.random.Generator, n_curves: int, width: int) -> Curves:
    """Fine roughness of every curve by itself, in pixels."""
    sigma = rng.uniform(0.5, 3)
    amount = rng.uniform(0.2, 1.5) * rng.random((n_curves, 1))
    return amount * smooth_noise(rng, n_curves, width, sigma)


def _press(rng: np.random.Generator, curves: Curves, height: int) -> Curves:
    """Let one surface cut the stack: curves above it are pressed onto it and come away again.

    A pit from above (the fovea, a channel) or a swell from below (a salt dome, an onlap).
    """
    width = curves.shape[1]
    x = np.linspace(0, 1, width)
    from_above = rng.random() < 0.6
    reference = curves[0] if from_above else curves[-1]
    depth = max(np.ptp(curves, axis=0).max(), 0.1 * height) * rng.uniform(0.3, 1.2)
    shape = depth * bump(rng, x)
    if rng.random() < 0.3:
        shape = shape + depth * bump(rng, x)
    pressed: Curves = (
        np.maximum(curves, reference + shape)
        if from_above
        else np.minimum(curves, reference - shape)
    )
    return pressed
