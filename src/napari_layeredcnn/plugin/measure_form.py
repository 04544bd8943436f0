"""How the "Measure Layers" dock looks: its choices and buttons; results are in `measure_views`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Labels, Shapes
from qtpy.compat import isalive
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from napari_layeredcnn.plugin.fields import (
    Fields,
    LayerBox,
    Scrolled,
    button,
    choice_box,
    keep_narrow,
    line_up,
    one_below_the_other,
    prepare_box,
    side_by_side,
)
from napari_layeredcnn.plugin.find_form import WAYS
from napari_layeredcnn.plugin.measure_advanced import MeasureAdvanced
from napari_layeredcnn.plugin.measure_box import MeasuredBox, usual_labels
from napari_layeredcnn.plugin.measure_known import (
    all_notes,
    has_uncertainty,
    runs_up_and_down,
    slice_axes,
)
from napari_layeredcnn.plugin.measure_request import Chosen, MeasureChoices
from napari_layeredcnn.plugin.measure_views import MeasureViews
from napari_layeredcnn.plugin.results import ResultLayers

if TYPE_CHECKING:
    from napari.components import ViewerModel

HOW_TO_BEGIN = "Choose completed labels, ours or of another program, or curves, and press Measure."
MEASURE_KEY = "Shift-M"
SLICES = [("This slice", "shown"), ("All slices", "stack")]
THICKNESS = [("Straight across", False), ("Perpendicular, too", True)]


class MeasureForm(QWidget):
    """The choices, buttons and results of the dock.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers are offered.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._runs = ResultLayers(viewer)
        self._followed: Labels | Shapes | None = None
        self._build_layers()
        self._build_choices()
        self._build_buttons()
        self._lay_out()
        self._show_running(False)
        self._follow_viewer()
        self._on_labels()

    def say(self, message: str) -> None:
        """Show a sentence below the buttons."""
        self._message.setText(message)

    def chosen(self) -> Chosen:
        """Return the layers that are chosen."""
        return Chosen(self._labels.value, self._other.value, self._rectangles.value)

    def choices(self) -> MeasureChoices:
        """Return what is chosen; what is hidden is as built in."""
        return MeasureChoices(
            slices=self._slices.value if self._slice_axes else "shown",
            along=self._along.value if len(self._slice_axes) > 1 else None,
            transposed=self._way.value == "vertical",
            perpendicular=self._thickness.value,
            **self._advanced.choices(),
        )

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Line up the rows in whatever font napari sets."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            line_up(self._fields, self._advanced.fields)

    # ---------------------------------------------------------------- parts

    def _build_layers(self) -> None:
        self._labels = MeasuredBox(
            self._viewer,
            "Labels of regions that lie on each other: completed by Segment Layers, painted, or\n"
            "of another program. Columns that are not labelled from top to bottom are left out.\n"
            "Or curves: of a run, from a file, or paths drawn along boundaries.",
            nothing="none yet",
            choose=lambda layers: usual_labels(self._viewer, layers),
        )
        self._rectangles = LayerBox(
            self._viewer,
            (Shapes,),
            "Measure only the columns that the rectangles of a Shapes layer span, at any height;\n"
            "each on its own. Rectangles drawn in a slice are of that slice. Their names are in\n"
            'the column "name" of the layer\'s features.',
            nothing="all columns",
            choose=lambda layers: None,
            optional=True,
        )
        self._new_button = button(
            "New", "Add a Shapes layer with the rectangle tool in hand: drag across columns."
        )
        self._other = MeasuredBox(
            self._viewer,
            "Other labels or curves of the same image, of another person or day: how far their\n"
            "boundaries are from these, and how well regions agree.",
            nothing="nothing",
            choose=lambda layers: None,
            optional=True,
        )

    def _build_choices(self) -> None:
        self._slices = choice_box(
            SLICES,
            "This slice: the one that you see.\n"
            "All slices: each of them, and all together, with volumes.",
        )
        self._along: ComboBox = ComboBox(
            choices=self._axes,
            tooltip="The axis along which the slices lie; the others stay where their sliders are.",
        )
        prepare_box(self._along.native)
        keep_narrow(self._along.native)
        self._way = choice_box(
            WAYS,
            "Which way the layers run through the image. With layers that run up and down, what\n"
            "is called a column here is a row.",
        )
        self._thickness = choice_box(
            THICKNESS,
            "Straight across: from boundary to boundary in a column.\n"
            "Perpendicular, too: also at right angles to the middle of the region, which is how\n"
            "thick a tilted region really is. Plot and maps show it then.",
        )
        self._fields = Fields()
        self._fields.add("Measure", self._labels.native)
        self._fields.add("Slices", self._slices.native)
        self._fields.add("Along", self._along.native)
        self._fields.add("Layers run", self._way.native)
        self._fields.add("Thickness", self._thickness.native)
        self._fields.add("Only in", side_by_side(self._rectangles.native, self._new_button))
        self._fields.add("Compare with", self._other.native)
        self._advanced = MeasureAdvanced()

    def _build_buttons(self) -> None:
        self._measure_button = button(
            "Measure",
            "Measure thickness, area and roughness in the units of the layer.\n"
            f"Key: {MEASURE_KEY}, while the labels are selected.",
        )
        self._cancel_button = button("Cancel", "Stop measuring.")
        self._bar = QProgressBar()
        self._bar.setToolTip("It is being measured.")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._message = QLabel(HOW_TO_BEGIN)
        self._message.setToolTip("What was measured, or what is to be done.")
        self._message.setWordWrap(True)

    def _lay_out(self) -> None:
        self._views = MeasureViews(self._viewer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(Scrolled(one_below_the_other(self._fields, self._advanced)))
        for widget in (
            side_by_side(self._measure_button, self._cancel_button),
            self._bar,
            self._message,
        ):
            layout.addWidget(widget)
        layout.addWidget(self._views, 1)
        layout.addStretch(0)

    def _show_running(self, running: bool) -> None:
        """Lock what must not change while something is measured."""
        for widget in (self._fields, self._advanced.fields, self._views):
            widget.setEnabled(not running)
        self._measure_button.setEnabled(not running)
        self._cancel_button.setEnabled(running)
        self._bar.setVisible(running)

    # ---------------------------------------------------------------- viewer

    def _follow_viewer(self) -> None:
        layers, dims = self._viewer.layers.events, self._viewer.dims.events
        for signal in (layers.inserted, layers.removed, layers.reordered, layers.renamed):
            signal.connect(self._refresh_layers)
        self._follow_shapes()
        for signal in (dims.order, dims.range):
            signal.connect(self._show_rows)
        self._labels.changed.connect(self._on_labels)
        self._slices.changed.connect(self._show_rows)

    def _refresh_layers(self, _event: Any = None) -> None:
        """Offer the layers that are there now; what is chosen stays chosen."""
        if not isalive(self):
            return  # the window is closing, the list of layers is not gone yet
        for box in (self._labels, self._rectangles, self._other):
            box.reset_choices()
        self._follow_shapes()

    def _follow_shapes(self) -> None:
        for layer in self._viewer.layers:
            if isinstance(layer, Shapes):  # once: a callback that is there is not added again
                layer.events.data.connect(self._on_shapes)

    def _on_shapes(self, _event: Any = None) -> None:
        """Offer layers as soon as they hold curves."""
        if isalive(self) and self._labels.is_old():
            self._refresh_layers()

    def _on_labels(self, _event: Any = None) -> None:
        """Take what is known of the chosen labels, and watch them: a run may go into them."""
        if self._followed is not None:
            self._followed.events.features.disconnect(self._show_rows)
        labels = self._followed = self._labels.value
        if labels is not None:
            labels.events.features.connect(self._show_rows)
            vertical = runs_up_and_down(labels, self._runs)
            if vertical is not None:
                self._way.value = "vertical" if vertical else "horizontal"
        self._show_rows()

    def _show_rows(self, _event: Any = None) -> None:
        """Show the rows that make sense, and no others."""
        if not isalive(self):
            return
        self._offer_axes()
        several = len(self._slice_axes) > 1 and self._slices.value == "stack"
        labels = self._labels.value
        curves = isinstance(labels, Shapes)
        self._fields.show_row(self._slices.native, bool(self._slice_axes))
        self._fields.show_row(self._along.native, several)
        self._fields.show_row(self._way.native, not curves or not all_notes(labels))
        self._advanced.show_fractions(not curves)
        self._advanced.show_uncertainty(has_uncertainty(labels, self._runs))

    @property
    def _slice_axes(self) -> list[int]:
        return slice_axes(self._viewer, self._labels.value)

    def _axes(self, _box: Any = None) -> list[tuple[str, int | None]]:
        """Return what slices may lie along."""
        entries: list[tuple[str, int | None]] = [("slider moved last", None)]
        names = self._viewer.dims.axis_labels
        for axis in self._slice_axes:
            name = str(names[axis - self._labels.value.ndim])
            plain = name.removeprefix("-").isdigit()
            entries.append((f"axis {axis}" if plain else name, axis))
        return entries

    def _offer_axes(self) -> None:
        """Offer the axes that are there now; what is chosen stays chosen."""
        before, there = self._along.value, [axis for _, axis in self._axes()]
        if there != list(self._along.choices):
            with self._along.changed.blocked():
                self._along.reset_choices()
                self._along.value = before if before in there else None
