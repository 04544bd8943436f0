"""One run as the dock sees it: what was asked for, what has come, and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn.plugin.planes import PlaneError, shown_plane

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_layeredcnn.plugin.continuation import Kept
    from napari_layeredcnn.plugin.live import LiveLabels
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.request import Chosen, Request
    from napari_layeredcnn.plugin.results import ResultLayers
    from napari_layeredcnn.plugin.worker import Outcome, Progress


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

    def take(self, progress: Progress) -> None:
        """Take new columns; nothing is shown before `write`."""
        if progress.kept is not None:
            self._done.append((progress.at, progress.kept))
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
