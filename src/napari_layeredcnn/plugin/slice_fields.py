"""The rows of the dock that say which slices: this one, a range, all, and along which axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from qtpy.QtWidgets import QSpinBox

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.fields import choice_box, keep_narrow, prepare_box, side_by_side
from napari_layeredcnn.plugin.planes import Plane, shape_of, slider_axis

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_layeredcnn.plugin.fields import Fields, LayerBox

SLICES = [
    ("This slice", "shown"),
    ("Whole stack", "stack"),
    ("Range", "range"),
    ("All slices with labels", "labelled"),
]


class SliceFields:
    """Boxes for slices, their axis and a range, which follow the chosen image.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer, whose sliders count.
    image : LayerBox
        The image that is chosen.
    """

    def __init__(self, viewer: ViewerModel, image: LayerBox) -> None:
        self._viewer = viewer
        self._image = image
        self._offered: list[tuple[str, int | None]] = []
        self.box = choice_box(
            SLICES,
            "This slice: the one that you see.\n"
            "Whole stack: every slice. Paint in one of them or in a few; the others are filled in\n"
            "from these, in a new layer. Where that went wrong, paint in one more slice and press\n"
            "Segment Layers again: what follows from it is done again, the rest stays.\n"
            "Range: the same for the slices from the first to the last one given, both included.\n"
            "All slices with labels: those in which you have painted, each on its own.",
        )
        self.first, self.last = QSpinBox(), QSpinBox()
        for box, which in ((self.first, "First"), (self.last, "Last")):
            box.setToolTip(
                f"{which} slice of the range, numbered as at the slider below the image."
            )
            prepare_box(box)
        self.range = side_by_side(self.first, self.last)
        self.along: ComboBox = ComboBox(
            choices=self._axes,
            tooltip="The axis along which the slices lie; the others stay where their sliders are.",
        )
        prepare_box(self.along.native)
        keep_narrow(self.along.native)
        self.first.valueChanged.connect(self._push_last)
        self.last.valueChanged.connect(self._push_first)
        self.last.setValue(self.last.maximum())

    @property
    def is_stack(self) -> bool:
        """Whether the image has more than one slice."""
        return self._slice_count() > 1

    def add_to(self, fields: Fields) -> None:
        """Add the rows."""
        fields.add("Slices", self.box.native)
        fields.add("Along", self.along.native)
        fields.add("First, last", self.range)

    def show_rows(self, fields: Fields) -> None:
        """Show the rows that make sense, and no others."""
        self._offer_axes()
        several = self.is_stack and self.box.value != "shown"
        fields.show_row(self.box.native, self.is_stack)
        fields.show_row(self.along.native, several and self._has_many_axes)
        fields.show_row(self.range, several and self.box.value == "range")
        self._fit_range()

    def choices(self) -> dict[str, Any]:
        """Return the fields of `Choices` that are set here; what is hidden is as built in."""
        usual = Choices()
        return {
            "slices": self.box.value if self.is_stack else usual.slices,
            "first": self.first.value(),
            "last": self.last.value(),
            "along": self.along.value if self._has_many_axes else usual.along,
        }

    def show_choices(self, choices: Choices) -> None:
        """Set the boxes; an axis only if there is a choice."""
        self.box.value = choices.slices
        if choices.along in self.along.choices:
            self.along.value = choices.along
        self.first.setValue(choices.first)
        self.last.setValue(choices.last)

    @property
    def _has_many_axes(self) -> bool:
        return len(self.along.choices) > 2

    def _slice_count(self) -> int:
        """Return how many slices the chosen image has along the axis of the slices."""
        plane = self._some_plane()
        if plane is None:
            return 1
        axis = slider_axis(self._viewer, plane, self.along.value)
        return 1 if axis is None else shape_of(self._image.value)[axis]

    def _some_plane(self) -> Plane | None:
        """Return a slice of the chosen image that has the rows and columns shown, if it can."""
        image = self._image.value
        if image is None:
            return None
        missing = self._viewer.dims.ndim - image.ndim
        rows, columns = (axis - missing for axis in self._viewer.dims.order[-2:])
        if min(rows, columns) < 0:
            return None  # the viewer shows an axis that the image has not
        index = [None if axis in (rows, columns) else 0 for axis in range(image.ndim)]
        return Plane(tuple(index), rows, columns)

    def _axes(self, _box: Any = None) -> list[tuple[str, int | None]]:
        """Return what slices may lie along: axes with a slider, more than one slice each."""
        plane = self._some_plane()
        entries: list[tuple[str, int | None]] = [("slider moved last", None)]
        if plane is None:
            return entries
        shape, dims = shape_of(self._image.value), self._viewer.dims
        for axis in plane.free_axes:
            if shape[axis] > 1:
                name = str(dims.axis_labels[axis + dims.ndim - len(shape)])
                plain = name.removeprefix("-").isdigit()
                entries.append((f"axis {axis}" if plain else name, axis))
        return entries

    def _offer_axes(self) -> None:
        """Offer the axes that are there now; what is chosen stays chosen."""
        if self._axes() != self._offered:
            self._offered = self._axes()
            before = self.along.value
            with self.along.changed.blocked():
                self.along.reset_choices()
                there = [axis for _, axis in self._offered]
                self.along.value = before if before in there else None

    def _fit_range(self) -> None:
        """Let the range end where the stack ends; a range up to the end stays so."""
        to_end = self.last.value() == self.last.maximum()
        end = self._slice_count() - 1
        for box in (self.first, self.last):
            box.setMaximum(end)
        if to_end:
            self.last.setValue(end)

    def _push_last(self, first: int) -> None:
        self.last.setValue(max(first, self.last.value()))

    def _push_first(self, last: int) -> None:
        self.first.setValue(min(last, self.first.value()))
