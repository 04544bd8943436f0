"""The "Find Layers" dock: look for layers without strokes, accept some, go on from them.

The widget starts and ends searches. Its looks are in `find_form`, the work is done in
`find_worker`, `find_layer` shows what was found, `find_labels` writes it, and `find_segment` hands
it to the "Segment Layers" dock.
"""

from __future__ import annotations

import gc
import sys
from threading import Event
from typing import TYPE_CHECKING

from napari.qt.threading import create_worker
from qtpy.QtCore import QEvent, QTimer

from napari_layeredcnn.plugin.find_form import FindForm
from napari_layeredcnn.plugin.find_labels import write_strips
from napari_layeredcnn.plugin.find_layer import CandidatesLayer
from napari_layeredcnn.plugin.find_request import find_request
from napari_layeredcnn.plugin.find_segment import choose_in_segment, segment
from napari_layeredcnn.plugin.find_worker import FindOutcome, FindStep, search
from napari_layeredcnn.plugin.moving import go_to
from napari_layeredcnn.plugin.planes import RequestError

if TYPE_CHECKING:
    from napari.layers import Image, Labels
    from napari.viewer import Viewer

    from napari_layeredcnn.plugin.find_request import FindRequest

#: How far it is is shown this often at most, ms.
_SHOW_EVERY = 40


class FindWidget(FindForm):
    """Dock widget that finds layers and makes partial labels of them.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The viewer whose images are offered; napari passes it in, by this name.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__(napari_viewer)
        self._shown = CandidatesLayer(napari_viewer)
        self._number = 0
        self._cancel = Event()
        self._running = self._segments = self._brings_torch = False
        self._searching: tuple[Image, FindRequest] | None = None
        self._searched: tuple[Image, FindRequest] | None = None
        self._outcome = FindOutcome(0)
        self._step: FindStep | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOW_EVERY)
        self._timer.timeout.connect(self._show_step)
        self._find_button.clicked.connect(self.start)
        self._both_button.clicked.connect(self.find_and_segment)
        self._cancel_button.clicked.connect(self.cancel)
        self._use_button.clicked.connect(self.use)
        self._list.itemChanged.connect(self._mark)
        # A closed window deletes the widget without a word to it.
        self.destroyed.connect(self._cancel.set)

    @property
    def running(self) -> bool:
        """Whether a search is going on."""
        return self._running

    def start(self) -> None:
        """Look for layers, as the button does."""
        self._search(segments=False)

    def find_and_segment(self) -> None:
        """Look for layers, write those that are chosen, and segment, as the button does."""
        self._search(segments=True)

    def cancel(self) -> None:
        """Stop the search."""
        if self._running:
            self._cancel.set()
            self._cancel_button.setEnabled(False)
            self.say("Canceling …")

    def use(self) -> None:
        """Write the ticked candidates into partial labels, as the button does."""
        try:
            image, _, labels = self._write(self._into.value)
        except RequestError as error:
            self.say(str(error))
            return
        choose_in_segment(self._viewer, image, labels)
        self.say(f'Written into "{labels.name}". Now press Segment Layers in its dock.')

    # ---------------------------------------------------------------- searches

    def _search(self, *, segments: bool) -> None:
        if self._running:
            return
        image = self._image.value
        try:
            request = find_request(self._viewer, image, self.choices())
        except RequestError as error:
            self.say(str(error))
            return
        self._number += 1
        self._cancel.clear()
        self._running, self._segments, self._step = True, segments, None
        self._searching = (image, request)
        self._brings_torch = "torch" not in sys.modules
        self._show_running(True)
        self.say("Starting …")
        # Bound methods only: Qt cuts them off from a worker that outlives the widget.
        create_worker(
            search,
            request,
            self._number,
            self._cancel,
            _start_thread=True,
            _connect={
                "yielded": self._on_step,
                "returned": self._on_outcome,
                "errored": self._on_error,
                "aborted": self._on_aborted,
                "finished": self._on_finished,
            },
        )

    def event(self, event: QEvent | None) -> bool:
        """Stop the search when napari closes the dock: it takes the widget out, and that is all."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._cancel.set()
            self._number += 1  # whatever still arrives is old
            self._timer.stop()
        return bool(super().event(event))

    def _on_step(self, step: FindStep) -> None:
        if step.run != self._number:
            return
        self._step = step
        if self._brings_torch:
            self._brings_torch = False
            # Python would soon do it itself, but together with something else that takes long.
            gc.collect()
        if not self._timer.isActive():
            self._timer.start()

    def _show_step(self) -> None:
        if self._step is None or self._cancel.is_set():
            return
        # Else the bar draws itself at once, and the canvas with it.
        self._bar.setUpdatesEnabled(False)
        self._bar.setRange(0, self._step.total)
        self._bar.setValue(self._step.done)
        self._bar.setUpdatesEnabled(True)
        self.say(f"Looking for layers: {100 * self._step.done // self._step.total} %")

    def _on_outcome(self, outcome: FindOutcome) -> None:
        self._timer.stop()
        if outcome.run != self._number or self._searching is None:
            return
        image, request = self._searching
        if outcome.canceled:
            self.say("Canceled; nothing was changed.")
        elif image not in self._viewer.layers:
            self.say("Nothing was added: the image was deleted meanwhile.")
        elif not outcome.found:
            self.say(outcome.message)
        else:
            self._take(image, request, outcome)

    def _take(self, image: Image, request: FindRequest, outcome: FindOutcome) -> None:
        """Show what was found, and go on from it if that was asked for."""
        self._searched, self._outcome = (image, request), outcome
        plane, first = next(iter(outcome.found.items()))
        self.offer(first)
        self._shown.show(image, outcome.found, set(first.chosen))
        if request.axis is not None and first.chosen:
            go_to(self._viewer, image, plane)
        if not first.chosen:
            doubt = " Tick candidates if you see that they are layers." if len(first.curves) else ""
            self.say(outcome.message + doubt)
        elif not self._segments:
            self.say(f"{outcome.message} Tick the boundaries, then use them as partial labels.")
        else:
            self._segment(outcome.message)

    def _segment(self, message: str) -> None:
        try:
            image, request, labels = self._write(None)
        except RequestError as error:
            self.say(f"{message} {error}")
            return
        go_to(self._viewer, image, next(iter(self._outcome.found)))  # if a slider was moved since
        self.say(f"{message} {segment(self._viewer, image, labels, request)}")

    def _write(self, into: Labels | None) -> tuple[Image, FindRequest, Labels]:
        """Write the ticked candidates into a layer, or into a new one.

        Raises
        ------
        RequestError
            If they cannot be written.
        """
        if self._searched is None:
            raise RequestError("There are no candidates: press Find Layers first.")
        image, request = self._searched
        if image not in self._viewer.layers:
            raise RequestError(f'"{image.name}" is gone from the viewer: search again.')
        labels = write_strips(self._viewer, image, self._outcome.found, self.accepted(), into)
        return image, request, labels

    def _mark(self) -> None:
        self._shown.mark(self.accepted())

    def _on_error(self, error: Exception) -> None:
        """Say that there is a bug; napari shows its traceback."""
        self.say(f"Failed, nothing was changed: {error}")

    def _on_aborted(self) -> None:
        """Say so when napari has ended the search, as it does when its window closes."""
        self.say("Canceled.")

    def _on_finished(self) -> None:
        self._timer.stop()
        self._running = False
        self._show_running(False)
