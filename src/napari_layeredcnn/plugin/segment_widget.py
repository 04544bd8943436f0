"""The "Segment Layers" dock: choose image and partial labels, press the button, get labels.

The widget holds choices and shows progress. What may run is decided in `request`, the work is
done in `worker`, and `results` knows where labels go.
"""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container
from napari.layers import Image, Labels
from napari.qt.threading import create_worker
from qtpy.compat import isalive
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_layeredcnn.plugin.request import RequestError, make_request
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.worker import Outcome, Progress, complete_request

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
STROKES = [("Regions", "regions"), ("Boundaries", "boundaries")]


class SegmentWidget(QWidget):
    """Dock widget that completes the partial labels of the slice that the viewer shows.

    Parameters
    ----------
    napari_viewer : napari.components.ViewerModel
        The viewer whose layers are offered; napari passes it in, by this name.
    """

    def __init__(self, napari_viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._results = ResultLayers(napari_viewer)
        self._run = 0
        self._cancel = Event()
        self._asked: tuple[Image, Labels, int | None] | None = None
        self._build()
        self._choose_selected()
        self._follow_layers()
        # A closed window deletes the widget without a word to it.
        self.destroyed.connect(self._cancel.set)

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._asked is not None

    def start(self) -> None:
        """Complete the shown slice, as the button does."""
        if self.running:
            return
        image, labels = self._image.value, self._labels.value
        try:
            request = make_request(
                self._viewer, image, labels, self._direction.value, self._strokes.value
            )
        except RequestError as error:
            self._message.setText(str(error))
            return
        self._run += 1
        self._cancel.clear()
        self._asked = (image, labels, request.index)
        self._show_running(True)
        self._message.setText("Starting …")
        # Bound methods only: Qt cuts them off from a worker that outlives the widget.
        create_worker(
            complete_request,
            request,
            self._run,
            self._cancel,
            _start_thread=True,
            _connect={
                "yielded": self._on_progress,
                "returned": self._on_outcome,
                "errored": self._on_error,
                "aborted": self._on_aborted,
                "finished": self._on_finished,
            },
        )

    def cancel(self) -> None:
        """Stop the run after the column at hand; nothing is written."""
        if self.running:
            self._cancel.set()
            self._cancel_button.setEnabled(False)
            self._message.setText("Canceling …")

    def event(self, event: QEvent | None) -> bool:
        """Stop the run when napari closes the dock: it takes the widget out, and that is all."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._cancel.set()
            self._run += 1  # whatever still arrives is old
        return bool(super().event(event))

    # ---------------------------------------------------------------- answers

    def _on_progress(self, progress: Progress) -> None:
        if progress.run != self._run or self._cancel.is_set():
            return
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self._message.setText(f"Column {progress.done} of {progress.total}")

    def _on_outcome(self, outcome: Outcome) -> None:
        if outcome.run != self._run or self._asked is None:
            return
        if outcome.labels is None:
            self._message.setText(outcome.message or "Canceled; nothing was changed.")
            return
        image, labels, index = self._asked
        if image not in self._viewer.layers or labels not in self._viewer.layers:
            self._message.setText(
                "Nothing was added: the image or its partial labels were deleted meanwhile."
            )
            return
        result = self._results.write(image, labels, index, outcome.labels)
        self._message.setText(f'{outcome.message} The result is in "{result.name}".')

    def _on_error(self, error: Exception) -> None:
        """Say that there is a bug; napari shows its traceback."""
        self._message.setText(f"Failed, nothing was changed: {error}")

    def _on_aborted(self) -> None:
        """Say so when napari has ended the run, as it does when its window closes."""
        self._message.setText("Canceled; nothing was changed.")

    def _on_finished(self) -> None:
        self._asked = None
        self._show_running(False)

    # ---------------------------------------------------------------- looks

    def _build(self) -> None:
        self._image = ComboBox(
            label="Image", choices=self._images, tooltip="The image whose regions lie in layers."
        )
        self._labels = ComboBox(
            label="Partial labels",
            choices=self._partial_labels,
            tooltip="Labels in which a few columns are painted. They are never changed.",
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
        form = Container(
            widgets=[self._image, self._labels, self._strokes, self._direction], labels=True
        )
        form.margins = (0, 0, 0, 0)
        self._start_button = QPushButton("Segment Layers")
        self._start_button.setToolTip("Complete the partial labels of the slice that is shown.")
        self._cancel_button = QPushButton("Cancel")
        self._cancel_button.setToolTip("Stop; nothing is changed.")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._message = QLabel("Paint every region in a few columns, then press Segment Layers.")
        self._message.setWordWrap(True)

        buttons = QHBoxLayout()
        buttons.addWidget(self._start_button, stretch=1)
        buttons.addWidget(self._cancel_button)
        layout = QVBoxLayout(self)
        layout.addWidget(form.native)
        layout.addLayout(buttons)
        layout.addWidget(self._bar)
        layout.addWidget(self._message)
        layout.addStretch()

        self._start_button.clicked.connect(self.start)
        self._cancel_button.clicked.connect(self.cancel)
        self._show_running(False)

    def _show_running(self, running: bool) -> None:
        self._start_button.setEnabled(not running)
        self._cancel_button.setEnabled(running)
        self._bar.setVisible(running)
        self._bar.setRange(0, 0)  # busy until the first column is there

    # ---------------------------------------------------------------- layers

    def _follow_layers(self) -> None:
        events = self._viewer.layers.events
        for signal in (events.inserted, events.removed, events.reordered, events.renamed):
            signal.connect(self._refresh_layers)

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
