"""Shape of single curves: roughness after detrending, length, tortuosity, slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.measure_statistics import ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def residuals(heights: ArrayLike, degree: int = 1) -> Floats:
    """What a polynomial leaves of each curve (least squares).

    Parameters
    ----------
    heights : (G, W) array_like of float
        Curves; NaN where there is none.
    degree : int
        Of the polynomial: 0 takes the mean away, 1 a straight line.

    Returns
    -------
    (G, W) float64 array
        Residuals; NaN where the curve is, and for all of a curve with fewer than ``degree + 2``
        points, which any polynomial fits.

    Raises
    ------
    ValueError
        If the degree is negative.

    Examples
    --------
    >>> residuals([[1, 2, np.nan, 5, 4]], degree=0)
    array([[-2., -1., nan,  2.,  1.]])
    """
    if degree < 0:
        raise ValueError(f"the degree of a polynomial is 0 or more, but it is {degree}")
    array = np.asarray(heights, np.float64)
    known = ~np.isnan(array)
    x = np.arange(array.shape[1], dtype=np.float64)
    # From -1 to 1 over the known columns of each curve, and orthogonal by QR: no degree is too
    # high for the numbers.
    first = np.argmax(known, axis=1)[:, None]
    last = array.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)[:, None]
    scaled = 2 * (x - first) / np.maximum(last - first, 1) - 1
    basis = np.polynomial.legendre.legvander(scaled, degree) * known[..., None]
    q, _ = np.linalg.qr(basis)
    y = np.where(known, array, 0)
    trend = np.einsum("gwd,gd->gw", q, np.einsum("gwd,gw->gd", q, y))
    enough = known.sum(axis=1, keepdims=True) >= degree + 2
    return np.where(known & enough, array - trend, np.nan)


def roughness(residual: ArrayLike) -> tuple[Floats, Floats]:
    """Ra and Rq of each curve: mean of what is left after detrending, and root mean square.

    Parameters
    ----------
    residual : (G, W) array_like of float
        See `residuals`.

    Returns
    -------
    ra, rq : (G,) float64 array
        NaN for a curve without points.

    Examples
    --------
    >>> roughness([[1, -1, np.nan, 3, -3]])
    (array([2.]), array([2.23606798]))
    """
    array = np.asarray(residual, np.float64)
    known = ~np.isnan(array)
    count = known.sum(axis=1)
    left = np.where(known, array, 0)
    return ratio(np.abs(left).sum(axis=1), count), np.sqrt(ratio((left**2).sum(axis=1), count))


def lengths(heights: ArrayLike, along: float) -> tuple[Floats, Floats]:
    """Length of each curve from point to point, and of the straight lines between its ends.

    A curve with gaps is several pieces, whose lengths are added. Their quotient is the tortuosity:
    1 for straight pieces. A curve of whole pixels is longer than the same one in fractions of
    pixels, as it goes in steps.

    Parameters
    ----------
    heights : (G, W) array_like of float
        Curves in world units; NaN where there is none.
    along : float
        Size of a pixel along the curves.

    Returns
    -------
    length, straight : (G,) float64 array
        0 for a curve without two neighboring points.

    Examples
    --------
    >>> lengths([[0, 3, 0, np.nan, 0, 3]], along=4)
    (array([15.]), array([13.]))
    """
    array = np.asarray(heights, np.float64)
    steps = np.hypot(np.diff(array, axis=1), along)
    length = np.where(np.isnan(steps), 0, steps).sum(axis=1)
    known = np.pad(~np.isnan(array), ((0, 0), (1, 1)))
    rows, first = np.nonzero(known[:, 1:-1] & ~known[:, :-2])
    _, last = np.nonzero(known[:, 1:-1] & ~known[:, 2:])  # in the same order
    chords = np.hypot(array[rows, last] - array[rows, first], (last - first) * along)
    straight = np.bincount(rows, chords, minlength=len(array))
    return length, straight.astype(np.float64)


def slopes(heights: ArrayLike, along: float) -> Floats:
    """Mean slope of each curve: that of its straight line (least squares).

    Parameters
    ----------
    heights : (G, W) array_like of float
        Curves in world units; NaN where there is none.
    along : float
        Size of a pixel along the curves.

    Returns
    -------
    (G,) float64 array
        Positive where the curve goes down to the right; NaN for a curve without two points.

    Examples
    --------
    >>> slopes([[1, np.nan, 2, 2.5]], along=2)
    array([0.25])
    """
    array = np.asarray(heights, np.float64)
    known = ~np.isnan(array)
    count = known.sum(axis=1, keepdims=True)
    x = np.broadcast_to(np.arange(array.shape[1]) * along, array.shape)
    from_x = np.where(known, x - ratio(np.where(known, x, 0).sum(1, keepdims=True), count), 0)
    from_y = np.where(
        known, array - ratio(np.where(known, array, 0).sum(1, keepdims=True), count), 0
    )
    return ratio((from_x * from_y).sum(axis=1), (from_x**2).sum(axis=1))
