"""Two runs towards each other between two labelled places, made into one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def join(
    right: Floats,
    right_uncertainty: Floats,
    left: Floats,
    left_uncertainty: Floats,
    before: Floats,
    after: Floats,
) -> tuple[Floats, Floats]:
    """Follow the run to the right up to the column where both agree best, then the other one.

    Parameters
    ----------
    right, right_uncertainty : (K, W) float array
        Curves and uncertainty of the run to the right.
    left, left_uncertainty : (K, W) float array
        Of the run to the left.
    before, after : (K,) float array
        Labelled curves left and right of these columns.

    Returns
    -------
    curves, uncertainty : (K, W) float32 array
        The joined run; the uncertainty is the chosen run's, plus how far the runs disagree.

    Examples
    --------
    >>> right = np.array([[5.0, 5.0, 9.0]])
    >>> left = np.array([[1.0, 5.0, 5.0]])
    >>> zero = np.zeros((1, 3))
    >>> curves, uncertainty = join(right, zero, left, zero, np.array([5.0]), np.array([5.0]))
    >>> curves, uncertainty
    (array([[5., 5., 5.]], dtype=float32), array([[4., 0., 4.]], dtype=float32))
    """
    width = right.shape[1]
    # The step that each cut leaves: left of column 0 the label before, right of the last the other.
    steps = np.abs(
        np.concatenate([before[:, None], right], axis=1)
        - np.concatenate([left, after[:, None]], axis=1)
    ).sum(axis=0)
    cuts = np.arange(width + 1)
    # Of equals the cut nearest to the middle: the further a run, the less it is worth.
    cut = np.lexsort((np.abs(cuts - width / 2), steps))[0]
    from_right = np.arange(width) < cut
    curves = np.where(from_right, right, left)
    uncertainty = np.where(from_right, right_uncertainty, left_uncertainty)
    uncertainty = uncertainty + np.abs(right - left)
    return curves.astype(np.float32), uncertainty.astype(np.float32)
