"""Curves, and what they are turned into: over/under maps and one-hot columns; and back.

Curves are float32 arrays of shape (..., K, W), top to bottom, in *edge coordinates*: the number
of rows above the boundary, 0 to H, so that pixel row y covers y to y + 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]


def check_curves(curves: ArrayLike, height: int) -> Floats:
    """Return curves as float32 if they are in order and inside the image.

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Curves in edge coordinates; NaN where there is none.
    height : int
        Number of rows of the image.

    Returns
    -------
    (..., K, W) float32 array
        The same curves.

    Raises
    ------
    ValueError
        If these are not curves by shape or type, or if a curve lies outside 0 to `height` or
        above its predecessor; the first such column is named.

    Examples
    --------
    >>> check_curves([[1, 2], [2, 2]], height=4)
    array([[1., 2.],
           [2., 2.]], dtype=float32)
    >>> check_curves([[1, 3], [2, 2.5]], height=4)
    Traceback (most recent call last):
    ...
    ValueError: curve 1 lies at 2.5 in column 1, above curve 0 at 3.0; give the curves top to bottom
    """
    check_height(height)
    array = np.asarray(curves)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"curves are numbers, but these are of type {array.dtype}")
    _check_curve_shape(array)
    array = array.astype(np.float64)
    place = first_column((array < 0) | (array > height))
    if place is not None:
        raise ValueError(
            f"curve {place[-2]} lies at {array[place]} in column {place[-1]}{_in_batch(place)}, "
            f"but edge coordinates in this image go from 0 to {height}; clip it or correct it"
        )
    lowest = np.fmax.accumulate(array, axis=-2)
    place = first_column(array < lowest)
    if place is not None:
        k, x = place[-2:]
        column = array[place[:-2]][:, x]
        other = int(np.nanargmax(column[:k]))
        raise ValueError(
            f"curve {k} lies at {column[k]} in column {x}{_in_batch(place)}, above "
            f"curve {other} at {column[other]}; give the curves top to bottom"
        )
    return array.astype(np.float32)


def order_curves(curves: ArrayLike) -> Floats:
    """Press curves that lie above their predecessor onto it (running maximum).

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Curves; NaN where there is none.

    Returns
    -------
    (..., K, W) float32 array
        Curves in order; NaN where the input has it.

    Raises
    ------
    ValueError
        If the shape is not that of curves.

    Examples
    --------
    >>> order_curves([[3, 1], [2, 2]])
    array([[3., 1.],
           [3., 2.]], dtype=float32)
    """
    array = as_curves(curves)
    ordered: Floats = np.fmax.accumulate(array, axis=-2)
    ordered[np.isnan(array)] = np.nan
    return ordered


def over_under(curves: ArrayLike, height: int) -> Floats:
    """Share of each pixel that lies below each curve ([1]_, section 3.1).

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Curves in edge coordinates.
    height : int
        Number of rows H.

    Returns
    -------
    (..., K, H, W) float32 array
        0 above the curve, 1 below, in between in the one pixel that it crosses; NaN in columns
        where the curve is NaN.

    Raises
    ------
    ValueError
        If the shape is not that of curves, or the height is not positive.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> over_under([[1.25]], height=3)[0, :, 0]
    array([0.  , 0.75, 1.  ], dtype=float32)
    """
    check_height(height)
    lower_edges = np.arange(1, height + 1, dtype=np.float32)[:, None]
    below: Floats = lower_edges - as_curves(curves)[..., None, :]
    return np.clip(below, 0, 1, out=below)


def one_hot(curves: ArrayLike, height: int) -> Floats:
    """Share of each pixel that lies in each region ([1]_, section 3.1).

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Ordered curves in edge coordinates.
    height : int
        Number of rows H.

    Returns
    -------
    (..., K+1, H, W) float32 array
        The shares, summing to 1 over the regions; NaN in columns where a curve is NaN.

    Raises
    ------
    ValueError
        If the shape is not that of curves, or the height is not positive.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> one_hot([[1.25]], height=3)[..., 0]
    array([[1.  , 0.25, 0.  ],
           [0.  , 0.75, 1.  ]], dtype=float32)
    """
    below = over_under(curves, height)
    n_curves = below.shape[-3]
    shares = np.empty((*below.shape[:-3], n_curves + 1, *below.shape[-2:]), np.float32)
    shares[..., 0, :, :] = 1 - below[..., 0, :, :]
    shares[..., 1:-1, :, :] = below[..., :-1, :, :] - below[..., 1:, :, :]
    shares[..., -1, :, :] = below[..., -1, :, :]
    missing = np.isnan(below).any(axis=-3, keepdims=True)
    shares[np.broadcast_to(missing, shares.shape)] = np.nan
    return shares


def curves_from_one_hot(probabilities: ArrayLike) -> Floats:
    """Sharpen columns of region probabilities into sub-pixel curves ([1]_, figure 6).

    Where a row holds the curve, the pixels above it belong over and those below it under the
    curve. The row at which the least has to be changed for that is taken (the upper one of
    equals), and how much more its two neighbors would cost tells where in the row the curve lies.
    What `one_hot` made comes back.

    Parameters
    ----------
    probabilities : (..., K+1, H, W) array_like of float
        Probabilities of the regions, top to bottom, summing to 1 over them.

    Returns
    -------
    (..., K, W) float32 array
        Ordered curves in edge coordinates; NaN in columns with a NaN.

    Raises
    ------
    ValueError
        If there are no three dimensions, fewer than two regions, or no rows.

    References
    ----------
    .. [1] Christensen et al., LayeredCNN: Segmenting Layers with Autoregressive Models.

    Examples
    --------
    >>> curves_from_one_hot([[[1.0], [0.25], [0.0]], [[0.0], [0.75], [1.0]]])
    array([[1.25]], dtype=float32)
    """
    # In float64, or rounding would decide between rows that are equal.
    shares = np.asarray(probabilities, dtype=np.float64)
    if shares.ndim < 3 or shares.shape[-3] < 2 or shares.shape[-2] < 1:
        raise ValueError(
            "probabilities have the shape (..., K+1, H, W) with two or more regions and one or "
            f"more rows, but these have {shares.shape}"
        )
    height = shares.shape[-2]
    below = np.clip(1 - np.cumsum(shares[..., :-1, :, :], axis=-3), 0, 1)
    summed = np.cumsum(below, axis=-2)
    total = summed[..., -1:, :]
    rows_below = np.arange(height - 1, -1, -1)[:, None]
    # What lies under the curve above row y, and what lies over it below row y.
    cost = (summed - below) + (rows_below - (total - summed))
    row = np.argmin(cost, axis=-2, keepdims=True)  # the first of equals
    # The rows -1 and H, outside the image, are neighbors too: then a curve may lie on its edge.
    padded = np.concatenate([np.zeros_like(total), below, np.ones_like(total)], axis=-2)
    here = np.take_along_axis(padded, row + 1, axis=-2)
    # What the row above, and the row below, would cost more.
    upper = np.maximum(1 - np.take_along_axis(padded, row, axis=-2) - here, 0)
    lower = np.maximum(here + np.take_along_axis(padded, row + 2, axis=-2) - 1, 0)
    curves = row + 0.5 + (upper - lower) / (2 * np.maximum(upper + lower, 1e-12))
    return order_curves(curves[..., 0, :])


def as_curves(curves: ArrayLike) -> Floats:
    """Return float32 curves (..., K, W), or raise a ValueError."""
    array = np.asarray(curves, dtype=np.float32)
    _check_curve_shape(array)
    return array


def _check_curve_shape(array: NDArray[Any]) -> None:
    if array.ndim < 2 or array.shape[-2] < 1:
        raise ValueError(
            "curves have the shape (..., K, W) with one or more curves, but these have "
            f"{array.shape}"
        )


def check_height(height: int) -> None:
    """Raise a ValueError unless an image may be so high."""
    if height < 1:
        raise ValueError(f"an image has one or more rows, but the height is {height}")


def first_column(wrong: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """Index of a wrong place, in the first column that has one."""
    if not wrong.any():
        return None
    x = int(np.argmax(wrong.any(axis=tuple(range(wrong.ndim - 1)))))
    place = np.unravel_index(np.argmax(wrong[..., x]), wrong.shape[:-1])
    return (*(int(i) for i in place), x)


def _in_batch(place: tuple[int, ...]) -> str:
    return f" of image {', '.join(map(str, place[:-2]))}" if len(place) > 2 else ""
