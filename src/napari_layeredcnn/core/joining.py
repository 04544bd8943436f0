"""Two runs towards each other between two labelled places, made into one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: A smaller step (rows) from one run to the other is none: either is off by that where it is right.
AGREED = 0.5
#: What a unit of uncertainty in one column counts against a step of one row where a curve is cut
#: (`docs/experiments.md`, "Between two labelled places").
DOUBT = 0.03


def join(
    right: Floats,
    right_uncertainty: Floats,
    left: Floats,
    left_uncertainty: Floats,
    before: Floats,
    after: Floats,
) -> tuple[Floats, Floats]:
    """Follow the run to the right up to some column, then the other one, curve by curve.

    Each curve goes over where both runs agree and what is kept of them is sure: what the step
    there is more than half a row, and a little of the uncertainty of all that is kept, are least
    together.

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
        The joined run. To the uncertainty of the run that is kept up to half of the distance
        between both is added: the less, the surer that run was on its way, beside the other one.

    Examples
    --------
    >>> right = np.array([[5.0, 5.0, 9.0]])
    >>> left = np.array([[1.0, 5.0, 5.0]])
    >>> sure, ends = np.full((1, 3), 0.2), np.array([5.0])
    >>> curves, uncertainty = join(right, sure, left, sure, ends, ends)
    >>> curves, uncertainty.round(1)
    (array([[5., 5., 5.]], dtype=float32), array([[0.7, 0.2, 0.7]], dtype=float32))
    """
    width = right.shape[1]
    gathered = np.cumsum(right_uncertainty, axis=1)  # from where each run began
    left_gathered = np.cumsum(left_uncertainty[:, ::-1], axis=1)[:, ::-1]
    # The step that each cut leaves: left of column 0 the label before, right of the last the other.
    nothing = np.zeros((len(right), 1))
    steps = np.abs(
        np.concatenate([before[:, None], right], axis=1)
        - np.concatenate([left, after[:, None]], axis=1)
    )
    cost = np.maximum(steps - AGREED, 0)
    cost += DOUBT * np.concatenate([nothing, gathered], axis=1)
    cost += DOUBT * np.concatenate([left_gathered, nothing], axis=1)
    # Of equals the cut nearest to the middle: the further a run, the less it is worth.
    middle_out = np.argsort(np.abs(np.arange(width + 1) - width / 2), kind="stable")
    cuts = middle_out[np.argmin(cost[:, middle_out], axis=1)]
    from_right = np.arange(width) < cuts[:, None]
    # Curves that are cut in different columns may cross between these.
    curves = np.maximum.accumulate(np.where(from_right, right, left), axis=0)
    both = np.maximum(gathered + left_gathered, np.finfo(np.float32).tiny)
    share = np.where(from_right, gathered, left_gathered) / both
    uncertainty = np.where(from_right, right_uncertainty, left_uncertainty)
    uncertainty = uncertainty + share / 2 * np.abs(right - left)
    return curves.astype(np.float32), uncertainty.astype(np.float32)
