"""Stacks of random walks in the paper's three ways, and their place in an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter1d

from napari_layeredcnn.training.reliefs import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Curves = NDArray[np.float64]

#: Share of the stacks, and of the single curves, whose relief is shrunk: in the paper's way of
#: scaling a stack fills the image's height, mostly with its thickness.
CALM = 0.5
CALM_SINGLE = 0.3


def stacked_walks(
    rng: np.random.Generator, n_curves: int, height: int, width: int
) -> NDArray[np.float32]:
    """Draw a stack of random walks in one of the paper's three ways, as high as the image.

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

    Examples
    --------
    >>> stacked_walks(np.random.default_rng(0), 3, 32, 64).shape
    (3, 64)
    """
    check(n_curves, height, width)
    way = STACKS[rng.integers(len(STACKS))]
    curves = place(rng, way(rng, n_curves, width), height, tall=True)
    if rng.random() < (CALM_SINGLE if n_curves == 1 else CALM):
        curves = calm(rng, curves, height)
    return np.clip(np.maximum.accumulate(curves, axis=0), 0, height).astype(np.float32)


def check(n_curves: int, height: int, width: int) -> None:
    """Refuse numbers that no stack of curves can be made of.

    Parameters
    ----------
    n_curves : int
        Curves wanted.
    height, width : int
        Size of the image in pixels.

    Raises
    ------
    ValueError
        If there are no curves, or one side is less than 4 pixels.
    """
    if n_curves < 1 or height < 4 or width < 4:
        raise ValueError(
            "n_curves must be at least 1, height and width at least 4; "
            f"found {n_curves}, {height} and {width}."
        )


def _walk(rng: np.random.Generator, n_rows: int, width: int) -> Curves:
    """Random walks, smoothed; some are straight or wavy lines plus little else."""
    kind = rng.random()
    if kind < 0.5:
        steps = rng.standard_normal((n_rows, width))
        if rng.random() < 0.25:  # mostly flat, now and then a jump
            steps = steps**3
        walk = np.cumsum(steps, axis=1)
        sigma = np.exp(rng.uniform(-0.7, 2.7))
        smooth: Curves = gaussian_filter1d(walk, sigma, axis=1, truncate=2.5)
        return smooth
    sigma = width * np.exp(rng.uniform(np.log(0.02), np.log(0.25)))
    return smooth_noise(rng, n_rows, width, sigma)


def _shifted_copies(rng: np.random.Generator, n_curves: int, width: int) -> Curves:
    """One walk, copied downwards; each copy differs a little and is kept apart by an offset."""
    curves = np.repeat(_walk(rng, 1, width), n_curves, axis=0)
    spread = curves.std() + 1e-9
    if n_curves > 1:
        differences = np.abs(_walk(rng, n_curves, width))
        differences *= spread * rng.uniform(0, 0.5) / (differences.std() + 1e-9)
        apart = np.exp(rng.uniform(np.log(0.2), np.log(8.0)))
        gaps = spread * apart * rng.uniform(0.3, 1, (n_curves, 1))
        curves = curves + np.cumsum(differences + gaps, axis=0)
    return curves


def _accumulated_steps(rng: np.random.Generator, n_curves: int, width: int) -> Curves:
    """A middle curve; from it steps of varying size are added up, upwards and downwards."""
    middle = n_curves // 2
    steps = np.abs(_walk(rng, n_curves, width))
    if rng.random() < 0.5:  # never quite touching
        steps += steps.mean() * rng.uniform(0.1, 1.5)
    steps[middle] = _walk(rng, 1, width)[0] * rng.uniform(0.2, 2)
    below = np.cumsum(steps[middle:], axis=0)
    above = steps[middle] - np.cumsum(steps[:middle], axis=0)[::-1]
    return np.concatenate([above, below])


def _sorted_walks(rng: np.random.Generator, n_curves: int, width: int) -> Curves:
    """Independent walks around random heights, sorted at every column: they meet and part."""
    walks = _walk(rng, n_curves, width)
    walks += rng.normal(0, walks.std() * rng.uniform(0.5, 3) + 1e-9, (n_curves, 1))
    return np.sort(walks, axis=0)


STACKS = (_shifted_copies, _accumulated_steps, _sorted_walks)


def place(rng: np.random.Generator, curves: Curves, height: int, *, tall: bool) -> Curves:
    """Scale and shift a stack into the image, from nearly flat to a little beyond its borders.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    curves : array, shape (K, W), float64
        Ordered, in any unit.
    height : int
        Rows of the image.
    tall : bool
        Whether a single curve takes as much of the height as a stack does.

    Returns
    -------
    array, shape (K, W), float64
        In pixels.
    """
    low, high = curves.min(), curves.max()
    extent = height * (rng.uniform(0.5, 0.95) if rng.random() < 0.8 else rng.uniform(0.1, 1.05))
    if len(curves) == 1 and not tall:  # all of the extent is relief, so be flat more often
        extent *= np.exp(rng.uniform(np.log(0.03), 0.0))
    free = height - extent
    top = rng.uniform(min(0.0, free), max(0.0, free))
    placed: Curves = top + (curves - low) * (extent / max(high - low, 1e-9))
    return placed


def calm(rng: np.random.Generator, curves: Curves, height: int) -> Curves:
    """Shrink the relief of every curve around its own mean height; the order stays.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    curves : array, shape (K, W), float64
        Ordered, in pixels.
    height : int
        Rows of the image.

    Returns
    -------
    array, shape (K, W), float64
        In pixels; often the stack takes the room that became free.
    """
    level = curves.mean(axis=1, keepdims=True)
    curves = level + (curves - level) * np.exp(rng.uniform(np.log(0.05), np.log(0.6)))
    extent = np.ptp(curves)
    if len(curves) > 1 and rng.random() < 0.6:  # and take the room that became free
        wanted = max(extent, height * rng.uniform(0.4, 0.95))
        top = rng.uniform(0, max(0.0, height - wanted))
        curves = top + (curves - curves.min()) * (wanted / max(extent, 1e-9))
    return curves
