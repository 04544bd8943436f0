"""How far from the true curve a completed one may be expected to be, from what a run knows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Mean distance from the truth for one unit of doubt, on validation images (`docs/experiments.md`).
DISTANCE = 2.0
#: What an unchanged thickness leaves of the doubt, squared.
UNCHANGED = 0.3
#: Added to every thickness (px), so that a region that ends is no infinite change.
LEAST_THICKNESS = 0.5


def expected_distance(
    curves: Floats, uncertainty: Floats, given: NDArray[np.bool_], height: int
) -> Floats:
    """Estimate how far each curve is from the true one.

    The uncertainty says how blurred a curve is in a column, and nothing of a curve that was lost
    before and follows another boundary since. So three things are multiplied: the square roots of
    the uncertainty, of its mean from the nearest labelled column on, and of how much the thicker or
    thinner of the two regions beside the curve has changed since there. Between two labelled
    columns the nearer one counts.

    Parameters
    ----------
    curves, uncertainty : (K, W) float array
        Of a completion, in pixels; NaN where it has not been.
    given : (W,) bool array
        Labelled columns.
    height : int
        Rows of the image.

    Returns
    -------
    (K, W) float32 array
        Pixels; 0 where the uncertainty is, NaN where the curves are.

    Raises
    ------
    ValueError
        If no column is given, or the shapes do not fit.

    Examples
    --------
    >>> curves = np.float32([[8, 8, 8, 4]])
    >>> uncertainty = np.float32([[0, 0.5, 0.5, 0.5]])
    >>> expected_distance(curves, uncertainty, np.array([True, False, False, False]), 16).round(2)
    array([[0.  , 0.39, 0.45, 0.84]], dtype=float32)
    """
    given = np.asarray(given, dtype=bool)
    if curves.shape != uncertainty.shape or curves.shape[1:] != given.shape:
        raise ValueError(
            f"curves and uncertainty are (K, W) and the given columns (W,), but they are "
            f"{curves.shape}, {uncertainty.shape} and {given.shape}; pass those of one completion"
        )
    if not given.any():
        raise ValueError("no column is given, so there is nothing to start from; label one")
    columns = np.arange(given.size)
    labelled = np.flatnonzero(given)
    after = np.searchsorted(labelled, columns)
    right = labelled[np.minimum(after, labelled.size - 1)]
    left = labelled[np.maximum(after - 1, 0)]
    nearest = np.where(np.abs(columns - left) <= np.abs(right - columns), left, right)
    # From the labelled column to this one; a seed that was made is not quite sure itself.
    sums = np.cumsum(np.pad(np.nan_to_num(uncertainty), ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    start, stop = np.minimum(nearest, columns), np.maximum(nearest, columns) + 1
    mean = (sums[:, stop] - sums[:, start]) / (stop - start)
    edges = np.full((1, given.size), float(height))
    thickness = np.diff(np.concatenate([0 * edges, curves, edges]), axis=0) + LEAST_THICKNESS
    change = np.abs(np.log(thickness / thickness[:, nearest]))
    changed = np.sqrt(np.maximum(change[:-1], change[1:]) + UNCHANGED)
    expected: Floats = (DISTANCE * np.sqrt(uncertainty * mean) * changed).astype(np.float32)
    return expected
