"""One run as the dock sees it: what was asked for, what has come, and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn.plugin.planes import PlaneError, shown_plane
from napari_layeredcnn.plugin.stack_memory import StackLeft, checksum

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.layer_checks import Chosen
    from napari_layeredcnn.plugin.live import LiveLabels
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.reports import Outcome, Progress
    from napari_layeredcnn.plugin.request import Request
    from napari_layeredcnn.plugin.results import ResultLayers


class Run:
    """Writes what a worker reports into the result layer.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    results : ResultLayers
        Where results go.
    chosen : Chosen
        The layers that were chosen when the run began.
    request : Request
        What was asked for.
    live : bool
        Whether columns are shown as they come; else whole slices.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        results: ResultLayers,
        chosen: Chosen,
        request: Request,
        *,
        live: bool,
    ) -> None:
        self._viewer = viewer
        self._results = results
        self.chosen = chosen
        self.request = request
        self._shows_columns = live
        self._pending: list[Progress] = []
        self._live: LiveLabels | None = None
        self._done: list[tuple[int, Kept]] = []
        self._sums: dict[int, int] = {}

    @property
    def layer(self) -> Labels | None:
        """The result layer, once there is something in it."""
        return None if self._live is None else self._live.layer

    @property
    def n_done(self) -> int:
        """Slices that are completed."""
        return len(self._done)

    @property
    def deleted(self) -> bool:
        """Whether a layer that the run needs has been deleted meanwhile."""
        layers = self._viewer.layers
        return self.chosen.image not in layers or self.chosen.labels not in layers

    @property
    def so_far(self) -> str:
        """What a canceled run has left, as the beginning of a sentence."""
        if self.request.stack is None:
            return f"The {self.request.choices.line}s so far are"
        return f"{self.n_done} of {len(self.request.slices)} slices are done,"

    def how_far(self, progress: Progress) -> tuple[int, int, str]:
        """Return the steps made and to make, and what to tell a person."""
        n, at = len(self.request.slices), progress.at + 1
        value = progress.at * progress.total + progress.done
        line = f"{self.request.choices.line} {progress.done} of {progress.total}"
        if self.request.stack is not None:
            text = f"Slice {at} of {n}"
        else:
            text = f"Slice {at} of {n}, {line}" if n > 1 else line.capitalize()
        return value, n * progress.total, text

    def take(self, progress: Progress) -> None:
        """Take new columns; nothing is shown before `write`."""
        if progress.kept is not None:
            self._done.append((progress.at, progress.kept))
            number = self.request.slices[progress.at].number
            if self.request.stack is not None and number is not None:
                self._sums[number] = checksum(progress.labels)
        if self._shows_columns or progress.kept is not None:
            self._pending.append(progress)

    def write(self) -> None:
        """Write the columns that have come since the last time, and draw them once."""
        pending, self._pending = self._pending, []
        if not pending or self.deleted:
            return
        live = self._begin()
        planes: set[Plane] = set()
        for progress in pending:
            part = self.request.slices[progress.at]
            planes.add(part.frame)
            live.write(part.frame, progress.where, progress.labels, part.protected)
        if self._is_shown(live, planes):
            live.refresh()

    def finish(self, outcome: Outcome) -> None:
        """End with what has come, as one step of undo, and remember it."""
        self.write()
        live = self._begin()
        self._results.finish(live)
        done = list(self._done)
        if outcome.kept is not None:
            done.append((outcome.at, outcome.kept))
        for at, kept in done:
            self._results.remember(live.layer, self.request.slices[at].frame, kept)
        stack = self.request.stack
        if stack is not None and self._sums:
            left = StackLeft(
                stack.frame, stack.frame_axis, stack.settings, stack.checksums, self._sums
            )
            self._results.remember_stack(live.layer, left)
        if outcome.model is not None:
            self._results.describe(live.layer, self.request.choices, outcome.model)

    def restore(self) -> None:
        """Put back what was there before the run."""
        self._pending.clear()
        if self._live is not None:
            self._results.restore(self._live)

    def _begin(self) -> LiveLabels:
        if self._live is None or self._live.layer not in self._viewer.layers:
            assert self.chosen.image is not None
            assert self.chosen.labels is not None
            self._live = self._results.begin(self.chosen.image, self.chosen.labels, self.request)
        return self._live

    def _is_shown(self, live: LiveLabels, planes: set[Plane]) -> bool:
        try:
            return shown_plane(self._viewer, live.layer) in planes
        except PlaneError:
            return True  # in 3D, everything is
