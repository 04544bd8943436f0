"""Which run a result shows now: found again after every undo and redo.

napari tells of no undo, but redraws the layer; so do slider and run. When that is over, slices
whose pixels are others than before are compared with the runs, one slice in a turn of the event
loop: nothing is done while a person paints, and the window stays alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakMethod
from zlib import crc32

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane

#: Nothing has happened for so long, ms: a person has let go of the keys.
REST_MS = 150
#: A run is shown if at least this share of its pixels is as it left them.
_FITS = 0.5


class Runs(Protocol):
    """What is asked of `ResultLayers`."""

    def runs(self, result: Labels) -> dict[Plane, tuple[Kept, ...]]:
        """Return all runs of every slice."""

    def shown(self, result: Labels, plane: Plane) -> Kept | None:
        """Return the one that fits best what the slice holds."""


class FollowUndo:
    """Watches a result and tells which runs it shows.

    Parameters
    ----------
    results : ResultLayers
        Knows the runs of the result.
    result : napari.layers.Labels
        The layer to watch; it is not kept alive by its events.
    callback : bound method
        Called as ``callback(result, runs)`` with a dict of Plane to Kept after every `look`, and
        when undo or redo has changed it. Its object is not kept alive.
    """

    def __init__(
        self,
        results: Runs,
        result: Labels,
        callback: Callable[[Labels, dict[Plane, Kept]], object],
    ) -> None:
        self.result = result
        self.shown: dict[Plane, Kept] = {}
        self._results = results
        self._callback: WeakMethod[Callable[[Labels, dict[Plane, Kept]], object]]
        self._callback = WeakMethod(callback)
        self._seen: dict[Plane, tuple[int, tuple[Kept, ...]]] = {}
        self._todo: list[Plane] = []
        self._tell = self._paused = False
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._begin)
        self._turn = QTimer()
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._next)
        result.events.set_data.connect(self._on_redrawn)

    def pause(self) -> None:
        """Take no notice until the next `look`: a run begins."""
        self._paused = True
        for timer in (self._rest, self._turn):
            if isalive(timer):  # not when napari ends
                timer.stop()

    def look(self) -> None:
        """Look again soon, and call back in any case: a run has ended."""
        self._paused, self._tell = False, True
        self._begin()

    def stop(self) -> None:
        """Watch no longer."""
        self.pause()
        self.result.events.set_data.disconnect(self._on_redrawn)

    def _on_redrawn(self) -> None:
        if not self._paused:
            self._turn.stop()
            self._rest.start()

    def _begin(self) -> None:
        self._rest.stop()
        self._todo = list(self._results.runs(self.result))
        gone = self.shown.keys() - set(self._todo)
        for plane in gone:
            del self.shown[plane]
        self._tell |= bool(gone)
        self._turn.start()

    def _next(self) -> None:
        """Look at one slice; after the last one, tell."""
        if self._todo:
            self._look_at(self._todo.pop())
            self._turn.start()
            return
        callback = self._callback()
        if self._tell and callback is not None:
            self._tell = False
            callback(self.result, dict(self.shown))

    def _look_at(self, plane: Plane) -> None:
        pixels = np.ascontiguousarray(plane.of(self.result.data))
        runs = self._results.runs(self.result).get(plane, ())
        seen = crc32(pixels.data), runs
        if seen == self._seen.get(plane):
            return
        self._seen[plane] = seen
        kept = self._results.shown(self.result, plane)
        if kept is not None and not _fits(kept, pixels):
            kept = None
        if self.shown.get(plane) is kept:
            return
        self._tell = True
        if kept is None:
            del self.shown[plane]
        else:
            self.shown[plane] = kept


def _fits(kept: Kept, pixels: NDArray[np.integer[Any]]) -> bool:
    """Whether a slice shows a run at all; not after undo of the first one."""
    left = int(np.count_nonzero(kept.labels()))
    return kept.misfit(pixels) <= (1 - _FITS) * left
