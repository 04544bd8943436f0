"""Curves, and what they are turned into: over/under maps, one-hot columns, region labels; and back.

Curves are float32 arrays of shape (..., K, W), top to bottom, in *edge coordinates*: the number
of rows above the boundary, 0 to H, so that pixel row y covers y to y + 1.
"""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.integer[Any]]


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
    _check_height(height)
    array = np.asarray(curves)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"curves are numbers, but these are of type {array.dtype}")
    _check_curve_shape(array)
    array = array.astype(np.float64)
    place = _first_column((array < 0) | (array > height))
    if place is not None:
        raise ValueError(
            f"curve {place[-2]} lies at {array[place]} in column {place[-1]}{_in_batch(place)}, "
            f"but edge coordinates in this image go from 0 to {height}; clip it or correct it"
        )
    lowest = np.fmax.accumulate(array, axis=-2)
    place = _first_column(array < lowest)
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
    array = _as_curves(curves)
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
    _check_height(height)
    lower_edges = np.arange(1, height + 1, dtype=np.float32)[:, None]
    below: Floats = lower_edges - _as_curves(curves)[..., None, :]
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


def regions_from_curves(
    curves: ArrayLike, height: int, ids: Sequence[int] | None = None
) -> Integers:
    """Label image of the regions between curves.

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Ordered curves in edge coordinates.
    height : int
        Number of rows H.
    ids : sequence of int, optional
        Ids of the K+1 regions, top to bottom. Default: 1 to K+1.

    Returns
    -------
    (..., H, W) int32 array (int64 or uint64 for large ids)
        The id of the region that the center of each pixel lies in (the lower one, if the curve
        runs through the center); 0 in columns where a curve is NaN.

    Raises
    ------
    ValueError
        If the shape is not that of curves, the height is not positive, or there is another
        number of ids.

    Examples
    --------
    >>> regions_from_curves([[1, 1.5, np.nan], [2, 2.75, 2]], height=3, ids=[5, 7, 6])
    array([[5, 5, 0],
           [7, 7, 0],
           [6, 7, 0]], dtype=int32)
    """
    _check_height(height)
    array = _as_curves(curves)
    n_curves = array.shape[-2]
    table = _ids(range(1, n_curves + 2) if ids is None else ids, n_curves)
    centers = np.arange(0.5, height, dtype=np.float32)[:, None]
    region = np.zeros((*array.shape[:-2], height, array.shape[-1]), np.intp)
    for k in range(n_curves):
        region += array[..., None, k, :] <= centers
    labels = table[region]
    missing = np.isnan(array).any(axis=-2, keepdims=True)
    labels[np.broadcast_to(missing, labels.shape)] = 0
    return labels


def curves_from_regions(labels: ArrayLike, ids: Sequence[int] | None = None) -> Floats:
    """Curves between the regions of a fully labelled image.

    A region that is missing in a column has no thickness there: the curves on either side of
    it meet. (`seed_from_regions` reads what a person has painted; there it is not labelled yet.)

    Parameters
    ----------
    labels : (H, W) array_like of int
        Region ids.
    ids : sequence of int, optional
        Ids of the K+1 regions, top to bottom. Default: every id in the image but 0, in the order
        of the first column that shows them all.

    Returns
    -------
    (K, W) float32 array
        Curves in edge coordinates; NaN in columns that are not complete, as a pixel has none of
        the ids.

    Raises
    ------
    ValueError
        If these are no labels by shape or type, if a column shows the regions in another order,
        if there are fewer than two ids, or if no column tells their order.

    Examples
    --------
    >>> curves_from_regions([[4, 4, 4], [4, 2, 0], [2, 2, 2]])
    array([[ 2.,  1., nan]], dtype=float32)
    """
    image = np.asarray(labels)
    if image.ndim != 2 or image.size == 0 or image.dtype.kind not in "iu":
        raise ValueError(
            "labels are an (H, W) array of integers, but these are of type "
            f"{image.dtype} and shape {image.shape}"
        )
    table = _ids_in_order(image) if ids is None else _ids(ids)
    if len(np.unique(table)) != len(table) or len(table) < 2:
        raise ValueError(
            f"curves need two or more different region ids, but these are {table.tolist()}"
        )
    sorting = np.argsort(table)
    nearest = np.clip(np.searchsorted(table[sorting], image), 0, len(table) - 1)
    region = sorting[nearest]
    complete: NDArray[np.bool_] = np.equal(table[region], image).all(axis=0)
    unordered = (region[1:] < region[:-1]) & complete
    place = _first_column(unordered)
    if place is not None:
        y, x = place
        raise ValueError(
            f"in column {x} region {image[y, x]} lies above region {image[y + 1, x]}, but the "
            f"order of the regions is {table.tolist()}; correct the labels or the order"
        )
    counts = np.stack([(region <= k).sum(axis=0) for k in range(len(table) - 1)])
    return np.where(complete, counts, np.nan).astype(np.float32)


def _ids_in_order(image: Integers) -> Integers:
    """Find the ids in the first column that shows every id (but 0) once."""
    found, region = np.unique(image, return_inverse=True)
    region = region.reshape(image.shape)
    present = np.zeros((len(found), image.shape[1]), bool)
    present[region, np.arange(image.shape[1])] = True
    wanted: NDArray[np.bool_] = found != 0
    if wanted.sum() < 2:
        too_few: Integers = found[wanted]
        return too_few
    changes = image[1:] != image[:-1]
    telling = (present == wanted[:, None]).all(axis=0) & (changes.sum(axis=0) == wanted.sum() - 1)
    if not telling.any():
        raise ValueError(
            f"no column shows each of the regions {found[wanted].tolist()} once and nothing "
            "else, so that their order is unknown; give ids, top to bottom"
        )
    column = image[:, np.argmax(telling)]
    starts = np.concatenate([[True], column[1:] != column[:-1]])
    ordered: Integers = column[starts]
    return ordered


def _ids(ids: Sequence[int], n_curves: int | None = None) -> Integers:
    """Region ids as an array of the first integer type that holds them all."""
    try:
        values = [index(i) for i in ids]
    except TypeError:
        raise ValueError(f"region ids are a sequence of integers, but these are {ids!r}") from None
    if n_curves is not None and len(values) != n_curves + 1:
        raise ValueError(f"{n_curves} curves part {n_curves + 1} regions, not {len(values)}")
    for dtype in (np.int32, np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if all(limits.min <= value <= limits.max for value in values):
            return np.array(values, dtype)
    raise ValueError(f"the region ids {values} fit no integer type; use smaller ones")


def _as_curves(curves: ArrayLike) -> Floats:
    array = np.asarray(curves, dtype=np.float32)
    _check_curve_shape(array)
    return array


def _check_curve_shape(array: NDArray[Any]) -> None:
    if array.ndim < 2 or array.shape[-2] < 1:
        raise ValueError(
            "curves have the shape (..., K, W) with one or more curves, but these have "
            f"{array.shape}"
        )


def _check_height(height: int) -> None:
    if height < 1:
        raise ValueError(f"an image has one or more rows, but the height is {height}")


def _first_column(wrong: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """Index of a wrong place, in the first column that has one."""
    if not wrong.any():
        return None
    x = int(np.argmax(wrong.any(axis=tuple(range(wrong.ndim - 1)))))
    place = np.unravel_index(np.argmax(wrong[..., x]), wrong.shape[:-1])
    return (*(int(i) for i in place), x)


def _in_batch(place: tuple[int, ...]) -> str:
    return f" of image {', '.join(map(str, place[:-2]))}" if len(place) > 2 else ""
