"""What is drawn of a run: a band along its curves, and paths. Plain arrays, no viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.plugin.curve_points import curve_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept

#: The uncertainty of a curve is shown this far on either side of it: a share of the rows, and px.
_BAND_SHARE, _BAND_LEAST = 0.015, 2.0


def band_of(kept: Kept) -> NDArray[np.float32]:
    """Return the uncertainty in a band along the curves of a run, (H, W) px, as it is shown."""
    height = kept.height if kept.grid is None else kept.grid.rows
    band = uncertainty_band(kept.curves, kept.uncertainty, height)
    if kept.grid is not None:
        return np.asarray(kept.grid.labels_back(band), np.float32)
    return band.T if kept.transposed else band


def uncertainty_band(
    curves: NDArray[np.float32], uncertainty: NDArray[np.float32], height: int
) -> NDArray[np.float32]:
    """Uncertainty of the nearest curve at pixels close to it, 0 elsewhere.

    Parameters
    ----------
    curves, uncertainty : (K, W) float array
        Curves in edge coordinates and their uncertainty, px; NaN where there is none.
    height : int
        Number of rows H.

    Returns
    -------
    (H, W) float32 array
        Uncertainty, px.

    Examples
    --------
    >>> import numpy as np
    >>> uncertainty_band(np.array([[2.0]]), np.array([[0.7]]), 6)[:, 0]
    array([0.7, 0.7, 0.7, 0.7, 0. , 0. ], dtype=float32)
    """
    curves, unsure = curves.astype(np.float64), np.nan_to_num(uncertainty)
    reach = max(_BAND_LEAST, _BAND_SHARE * height)
    offsets = np.arange(-int(reach) - 1, int(reach) + 2)[:, None]
    columns = np.broadcast_to(np.arange(curves.shape[1]), (len(offsets), curves.shape[1]))
    nearest = np.full((height, curves.shape[1]), reach)
    band = np.zeros(nearest.shape, np.float32)
    for curve, values in zip(curves, unsure, strict=True):
        rows = np.floor(np.nan_to_num(curve, nan=-3 * reach - 9)).astype(int) + offsets
        distance = np.abs(rows + 0.5 - curve)
        inside = (rows >= 0) & (rows < height)  # never where the curve is NaN
        rows, distance, x = rows[inside], distance[inside], columns[inside]
        closer = distance < nearest[rows, x]
        rows, distance, x = rows[closer], distance[closer], x[closer]
        nearest[rows, x], band[rows, x] = distance, values[x]
    return band


def curve_paths(kept: Kept) -> list[tuple[int, NDArray[np.float64]]]:
    """Paths along the curves of a run, of two columns or more.

    Parameters
    ----------
    kept : Kept
        What a run has left. A path ends where there is no curve; a closed one ends where it
        began.

    Returns
    -------
    list of (int, (N, 2) float array)
        Number of the curve from 0, and vertices (row, column) in napari coordinates, in which
        pixel centers are at integers.
    """
    points, known = curve_points(kept), kept.known
    if kept.grid is not None:
        # The ring is cut where there is no curve, else anywhere.
        turns = (np.arange(len(known) + bool(known.all())) + int(known.argmin())) % len(known)
        points, known = points[:, turns], known[turns]
    edges = np.concatenate([[False], known, [False]])
    stretches = np.flatnonzero(np.diff(edges)).reshape(-1, 2)
    return [
        (k, line[start:stop])
        for k, line in enumerate(points)
        for start, stop in stretches
        if stop - start > 1
    ]
