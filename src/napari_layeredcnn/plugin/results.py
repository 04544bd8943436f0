"""Where completed labels go, and what earlier runs have left there.

The partial labels are not written to, unless a person asks for that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels

from napari_layeredcnn.plugin.kept import best_fit
from napari_layeredcnn.plugin.live import LiveLabels
from napari_layeredcnn.plugin.region_keys import bind_region_keys
from napari_layeredcnn.plugin.slice_request import Earlier

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer, Shapes

    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.request import Request
    from napari_layeredcnn.plugin.stack_memory import StackLeft

#: Runs of a slice that are remembered, so that one may continue after undo.
_REMEMBERED = 10
#: A result takes no more steps of undo than fit into so many bytes; then comes a new layer.
UNDO_BYTES = 2**30
_CARRIED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")

# Kept as long as the layers are, so that a dock that was closed and opened again goes on.
_RESULTS: WeakKeyDictionary[Layer, Labels] = WeakKeyDictionary()
_RUNS: WeakKeyDictionary[Labels, dict[Plane, deque[Kept]]] = WeakKeyDictionary()
_STACKS: WeakKeyDictionary[Labels, list[StackLeft]] = WeakKeyDictionary()
_UNDO: WeakKeyDictionary[Labels, int] = WeakKeyDictionary()


def place_of(layer: Layer, ndim: int | None = None) -> dict[str, Any]:
    """Return where a layer lies in the world, for a new layer on the same pixels.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    ndim : int, optional
        Number of axes of the new layer: the last ones of the layer.

    Returns
    -------
    dict
        Settings for the new layer.
    """
    if ndim is None or ndim == layer.ndim:
        return {name: getattr(layer, name) for name in _CARRIED}
    place: dict[str, Any] = {
        name: getattr(layer, name)[-ndim:] for name in ("scale", "translate", "units")
    }
    place["axis_labels"] = layer.axis_labels[-ndim:]
    place["rotate"] = layer.rotate[-ndim:, -ndim:]
    place["affine"] = layer.affine.affine_matrix[-ndim - 1 :, -ndim - 1 :]
    return place


class ResultLayers:
    """Remembers which layer holds the completed labels of which partial labels."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer

    def begin(self, image: Image, partial: Labels | Shapes, request: Request) -> LiveLabels:
        """Begin to write a run into its result layer, which is made if there is none.

        A run over several slices goes to a new layer, except where it does slices of a stack
        again; past the cap of the history such a layer begins as a copy. What is selected in the
        viewer stays selected.
        """
        if request.choices.into_partial:
            return LiveLabels(partial, is_new=False)
        result = self.result_of(partial)
        mends = request.stack is not None and request.stack.mends
        fits = (
            result is not None
            and (len(request.slices) == 1 or mends)
            and result.data.shape == request.shape
            and np.can_cast(request.dtype, result.data.dtype)
        )
        if result is not None and fits:
            live = LiveLabels(result, is_new=False)
            frame = request.slices[0].frame
            held = live.bytes_at_most(len(request.slices), frame) if mends else 0
            if _UNDO.get(result, 0) + held < UNDO_BYTES:
                return live
        copied = result if fits and mends else None
        layer = self._add(image, partial, request, copied)
        _RESULTS[partial] = layer
        return LiveLabels(layer, is_new=True, copy_of=copied)

    def finish(self, live: LiveLabels) -> None:
        """End a run with what was written, as one step of the undo history."""
        _UNDO[live.layer] = _UNDO.get(live.layer, 0) + live.finish()

    def describe(self, result: Labels, choices: Choices, model: dict[str, str]) -> None:
        """Note in a result's metadata what made it; files keep that."""
        result.metadata["layeredcnn"] = {"settings": asdict(choices), "model": model}

    def remember(self, result: Labels, plane: Plane, kept: Kept) -> None:
        """Remember what a run has left, to continue from."""
        runs = _RUNS.setdefault(result, {})
        runs.setdefault(plane, deque(maxlen=_REMEMBERED)).append(kept)

    def runs(self, result: Labels) -> dict[Plane, tuple[Kept, ...]]:
        """Return what earlier runs have left in every slice, oldest first."""
        return {plane: tuple(runs) for plane, runs in _RUNS.get(result, {}).items()}

    def shown(self, result: Labels, plane: Plane) -> Kept | None:
        """Return the run that fits best what a slice holds now: an earlier one after undo."""
        runs = _RUNS.get(result, {}).get(plane, ())
        now = np.asarray(plane.of(result.data))
        return best_fit(runs, now) if runs else None

    def earlier(self, result: Labels | None, plane: Plane) -> Earlier:
        """Return what earlier runs have left in a slice of a result; nothing without one."""
        if result is None:
            return Earlier((), np.zeros((0, 0), np.uint8))
        runs = _RUNS.get(result, {}).get(plane, ())
        return Earlier(tuple(runs), np.array(plane.of(result.data)))

    def restore(self, live: LiveLabels) -> None:
        """Put back what was there before; a layer that was made for nothing is deleted."""
        if live.layer not in self._viewer.layers:
            return
        live.restore()
        before = live.copy_of
        if before is not None and np.array_equal(before.data, live.layer.data):
            partial = next(one for one, layer in _RESULTS.items() if layer is live.layer)
            _RESULTS[partial] = before
        elif not live.is_new or live.layer.data.any():
            return
        self._viewer.layers.remove(live.layer)

    def result_of(self, partial: Labels | Shapes, *, into_partial: bool = False) -> Labels | None:
        """Return the layer that holds the completed labels, if there is one."""
        result = partial if into_partial else _RESULTS.get(partial)
        return result if result in self._viewer.layers else None

    def remember_stack(self, result: Labels, left: StackLeft) -> None:
        """Remember what a stack run has left, so that the next one need not do all again."""
        _STACKS.setdefault(result, []).append(left)

    def stack_runs(
        self, result: Labels, settings: tuple[Any, ...] | None = None
    ) -> list[StackLeft]:
        """Return what stack runs (with these settings) have left in a result, oldest first."""
        runs = _STACKS.get(result, [])
        return [run for run in runs if settings is None or run.settings == settings]

    def _add(
        self, image: Image, partial: Labels | Shapes, request: Request, copied: Labels | None
    ) -> Labels:
        selected = set(self._viewer.layers.selection)
        looks: dict[str, Any] = {}
        if isinstance(partial, Labels):
            looks = {"opacity": partial.opacity, "colormap": partial.colormap}
        result: Labels = self._viewer.add_labels(
            np.zeros(request.shape, request.dtype) if copied is None else copied.data.copy(),
            name=f"{partial.name} completed",
            **looks,
            **place_of(image, len(request.shape)),
        )
        bind_region_keys(self._viewer, result)
        if copied is not None:
            _STACKS[result] = list(_STACKS.get(copied, []))
            _RUNS[result] = {
                plane: deque(runs, _REMEMBERED) for plane, runs in _RUNS.get(copied, {}).items()
            }
        # The person goes on painting in the partial labels, not in the result.
        self._viewer.layers.selection = selected
        return result
