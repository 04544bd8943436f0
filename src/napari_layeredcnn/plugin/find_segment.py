"""From found layers to the "Segment Layers" dock: layers chosen there, its button pressed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_layeredcnn.plugin.segment_widget import SegmentWidget

if TYPE_CHECKING:
    from napari.layers import Image, Labels
    from napari.viewer import Viewer

    from napari_layeredcnn.plugin.find_request import FindRequest

DOCK = "Segment Layers (LayeredCNN)"
"""The name that napari gives the dock when it is opened from a menu."""


def choose_in_segment(viewer: Viewer, image: Image, labels: Labels) -> None:
    """Choose the layers in the dock, if it is open and not at work."""
    widget = _open_dock(viewer)
    if widget is not None and not widget.running:
        widget.choose_layers(image, labels)


def segment(viewer: Viewer, image: Image, labels: Labels, request: FindRequest) -> str:
    """Open the dock, choose the layers and what fits the search, and press its button.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The viewer.
    image, labels : napari.layers.Image, napari.layers.Labels
        Image and partial labels.
    request : FindRequest
        What was searched.

    Returns
    -------
    str
        A sentence that says what comes now.
    """
    widget = _open_dock(viewer)
    if widget is None:
        widget = SegmentWidget(viewer)
        viewer.window.add_dock_widget(widget, name=DOCK, area="right", tabify=True)
    frame: Any = widget.parent()
    frame.show()
    frame.raise_()
    if widget.running:
        return "Segment Layers is at work: press its button when it has finished."
    widget.choose_layers(image, labels)
    found = request.choices
    widget.set_choices(
        replace(
            widget.choices(),
            strokes="regions",
            zero_is_region=False,
            slices="shown" if request.axis is None else "stack",
            along=request.axis,
            direction=found.direction,
            region_thickness=found.region_thickness,
            model=found.model,
            device=found.device,
            into_partial=False,
        )
    )
    widget.start()
    return _what_comes(widget)


def _what_comes(widget: SegmentWidget) -> str:
    return "Segment Layers goes on." if widget.running else "Segment Layers says what is wrong."


def _open_dock(viewer: Viewer) -> SegmentWidget | None:
    """Return the dock if it is there; its name depends on how it was opened."""
    widgets: Any = viewer.window.dock_widgets.values()
    return next((one for one in widgets if isinstance(one, SegmentWidget)), None)
