"""The upper rows of the dock: which layers, what is painted in them, and where to go from there.

Rows that make no sense for what is chosen are hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Points, Shapes
from qtpy.QtWidgets import QDoubleSpinBox, QLabel

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.fields import (
    Fields,
    LayerBox,
    button,
    choice_box,
    one_below_the_other,
    prepare_box,
    tick,
)
from napari_layeredcnn.plugin.readers import KEY
from napari_layeredcnn.plugin.region_keys import NEXT_KEY, PREVIOUS_KEY
from napari_layeredcnn.plugin.slice_fields import SliceFields

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

DIRECTIONS = [
    ("Left and right", "horizontal"),
    ("To the right", "right"),
    ("To the left", "left"),
    ("Up and down", "vertical"),
    ("Down", "down"),
    ("Up", "up"),
    ("Around a center", "around"),
]
STROKES = [("Regions", "regions"), ("Boundaries", "boundaries")]


class ChoiceFields(Fields):
    """Image, partial labels, strokes, slices and direction.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers are offered.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._build_layers()
        self._build_choices()
        self._lay_out()
        slices = (self.slices.box, self.slices.along)
        boxes = (*slices, self.direction, self.strokes, self.labels, self.image)
        for box in boxes:
            box.changed.connect(self.show_rows)
        self.show_rows()

    @property
    def paints_labels(self) -> bool:
        """Whether the partial labels are a Labels layer, or none yet."""
        return not isinstance(self.labels.value, Shapes)

    def choices(self) -> dict[str, Any]:
        """Return the fields of `Choices` that are set here; what is hidden is as built in."""
        usual = Choices()
        strokes = self.strokes.value if self.paints_labels else usual.strokes
        can_be_zero = self.paints_labels and strokes == "regions"
        return {
            "strokes": strokes,
            "zero_is_region": can_be_zero and self.zero_tick.isChecked(),
            **self.slices.choices(),
            "direction": self.direction.value,
            "start_angle": self.start_angle.value(),
        }

    def show_choices(self, choices: Choices) -> None:
        """Set the boxes that are no viewer layers."""
        self.strokes.value = choices.strokes
        self.zero_tick.setChecked(choices.zero_is_region)
        self.slices.show_choices(choices)
        self.direction.value = choices.direction
        self.start_angle.setValue(choices.start_angle)

    def refresh_layers(self) -> None:
        """Offer the layers that are there now."""
        for box in (self.image, self.labels, self.center):
            box.reset_choices()

    def show_rows(self, _event: Any = None) -> None:
        """Show the rows that make sense, and no others."""
        around = self.direction.value == "around"
        self.show_row(self.new_button, self.paints_labels)
        self.show_row(self.keys, self.paints_labels)
        self.show_row(self.strokes.native, self.paints_labels)
        self.show_row(self.zero_tick, self.paints_labels and self.strokes.value == "regions")
        self.slices.show_rows(self)
        self.show_row(self._center_row, around)
        self.show_row(self.start_angle, around)

    # ---------------------------------------------------------------- parts

    def _build_layers(self) -> None:
        viewer = self._viewer
        self.image = LayerBox(
            viewer,
            (Image,),
            "The image whose regions lie in layers.",
            nothing="none yet",
            choose=self._usual_layer,
        )
        self.labels = LayerBox(
            viewer,
            (Labels, Shapes),
            "Where you paint a few columns: a Labels layer, or a Shapes layer with a path along\n"
            "every boundary.",
            nothing="none yet",
            choose=self._usual_labels,
        )
        self.new_button = button(
            "New partial labels",
            "Add an empty Labels layer that fits the image, with the brush in hand.",
        )
        self.keys = QLabel(
            f"Brush keys: <b>{NEXT_KEY}</b> next region, <b>{PREVIOUS_KEY}</b> previous"
        )
        self.keys.setToolTip(
            "While you paint: the full stop takes the next region below, after the lowest one a\n"
            "new one; the comma takes the region above. They act on the selected Labels layer."
        )
        self.center = LayerBox(
            viewer,
            (Points,),
            "A Points layer with a point in the middle of the closed regions.\n"
            "Of several points that in the nearest slice counts, and there the last one.",
            nothing="none yet",
            choose=self._usual_layer,
        )
        self.center_button = button(
            "New center",
            "Add a Points layer with the tool in hand: click in the middle of the regions.",
        )

    def _build_choices(self) -> None:
        self.slices = SliceFields(self._viewer, self.image)
        self.strokes = choice_box(
            STROKES,
            "Regions: a stroke of another label in every region, from top to bottom.\n"
            "Boundaries: a thin line of another label along every boundary.",
        )
        self.zero_tick = tick(
            "0 is a region",
            "Tick this if what you have left at 0 in a labelled column is a region of its own.\n"
            "Else 0 means: not labelled.",
        )
        self.direction = choice_box(
            DIRECTIONS,
            "Where the labels are continued to, from the columns that you painted.\n"
            "Around a center: for closed regions, as rings of a tree or the wall of a vessel.",
        )
        self.start_angle = QDoubleSpinBox()
        self.start_angle.setToolTip(
            "Where the image is cut open around the center: 0 is to the right, 90 is down.\n"
            "Best where the boundaries are clear."
        )
        self.start_angle.setRange(0, 359.9)
        self.start_angle.setDecimals(1)
        self.start_angle.setSingleStep(15)
        self.start_angle.setWrapping(True)
        self.start_angle.setSuffix("°")
        prepare_box(self.start_angle)

    def _lay_out(self) -> None:
        self.add("Image", self.image.native)
        self.add("Partial labels", self.labels.native)
        self.add_wide(self.new_button)
        self.add_wide(self.keys)
        self.add("Strokes are", self.strokes.native)
        self.add("", self.zero_tick)
        self.slices.add_to(self)
        self.add("Continue", self.direction.native)
        self._center_row = one_below_the_other(self.center.native, self.center_button)
        self.add("Center", self._center_row)
        self.add("Start angle", self.start_angle)

    # ---------------------------------------------------------------- layers

    def _usual_layer(self, layers: list[Layer]) -> Layer | None:
        """Return a selected layer, else the lowest one: results lie above what they are of."""
        selected = [layer for layer in layers if layer in self._viewer.layers.selection]
        return next(iter(selected + layers), None)

    def _usual_labels(self, layers: list[Layer]) -> Layer | None:
        """Return a Labels layer, if there is another not one that a run has made.

        A Shapes layer only if it is selected and there are no labels: Shapes may be results, or
        lock columns.
        """
        labels = [layer for layer in layers if isinstance(layer, Labels)]
        painted = [layer for layer in labels if not _is_result(layer)]
        selected = [layer for layer in layers if layer in self._viewer.layers.selection]
        return self._usual_layer(painted or labels or selected)


def _is_result(layer: Layer) -> bool:
    """Tell whether a run has made the labels, now or before they were saved and opened."""
    notes = layer.metadata.get(KEY)
    return isinstance(notes, dict) and "settings" in notes
