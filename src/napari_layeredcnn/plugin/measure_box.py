"""The boxes of what may be measured: labels, and Shapes layers that hold curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Shapes

from napari_layeredcnn.plugin.fields import LayerBox
from napari_layeredcnn.plugin.measure_known import holds_curves
from napari_layeredcnn.plugin.readers import KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class MeasuredBox(LayerBox):
    """A box of labels and of those Shapes layers that hold curves."""

    def __init__(self, viewer: ViewerModel, tip: str, **how: Any) -> None:
        super().__init__(viewer, (Labels, Shapes), tip, **how)

    def is_old(self) -> bool:
        """Tell whether other layers hold curves than when they were offered."""
        return self._layers() != [layer for layer in self.choices if layer is not None]

    def _layers(self) -> list[Layer]:
        return [
            layer
            for layer in super()._layers()
            if not isinstance(layer, Shapes) or holds_curves(layer)
        ]


def usual_labels(viewer: ViewerModel, layers: list[Layer]) -> Layer | None:
    """Return labels that a run has made, else any, else curves.

    Of several a selected layer, else the highest one.
    """
    labels = [layer for layer in layers if isinstance(layer, Labels)]
    offered = [layer for layer in labels if _is_result(layer)] or labels or layers
    selected = [layer for layer in offered if layer in viewer.layers.selection]
    return next(iter(selected + offered[::-1]), None)


def _is_result(layer: Layer) -> bool:
    notes = layer.metadata.get(KEY)
    return isinstance(notes, dict) and "settings" in notes
