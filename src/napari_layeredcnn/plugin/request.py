"""From viewer layers and choices to what a run needs, checked before anything starts.

Here napari ends: a `Request` holds arrays and plain values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Shapes

from napari_layeredcnn.plugin.layer_checks import check_layers
from napari_layeredcnn.plugin.planes import RequestError, shape_of, shown_plane, slider_axis
from napari_layeredcnn.plugin.slice_request import drawn_in, slice_request
from napari_layeredcnn.plugin.stack_request import (
    StackPart,
    batch_of,
    check_stack,
    fills_gaps,
    mending,
    settings_of,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.layer_checks import Chosen
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.results import ResultLayers
    from napari_layeredcnn.plugin.slice_request import SliceRequest


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
    stack: StackPart | None = None
    """How slices without labels follow from others; None if each has labels of its own."""

    @property
    def labelled(self) -> tuple[SliceRequest, ...]:
        """Slices with labels."""
        return self.slices if self.stack is None else self.stack.labelled


def make_request(
    viewer: ViewerModel,
    chosen: Chosen,
    choices: Choices,
    results: ResultLayers,
    *,
    resume: bool = False,
    anew: bool = False,
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
    anew : bool
        Whether all slices of a stack are done, also those that earlier runs have done.

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
    planes, asked = [shown], slice(None)
    axis = slider_axis(viewer, shown, choices.along)
    several = choices.slices != "shown" and axis is not None and not resume
    if several and axis is not None:
        planes = [shown.at(axis, i) for i in range(shape_of(image)[axis])]
        if choices.slices == "range":
            asked = slice(choices.first, choices.last + 1)
    drawn = [drawn_in(image, labels, plane) for plane in planes]
    fills = several and fills_gaps(choices, drawn[asked])
    labelled = [one for one in (drawn if fills else drawn[asked]) if one.has_labels]
    result = results.result_of(labels, into_partial=choices.into_partial)
    if resume and not labelled and results.earlier(result, drawn[0].frame).runs:
        labelled = drawn  # a slice of a stack, whose run is continued
    if not labelled:
        raise RequestError(_nothing_labelled(labels, planes[asked], axis))
    request = Request(
        image.data[0] if image.multiscale else image.data,
        tuple(
            slice_request(chosen, choices, results, None if fills else result, axis, one)
            for one in (drawn[asked] if fills else labelled)
        ),
        choices,
        tuple(labels.data.shape) if isinstance(labels, Labels) else shape_of(image),
        labels.data.dtype if isinstance(labels, Labels) else np.dtype(np.uint8),
        resume,
    )
    if not fills:
        return request
    assert axis is not None
    frame, frame_axis = drawn[0].frame, axis - (image.ndim - len(request.shape))
    check_stack(labels, choices, frame, frame_axis)
    stack = StackPart(
        planes[0],
        frame,
        axis,
        frame_axis,
        tuple(slice_request(chosen, choices, results, None, axis, one) for one in labelled),
        batch_of(drawn[0].labels.shape, choices),
        settings_of(image, choices, shown, axis),
        part_of=len(planes) if len(planes) > len(request.slices) else None,
    )
    request = replace(request, stack=stack)
    return request if anew else mending(request, result, results)


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
