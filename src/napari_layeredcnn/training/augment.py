"""The paper's augmentations of curves and images: dropping, flips, border warping.

All work on whole batches and draw from an explicit Generator ([1]_, section 3.2).
Passes on the network's own outputs belong to the training loop.

.. [1] Christensen et al., "LayeredCNN: Segmenting Layers with Autoregressive Models", 2022.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

if TYPE_CHECKING:
    from numpy.typing import NDArray


def n_dropped(rng: np.random.Generator, n_curves: int, probability: float = 0.2) -> int:
    """How many unlabelled curves an image with `n_curves` labelled ones also holds.

    The paper drops each curve with a probability ([1]_, section 3.2), which leaves batches with
    different counts. Turned around: given the number that stays, and all counts before
    dropping equally likely, the number dropped follows a negative binomial law.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n_curves : int
        Curves that stay labelled.
    probability : float
        With which a curve is dropped, at least 0 and below 1.

    Returns
    -------
    int
        Curves to add before composing the image, and to leave out of its label.

    Raises
    ------
    ValueError
        If `probability` is not in [0, 1).

    Examples
    --------
    >>> n_dropped(np.random.default_rng(0), 3, probability=0.0)
    0
    """
    _check_probability(probability)
    return int(rng.negative_binomial(n_curves + 1, 1 - probability))


def drop_curves(
    rng: np.random.Generator, curves: NDArray[np.float32], probability: float = 0.2
) -> NDArray[np.float32]:
    """Drop curves from the label: the regions beside a dropped one become one.

    Each curve goes with the given probability, and one always stays ([1]_, section 3.2). How many
    stay is drawn once for the batch, which curves stay is drawn for each image.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    curves : array, shape (B, K, W)
        Ordered curves, in edge coordinates.
    probability : float
        With which a curve is dropped, at least 0 and below 1.

    Returns
    -------
    array, shape (B, K', W)
        The curves that stay, in their order, 1 <= K' <= K.

    Raises
    ------
    ValueError
        If `probability` is not in [0, 1).

    Examples
    --------
    >>> curves = np.arange(3, dtype=np.float32).reshape(1, 3, 1)
    >>> drop_curves(np.random.default_rng(0), curves, probability=0.0).ravel()
    array([0., 1., 2.], dtype=float32)
    """
    _check_probability(probability)
    batch, count, _ = curves.shape
    keep = max(1, int(rng.binomial(count, 1 - probability)))
    chosen = np.sort(np.argsort(rng.random((batch, count)), axis=1)[:, :keep], axis=1)
    return np.take_along_axis(curves, chosen[:, :, None], axis=1)


def flip(
    rng: np.random.Generator,
    images: NDArray[np.float32],
    curves: NDArray[np.float32],
    height: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mirror images and curves, left-right and top-bottom, each with probability one half.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; every image is decided by itself ([1]_, section 3.2).
    images : array, shape (B, H, W)
        Images.
    curves : array, shape (B, K, W)
        Ordered curves, in edge coordinates.
    height : float
        H, the edge coordinate of the lower image border.

    Returns
    -------
    images : array, shape (B, H, W)
        A mirrored copy.
    curves : array, shape (B, K, W)
        The same for the curves, again ordered from top to bottom.

    Examples
    --------
    >>> images = np.zeros((1, 4, 2), np.float32)
    >>> curves = np.array([[[1.0, 2.0]]], np.float32)
    >>> once = flip(np.random.default_rng(1), images, curves, 4)
    >>> bool((flip(np.random.default_rng(1), *once, 4)[1] == curves).all())
    True
    """
    horizontal, vertical = rng.random((2, len(images))) < 0.5
    images, curves = images.copy(), curves.copy()
    images[horizontal] = images[horizontal, :, ::-1]
    curves[horizontal] = curves[horizontal, :, ::-1]
    images[vertical] = images[vertical, ::-1]
    curves[vertical] = height - curves[vertical, ::-1]
    return images, curves


def warp_borders(
    rng: np.random.Generator, curves: NDArray[np.float32], height: float
) -> NDArray[np.float32]:
    """Deform curves by smooth noise, for the label that is an input of the network.

    Equation 1 of [1]_, section 3.2: white noise, smoothed along the columns by a Gaussian of
    1 to 3 px, scaled to a standard deviation of 1 to 1.5 px; both drawn for each curve.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    curves : array, shape (B, K, W)
        Ordered curves, in edge coordinates.
    height : float
        H, the edge coordinate of the lower image border.

    Returns
    -------
    array, shape (B, K, W), float32
        The warped curves, ordered and within 0 and `height`.

    Examples
    --------
    >>> curves = np.full((2, 3, 64), 20, np.float32)
    >>> warped = warp_borders(np.random.default_rng(0), curves, 64)
    >>> bool((np.diff(warped, axis=1) >= 0).all())
    True
    """
    batch, count, width = curves.shape
    margin = 12  # px, four of the widest standard deviations: nothing wraps around
    noise = rng.standard_normal((batch, count, width + 2 * margin), dtype=np.float32)
    smooth = rng.uniform(1, 3, (batch, count, 1))
    amount = rng.uniform(1, 1.5, (batch, count, 1))
    frequency = scipy.fft.rfftfreq(noise.shape[-1])
    gain = np.exp(-2 * (np.pi * smooth * frequency) ** 2)
    warp = scipy.fft.irfft(scipy.fft.rfft(noise) * gain, noise.shape[-1])[..., margin:-margin]
    warp *= amount / np.maximum(warp.std(axis=-1, keepdims=True), 1e-6)
    warped = np.maximum.accumulate(curves + warp, axis=1)
    return np.clip(warped, 0, height).astype(np.float32)


def _check_probability(probability: float) -> None:
    if not 0 <= probability < 1:
        raise ValueError(f"probability must be at least 0 and below 1; found {probability}.")
