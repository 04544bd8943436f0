"""Where a person should look first in a completed stack, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.stack_review import disagreements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.core.stack import StackCompletion
    from napari_layeredcnn.core.stack_review import Disagreement

_MOST = 5  # places of a kind that are named
_SMALLEST = 2.0  # px: a jump below it is not worth a look
_UNUSUAL = 5.0  # times the median: jumps from there on stand out


def places_to_look_at(completion: StackCompletion) -> list[str]:
    """Name the most uncertain slices, and the largest jumps from a slice to the next.

    Parameters
    ----------
    completion : StackCompletion
        A result.

    Returns
    -------
    list of str
        A line for each kind of which there are any. Jumps are those of more than 2 px and five
        times the median: how far slices are apart decides what is usual.
    """
    lines = []
    uncertainty = completion.slice_uncertainty.copy()
    uncertainty[list(completion.labelled)] = np.nan
    worst = [int(i) for i in np.argsort(-uncertainty) if uncertainty[i] > 0][:_MOST]
    if worst:
        listed = ", ".join(f"{i} ({uncertainty[i]:.2f} px)" for i in worst)
        lines.append(f"Most uncertain slices: {listed}.")
    jumps = _jumps(completion.curves)
    if jumps:
        along = "row" if completion.transposed else "column"
        listed = ", ".join(
            f"{jump.index} to {jump.index + 1} ({jump.distance:.1f} px, curve {jump.curve + 1}, "
            f"{along} {jump.column})"
            for jump in jumps
        )
        lines.append(f"Largest jumps between slices: {listed}.")
    return lines


def _jumps(curves: NDArray[np.float32]) -> list[Disagreement]:
    """Return the largest jump between two slices, for the slices where it is largest."""
    steps = np.abs(np.diff(curves, axis=0))
    steps = steps[np.isfinite(steps)]
    if not steps.size:
        return []
    limit = max(_SMALLEST, _UNUSUAL * float(np.median(steps)))
    largest: dict[int, Disagreement] = {}
    for jump in disagreements(curves, limit):  # the largest first
        largest.setdefault(jump.index, jump)
    return list(largest.values())[:_MOST]
