"""Thickness of the regions between curves: straight across, or perpendicular to their mid-lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

#: Columns that the direction of a mid-line is taken from.
WINDOW = 15


def vertical_thickness(curves: ArrayLike, *, across: float = 1.0) -> Floats:
    """Distance from curve to curve in each column.

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Ordered curves in edge coordinates, in pixels; NaN where there is none.
    across : float
        Size of a pixel across the curves.

    Returns
    -------
    (..., K-1, W) float64 array
        Thickness of the regions between the curves; NaN where one of the two is not known.

    Examples
    --------
    >>> vertical_thickness([[1, 2], [4, 4], [5, np.nan]], across=0.5)
    array([[1.5, 1. ],
           [0.5, nan]])
    """
    return np.asarray(np.diff(np.asarray(curves, np.float64), axis=-2) * across)


def perpendicular_thickness(
    curves: ArrayLike, *, across: float = 1.0, along: float = 1.0, window: int = WINDOW
) -> Floats:
    """Distance from curve to curve along the normal of their mid-line.

    The mid-line is the mean of the two curves. Its direction in a column is that of the straight
    line through its points in the `window` columns around (least squares, in world units, so that
    pixels need not be square). The normal through the mid-line's point in the column is followed up
    and down to where it first meets the curves, which are straight from column to column. Thickness
    is the distance of these two points: for a tilted slab of parallel curves its true thickness.

    Parameters
    ----------
    curves : (..., K, W) array_like of float
        Ordered curves in edge coordinates, in pixels; NaN where there is none.
    across, along : float
        Size of a pixel across and along the curves.
    window : int
        Columns that the direction is taken from; odd.

    Returns
    -------
    (..., K-1, W) float64 array
        Thickness of the regions between the curves; NaN where the normal leaves the columns in
        which the curves are known, as it does near the ends of tilted ones.

    Raises
    ------
    ValueError
        If the window is not an odd number from 3 on.

    Examples
    --------
    >>> upper = 5 + 0.75 * np.arange(40)  # 3 down for 4 to the right
    >>> float(perpendicular_thickness([upper, upper + 10])[0, 20])
    8.0
    """
    if window < 3 or window % 2 == 0:
        raise ValueError(f"a window has an odd number of columns from 3 on, but it has {window}")
    world = np.asarray(curves, np.float64) * across
    upper, lower = world[..., :-1, :], world[..., 1:, :]
    shape = upper.shape
    upper, lower = (np.ascontiguousarray(c).reshape(-1, shape[-1]) for c in (upper, lower))
    middle = (upper + lower) / 2
    slope = _slopes(middle, window) / along
    top = _met(upper, middle, slope, along, up=True)
    bottom = _met(lower, middle, slope, along, up=False)
    return np.asarray((top + bottom) * np.sqrt(1 + slope**2)).reshape(shape)


def _slopes(lines: Floats, window: int) -> Floats:
    """Slope of the straight line through the known points around each point of (N, W) lines."""
    known = ~np.isnan(lines)
    x = np.arange(lines.shape[1], dtype=np.float64) - lines.shape[1] / 2
    offset = np.nanmean(lines) if known.any() else 0.0
    y = np.where(known, lines - offset, 0)  # small numbers: their squares are summed
    n, sx, sy, sxx, sxy = (
        _around(values, window) for values in (known, known * x, y, known * x**2, x * y)
    )
    spread = n * sxx - sx**2
    few = n < 2
    return np.where(few, np.nan, (n * sxy - sx * sy) / np.where(few, 1, spread))


def _around(values: NDArray[Any], window: int) -> Floats:
    """Sum over the columns around each one."""
    half = window // 2
    sums = np.cumsum(np.pad(values, ((0, 0), (half + 1, half))), axis=1, dtype=np.float64)
    return np.asarray(sums[:, window:] - sums[:, :-window])


def _met(curves: Floats, middle: Floats, slope: Floats, along: float, *, up: bool) -> Floats:
    """Find how far up or down the normals of (N, W) mid-lines first meet the curves.

    At the distance d up or down, a normal has come ``abs(slope) * d`` to the side. So, where it
    has come j columns to the side, it has met the curve if that is not further away than
    ``j * along / abs(slope)``. All normals walk together, column by column, until all have met.
    """
    sign = -1.0 if up else 1.0
    distance = sign * (curves - middle)
    found = np.where(slope == 0, distance, np.nan)
    where = np.flatnonzero((slope != 0) & ~np.isnan(distance + slope))
    steepness = np.abs(slope.flat[where])
    sideways = np.where((slope.flat[where] > 0) == up, 1, -1)
    start, before = middle.flat[where], distance.flat[where]
    lacking = steepness * before  # how far it is still to the side
    # With a column of NaN beyond both ends, where a normal is lost.
    padded = np.pad(curves, ((0, 0), (1, 1)), constant_values=np.nan).ravel()
    at = where + 2 * (where // curves.shape[1]) + 1
    side = 0.0
    while where.size:
        side += along
        at += sideways
        here = sign * (padded[at] - start)
        now = steepness * here - side
        met = now <= 0
        share = lacking[met] / np.maximum(lacking[met] - now[met], np.finfo(float).tiny)
        found.flat[where[met]] = before[met] + share * (here[met] - before[met])
        left = np.flatnonzero(now > 0)  # neither met nor NaN
        where, at, sideways = where[left], at[left], sideways[left]
        steepness, start, before, lacking = steepness[left], start[left], here[left], now[left]
    return found
