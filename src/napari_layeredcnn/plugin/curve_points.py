"""Where the curves of a run lie in its slice, and how layers are added beside the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.plugin.results import place_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept


def curve_points(kept: Kept) -> NDArray[np.float64]:
    """Return where the curves lie in the slice as it is shown.

    Parameters
    ----------
    kept : Kept
        What a run has left: curves along the rows, along the columns, or about a center.

    Returns
    -------
    (K, W, 2) float64 array
        Row and column in napari coordinates, in which pixel centers are at integers; NaN where
        there is no curve.
    """
    if kept.grid is not None:
        # The last vertex of a closed path is the first one again.
        return np.stack(kept.grid.paths(kept.curves))[:, :-1]
    across = kept.curves.astype(np.float64) - 0.5
    along = np.where(np.isnan(across), np.nan, np.arange(across.shape[1]))
    return np.stack([along, across] if kept.transposed else [across, along], axis=-1)


def typical_thickness(kept: Kept) -> float:
    """Return the mean thickness of the regions between the curves, px.

    A single curve has none; a ninth of the rows stands in for it, as for the working resolution.
    """
    known = kept.curves[:, kept.known]
    if len(known) < 2 or not known.shape[1]:
        return (kept.height if kept.grid is None else kept.grid.rows) / 9
    return max(float(np.mean(known[-1] - known[0])) / (len(known) - 1), 1.0)


def add_beside(viewer: ViewerModel, result: Layer, how: str, data: Any, **settings: Any) -> Any:
    """Add a layer that lies in the world as `result` does; what is selected stays selected.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    result : napari.layers.Layer
        The layer whose scale, units and transforms are taken.
    how : str
        The viewer's method, such as ``"add_image"``.
    data, **settings
        What it is called with.

    Returns
    -------
    napari.layers.Layer
        The new layer.
    """
    selected = set(viewer.layers.selection)
    layer = getattr(viewer, how)(data, **settings, **place_of(result))
    viewer.layers.selection = selected
    return layer
