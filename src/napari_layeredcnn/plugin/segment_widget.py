"""The "Segment Layers" dock: choose image and partial labels, press the button, get labels.

The widget starts and ends runs. Its looks are in `form`, what may run is decided in `request`, the
work is done in `worker`, and `results` knows where labels go.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from napari.qt.threading import create_worker
from qtpy.QtCore import QEvent, QTimer

from napari_layeredcnn.plugin.form import SegmentForm
from napari_layeredcnn.plugin.overlays import Overlays
from napari_layeredcnn.plugin.partial_labels import add_partial_labels
from napari_layeredcnn.plugin.region_keys import bind_region_keys
from napari_layeredcnn.plugin.request import RequestError, make_request
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.worker import Outcome, Progress, complete_request

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

    from napari_layeredcnn.plugin.continuation import Kept
    from napari_layeredcnn.plugin.live import LiveLabels
    from napari_layeredcnn.plugin.request import Request

#: New columns are drawn this often at most: 25 times a second.
SHOW_EVERY_MS = 40


class SegmentWidget(SegmentForm):
    """Dock widget that completes the partial labels of the slice that the viewer shows.

    Parameters
    ----------
    napari_viewer : napari.components.ViewerModel
        The viewer whose layers are offered; napari passes it in, by this name.
    """

    def __init__(self, napari_viewer: ViewerModel) -> None:
        super().__init__(napari_viewer)
        self._results = ResultLayers(napari_viewer)
        self._overlays = Overlays(napari_viewer)
        self._last: tuple[Image, Labels, int | None, Kept] | None = None
        self._run = 0
        self._cancel = Event()
        self._asked: tuple[Image, Labels, Request] | None = None
        self._live: LiveLabels | None = None
        self._pending: list[Progress] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOW_EVERY_MS)
        self._timer.timeout.connect(self._show_columns)
        self._labels.changed.connect(self._bind_keys)
        self._bind_keys()
        self._new_button.clicked.connect(self.new_partial_labels)
        self._start_button.clicked.connect(self.start)
        self._continue_button.clicked.connect(self.continue_from_here)
        self._cancel_button.clicked.connect(self.cancel)
        self._uncertainty_tick.toggled.connect(self._show_overlays)
        self._paths_tick.toggled.connect(self._show_overlays)
        # A closed window deletes the widget without a word to it.
        self.destroyed.connect(self._cancel.set)

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._asked is not None

    def new_partial_labels(self) -> None:
        """Add an empty Labels layer for the chosen image, as the button does, and choose it."""
        try:
            self._labels.value = add_partial_labels(self._viewer, self._image.value)
        except RequestError as error:
            self.say(str(error))
            return
        self.say(
            "In one narrow strip, paint label 1 in the top region, 2 in the next, and so on. "
            "Then press Segment Layers."
        )

    def start(self) -> None:
        """Complete the shown slice, as the button does."""
        self._start(resume=False)

    def continue_from_here(self) -> None:
        """Do again what comes after the repainted columns, as the button does."""
        self._start(resume=True)

    def _bind_keys(self) -> None:
        """Bind the keys for the brush on the chosen partial labels."""
        if self._labels.value is not None:
            bind_region_keys(self._viewer, self._labels.value)

    def _start(self, *, resume: bool) -> None:
        if self.running:
            return
        image, labels = self._image.value, self._labels.value
        try:
            request = make_request(
                self._viewer, image, labels, self._direction.value, self._strokes.value
            )
        except RequestError as error:
            self.say(str(error))
            return
        if resume:
            request = replace(request, resume=self._results.to_resume(labels, request.index))
        self._run += 1
        self._cancel.clear()
        self._asked = (image, labels, request)
        self._live = None
        self._pending.clear()
        self._show_running(True)
        self.say("Starting …")
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
        """Stop the run after the column at hand; its columns stay or go, as chosen."""
        if self.running:
            self._cancel.set()
            self._cancel_button.setEnabled(False)
            self.say("Canceling …")

    def event(self, event: QEvent | None) -> bool:
        """Stop the run when napari closes the dock: it takes the widget out, and that is all."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._cancel.set()
            self._run += 1  # whatever still arrives is old
            self._timer.stop()
            if self._live is not None:
                self._live.finish()
        return bool(super().event(event))

    # ---------------------------------------------------------------- answers

    def _on_progress(self, progress: Progress) -> None:
        if progress.run != self._run:
            return
        self._pending.append(progress)
        if not self._timer.isActive():
            self._timer.start()

    def _show_columns(self) -> None:
        """Write the columns that have come since the last time, and draw them once."""
        if not self._pending or self._asked is None:
            return
        last = self._pending[-1]
        if not self._cancel.is_set():
            self._bar.setRange(0, last.total)
            self._bar.setValue(last.done)
            self.say(f"Column {last.done} of {last.total}")
        image, labels, request = self._asked
        if self._deleted(image, labels):
            return
        if self._live is None:
            self._live = self._results.begin(image, labels, request.index, request.labels.dtype)
        for progress in self._pending:
            self._live.write(progress.where, progress.labels)
        self._pending.clear()
        self._live.refresh()

    def _on_outcome(self, outcome: Outcome) -> None:
        self._timer.stop()
        if outcome.run != self._run or self._asked is None:
            return
        image, labels, request = self._asked
        if self._deleted(image, labels):
            self.say("Nothing was added: the image or its partial labels were deleted meanwhile.")
        elif outcome.labels is not None:
            if self._live is None or self._deleted(self._live.layer):
                self._live = self._results.begin(image, labels, request.index, request.labels.dtype)
            self._live.finish(outcome.labels)
            self._remember(outcome)
            self.say(f'{outcome.message} The result is in "{self._live.layer.name}".')
        elif outcome.message:
            self._restore()
            self.say(outcome.message)
        else:
            self._end_canceled(outcome)

    def _end_canceled(self, outcome: Outcome) -> None:
        """Keep or put back what a canceled run has written, as chosen."""
        if self._on_cancel.value == "keep":
            self._show_columns()
            if self._live is not None and not self._deleted(self._live.layer):
                self._live.finish()
                self._remember(outcome)
                self.say(f'Canceled. The columns so far are in "{self._live.layer.name}".')
                return
        self._restore()
        self.say("Canceled; nothing was changed.")

    def _remember(self, outcome: Outcome) -> None:
        """Keep what the run has left, to continue from and to show in other layers."""
        if self._live is None or self._asked is None or outcome.kept is None:
            return
        self._results.remember(self._live, outcome.kept)
        image, labels, request = self._asked
        self._last = (image, labels, request.index, outcome.kept)
        self._show_overlays()

    def _show_overlays(self) -> None:
        """Show the last run in the layers that are ticked."""
        if self._last is None or self._deleted(*self._last[:2]):
            return
        if self._uncertainty_tick.isChecked():
            self._overlays.show_uncertainty(*self._last)
        if self._paths_tick.isChecked():
            self._overlays.show_paths(*self._last)

    def _restore(self) -> None:
        if self._live is not None:
            self._results.restore(self._live)

    def _deleted(self, *layers: Layer) -> bool:
        return any(layer not in self._viewer.layers for layer in layers)

    def _on_error(self, error: Exception) -> None:
        """Say that there is a bug; napari shows its traceback."""
        self._restore()
        self.say(f"Failed, nothing was changed: {error}")

    def _on_aborted(self) -> None:
        """Say so when napari has ended the run, as it does when its window closes."""
        self.say("Canceled.")

    def _on_finished(self) -> None:
        self._timer.stop()
        self._asked = self._live = None
        self._pending.clear()
        self._show_running(False)
