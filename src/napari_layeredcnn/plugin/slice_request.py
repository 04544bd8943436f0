"""What a run needs of one slice: copies of what is painted in it, and what earlier runs left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_layeredcnn.plugin.kept import best_fit
from napari_layeredcnn.plugin.planes import PlaneError, shape_of
from napari_layeredcnn.plugin.vector_layers import center_in, paths_in, shapes_in

if TYPE_CHECKING:
    from napari.layers import Image, Shapes
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.choices import Choices
    from napari_layeredcnn.plugin.kept import Kept
    from napari_layeredcnn.plugin.layer_checks import Chosen
    from napari_layeredcnn.plugin.planes import Plane
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
class Drawn:
    """A slice of the image, the same of the result, and what is painted or drawn in it."""

    plane: Plane
    frame: Plane
    labels: NDArray[np.integer[Any]]
    paths: tuple[NDArray[np.float64], ...] | None

    @property
    def has_labels(self) -> bool:
        """Whether something is painted or drawn in it."""
        return self.paths is not None or bool(self.labels.any())


def drawn_in(image: Image, labels: Labels | Shapes, plane: Plane) -> Drawn:
    """Return what is painted or drawn in a slice of the image.

    Raises
    ------
    RequestError
        If the labels have not the axes that are shown, or a shape is no path.
    """
    if isinstance(labels, Labels):
        n = labels.data.ndim
        if min(plane.rows, plane.columns) < image.ndim - n:
            raise PlaneError(
                f'The viewer shows an axis that "{labels.name}" has not: roll the axes so that '
                "its rows and columns are shown."
            )
        frame = plane.on(n)
        painted = np.asarray(frame.of(labels.data))
        nothing = np.broadcast_to(np.zeros((), painted.dtype), painted.shape)
        return Drawn(plane, frame, painted.copy() if painted.any() else nothing, None)
    shape = tuple(shape_of(image)[axis] for axis in (plane.rows, plane.columns))
    paths = tuple(paths_in(labels, plane))
    return Drawn(plane, plane, np.zeros(shape, np.uint8), paths or None)


def slice_request(
    chosen: Chosen,
    choices: Choices,
    results: ResultLayers,
    result: Labels | None,
    axis: int | None,
    drawn: Drawn,
) -> SliceRequest:
    """Return what a run in a slice needs; `result` is the layer whose earlier runs count."""
    assert chosen.image is not None
    plane, labels = drawn.plane, drawn.labels
    earlier = results.earlier(result, drawn.frame)
    height, width = labels.shape
    locked = np.zeros(height if choices.transposed else width, bool)
    if chosen.locked is not None:
        for _, vertices in shapes_in(chosen.locked, plane):
            along = vertices[:, 0 if choices.transposed else 1]
            low, high = np.clip(
                [np.ceil(along.min()), np.floor(along.max()) + 1], 0, len(locked)
            ).astype(int)
            locked[low:high] = True
    stays = locked & bool(earlier.runs)
    protected = np.broadcast_to(stays[:, None] if choices.transposed else stays, labels.shape)
    if choices.into_partial:
        painted = earlier.by_person(labels)
        protected = protected | painted
        labels = np.where(painted, labels, 0)
    return SliceRequest(
        plane,
        drawn.frame,
        None if axis is None else plane.index[axis],
        labels,
        drawn.paths,
        earlier,
        protected,
        locked,
        center_in(chosen.center, chosen.image, plane) if choices.direction == "around" else None,
    )
