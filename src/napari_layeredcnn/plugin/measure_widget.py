"""The "Measure Layers" dock: choose labels, press the button, get numbers, plots and maps.

The widget starts and ends measuring. Its looks are in `measure_form` and `measure_views`, what may
be measured is decided in `measure_request`, the work is done in `measure_worker`.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from weakref import WeakMethod

from napari.qt.threading import create_worker
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_layeredcnn.files.maps import write_map
from napari_layeredcnn.plugin.measure_form import MEASURE_KEY, MeasureForm
from napari_layeredcnn.plugin.measure_layers import add_map, add_surfaces, make_map
from napari_layeredcnn.plugin.measure_request import measure_request
from napari_layeredcnn.plugin.measure_rois import add_rectangles
from napari_layeredcnn.plugin.measure_worker import (
    HowFar,
    MeasureOutcome,
    measure_layers,
    save_table,
)
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.reports import EXPECTED, told

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

#: How far it is is shown so often, ms.
_SHOW_EVERY = 100
_TABLES = "CSV (*.csv);;Excel (*.xlsx)"
_MAPS = "Picture with a color bar (*.png);;Numbers (*.tif)"


class MeasureWidget(MeasureForm):
    """Dock widget that measures labels.

    Parameters
    ----------
    napari_viewer : napari.components.ViewerModel
        The viewer whose layers are offered; napari passes it in, by this name.
    """

    def __init__(self, napari_viewer: ViewerModel) -> None:
        super().__init__(napari_viewer)
        self._number = 0
        self._cancel = Event()
        self._running = False
        self._measuring: Layer | None = None
        self._how_far = HowFar()
        self._timer = QTimer(self)
        self._timer.setInterval(_SHOW_EVERY)
        self._timer.timeout.connect(self._show_how_far)
        self._labels.changed.connect(self._bind_key)
        self._bind_key()
        self._new_button.clicked.connect(self.new_rectangles)
        self._measure_button.clicked.connect(self.start)
        self._cancel_button.clicked.connect(self.cancel)
        views = self._views
        views.save_button.clicked.connect(self.save_table)
        views.copy_button.clicked.connect(self.copy_table)
        views.map_button.clicked.connect(self.add_map)
        views.export_button.clicked.connect(self.export_map)
        views.surface_button.clicked.connect(self.add_surfaces)
        # A closed window deletes the widget without a word to it.
        self.destroyed.connect(self._cancel.set)

    @property
    def running(self) -> bool:
        """Whether something is being measured, or a table written."""
        return self._running

    def start(self) -> None:
        """Measure what is chosen, as the button does."""
        if self._running:
            return
        try:
            request = measure_request(self._viewer, self.chosen(), self.choices(), self._runs)
        except RequestError as error:
            self.say(str(error))
            return
        self._begin()
        self._measuring = request.layer
        self._how_far = HowFar()
        self._timer.start()
        # Bound methods only: Qt cuts them off from a worker that outlives the widget.
        create_worker(
            measure_layers,
            request,
            self._number,
            self._cancel,
            self._how_far,
            _start_thread=True,
            _connect={
                "returned": self._on_outcome,
                "errored": self._on_error,
                "finished": self._on_finished,
            },
        )

    def cancel(self) -> None:
        """Stop measuring."""
        if self._running:
            self._cancel.set()
            self._cancel_button.setEnabled(False)
            self.say("Canceling …")

    def new_rectangles(self) -> None:
        """Add a Shapes layer for regions of interest, as the button does, and choose it."""
        try:
            self._rectangles.value = add_rectangles(self._viewer, self._labels.value)
        except RequestError as error:
            self.say(str(error))
            return
        self.say("Draw rectangles: the columns that they span are measured, each on its own.")

    def save_table(self) -> None:
        """Ask for a file and write all numbers into it, as the button does."""
        result = self._views.result
        if result is None or self._running:
            return
        path = self._ask("Save table", f"{result.request.source.name}.csv", _TABLES)
        if path is None:
            return
        self._begin()
        self._cancel_button.setEnabled(False)  # a file is written whole or not at all
        self.say("Writing the table …")
        create_worker(
            save_table,
            path,
            result,
            _start_thread=True,
            _connect={
                "returned": self.say,
                "errored": self._on_error,
                "finished": self._on_finished,
            },
        )

    def copy_table(self) -> None:
        """Put the table that is shown on the clipboard, as the button does."""
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(self._views.model.text())
        self.say("The table is on the clipboard.")

    def add_map(self) -> None:
        """Add the chosen map to the viewer, as the button does."""
        result = self._views.result
        if result is None:
            return
        try:
            layer = add_map(
                self._viewer, result.request, make_map(result, self._views.map_box.value)
            )
        except EXPECTED as error:
            self.say(told(error))
            return
        self._viewer.reset_view()
        where = "right of" if result.request.choices.transposed else "below"
        self.say(f'"{layer.name}" lies {where} the slices.')

    def export_map(self) -> None:
        """Ask for a file and write the chosen map into it, as the button does."""
        result = self._views.result
        if result is None:
            return
        try:
            map_ = make_map(result, self._views.map_box.value)
            name = map_.name.replace("/", "-")
            path = self._ask("Export map", f"{name}.png", _MAPS)
            if path is not None:
                write_map(path, map_)
                self.say(f"Wrote {path}")
        except EXPECTED as error:
            self.say(told(error))

    def add_surfaces(self) -> None:
        """Add surfaces in the colors of thickness, as the button does."""
        result = self._views.result
        if result is None:
            return
        try:
            n = len(add_surfaces(self._viewer, result.profiles))
        except EXPECTED as error:
            self.say(told(error))
            return
        self.say(f"Added {n} surface{'s' * (n > 1)}; look at them in 3D.")

    # ---------------------------------------------------------------- runs

    def event(self, event: QEvent | None) -> bool:
        """Stop when napari closes the dock: it takes the widget out, and that is all."""
        if event is not None and event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._cancel.set()
            self._number += 1  # whatever still arrives is old
            self._timer.stop()
            self._views.plot.close()
        return bool(super().event(event))

    def _begin(self) -> None:
        self._number += 1
        self._cancel.clear()
        self._running = True
        self._show_running(True)

    def _show_how_far(self) -> None:
        if not self._cancel.is_set():
            self.say(f"{self._how_far.text} …")

    def _on_outcome(self, outcome: MeasureOutcome) -> None:
        self._timer.stop()
        if outcome.run != self._number:
            return
        if outcome.canceled:
            self.say("Canceled; nothing was measured.")
        elif self._measuring not in self._viewer.layers:
            self.say("Nothing was measured: the layer was deleted meanwhile.")
        else:
            self.say(outcome.message)
            if outcome.result is not None:
                self._views.show_result(outcome.result)

    def _on_error(self, error: Exception) -> None:
        """Say that there is a bug; napari shows its traceback."""
        self.say(f"Failed: {error}")

    def _on_finished(self) -> None:
        self._timer.stop()
        self._running, self._measuring = False, None
        self._show_running(False)

    # ---------------------------------------------------------------- others

    def _ask(self, title: str, name: str, filters: str) -> str | None:
        """Ask where to save; a name without an ending gets that of the chosen filter."""
        path, chosen = QFileDialog.getSaveFileName(self, title, name, filters)
        if not path:
            return None
        ending = chosen.rpartition("*")[2].rstrip(")") or Path(name).suffix
        return path if Path(path).suffix else path + ending

    def _bind_key(self) -> None:
        """Bind our key on the chosen labels; it acts while they are selected."""
        labels = self._labels.value
        if labels is None:
            return
        start = WeakMethod(self.start)

        def press(_layer: Layer) -> None:
            """Measure the layers."""
            method = start()
            if method is not None:
                method()

        labels.bind_key(MEASURE_KEY, press, overwrite=True)
