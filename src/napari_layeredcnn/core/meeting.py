"""Two runs towards each other made into one without a step, for curves that close."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

#: Where two runs meet, a curve moves by no more than this from one column to the next (px).
MEETING_STEP = 0.5


def meet(
    right: Floats, right_uncertainty: Floats, left: Floats, left_uncertainty: Floats
) -> tuple[Floats, Floats]:
    """Go over from one run to the other where they agree best, as slowly as it takes.

    The share of the second run grows from 0 to 1 over so many columns that this adds at most
    half a pixel to the step from any column to the next; over all columns, if these are too few.

    Parameters
    ----------
    right, right_uncertainty : (K, W) float array
        Curves and uncertainty of the run to the right, which the result begins with.
    left, left_uncertainty : (K, W) float array
        Of the run to the left, which it ends with.

    Returns
    -------
    curves, uncertainty : (K, W) float32 array
        The curves, in order if those of both runs are; the uncertainty is mixed in the same way,
        plus how far the runs disagree.

    Examples
    --------
    >>> right, left = np.full((1, 5), 3.0), np.full((1, 5), 4.0)
    >>> zero = np.zeros((1, 5))
    >>> meet(right, zero, left, zero)[0]
    array([[3. , 3. , 3.5, 4. , 4. ]], dtype=float32)
    """
    width = right.shape[1]
    apart = np.abs(right - left)
    columns = np.arange(width)
    # Of equals the one nearest to the middle: the further a run, the less it is worth.
    best = int(np.lexsort((np.abs(columns - (width - 1) / 2), apart.sum(axis=0)))[0])
    share = (columns + 1) / (width + 1)
    for steps in range(2, width + 1):
        # The share takes this many steps, from one column before `first` on.
        first = min(max(best - (steps - 2) // 2, 0), width + 1 - steps)
        over = slice(max(first - 1, 0), first + steps)
        if apart[:, over].max() <= MEETING_STEP * steps:
            share = np.clip((columns - first + 1) / steps, 0, 1)
            break
    curves = right + share * (left - right)
    uncertainty = right_uncertainty + share * (left_uncertainty - right_uncertainty) + apart
    return curves.astype(np.float32), uncertainty.astype(np.float32)
