"""A whole stack, or a range of it, from labelled slices: what is to be done, and what stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.stack_memory import checksum, what_to_do

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image, Labels, Shapes

    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.planes import Plane
    from napari_layeredcnn.plugin.request import Request
    from napari_layeredcnn.plugin.results import ResultLayers
    from napari_layeredcnn.plugin.slice_request import Drawn, SliceRequest

#: Columns that are computed at once, in all slices of a batch: about a second's work. It is fixed,
#: so that the same stack is parted in the same way, and with the same bits, every time.
COLUMNS_AT_ONCE = 2048
#: Slices in a batch at most; more of them at once where a GPU is asked for.
MOST_AT_ONCE, MORE_ON_GPU = 8, 8


@dataclass(frozen=True, eq=False)
class StackPart:
    """How the slices of a request follow each other, and from which of them they follow.

    Parameters
    ----------
    plane, frame : Plane
        The first slice of the stack, in the image and in the result.
    axis, frame_axis : int
        The axis along which they follow each other, in the image and in the result.
    labelled : tuple of SliceRequest
        Slices with labels, also beside the ones to do.
    batch : int
        Slices that are computed at once.
    settings : tuple
        Image and choices, see `StackLeft`.
    mends : bool
        Whether the slices to do are filled into the result that is there.
    n_left : int
        Slices that stay although they were asked for, as a person has changed them.
    part_of : int or None
        All slices of the stack if only a range is asked for.
    """

    plane: Plane
    frame: Plane
    axis: int
    frame_axis: int
    labelled: tuple[SliceRequest, ...]
    batch: int
    settings: tuple[Any, ...]
    mends: bool = False
    n_left: int = 0
    part_of: int | None = None

    @property
    def checksums(self) -> dict[int, int]:
        """Checksums of what is labelled, by the slice's number."""
        return {
            part.number: _checksum_of(part) for part in self.labelled if part.number is not None
        }


def settings_of(image: Image, choices: Choices, plane: Plane, axis: int) -> tuple[Any, ...]:
    """Return what must be the same for two stack runs to go together."""
    return (
        ref(image),
        (axis, plane.rows, plane.columns),
        choices.direction,
        choices.strokes,
        choices.zero_is_region,
        choices.region_thickness,
        choices.model,
    )


def batch_of(shape: tuple[int, ...], choices: Choices) -> int:
    """Return how many slices of a shape (rows, columns) are computed at once.

    Examples
    --------
    >>> from napari_layeredcnn.plugin.choices import Choices
    >>> [batch_of((64, n), Choices()) for n in (100, 600, 9000)]
    [8, 3, 1]
    """
    columns = shape[0 if choices.transposed else 1]
    batch = int(np.clip(COLUMNS_AT_ONCE // max(columns, 1), 1, MOST_AT_ONCE))
    return batch * MORE_ON_GPU if choices.device in ("cuda", "mps") else batch


def fills_gaps(choices: Choices, asked: Sequence[Drawn]) -> bool:
    """Whether slices without labels are completed from others."""
    if choices.slices == "range" and choices.direction != "around":
        return not all(one.has_labels for one in asked)
    return choices.slices == "stack"


def check_stack(labels: Labels | Shapes, choices: Choices, frame: Plane, frame_axis: int) -> None:
    """Raise unless slices without labels can be completed from others.

    Raises
    ------
    RequestError
        About a center, into the partial labels, or if the labels have no slices along the axis.
    """
    if choices.direction == "around":
        raise RequestError(
            "About a center every slice needs strokes of its own: choose All slices with labels."
        )
    if choices.into_partial:
        raise RequestError(
            "Slices without strokes of their own are completed in a new layer only: choose "
            "Result in: a new layer."
        )
    if frame_axis not in frame.free_axes:
        raise RequestError(
            f'"{labels.name}" has no slices along the chosen axis: take labels of the image\'s '
            "shape, or choose another axis."
        )


def _fit_into(
    result: Labels, part: StackPart, slices: Sequence[SliceRequest], runs: Sequence[Any]
) -> tuple[tuple[int, ...], int]:
    """Return the numbers of the slices to do in a result that is there, and how many stay.

    Raises
    ------
    RequestError
        If there is nothing to do.
    """
    numbers = [one.number for one in slices if one.number is not None]
    locked = [n for one, n in zip(slices, numbers, strict=True) if one.locked.any()]
    todo = what_to_do(numbers, part.checksums, runs, result, part.frame, part.frame_axis, locked)
    if not todo.slices:
        stay = f" {len(todo.left)} that you have changed or locked stay." if todo.left else ""
        raise RequestError(
            f"All of these slices are done.{stay} Where it went wrong, paint strokes in one slice "
            "of the partial labels and press again: what follows from it is done again. To do "
            f'all anew, delete "{result.name}".'
        )
    return todo.slices, len(todo.left)


def mending(request: Request, result: Labels | None, results: ResultLayers) -> Request:
    """Leave out what need not be done again, if the same has been done before in the result.

    Raises
    ------
    RequestError
        If nothing is left to do.
    """
    stack = request.stack
    assert stack is not None
    if (
        result is None
        or result.data.shape != request.shape
        or result.data.dtype != request.dtype
        or not (runs := results.stack_runs(result, stack.settings))
    ):
        return request
    numbers, n_left = _fit_into(result, stack, request.slices, runs)
    return replace(
        request,
        slices=tuple(part for part in request.slices if part.number in numbers),
        stack=replace(stack, mends=True, n_left=n_left),
    )


def _checksum_of(part: SliceRequest) -> int:
    if part.paths is None:
        return checksum(part.labels)
    return checksum(np.concatenate(part.paths)) ^ len(part.paths)
