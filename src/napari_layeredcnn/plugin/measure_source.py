"""What is in a layer, as curves.

Of labels, those of its runs where it still shows them, else those between its pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.core.measure_labels import segmentation_from_labels
from napari_layeredcnn.plugin.kept import best_fit
from napari_layeredcnn.plugin.measure_curves import CurveSource, read_curves
from napari_layeredcnn.plugin.stack_view import StackView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event

    from numpy.typing import NDArray

    from napari_layeredcnn.core.measure_segmentation import Segmentation
    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.measure_request import MeasureRequest, Source

    #: What has left a slice, and in which columns (W,) that is still to be seen.
    Left = tuple[Kept, NDArray[np.bool_]]


def read_source(
    source: Source | CurveSource,
    request: MeasureRequest,
    cancel: Event,
    tell: Callable[[str], object],
) -> Segmentation:
    """Read the curves of a Labels layer, or of a layer of curves.

    Parameters
    ----------
    source : Source or CurveSource
        Which; that of the request, or what it is compared with.
    request : MeasureRequest
        Which slices, and which way the layers run.
    cancel : Event
        Set to have the next slice raise `Stopped`.
    tell : callable
        Called with a sentence that says how far it is.

    Returns
    -------
    Segmentation
        In columns that a run has left as they are, its curves and their uncertainty. What was
        painted, before or since, is at the edges of pixels and exact.

    Raises
    ------
    ValueError
        See `segmentation_from_labels` and `read_curves`.
    """
    if isinstance(source, CurveSource):
        tell(f'Reading "{source.name}"')
        return read_curves(source, request)
    view = _Slices(source, request, cancel, tell)
    left = _left(view, source, request)
    ids = next((kept.region_ids for kept, _ in left.values()), None)
    found = segmentation_from_labels(
        view if request.axis is not None else view[0],
        region_ids=ids,
        names=source.names,
        transposed=request.choices.transposed,
        scale=request.scale,
        unit=request.unit,
    )
    if not left:
        return found
    curves, uncertainty = found.stack.copy(), np.zeros(found.stack.shape)
    for i, (kept, same) in left.items():
        curves[i][:, same] = kept.curves[:, same]
        uncertainty[i][:, same] = kept.uncertainty[:, same]
    if request.axis is None:
        return replace(found, curves=curves[0], uncertainty=uncertainty[0])
    return replace(found, curves=curves, uncertainty=uncertainty)


class _Slices:
    """The slices of a source, read one by one."""

    def __init__(
        self, source: Source, request: MeasureRequest, cancel: Event, tell: Callable[[str], object]
    ) -> None:
        # One slice is a stack of one along any axis.
        axis = request.axis
        plane, data = request.plane, source.data
        if axis is None:
            data, axis = np.asarray(plane.of(data))[None], 0
            plane = type(plane)((0, None, None), 1, 2)
        self._view = StackView(data, plane, axis, cancel)
        self._name, self._tell = source.name, tell
        self.shape, self.dtype = self._view.shape, self._view.dtype

    def __getitem__(self, index: int, /) -> NDArray[np.integer[Any]]:
        self._tell(f'Reading "{self._name}": slice {index + 1} of {self.shape[0]}')
        return self._view[index]

    def __len__(self) -> int:
        return self.shape[0]


def _left(view: _Slices, source: Source, request: MeasureRequest) -> Mapping[int, Left]:
    """Find the runs that the slices show, all with the same regions; none if others were added."""
    left: dict[int, Left] = {}
    transposed, axis = request.choices.transposed, request.axis
    ids: tuple[int, ...] | None = None
    for i in range(len(view) if source.runs else 0):
        pixels = view[i]
        plane = request.plane if axis is None else request.plane.at(axis, i)
        runs = [run for run in source.runs.get(plane, ()) if _fits(run, pixels, transposed)]
        kept = best_fit(runs, pixels) if runs else None
        if kept is None:
            continue
        same = kept.known & ~kept.changed(pixels.T if transposed else pixels)
        if not same.any():
            continue
        ids = ids or kept.region_ids
        if kept.region_ids != ids:
            return {}
        left[i] = (kept, same)
    if ids is not None and not all(np.isin(view[i], (0, *ids)).all() for i in range(len(view))):
        return {}
    return left


def _fits(run: Kept, pixels: NDArray[np.integer[Any]], transposed: bool) -> bool:
    shape = (run.height, run.curves.shape[1])
    return run.transposed == transposed and (shape[::-1] if transposed else shape) == pixels.shape
