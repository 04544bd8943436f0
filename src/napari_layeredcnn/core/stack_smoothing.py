"""Curves smoothed across the slices of a stack, the more the less certain they are.

Whittaker's smoother: squared second differences across slices are paid for against squared
distances from what was found; one banded system for every curve and column, all at once. What a
slice has moved as a whole is taken out before and put back, so that motion stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_layeredcnn.core.curves import order_curves

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: A place counts at most this many times as much as one of median uncertainty, or as little.
MOST_WEIGHT = 100.0
#: Weight of what is held: it moves by next to nothing, and is then put back exactly.
HELD = 1e8


def smooth_across_slices(
    curves: ArrayLike, uncertainty: ArrayLike, height: int, *, strength: float = 0.3
) -> Floats:
    """Smooth curves from slice to slice, weighted by their uncertainty.

    On simulated stacks with smooth surfaces the default strength makes the error a seventh
    smaller, never larger (`benchmarks/stack_accuracy.py`). Real surfaces that are rough from
    slice to slice lose what is rough: look at the result.

    Parameters
    ----------
    curves : (S, K, W) array_like of float
        Curves in edge coordinates, ordered; NaN where there are none.
    uncertainty : (S, K, W) array_like of float
        In pixels. What has none, as labelled columns have, stays as it is.
    height : int
        Number of rows of a slice.
    strength : float
        What squared second differences count, against squared distances of median uncertainty.
        A ripple over L slices is halved at a strength of (L / 2 pi)^4.

    Returns
    -------
    (S, K, W) float32 array
        Curves in order and inside the image. NaN stays; slices on both sides of it are smoothed
        together.

    Raises
    ------
    ValueError
        If the shapes differ, an uncertainty is missing or negative, or the strength is negative.

    Examples
    --------
    >>> curves = np.full((5, 1, 3), 10.0)
    >>> curves[2, 0, 1] = 13
    >>> uncertainty = np.where(curves == 13, 2.0, 0.5)
    >>> smooth_across_slices(curves, uncertainty, 64)[:, 0, 1].round(1)
    array([10. , 10.1, 10.2, 10.1, 10. ], dtype=float32)
    """
    found, unsure = np.asarray(curves, np.float64), np.asarray(uncertainty, np.float64)
    if found.ndim != 3 or unsure.shape != found.shape:
        raise ValueError(
            f"curves and uncertainty have one shape (S, K, W), but these have {found.shape} and "
            f"{unsure.shape}; give both of the same completion"
        )
    there = ~np.isnan(found)
    if not (unsure[there] >= 0).all():
        raise ValueError("some curves have no uncertainty, or a negative one; give one for each")
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"the strength must be a number that is not negative, not {strength}")
    held = there & (unsure == 0)
    moving = there & ~held
    if not strength or not moving.any():
        return found.astype(np.float32)
    weight = np.where(held, HELD, 0.0)
    relative = np.square(np.median(unsure[moving]) / unsure[moving])
    weight[moving] = np.clip(relative, 1 / MOST_WEIGHT, MOST_WEIGHT)
    # Two places at least make a line; where there are fewer, any answer will do.
    weight[:, there.sum(axis=0) < 2] = 1
    motion = _motion(found)[:, None, None]
    smooth = _solved(weight, np.where(there, found - motion, 0), strength) + motion
    smooth = np.where(moving & (there.sum(axis=0) > 1), smooth, found)
    return order_curves(np.clip(smooth, 0, height))


def _motion(found: Doubles) -> Doubles:
    """By how many rows each slice lies lower than the first one, (S,): medians, summed up.

    Slices that share no place with the one before have not moved.
    """
    motion = np.zeros(len(found))
    before = None
    for i, curves in enumerate(found):
        if np.isnan(curves).all():
            continue
        if before is not None:
            steps = curves - found[before]
            shared = steps[~np.isnan(steps)]
            motion[i] = motion[before] + (np.median(shared) if shared.size else 0.0)
        before = i
    return motion


def _solved(weight: Doubles, found: Doubles, strength: float) -> Doubles:
    """Solve (W + strength D'D) z = W found, D of second differences along axis 0.

    A pentadiagonal system for every place of the other axes: L D L' without pivoting, which a
    positive definite matrix does not need; the loop goes over the slices only.
    """
    count = len(found)
    if count < 3:
        return found
    second = np.diff(np.eye(count), 2, axis=0)
    penalty = strength * (second.T @ second)
    pivot, lower, lowest = (np.zeros_like(found) for _ in range(3))
    solved = weight * found
    for i in range(count):  # row i of L is (lowest[i], lower[i], 1)
        pivot[i] = weight[i] + penalty[i, i]
        if i > 1:
            lowest[i] = penalty[i, i - 2] / pivot[i - 2]
            pivot[i] -= lowest[i] ** 2 * pivot[i - 2]
            solved[i] -= lowest[i] * solved[i - 2]
        if i > 0:
            inner = lowest[i] * pivot[i - 2] * lower[i - 1] if i > 1 else 0.0
            lower[i] = (penalty[i, i - 1] - inner) / pivot[i - 1]
            pivot[i] -= lower[i] ** 2 * pivot[i - 1]
            solved[i] -= lower[i] * solved[i - 1]
    solved /= pivot
    for i in range(count - 2, -1, -1):
        solved[i] -= lower[i + 1] * solved[i + 1]
        if i + 2 < count:
            solved[i] -= lowest[i + 2] * solved[i + 2]
    return solved
