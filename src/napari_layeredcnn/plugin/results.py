"""Where completed labels go: a layer of their own beside the partial labels.

The partial labels are never written to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels
    from numpy.typing import NDArray

_CARRIED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


class ResultLayers:
    """Remembers which layer holds the completed labels of which partial labels."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._results: WeakKeyDictionary[Labels, Labels] = WeakKeyDictionary()

    def write(
        self, image: Image, partial: Labels, index: int | None, labels: NDArray[np.integer[Any]]
    ) -> Labels:
        """Put a completed slice into its result layer, which is made if there is none.

        Writing into an existing layer is one step of that layer's undo history. What is
        selected in the viewer stays selected.
        """
        result = self._results.get(partial)
        if (
            result is not None
            and result in self._viewer.layers
            and result.data.shape == partial.data.shape
        ):
            _fill(result, index, labels)
            return result
        result = self._add(image, partial, index, labels)
        self._results[partial] = result
        return result

    def _add(
        self, image: Image, partial: Labels, index: int | None, labels: NDArray[np.integer[Any]]
    ) -> Labels:
        if index is None:
            data = labels
        else:
            data = np.zeros(partial.data.shape, labels.dtype)
            data[index] = labels
        selected = set(self._viewer.layers.selection)
        result: Labels = self._viewer.add_labels(
            data,
            name=f"{partial.name} completed",
            opacity=partial.opacity,
            colormap=partial.colormap,
            **{name: getattr(image, name) for name in _CARRIED},
        )
        # The person goes on painting in the partial labels, not in the result.
        self._viewer.layers.selection = selected
        return result


def _fill(layer: Labels, index: int | None, labels: NDArray[np.integer[Any]]) -> None:
    """Write what differs, through the layer's own undo history."""
    old = np.asarray(layer.data if index is None else layer.data[index])
    where = np.nonzero(old != labels)
    if where[0].size == 0:
        return
    new = labels[where]
    if index is not None:
        where = (np.full_like(where[0], index), *where)
    layer.data_setitem(where, new)
