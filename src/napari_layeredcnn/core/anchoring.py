"""What a run has left out of what it was given: the exact height at which a person sees a boundary.

A network that continues a curve puts it where it sees the boundary itself: a person may draw along
the upper rim of a dark line, or at the foot of a row of letters. The step that this makes right
behind the labelled columns is taken back by half, all along the run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Columns behind the labelled ones by which the step is measured.
COLUMNS = 7
#: How much of it is taken back.
SHARE = 0.5
#: A step of so many pixels of the working grid counts for a third, a larger one for less: it is no
#: matter of taste any more, the curve has left for another boundary.
FAR = 3.0


def anchoring_shift(label: Floats, run: Floats) -> Floats:
    """Tell by how much the curves of a run are to be moved.

    Parameters
    ----------
    label : (..., K) float array
        Curves in the last labelled column, in pixels of the working grid.
    run : (..., K, COLUMNS) float array
        The run's curves in the columns behind it.

    Returns
    -------
    (..., K) float32 array
        To be added to the run's curves; 0 where they go on as the label ends.

    Examples
    --------
    >>> columns = np.arange(1, 8)
    >>> run = np.float32([10 + 0.3 * columns, 21 - 0.3 * columns])
    >>> anchoring_shift(np.float32([10, 20]), run).round(2)
    array([-0.  , -0.45], dtype=float32)
    """
    columns = np.arange(1, COLUMNS + 1)
    # Least squares: where a straight line through the run would have been in the labelled column.
    centered = columns - columns.mean()
    weights = 1 / COLUMNS - columns.mean() * centered / (centered @ centered)
    step = (run - label[..., None]) @ weights
    return np.asarray(-SHARE * step * np.exp(-((step / FAR) ** 2)), dtype=np.float32)


def moved(curves: Floats, shift: Floats, height: int) -> Floats:
    """Move curves, which stay in order and within the image.

    Parameters
    ----------
    curves : (..., K, W) float32 array
        In edge coordinates.
    shift : (..., K) float32 array
        From `anchoring_shift`.
    height : int
        Rows of the working grid.

    Returns
    -------
    (..., K, W) float32 array
        In edge coordinates.

    Examples
    --------
    >>> moved(np.float32([[4], [5]]), np.float32([0.5, -1.0]), 8).ravel()
    array([4.5, 4.5], dtype=float32)
    """
    return np.maximum.accumulate(np.clip(curves + shift[..., None], 0, height), axis=-2)
