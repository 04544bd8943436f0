"""How the "Segment Layers" dock looks: its choices, buttons and words, and nothing that runs.

The boxes for layers follow the viewer: layers come and go, what is chosen stays chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from napari_layeredcnn.plugin import settings
from napari_layeredcnn.plugin.advanced import Advanced
from napari_layeredcnn.plugin.choice_fields import ChoiceFields
from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.doubtful import NEXT_KEY, PREVIOUS_KEY
from napari_layeredcnn.plugin.fields import (
    Fields,
    Scrolled,
    button,
    choice_box,
    line_up,
    one_below_the_other,
    side_by_side,
    tick,
)
from napari_layeredcnn.plugin.run_keys import CONTINUE_KEY, START_KEY
from napari_layeredcnn.plugin.slice_plot import SlicePlot

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Shapes

HOW_TO_BEGIN = "Paint every region in a few columns, then press Segment Layers."
ON_CANCEL = [("keeps columns", "keep"), ("puts back", "restore")]


class SegmentForm(QWidget):
    """The choices and buttons of the dock.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers are offered.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._fields = ChoiceFields(viewer)
        self._advanced = Advanced(viewer)
        self._name_parts()
        self._build_results()
        self._build_buttons()
        self._lay_out()
        self._advanced.show_choices(settings.defaults())
        self._show_running(False)
        self._show_rows()
        self._follow_viewer()

    def say(self, message: str) -> None:
        """Show a sentence below the buttons."""
        self._message.setText(message)

    def choices(self) -> Choices:
        """Return what is chosen; what is hidden, as it makes no sense, is as built in."""
        values = {**self._fields.choices(), **self._advanced.choices()}
        values["into_partial"] &= self._goes_anywhere
        return Choices(**values)

    def set_choices(self, choices: Choices) -> None:
        """Set all boxes that are no viewer layers; a range ends with the image at the latest."""
        self._fields.show_choices(choices)
        self._advanced.show_choices(choices)

    def choose_layers(self, image: Image, labels: Labels | Shapes) -> None:
        """Choose the image and its partial labels."""
        self._image.value, self._labels.value = image, labels

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802
        """Line up the rows in whatever font napari sets."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            line_up(self._fields, self._after, self._advanced.fields)

    # ---------------------------------------------------------------- parts

    def _name_parts(self) -> None:
        """Give the parts of the upper and the folded rows the names that the dock uses."""
        fields, advanced = self._fields, self._advanced
        self._image, self._labels, self._new_button = fields.image, fields.labels, fields.new_button
        self._center, self._center_button = fields.center, fields.center_button
        self._strokes, self._zero_tick = fields.strokes, fields.zero_tick
        slices = fields.slices
        self._slices, self._along = slices.box, slices.along
        self._first, self._last = slices.first, slices.last
        self._direction, self._start_angle = fields.direction, fields.start_angle
        self._locked, self._lock_button = advanced.locked_columns, advanced.lock_button

    def _build_results(self) -> None:
        self._uncertainty_tick = tick(
            "Uncertainty",
            "Also add an image of how unsure each boundary is, in pixels: bright is doubtful.\n"
            "It is drawn in a band along the boundaries, anew with every run.",
        )
        self._paths_tick = tick(
            "Curves",
            "Also add the boundaries as lines in a Shapes layer, finer than pixels.\n"
            "They are drawn anew with every run.",
        )
        self._surfaces_tick = tick(
            "Surfaces", "Also add every boundary of a stack as a surface, to be seen in 3D."
        )
        self._previous_doubt_button = button(
            "previous", f"Go back to the doubtful place before this one. Key: {PREVIOUS_KEY}."
        )
        self._next_doubt_button = button(
            "next", f"Go to the next doubtful place, the most doubtful one first. Key: {NEXT_KEY}."
        )
        self._slice_plot = SlicePlot()
        self._copy_python_button = button(
            "Copy as Python", "Copy lines of Python that do the same to the clipboard."
        )
        self._copy_command_button = button(
            "Copy as command", "Copy a command for a terminal that does the same to the clipboard."
        )

    def _build_buttons(self) -> None:
        self._start_button = button(
            "Segment Layers",
            f"Complete the partial labels of the chosen slices. Key: {START_KEY}.",
        )
        self._continue_button = button(
            "Continue from here",
            "Where the result goes wrong, paint one or two of its columns anew, then press this.\n"
            "What was passed before these columns stays; the rest is done again.\n"
            f"After Cancel: go on with the columns that are missing. Key: {CONTINUE_KEY}.",
        )
        self._cancel_button = button(
            "Cancel", "Stop after the column at hand; in a whole stack, after the slices at hand."
        )
        self._on_cancel = choice_box(
            ON_CANCEL,
            "Keeps columns: those that are done stay in the result; of a stack, the slices.\n"
            "Puts back: the result is again as it was before the run.",
        )
        self._bar = QProgressBar()
        self._bar.setToolTip("How many columns are done.")
        self._bar.setTextVisible(False)
        self._message = QLabel(HOW_TO_BEGIN)
        self._message.setToolTip("What was done, or what is to be done.")
        self._message.setWordWrap(True)

    def _lay_out(self) -> None:
        ticks = QWidget()
        grid = QGridLayout(ticks)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self._uncertainty_tick, 0, 0)
        grid.addWidget(self._paths_tick, 0, 1)
        grid.addWidget(self._surfaces_tick, 1, 0)
        self._after = after = Fields()
        after.add("Also add", ticks, "Layers to add beside the labels, now or with the next run.")
        tip = (
            "Places of the result where a boundary is least sure. The keys act while the partial\n"
            "labels or the result are selected."
        )
        keys = QLabel(f"Doubtful keys: <b>{NEXT_KEY}</b> next, <b>{PREVIOUS_KEY}</b> previous")
        keys.setToolTip(tip)
        both = side_by_side(self._previous_doubt_button, self._next_doubt_button)
        after.add("Doubtful", both, tip)
        after.add_wide(keys)
        after.add_wide(side_by_side(self._copy_python_button, self._copy_command_button))

        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(Scrolled(one_below_the_other(self._fields, after, self._advanced)))
        run_keys = QLabel(f"Keys: <b>{START_KEY}</b> segment, <b>{CONTINUE_KEY}</b> continue")
        run_keys.setToolTip("The keys act while the partial labels or the result are selected.")
        for widget in (
            self._start_button,
            self._continue_button,
            run_keys,
            side_by_side(self._cancel_button, self._on_cancel.native),
            self._bar,
            self._message,
            self._slice_plot,
        ):
            layout.addWidget(widget)
        layout.addStretch()

    def _show_running(self, running: bool) -> None:
        """Lock what must not change during a run."""
        self._fields.setEnabled(not running)
        self._advanced.fields.setEnabled(not running)
        self._start_button.setEnabled(not running)
        self._continue_button.setEnabled(not running)
        self._cancel_button.setEnabled(running)
        self._bar.setVisible(running)
        self._bar.setRange(0, 0)  # busy until the first column is there

    # ---------------------------------------------------------------- viewer

    def _follow_viewer(self) -> None:
        layers, dims = self._viewer.layers.events, self._viewer.dims.events
        for signal in (layers.inserted, layers.removed, layers.reordered, layers.renamed):
            signal.connect(self._refresh_layers)
        for signal in (dims.order, dims.range, dims.last_used):
            signal.connect(self._show_rows)
        for box in (self._image, self._labels, self._slices):
            box.changed.connect(self._show_rows)

    def _refresh_layers(self, _event: Any = None) -> None:
        """Offer the layers that are there now; what is chosen stays chosen."""
        if not isalive(self):
            return  # the window is closing, the list of layers is not gone yet
        self._fields.refresh_layers()
        self._locked.reset_choices()
        if self._image.value is None and self._labels.value is None:
            self.say(HOW_TO_BEGIN)  # what was said before is about layers that are gone

    def _show_rows(self, _event: Any = None) -> None:
        """Show the rows that make sense, and no others."""
        if not isalive(self):
            return
        self._fields.show_rows()
        self._surfaces_tick.setVisible(self._fields.slices.is_stack)
        self._advanced.show_output(self._goes_anywhere)

    @property
    def _goes_anywhere(self) -> bool:
        """Whether a result may go into the partial labels; a whole stack has its own layer."""
        return self._fields.paints_labels and self._fields.choices()["slices"] != "stack"
