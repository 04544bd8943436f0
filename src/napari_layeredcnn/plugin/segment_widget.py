"""The "Segment Layers" dock: choose image and partial labels, press the button, get labels.

The widget starts and ends runs. Its looks are in `form`, what may run is decided in `request`, the
work is done in `worker`, `run` writes what comes of it, and `results` knows where labels go.
"""

from __future__ import annotations

import gc
import sys
from threading import Event
from typing import TYPE_CHECKING, Literal

from napari.layers import Labels
from napari.qt.threading import create_worker
from qtpy.QtCore import QEvent, QTimer

from napari_layeredcnn.plugin import settings
from napari_layeredcnn.plugin.form import SegmentForm
from napari_layeredcnn.plugin.layer_checks import Chosen
from napari_layeredcnn.plugin.new_layers import add_center, add_locked, add_partial_labels
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.region_keys import bind_region_keys
from napari_layeredcnn.plugin.reports import Outcome, Progress
from napari_layeredcnn.plugin.request import make_request
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.run import Run
from napari_layeredcnn.plugin.run_keys import bind_run_keys
from napari_layeredcnn.plugin.showing import Showing
from napari_layeredcnn.plugin.stack_worker import complete_stack_request
from napari_layeredcnn.plugin.worker import complete_request

if TYPE_CHECKING:
    from napari.components import ViewerModel

#: New columns are drawn this often at most: 25 times a second.
SHOW_EVERY_MS = 40


class SegmentWidget(SegmentForm):
    """Dock widget that completes partial labels in the slices that are chosen.

    Parameters
    ----------
    napari_viewer : napari.components.ViewerModel
        The viewer whose layers are offered; napari passes it in, by this name.
    """

    def __init__(self, napari_viewer: ViewerModel) -> None:
        super().__init__(napari_viewer)
        self._results = ResultLayers(napari_viewer)
        self._showing = Showing(napari_viewer, self._results, self)
        self._number = 0
        self._cancel = Event()
        self._run: Run | None = None
        self._progress: Progress | None = None
        self._brings_torch = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOW_EVERY_MS)
        self._timer.timeout.connect(self._show_columns)
        self._labels.changed.connect(self._bind_keys)
        self._bind_keys()
        self._new_button.clicked.connect(self.new_partial_labels)
        self._center_button.clicked.connect(self.new_center)
        self._lock_button.clicked.connect(self.new_locked)
        self._start_button.clicked.connect(self.start)
        self._continue_button.clicked.connect(self.continue_from_here)
        self._cancel_button.clicked.connect(self.cancel)
        self._copy_python_button.clicked.connect(self.copy_as_python)
        self._copy_command_button.clicked.connect(self.copy_as_command)
        # A closed window deletes the widget without a word to it.
        self.destroyed.connect(self._cancel.set)
        self.destroyed.connect(self._showing.stop)

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._run is not None

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

    def new_center(self) -> None:
        """Add a Points layer for the center of a closed structure, and choose it."""
        try:
            self._center.value = add_center(self._viewer, self._image.value)
        except RequestError as error:
            self.say(str(error))
            return
        self.say("Click into the middle of the structure; every boundary goes around that point.")

    def new_locked(self) -> None:
        """Add a Shapes layer for columns that stay as they are, and choose it."""
        try:
            self._locked.value = add_locked(self._viewer, self._image.value)
        except RequestError as error:
            self.say(str(error))
            return
        self.say("Draw rectangles: in the columns that they span the result is not changed.")

    def start(self) -> None:
        """Complete the chosen slices, as the button does."""
        self._start(resume=False)

    def continue_from_here(self) -> None:
        """Do again what comes after the repainted columns, as the button does."""
        self._start(resume=True)

    def cancel(self) -> None:
        """Stop the run after the column at hand; its columns stay or go, as chosen."""
        if self.running:
            self._cancel.set()
            self._cancel_button.setEnabled(False)
            self.say("Canceling …")

    def copy_as_python(self) -> None:
        """Put Python that does the same on the clipboard."""
        self._copy("python")

    def copy_as_command(self) -> None:
        """Put a command line that does the same on the clipboard."""
        self._copy("command")

    def chosen(self) -> Chosen:
        """Return the layers that are chosen."""
        around = self.choices().direction == "around"
        return Chosen(
            self._image.value,
            self._labels.value,
            self._center.value if around else None,
            self._locked.value,
        )

    # ---------------------------------------------------------------- runs

    def _start(self, *, resume: bool) -> None:
        if self.running:
            return
        chosen = self.chosen()
        try:
            request = make_request(
                self._viewer, chosen, self.choices(), self._results, resume=resume
            )
        except RequestError as error:
            self.say(str(error))
            return
        self._number += 1
        self._cancel.clear()
        live = settings.live_preview()
        self._run = Run(self._viewer, self._results, chosen, request, live=live)
        self._progress = None
        self._brings_torch = "torch" not in sys.modules
        self._showing.pause()
        self._show_running(True)
        whole = request.stack is not None
        self.say("Following the regions from slice to slice …" if whole else "Starting …")
        # Bound methods only: Qt cuts them off from a worker that outlives the widget.
        create_worker(
            complete_stack_request if whole else complete_request,
            request,
            self._number,
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

    def event(self, event: QEvent | None) -> bool:
        """Stop the run when napari closes the dock: it takes the widget out, and that is all."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._cancel.set()
            self._number += 1  # whatever still arrives is old
            self._timer.stop()
            self._showing.stop()
            if self._run is not None and self._run.layer is not None:
                self._run.finish(Outcome(self._number))
        return bool(super().event(event))

    def _on_progress(self, progress: Progress) -> None:
        if progress.run != self._number or self._run is None:
            return
        self._run.take(progress)
        self._progress = progress
        if self._brings_torch:
            self._brings_torch = False
            # Python would soon do it itself, but together with something else that takes long.
            gc.collect()
        if not self._timer.isActive():
            self._timer.start()

    def _show_columns(self) -> None:
        """Write the columns that have come since the last time, and say how far it is."""
        if self._run is None or self._progress is None:
            return
        if not self._cancel.is_set():
            value, total, text = self._run.how_far(self._progress)
            # Else the bar draws itself at once, and the canvas with it.
            self._bar.setUpdatesEnabled(False)
            self._bar.setRange(0, total)
            self._bar.setValue(value)
            self._bar.setUpdatesEnabled(True)
            self.say(text)
        self._run.write()

    def _on_outcome(self, outcome: Outcome) -> None:
        self._timer.stop()
        run = self._run
        if outcome.run != self._number or run is None:
            return
        if run.deleted:
            self.say("Nothing was added: a layer of this run was deleted meanwhile.")
        elif outcome.completed:
            self._finish(run, outcome)
            self.say(f'{outcome.message} The result is in "{run.layer}".')
        elif outcome.canceled:
            self._end_canceled(run, outcome)
        elif run.n_done:
            self._finish(run, outcome)
            self.say(f'{outcome.message} Slices done before it: {run.n_done}, in "{run.layer}".')
        else:
            run.restore()
            self.say(outcome.message)

    def _end_canceled(self, run: Run, outcome: Outcome) -> None:
        """Keep or put back what a canceled run has written, as chosen."""
        if self._on_cancel.value == "keep":
            run.write()
            if run.layer is not None:
                self._finish(run, outcome)
                self.say(f'Canceled. {run.so_far} in "{run.layer}".')
                return
        run.restore()
        self.say("Canceled; nothing was changed.")

    def _finish(self, run: Run, outcome: Outcome) -> None:
        run.finish(outcome)
        assert run.layer is not None
        assert run.chosen.labels is not None
        bind_run_keys(run.layer, self.start, self.continue_from_here)
        self._showing.take(run.chosen.labels, run.layer)

    def _on_error(self, error: Exception) -> None:
        """Say that there is a bug; napari shows its traceback."""
        if self._run is not None:
            self._run.restore()
        self.say(f"Failed, nothing was changed: {error}")

    def _on_aborted(self) -> None:
        """Say so when napari has ended the run, as it does when its window closes."""
        self.say("Canceled.")

    def _on_finished(self) -> None:
        self._timer.stop()
        self._run = None
        self._showing.look()
        self._show_running(False)

    # ---------------------------------------------------------------- others

    def _bind_keys(self) -> None:
        """Bind our keys on the chosen partial labels."""
        labels = self._labels.value
        if labels is None:
            return
        bind_run_keys(labels, self.start, self.continue_from_here)
        if isinstance(labels, Labels):
            bind_region_keys(self._viewer, labels)

    def _copy(self, kind: Literal["python", "command"]) -> None:
        from napari_layeredcnn.plugin.repeat import copy_as

        chosen, choices = self.chosen(), self.choices()
        try:
            request = make_request(self._viewer, chosen, choices, self._results, anew=True)
            said = copy_as(kind, chosen, request, self)
        except ValueError as error:
            said = str(error)
        self.say(said)
