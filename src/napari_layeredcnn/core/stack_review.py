"""Where to look again in a completed stack, and what a newly labelled slice changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Disagreement:
    """A place where a curve jumps from one slice to the next.

    Parameters
    ----------
    index : int
        The first of the two slices; the other one is the next.
    curve : int
        Which curve.
    column : int
        Where the jump is largest.
    distance : float
        How large it is there, in pixels.
    columns : int
        Number of columns side by side in which it is larger than the limit.
    """

    index: int
    curve: int
    column: int
    distance: float
    columns: int


def disagreements(curves: NDArray[np.float32], limit: float) -> list[Disagreement]:
    """List where neighboring slices disagree by more than a limit.

    Parameters
    ----------
    curves : (S, K, W) float array
        Curves in edge coordinates; NaN where there are none.
    limit : float
        Distance in pixels.

    Returns
    -------
    list of Disagreement
        One for each stretch of columns, the largest distance first.

    Raises
    ------
    ValueError
        If the limit is not a positive number.

    Examples
    --------
    >>> curves = np.array([[[2.0, 2.0, 2.0]], [[2.5, 7.0, 6.0]]])
    >>> disagreements(curves, limit=3)
    [Disagreement(index=0, curve=0, column=1, distance=5.0, columns=2)]
    """
    if not limit > 0:
        raise ValueError(f"the limit must be a positive number of pixels, not {limit}")
    jumps = np.abs(np.diff(np.asarray(curves, dtype=np.float64), axis=0))
    beyond = np.pad(jumps > limit, ((0, 0), (0, 0), (1, 1)))  # NaN is beyond nothing
    edges = np.argwhere(np.diff(beyond, axis=2))  # in order: a start, then its end
    found = []
    for (index, curve, start), (_, _, stop) in edges.reshape(-1, 2, 3).tolist():
        column = start + int(np.argmax(jumps[index, curve, start:stop]))
        distance = float(jumps[index, curve, column])
        found.append(Disagreement(index, curve, column, distance, stop - start))
    return sorted(found, key=lambda place: -place.distance)


def slices_between(labelled: Sequence[int], new: int, count: int) -> range:
    """Slices whose seeds follow from a newly labelled slice: up to the next labelled ones.

    Parameters
    ----------
    labelled : sequence of int
        Slices labelled before.
    new : int
        The slice that has been labelled now.
    count : int
        Slices of the stack.

    Returns
    -------
    range
        Without the slices that were labelled before.

    Examples
    --------
    >>> slices_between([10, 40], 20, 64), slices_between([10], 20, 64)
    (range(11, 40), range(11, 64))
    """
    others = {int(i) for i in labelled} - {new}
    start = max((i for i in others if i < new), default=-1) + 1
    return range(start, min((i for i in others if i > new), default=count))
