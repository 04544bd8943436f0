"""How the "Segment Layers" dock looks: its choices, buttons and words, and nothing that runs.

The boxes for layers follow the viewer: layers come and go, what is chosen stays chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container
from napari.layers import Image, Labels
from qtpy.compat import isalive
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_layeredcnn.plugin.region_keys import NEXT_KEY, PREVIOUS_KEY

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
]
ON_CANCEL = [("keeps columns", "keep"), ("puts back", "restore")]
STROKES = [("Regions", "regions"), ("Boundaries", "boundaries")]


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
        self._build()
        self._show_running(False)
        self._choose_selected()
        events = viewer.layers.events
        for signal in (events.inserted, events.removed, events.reordered, events.renamed):
            signal.connect(self._refresh_layers)

    def say(self, message: str) -> None:
        """Show a sentence below the buttons."""
        self._message.setText(message)

    def _build(self) -> None:
        self._image = ComboBox(
            label="Image", choices=self._images, tooltip="The image whose regions lie in layers."
        )
        self._labels = ComboBox(
            label="Partial labels",
            choices=self._partial_labels,
            tooltip="Labels in which you paint a few columns. They are never changed by a run.",
        )
        self._strokes = ComboBox(
            label="Strokes are",
            choices=STROKES,
            tooltip=(
                "Regions: a stroke of another label in every region, from top to bottom.\n"
                "Boundaries: a thin line of another label along every boundary."
            ),
        )
        self._direction = ComboBox(
            label="Continue",
            choices=DIRECTIONS,
            tooltip="Where the labels are continued to, from the columns that you painted.",
        )
        self._new_button = _button(
            "New partial labels",
            "Add an empty Labels layer that fits the image, with the brush in hand.",
        )
        self._keys = QLabel(
            f"Brush keys: <b>{NEXT_KEY}</b> next region, <b>{PREVIOUS_KEY}</b> previous"
        )
        self._keys.setToolTip(
            "While you paint: the full stop takes the next region below, after the lowest one a\n"
            "new one; the comma takes the region above. They act on the selected Labels layer."
        )
        self._start_button = _button(
            "Segment Layers",
            "Complete the partial labels of the slice that is shown, into a layer of its own.",
        )
        self._continue_button = _button(
            "Continue from here",
            "Where the result goes wrong, paint one or two of its columns anew, then press this.\n"
            "What was passed before these columns stays; the rest is done again.\n"
            "After Cancel: go on with the columns that are missing.",
        )
        self._cancel_button = _button("Cancel", "Stop after the column at hand.")
        self._on_cancel = ComboBox(
            choices=ON_CANCEL,
            tooltip=(
                "Keeps columns: those that are done when you cancel stay in the result.\n"
                "Puts back: the result is again as it was before the run."
            ),
        )
        self._uncertainty_tick = _tick(
            "Uncertainty",
            "Also add an image of how unsure each boundary is, in pixels: bright is doubtful.\n"
            "It is drawn in a band along the boundaries, anew with every run.",
        )
        self._paths_tick = _tick(
            "Curves",
            "Also add the boundaries as lines in a Shapes layer, finer than pixels.\n"
            "They are drawn anew with every run.",
        )
        self._bar = QProgressBar()
        self._bar.setToolTip("How many columns are done.")
        self._bar.setTextVisible(False)
        self._message = QLabel("Paint every region in a few columns, then press Segment Layers.")
        self._message.setWordWrap(True)

        layout = QVBoxLayout(self)
        layout.addWidget(_form(self._image, self._labels))
        layout.addWidget(self._new_button)
        layout.addWidget(self._keys)
        layout.addWidget(_form(self._strokes, self._direction))
        layout.addLayout(_row(QLabel("Also add"), self._uncertainty_tick, self._paths_tick))
        layout.addWidget(self._start_button)
        layout.addWidget(self._continue_button)
        layout.addLayout(_row(self._cancel_button, self._on_cancel.native))
        layout.addWidget(self._bar)
        layout.addWidget(self._message)
        layout.addStretch()

    def _show_running(self, running: bool) -> None:
        self._start_button.setEnabled(not running)
        self._continue_button.setEnabled(not running)
        self._cancel_button.setEnabled(running)
        self._bar.setVisible(running)
        self._bar.setRange(0, 0)  # busy until the first column is there

    # ---------------------------------------------------------------- layers

    def _refresh_layers(self, _event: Any = None) -> None:
        """Offer the layers that are there now; what is chosen stays chosen."""
        if not isalive(self):
            return  # the window is closing, the list of layers is not gone yet
        for box in (self._image, self._labels):
            chosen = box.value
            box.reset_choices()
            if chosen in box.choices:  # magicgui goes by names, and loses a renamed layer
                box.value = chosen

    def _choose_selected(self) -> None:
        """Begin with the selected layers."""
        for layer in self._viewer.layers.selection:
            for box in (self._image, self._labels):
                if layer in box.choices:
                    box.value = layer

    def _images(self, _box: Any) -> list[tuple[str, Layer]]:
        return self._layers_of(Image)

    def _partial_labels(self, _box: Any) -> list[tuple[str, Layer]]:
        return self._layers_of(Labels)

    def _layers_of(self, kind: type[Layer]) -> list[tuple[str, Layer]]:
        return [(layer.name, layer) for layer in self._viewer.layers if isinstance(layer, kind)]


def _form(*boxes: ComboBox) -> QWidget:
    """Return the boxes below each other, with their names."""
    form = Container(widgets=list(boxes), labels=True)
    form.margins = (0, 0, 0, 0)
    return form.native


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    """Return the widgets side by side; the first one takes what room there is."""
    row = QHBoxLayout()
    row.addWidget(first, stretch=1)
    for other in others:
        row.addWidget(other)
    return row


def _tick(text: str, tip: str) -> QCheckBox:
    tick = QCheckBox(text)
    tick.setToolTip(tip)
    return tick


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
