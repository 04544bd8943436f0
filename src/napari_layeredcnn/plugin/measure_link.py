"""Ties a plot of measured layers to the viewer: where it stands, going to places, marking them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal  # type: ignore[attr-defined]

from napari_layeredcnn.plugin.curve_points import add_beside
from napari_layeredcnn.plugin.moving import go_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer, Vectors
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.measure_profiles import MeasureProfiles

#: The viewer is looked at so often at most, ms.
LOOK_EVERY_MS = 40
#: The mark is one column wide, or so many of them fit into the image.
_MARKS_IN_WIDTH = 300
_MARK_COLOR = "magenta"


class MeasureLink(QObject):
    """Watches a viewer for a plot, and moves it; looks at most every 40 ms.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    """

    slice_changed = Signal()
    """The viewer may show another slice: see `index`."""
    pointer_moved = Signal()
    """The pointer is at another place: see `pointer`."""
    layer_removed = Signal()
    """The measured layer is no longer in the viewer, or has other axes."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._profiles: MeasureProfiles | None = None
        self._index = 0
        self._pointer: tuple[int, float] | None = None
        self._mark: Vectors | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)

    @property
    def index(self) -> int:
        """Which of the measured slices the viewer has shown last."""
        return self._index

    @property
    def pointer(self) -> tuple[int, float] | None:
        """Where the pointer is: column, and height in edge coordinates; None if beside."""
        return self._pointer

    def follow(self, profiles: MeasureProfiles | None) -> None:
        """Watch for these profiles instead of those before; for none if there are none."""
        self.stop()
        if profiles is None or profiles.layer not in self._viewer.layers:
            return
        self._profiles = profiles
        events = self._viewer.dims.events
        for event in (events.current_step, events.order, events.ndisplay):
            event.connect(self._on_moved)
        self._viewer.cursor.events.position.connect(self._on_moved)
        self._viewer.layers.events.removed.connect(self._on_removed)
        self._index, self._pointer = self._shown_index() or 0, self._found()

    def stop(self) -> None:
        """Watch no longer, and take the mark away."""
        self.unwatch()
        mark, self._mark = self._mark, None
        if mark is not None and mark in self._viewer.layers:
            self._viewer.layers.remove(mark)

    def unwatch(self) -> None:
        """Watch no longer; the viewer, which may be closing, is left as it is."""
        if self._profiles is None:
            return
        self._profiles = None
        events = self._viewer.dims.events
        for event in (events.current_step, events.order, events.ndisplay):
            event.disconnect(self._on_moved)
        self._viewer.cursor.events.position.disconnect(self._on_moved)
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def go(self, index: int, region: int | None = None, column: int = 0) -> None:
        """Show a slice; with a region, its place in a column in the middle of the canvas, marked.

        Parameters
        ----------
        index : int
            Which of the measured slices.
        region : int, optional
            Which of the measured regions. Default: the camera stays.
        column : int
            Its column.
        """
        profiles = self._profiles
        if profiles is None or not self._fits(profiles):
            return
        plane = profiles.plane_of(index)
        place = None if region is None else profiles.place(index, region, column)
        go_to(self._viewer, profiles.layer, plane, place)
        if region is not None:
            self._mark_region(profiles, index, region, column)
        self._pointer = self._found()  # it is in the plot
        self.look()

    def look(self) -> None:
        """Find out where the viewer stands, and tell of what has changed."""
        self._timer.stop()
        profiles = self._profiles
        if profiles is None or not self._fits(profiles):
            return
        index, pointer = self._shown_index(), self._found()
        if index is not None and index != self._index:
            self._index = index
            self.slice_changed.emit()
        if pointer != self._pointer:
            self._pointer = pointer
            self.pointer_moved.emit()

    # ---------------------------------------------------------------- the viewer

    def _on_moved(self, _event: Any = None) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _on_removed(self, event: Any) -> None:
        if self._profiles is not None and event.value is self._profiles.layer:
            self.stop()
            self.layer_removed.emit()

    def _fits(self, profiles: MeasureProfiles) -> bool:
        """Whether the layer still has the axes that it was measured with; else let go of it."""
        fits = profiles.layer.ndim == len(profiles.plane.index)
        if not fits:
            self.stop()
            self.layer_removed.emit()
        return fits

    def _found(self) -> tuple[int, float] | None:
        """Find column and height of the pointer."""
        assert self._profiles is not None
        if self._viewer.dims.ndisplay == 3:
            return None
        found = self._profiles.locate(self._point())
        return None if found is None else found[1:]

    def _shown_index(self) -> int | None:
        """Return the slice that is shown; from above, where slices are rows, the pointer's."""
        assert self._profiles is not None
        return self._profiles.slice_at(self._point())

    def _point(self) -> NDArray[np.float64]:
        """Where the sliders and the pointer are, on the axes of the layer's data."""
        assert self._profiles is not None
        layer, dims = self._profiles.layer, self._viewer.dims
        world, position = list(dims.point), self._viewer.cursor.position
        for axis in dims.displayed:
            if axis < len(position):
                world[axis] = position[axis]
        return np.asarray(layer.world_to_data(_own_units(layer, world, dims.units)))

    def _mark_region(self, profiles: MeasureProfiles, index: int, region: int, column: int) -> None:
        """Draw a line through the region in a column; it stays until the next place is marked."""
        upper, lower = profiles.ends(index, region, column)
        across, along = np.array([upper, lower]), np.array([column, column])
        plane, transposed = profiles.plane_of(index), profiles.segmentation.transposed
        ends = plane.vertices(*((along, across) if transposed else (across, along)))
        line = np.stack([ends[0], ends[1] - ends[0]])[None]
        if self._mark is not None and self._mark in self._viewer.layers:
            self._mark.data = line
            return
        self._mark = add_beside(
            self._viewer,
            profiles.layer,
            "add_vectors",
            line,
            name="measured place",
            edge_color=_MARK_COLOR,
            edge_width=max(1.0, profiles.width / _MARKS_IN_WIDTH),
            vector_style="line",
        )


def _own_units(layer: Layer, world: Sequence[float], units: Any) -> list[float]:
    """Return a point of the viewer, for the layer's axes and in its units."""
    point = list(world[-layer.ndim :])
    if units is None:
        return point
    pairs = zip(point, units[-layer.ndim :], layer.units, strict=True)
    return [x * (1 * shown).to(own).magnitude for x, shown, own in pairs]
