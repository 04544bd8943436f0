"""Where completed labels go: a layer of their own beside the partial labels.

The partial labels are never written to.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from napari_layeredcnn.plugin.live import LiveLabels
from napari_layeredcnn.plugin.region_keys import bind_region_keys
from napari_layeredcnn.plugin.request import Resume

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

    from napari_layeredcnn.plugin.continuation import Kept

#: Runs of a slice that are remembered, so that one may continue after undo.
_REMEMBERED = 10
_CARRIED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def place_of(layer: Layer) -> dict[str, Any]:
    """Return where a layer lies in the world, for a new layer on the same pixels."""
    return {name: getattr(layer, name) for name in _CARRIED}


class ResultLayers:
    """Remembers which layer holds the completed labels of which partial labels."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._results: WeakKeyDictionary[Labels, Labels] = WeakKeyDictionary()
        self._runs: WeakKeyDictionary[Labels, dict[int | None, deque[Kept]]] = WeakKeyDictionary()

    def begin(
        self, image: Image, partial: Labels, index: int | None, dtype: np.dtype[Any]
    ) -> LiveLabels:
        """Begin to write a slice into its result layer, which is made if there is none.

        What is selected in the viewer stays selected.
        """
        result = self._result_of(partial)
        if result is not None and np.can_cast(dtype, result.data.dtype):
            return LiveLabels(result, index, is_new=False)
        result = self._add(image, partial, dtype)
        self._results[partial] = result
        return LiveLabels(result, index, is_new=True)

    def remember(self, live: LiveLabels, kept: Kept | None) -> None:
        """Remember what a run has left, to continue from."""
        if kept is not None:
            runs = self._runs.setdefault(live.layer, {})
            runs.setdefault(live.index, deque(maxlen=_REMEMBERED)).append(kept)

    def to_resume(self, partial: Labels, index: int | None) -> Resume:
        """Return what earlier runs have left in a slice; nothing if there was none."""
        result = self._result_of(partial)
        if result is None:
            return Resume((), partial.data[:0])
        runs = self._runs.get(result, {}).get(index, ())
        shown = np.array(result.data if index is None else result.data[index])
        return Resume(tuple(runs), shown)

    def restore(self, live: LiveLabels) -> None:
        """Put back what was there before; a layer that was made for nothing is deleted."""
        if live.layer not in self._viewer.layers:
            return
        live.restore()
        if live.is_new and not live.layer.data.any():
            self._viewer.layers.remove(live.layer)

    def _result_of(self, partial: Labels) -> Labels | None:
        result = self._results.get(partial)
        if result is None or result not in self._viewer.layers:
            return None
        return result if result.data.shape == partial.data.shape else None

    def _add(self, image: Image, partial: Labels, dtype: np.dtype[Any]) -> Labels:
        selected = set(self._viewer.layers.selection)
        result: Labels = self._viewer.add_labels(
            np.zeros(partial.data.shape, dtype),
            name=f"{partial.name} completed",
            opacity=partial.opacity,
            colormap=partial.colormap,
            **place_of(image),
        )
        bind_region_keys(self._viewer, result)
        # The person goes on painting in the partial labels, not in the result.
        self._viewer.layers.selection = selected
        return result
