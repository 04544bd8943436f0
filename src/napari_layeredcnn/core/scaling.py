"""Checks an image and brings its intensities to the range that the network expects, [-1, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Share of the pixels, in percent, that may fall outside the range on either side.
OUTSIDE = 0.5


class ImageError(ValueError):
    """An image that cannot be segmented."""


def intensity_range(image: NDArray[Any]) -> tuple[float, float]:
    """Robust lowest and highest intensity of an image or a whole stack.

    Parameters
    ----------
    image : array
        Any shape and real dtype.

    Returns
    -------
    low, high : float
        Percentiles 0.5 and 99.5; the extremes if these coincide.

    Examples
    --------
    >>> intensity_range(np.arange(201))
    (1.0, 199.0)
    """
    low, high = np.percentile(image, [OUTSIDE, 100 - OUTSIDE])
    if low == high:
        low, high = np.min(image), np.max(image)
    return float(low), float(high)


def scale_intensities(
    image: NDArray[Any], range_: tuple[float, float] | None = None
) -> NDArray[np.float32]:
    """Scale an image linearly so that its robust range becomes [-1, 1], and clip it to that.

    Parameters
    ----------
    image : array
        Any shape and real dtype.
    range_ : tuple of float, optional
        Lowest and highest intensity. Default: `intensity_range` of the image.

    Returns
    -------
    float32 array
        Of the image's shape; zeros if the range is empty.

    Examples
    --------
    >>> scale_intensities(np.array([0, 5, 10, 99]), (0, 10))
    array([-1.,  0.,  1.,  1.], dtype=float32)
    """
    low, high = intensity_range(image) if range_ is None else range_
    if high <= low:
        return np.zeros(image.shape, dtype=np.float32)
    scaled = (np.asarray(image, dtype=np.float64) - low) * (2 / (high - low)) - 1
    return np.clip(scaled, -1, 1).astype(np.float32)


def to_grayscale(image: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Check a 2D image and turn colors into luminance.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) or (H, W, 4) array
        Any integer, floating-point or boolean dtype; an alpha channel is ignored.

    Returns
    -------
    gray : (H, W) array
        The image itself, or the luminance of its colors as float32.
    had_colors : bool
        Whether it was a color image.

    Raises
    ------
    ImageError
        If the image is empty, constant, of another shape or dtype, or holds NaN or infinity.

    Examples
    --------
    >>> to_grayscale(np.eye(3, dtype=np.uint8))[1]
    False
    """
    image = np.asarray(image)
    if image.dtype.kind not in "iufb":
        raise ImageError(
            f"the image must hold integers or real numbers, but its dtype is {image.dtype}; "
            "convert it first"
        )
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] in (3, 4)):
        raise ImageError(
            f"the image must be 2D, gray or RGB, but its shape is {image.shape}; "
            "choose one slice or channel"
        )
    if image.size == 0:
        raise ImageError(f"the image is empty, its shape is {image.shape}; choose another one")
    if image.dtype == bool:
        image = image.astype(np.uint8)
    had_colors = image.ndim == 3
    if had_colors:
        image = image[:, :, :3] @ np.array([0.2125, 0.7154, 0.0721], dtype=np.float32)
    bad = ~np.isfinite(image)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ImageError(
            f"the image holds {bad.sum()} NaN or infinite pixels, the first at row {row}, "
            f"column {column}; replace them first"
        )
    if image.min() == image.max():
        raise ImageError(
            f"the image is constant, all pixels are {image.flat[0]}; there is nothing to follow"
        )
    return image, had_colors
