"""From viewer layers and choices to what a run needs, checked before anything starts.

Here napari ends: a `Request` holds arrays and plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Shapes

from napari_layeredcnn.plugin.continuation import best_fit
from napari_layeredcnn.plugin.layer_checks import check_layers
from napari_layeredcnn.plugin.planes import (
    Plane,
    PlaneError,
    RequestError,
    shape_of,
    shown_plane,
    slider_axis,
)
from napari_layeredcnn.plugin.vector_layers import center_in, paths_in, shapes_in

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Points
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.continuation import Kept
    from napari_layeredcnn.plugin.results import ResultLayers


@dataclass(frozen=True, eq=False)
class Earlier:
    """What earlier runs have left in a slice, oldest first, and a copy of it, (H, W), as it is."""

    runs: tuple[Kept, ...]
    shown: NDArray[np.integer[Any]]

    def by_person(self, labels: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Tell which pixels of labels that runs have filled in a person has painted."""
        painted = labels != 0
        if not self.runs:
            return painted
        last = best_fit(self.runs, labels)
        own = labels != last.labels()
        return painted & (own if last.strokes is None else own | last.strokes)


@dataclass(frozen=True, eq=False)
class SliceRequest:
    """One slice to complete.

    Parameters
    ----------
    plane : Plane
        The slice of the image.
    frame : Plane
        The same slice of the result, which may have fewer axes.
    number : int or None
        Its place on the slider; None for a 2D image.
    labels : (H, W) array of int
        A copy of the partial labels, so that painting may go on; empty if paths are given.
    paths : tuple of (N, 2) array, or None
        Paths along the boundaries: rows and columns in napari coordinates.
    earlier : Earlier
        What was completed before.
    protected : (H, W) bool array
        Pixels of the result that are not changed.
    locked : (W,) bool array
        Columns (rows, if curves run along rows) that stay as they are.
    center : (float, float) or None
        Row and column of the center of a closed structure.
    """

    plane: Plane
    frame: Plane
    number: int | None
    labels: NDArray[np.integer[Any]]
    paths: tuple[NDArray[np.float64], ...] | None
    earlier: Earlier
    protected: NDArray[np.bool_]
    locked: NDArray[np.bool_]
    center: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Request:
    """Slices to complete, and how.

    `image` is the image layer's whole data, read (from disk perhaps) by the worker only.
    """

    image: Any
    slices: tuple[SliceRequest, ...]
    choices: Choices
    shape: tuple[int, ...]
    """Of the result."""
    dtype: np.dtype[Any]
    resume: bool = False
    """Continue earlier runs."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The viewer layers that are chosen in the dock."""

    image: Image | None
    labels: Labels | Shapes | None
    center: Points | None = None
    locked: Shapes | None = None


def make_request(
    viewer: ViewerModel,
    chosen: Chosen,
    choices: Choices,
    results: ResultLayers,
    *,
    resume: bool = False,
) -> Request:
    """Check the choices against each other and the viewer, and gather what a run needs.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    chosen : Chosen
        Layers.
    choices : Choices
        The rest.
    results : ResultLayers
        What was completed before.
    resume : bool
        Whether earlier runs are continued; this is for the shown slice only.

    Returns
    -------
    Request
        Ready for a worker.

    Raises
    ------
    RequestError
        If a layer is missing or does not fit the others, nothing is labelled in the chosen
        slices, or the viewer does not show the rows and columns of one slice.
    """
    image, labels = chosen.image, chosen.labels
    if image is None:
        raise RequestError("There is no image layer: open an image first.")
    if labels is None:
        raise RequestError(
            "There is no labels layer: press New partial labels, and paint a few columns."
        )
    check_layers(image, labels, choices)
    shown = shown_plane(viewer, image)
    planes = [shown]
    axis = slider_axis(viewer, shown)
    if choices.slices != "shown" and axis is not None and not resume:
        planes = [shown.at(axis, i) for i in range(shape_of(image)[axis])]
        if choices.slices == "range":
            planes = planes[choices.first : choices.last + 1]
    drawn = [(plane, *_partial(image, labels, plane)) for plane in planes]
    labelled = [one for one in drawn if one[3] is not None or one[2].any()]
    if not labelled:
        raise RequestError(_nothing_labelled(labels, planes, axis))
    result = results.result_of(labels, into_partial=choices.into_partial)
    return Request(
        image.data[0] if image.multiscale else image.data,
        tuple(
            _slice_request(chosen, choices, results, result, axis, *one)  # what was drawn
            for one in labelled
        ),
        choices,
        tuple(labels.data.shape) if isinstance(labels, Labels) else shape_of(image),
        labels.data.dtype if isinstance(labels, Labels) else np.dtype(np.uint8),
        resume,
    )


def _partial(
    image: Image, labels: Labels | Shapes, plane: Plane
) -> tuple[Plane, NDArray[np.integer[Any]], tuple[NDArray[np.float64], ...] | None]:
    """Return the slice of the result, and what is painted or drawn in it."""
    if isinstance(labels, Labels):
        n = labels.data.ndim
        if min(plane.rows, plane.columns) < image.ndim - n:
            raise PlaneError(
                f'The viewer shows an axis that "{labels.name}" has not: roll the axes so that '
                "its rows and columns are shown."
            )
        frame = plane.on(n)
        return frame, np.array(frame.of(labels.data)), None
    shape = tuple(shape_of(image)[axis] for axis in (plane.rows, plane.columns))
    paths = tuple(paths_in(labels, plane))
    return plane, np.zeros(shape, np.uint8), paths or None


def _slice_request(
    chosen: Chosen,
    choices: Choices,
    results: ResultLayers,
    result: Labels | None,
    axis: int | None,
    plane: Plane,
    frame: Plane,
    labels: NDArray[np.integer[Any]],
    paths: tuple[NDArray[np.float64], ...] | None,
) -> SliceRequest:
    assert chosen.image is not None
    earlier = results.earlier(result, frame)
    height, width = labels.shape
    locked = np.zeros(height if choices.transposed else width, bool)
    if chosen.locked is not None:
        for _, vertices in shapes_in(chosen.locked, plane):
            along = vertices[:, 0 if choices.transposed else 1]
            low, high = np.clip(
                [np.ceil(along.min()), np.floor(along.max()) + 1], 0, len(locked)
            ).astype(int)
            locked[low:high] = True
    protected = np.zeros(labels.shape, bool)
    protected |= (locked[:, None] if choices.transposed else locked) & bool(earlier.runs)
    if choices.into_partial:
        painted = earlier.by_person(labels)
        protected |= painted
        labels = np.where(painted, labels, 0)
    return SliceRequest(
        plane,
        frame,
        None if axis is None else plane.index[axis],
        labels,
        paths,
        earlier,
        protected,
        locked,
        center_in(chosen.center, chosen.image, plane) if choices.direction == "around" else None,
    )


def _nothing_labelled(labels: Labels | Shapes, planes: list[Plane], axis: int | None) -> str:
    """Say where nothing is labelled, and where something is."""
    what = (
        "Draw a path along every boundary"
        if isinstance(labels, Shapes)
        else ("Paint every region in a few columns")
    )
    what += f' of "{labels.name}"' if isinstance(labels, Labels) else f' in "{labels.name}"'
    if axis is None:
        return f"The labels are empty: {what[0].lower()}{what[1:]} first."
    if len(planes) > 1:
        return f"None of the chosen slices has labels: {what[0].lower()}{what[1:]} first."
    number = planes[0].index[axis]
    return f"Slice {number} has no labels: {what[0].lower()}{what[1:]} first."
