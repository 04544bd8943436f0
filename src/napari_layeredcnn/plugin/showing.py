"""What is shown beside a result: overlays, a table of regions, doubtful places; it follows undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_layeredcnn.plugin.doubtful import DoubtWalk, bind_doubt_keys
from napari_layeredcnn.plugin.features import describe_regions
from napari_layeredcnn.plugin.follow_undo import FollowUndo
from napari_layeredcnn.plugin.overlays import Overlays

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_layeredcnn.plugin.continuation import Kept
    from napari_layeredcnn.plugin.form import SegmentForm
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.results import ResultLayers


class Showing:
    """Shows the runs of the last result in the layers that are ticked.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    results : ResultLayers
        What runs have left.
    form : SegmentForm
        The dock, for its ticks and buttons.
    """

    def __init__(self, viewer: ViewerModel, results: ResultLayers, form: SegmentForm) -> None:
        self._viewer = viewer
        self._results = results
        self._form = form
        self._overlays = Overlays(viewer)
        self._walk = DoubtWalk(viewer)
        self._partial: Layer | None = None
        self._follow: FollowUndo | None = None
        self._ticked = False
        for tick in (form._uncertainty_tick, form._paths_tick, form._surfaces_tick):
            tick.toggled.connect(self._on_tick)
        form._next_doubt_button.clicked.connect(self.next_doubt)
        form._previous_doubt_button.clicked.connect(self.previous_doubt)

    def pause(self) -> None:
        """Take no notice of the result while a run writes into it."""
        if self._follow is not None:
            self._follow.pause()

    def look(self) -> None:
        """Show what is ticked, and take notice again."""
        if self._follow is not None:
            self._follow.look()

    def take(self, partial: Layer, result: Labels) -> None:
        """Show what runs have left in this result."""
        self._partial = partial
        if self._follow is None or self._follow.result is not result:
            self.stop()
            self._follow = FollowUndo(self._results, result, self._show)
        for layer in (partial, result):
            bind_doubt_keys(layer, self._step)
        self._follow.look()

    def stop(self) -> None:
        """Follow no result any longer."""
        self._overlays.stop()
        if self._follow is not None:
            self._follow.stop()
            self._follow = None

    def next_doubt(self) -> None:
        """Go to the next doubtful place."""
        self._step(1)

    def previous_doubt(self) -> None:
        """Go back to the doubtful place before."""
        self._step(-1)

    def _on_tick(self) -> None:
        self._ticked = True
        self.look()

    def _show(self, result: Labels, runs: dict[Plane, Kept]) -> None:
        """Show the runs that the result holds now."""
        partial = self._partial
        if partial is None or result not in self._viewer.layers:
            return
        describe_regions(result, runs, partial)
        self._walk.take(runs)
        note = self._overlays.show(
            partial,
            result,
            runs,
            uncertainty=self._form._uncertainty_tick.isChecked(),
            paths=self._form._paths_tick.isChecked(),
            surfaces=self._form._surfaces_tick.isChecked(),
        )
        # After a run, what the run has to say is more important.
        if note and self._ticked:
            self._form.say(note)
        self._ticked = False

    def _step(self, step: int) -> None:
        if self._follow is None or self._follow.result not in self._viewer.layers:
            self._form.say("There is no result yet: press Segment Layers first.")
            return
        self._form.say(self._walk.step(self._follow.result, step))
