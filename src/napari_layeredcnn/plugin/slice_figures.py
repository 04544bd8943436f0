"""How sure a stack result is, slice by slice, and where neighboring slices do not fit together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.stack_review import disagreements
from napari_layeredcnn.plugin.curve_points import typical_thickness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

#: Neighboring slices disagree from this distance on, at least: px, a share of the regions'
#: thickness, and so many times what nine in ten columns of the stack differ by. On the sample
#: stack, whose slices are far apart, the true curves differ by 0.8 px in nine of ten columns and
#: by 1.9 px at most.
_LEAST, _LEAST_SHARE, _TIMES_USUAL = 2.0, 1 / 4, 3.0


@dataclass(frozen=True, eq=False)
class SliceFigures:
    """Figures of the slices of a stack.

    Parameters
    ----------
    uncertainty : (S,) float array
        Mean over curves and columns, px; NaN for slices that are not done.
    labelled : frozenset of int
        Slices that have labels of their own, or that a person has corrected.
    jumps : mapping of int to float
        How far a curve jumps to the next slice, px, where that is more than `limit`.
    limit : float
        The distance from which on two slices disagree, px.
    """

    uncertainty: NDArray[np.float64]
    labelled: frozenset[int]
    jumps: Mapping[int, float]
    limit: float


def slice_figures(
    runs: Mapping[Plane, Kept], first: Plane, axis: int, count: int
) -> SliceFigures | None:
    """Measure the slices of a stack.

    Parameters
    ----------
    runs : dict of Plane to Kept
        The run that each slice shows.
    first : Plane
        The first slice.
    axis : int
        The axis along which the slices follow each other.
    count : int
        How many there are.

    Returns
    -------
    SliceFigures or None
        None if no slice is done.
    """
    done = {i: runs[first.at(axis, i)] for i in range(count) if first.at(axis, i) in runs}
    done = {i: kept for i, kept in done.items() if kept.grid is None}
    if not done:
        return None
    uncertainty = np.full(count, np.nan)
    shape = next(iter(done.values())).curves.shape
    curves = np.full((count, *shape), np.nan, np.float32)
    for i, kept in done.items():
        known = np.isfinite(kept.uncertainty)
        if known.any():
            uncertainty[i] = kept.uncertainty[known].mean()
        if kept.curves.shape == shape:
            curves[i] = kept.curves
    limit = _limit(curves, [typical_thickness(kept) for kept in done.values()])
    jumps: dict[int, float] = {}
    for place in disagreements(curves, limit):
        jumps.setdefault(place.index, place.distance)  # the largest comes first
    labelled = frozenset(i for i, kept in done.items() if not kept.made)
    return SliceFigures(uncertainty, labelled, jumps, limit)


def _limit(curves: NDArray[np.float32], thickness: list[float]) -> float:
    steps = np.abs(np.diff(curves, axis=0))
    steps = steps[np.isfinite(steps)]
    usual = float(np.percentile(steps, 90)) if steps.size else 0.0
    return max(_LEAST, _LEAST_SHARE * float(np.mean(thickness)), _TIMES_USUAL * usual)
