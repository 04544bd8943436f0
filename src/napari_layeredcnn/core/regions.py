"""Region labels from curves, and curves from the labels of a whole image."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.curves import as_curves, check_height, first_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.integer[Any]]


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
    check_height(height)
    array = as_curves(curves)
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
    place = first_column(unordered)
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
