"""Two keys for the brush: next region and previous region, in the order of the slice.

They are bound on single layers, never for the whole of napari.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_layeredcnn.plugin.planes import PlaneError, shown_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

NEXT_KEY, PREVIOUS_KEY = ".", ","


def bind_region_keys(viewer: ViewerModel, layer: Labels) -> None:
    """Bind the keys on a layer; they act while it is selected.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer, whose slice tells which regions there are; it is not kept alive.
    layer : napari.layers.Labels
        The layer that is painted in.
    """
    watched = ref(viewer)
    for key, step in ((NEXT_KEY, 1), (PREVIOUS_KEY, -1)):
        layer.bind_key(key, _stepper(watched, step), overwrite=True)


def region_after(selected: int, labels: NDArray[np.integer[Any]], step: int) -> int:
    """Return the region below or above the selected one (right or left, where they lie so).

    Parameters
    ----------
    selected : int
        The region in the brush.
    labels : (H, W) array of int
        What is painted in the slice.
    step : int
        1 for the next region below, -1 for the one above.

    Returns
    -------
    int
        A label. Below the lowest region comes a new one; above the top one nothing.

    Examples
    --------
    >>> labels = np.array([[5, 5], [0, 2], [2, 2]])
    >>> region_after(5, labels, 1), region_after(2, labels, -1)
    (2, 5)
    >>> region_after(2, labels, 1), region_after(5, labels, -1)
    (6, 5)
    """
    order = _in_order(labels)
    if selected not in order:
        # Nothing of it is painted yet, so it is the new region below all others.
        order.append(selected)
        if step > 0:
            return selected
    place = order.index(selected) + step
    if place == len(order):
        return max(order) + 1
    return order[max(place, 0)]


def _in_order(labels: NDArray[np.integer[Any]]) -> list[int]:
    """Painted labels from top to bottom; from left to right if that is how they lie."""
    where = np.nonzero(labels)
    ids, index, counts = np.unique(labels[where], return_inverse=True, return_counts=True)
    if not len(ids):
        return []
    rows, columns = (np.bincount(index.reshape(-1), axis) / counts for axis in where)
    along = rows if np.ptp(rows) >= np.ptp(columns) else columns
    return [int(i) for i in ids[np.argsort(along, kind="stable")]]


def _stepper(watched: ref[ViewerModel], step: int) -> Callable[[Labels], None]:
    """Return what a key does."""

    def change_region(layer: Labels) -> None:
        viewer = watched()
        if viewer is None or layer.multiscale:
            return
        try:
            plane = shown_plane(viewer, layer)
        except PlaneError as error:
            viewer.status = str(error)
            return
        labels = np.asarray(plane.of(layer.data))
        layer.selected_label = region_after(int(layer.selected_label), labels, step)
        viewer.status = f"Region {layer.selected_label}"

    change_region.__doc__ = f"Choose the {'next' if step > 0 else 'previous'} region."
    return change_region
