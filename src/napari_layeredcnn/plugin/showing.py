"""What is shown beside a result: overlays, regions, doubtful places, slices; it follows undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive

from napari_layeredcnn.plugin.doubtful import DoubtWalk, bind_doubt_keys
from napari_layeredcnn.plugin.features import describe_regions
from napari_layeredcnn.plugin.follow_undo import FollowUndo
from napari_layeredcnn.plugin.moving import go_to
from napari_layeredcnn.plugin.overlays import Overlays
from napari_layeredcnn.plugin.planes import PlaneError, shown_plane
from napari_layeredcnn.plugin.slice_figures import slice_figures

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from napari_layeredcnn.plugin.form import SegmentForm
    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.results import ResultLayers
    from napari_layeredcnn.plugin.stack_memory import StackLeft


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
        form._slice_plot.chosen.connect(self.go_to_slice)
        viewer.layers.events.removed.connect(self._on_removed)
        dims = viewer.dims.events
        for signal in (dims.current_step, dims.order, dims.ndisplay):
            signal.connect(self._mark_slice)
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
        if isalive(self._form):
            self._form._slice_plot.show_figures(None)

    def next_doubt(self) -> None:
        """Go to the next doubtful place."""
        self._step(1)

    def previous_doubt(self) -> None:
        """Go back to the doubtful place before."""
        self._step(-1)

    def go_to_slice(self, number: int) -> None:
        """Show a slice of the stack."""
        stack = self._stack()
        if stack is not None and self._follow is not None:
            go_to(self._viewer, self._follow.result, stack.plane.at(stack.axis, number))

    def _on_removed(self, _event: Any = None) -> None:
        """Show no plot of a result that is gone."""
        if isalive(self._form) and self._stack() is None:
            self._form._slice_plot.show_figures(None)

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
        self._plot(runs)
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

    def _stack(self) -> StackLeft | None:
        """Return the last stack run of the result, if there was one."""
        if self._follow is None or self._follow.result not in self._viewer.layers:
            return None
        runs = self._results.stack_runs(self._follow.result)
        return runs[-1] if runs else None

    def _plot(self, runs: dict[Plane, Kept]) -> None:
        """Show how sure the slices are, after a run over a stack."""
        stack, figures = self._stack(), None
        if stack is not None and self._follow is not None:
            count = self._follow.result.data.shape[stack.axis]
            figures = slice_figures(runs, stack.plane, stack.axis, count)
        self._form._slice_plot.show_figures(figures)
        self._mark_slice()

    def _mark_slice(self, _event: Any = None) -> None:
        """Mark the slice that the viewer shows in the plot."""
        if not isalive(self._form):
            return  # the window is closing
        stack, shown = self._stack(), None
        if stack is not None and self._follow is not None:
            try:
                plane = shown_plane(self._viewer, self._follow.result)
            except PlaneError:
                plane = None
            number = None if plane is None else plane.index[stack.axis]
            # In another stack of a 4D image, or of other rows and columns, none is shown.
            if plane is not None and number is not None:
                shown = number if plane == stack.plane.at(stack.axis, number) else None
        self._form._slice_plot.mark(shown)

    def _step(self, step: int) -> None:
        if self._follow is None or self._follow.result not in self._viewer.layers:
            self._form.say("There is no result yet: press Segment Layers first.")
            return
        self._form.say(self._walk.step(self._follow.result, step))
