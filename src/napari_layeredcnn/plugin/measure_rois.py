"""Rectangles of a Shapes layer as regions of interest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.measure_rows import RegionOfInterest
from napari_layeredcnn.plugin.measure_known import NOTHING_THERE, size_of
from napari_layeredcnn.plugin.planes import RequestError
from napari_layeredcnn.plugin.results import place_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Shapes
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane

    Floats = NDArray[np.float64]

#: How far a corner may be from where an upright rectangle has it, px.
_UPRIGHT = 0.01
_NAME = "name"


def regions_of_interest(
    shapes: Shapes, labels: Labels | Shapes, plane: Plane, axis: int | None, along: int
) -> tuple[RegionOfInterest, ...]:
    """Find the columns and slices that rectangles span.

    Parameters
    ----------
    shapes : napari.layers.Shapes
        Upright rectangles. Their names are in the column "name" of its features, else in the
        first column of texts; else they are called ROI 1, ROI 2...
    labels : napari.layers.Labels or napari.layers.Shapes
        What is measured.
    plane : Plane
        The slice that is shown.
    axis : int or None
        The axis of the slices, if all are measured.
    along : int
        The axis along the layers.

    Returns
    -------
    tuple of RegionOfInterest
        Columns whose centers lie in the rectangle. A rectangle that was drawn in a slice is of
        that slice; one in a layer without slices is of all.

    Raises
    ------
    RequestError
        If a shape is no upright rectangle, or there is none in what is measured.
    """
    first = labels.ndim - shapes.ndim
    if along < first:
        raise RequestError(
            f'"{shapes.name}" has not the axis along which the layers run: draw rectangles in a '
            "new layer."
        )
    names = _names(shapes)
    found = []
    for i, (kind, vertices) in enumerate(zip(shapes.shape_type, shapes.data, strict=True)):
        corners = _in_pixels(shapes, labels, np.asarray(vertices, np.float64))
        low, high = corners.min(axis=0), corners.max(axis=0)
        if kind != "rectangle" or not _upright(corners, low, high):
            what = "turned rectangle" if kind == "rectangle" else kind
            article = "an" if what[0] in "aeiou" else "a"
            raise RequestError(
                f'"{shapes.name}" has {article} {what}, but regions of interest are upright '
                "rectangles: delete it."
            )
        here = all(
            low[k] - 0.5 <= (plane.index[k] or 0) <= high[k] + 0.5
            for k in plane.free_axes
            if k != axis and k >= first
        )
        if not here:
            continue
        columns = (math.ceil(low[along] - _UPRIGHT), math.floor(high[along] + _UPRIGHT) + 1)
        slices = None
        if axis is not None and axis >= first:
            slices = (math.floor(low[axis] + 0.5), math.floor(high[axis] + 0.5) + 1)
        found.append(RegionOfInterest(names[i], columns, slices))
    if not found:
        where = "in the slice that is shown" if axis is None and len(names) else "there"
        raise RequestError(
            f'"{shapes.name}" has no rectangle {where}: draw one, or choose no regions of interest.'
        )
    return tuple(found)


def add_rectangles(viewer: ViewerModel, labels: Labels | Shapes | None) -> Shapes:
    """Add a Shapes layer for regions of interest, with the rectangle tool in hand.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    labels : napari.layers.Labels, napari.layers.Shapes or None
        What is measured; None if there is nothing.

    Returns
    -------
    napari.layers.Shapes
        The new layer, selected. It has rows and columns only, so that a rectangle is of all
        slices, if these are the last axes of the labels; else it has all axes.

    Raises
    ------
    RequestError
        If there is nothing to measure.
    """
    if labels is None:
        raise RequestError(NOTHING_THERE)
    ndim = 2 if set(viewer.dims.order[-2:]) == set(range(viewer.dims.ndim)[-2:]) else labels.ndim
    shapes: Shapes = viewer.add_shapes(
        None,
        ndim=ndim,
        name=f"{labels.name} regions of interest",
        edge_color="yellow",
        face_color="yellow",
        edge_width=max(1, size_of(labels)[-1] // 200),
        opacity=0.3,
        **place_of(labels, ndim),
    )
    viewer.layers.selection = {shapes}
    shapes.mode = "add_rectangle"
    return shapes


def _names(shapes: Shapes) -> list[str]:
    """Return a name for every shape, each of them once."""
    features = shapes.features
    texts = [
        title
        for title in features
        if any(isinstance(text, str) and text for text in features[title])
    ]
    column = _NAME if _NAME in texts else next(iter(texts), None)
    names: list[str] = []
    for i in range(len(shapes.data)):
        text = "" if column is None else features[column].iloc[i]
        name = text if isinstance(text, str) and text else f"ROI {i + 1}"
        same = sum(one == name or one.startswith(f"{name} (") for one in names)
        names.append(f"{name} ({same + 1})" if same else name)
    return names


def _in_pixels(shapes: Shapes, labels: Labels | Shapes, vertices: Floats) -> Floats:
    """Return corners in data coordinates of the labels; 0 on axes that the shapes have not."""
    missing = labels.ndim - shapes.ndim
    corners = []
    for vertex in vertices:
        world = np.asarray(shapes.data_to_world(vertex), np.float64)
        units = zip(world, shapes.units, labels.units[-shapes.ndim :], strict=False)
        point = [
            float((x * own).to(its).magnitude) if own.dimensionality == its.dimensionality else x
            for x, own, its in units
        ]
        both = [0.0] * max(missing, 0) + point
        corners.append(np.asarray(labels.world_to_data(both[-labels.ndim :]), np.float64))
    return np.array(corners)


def _upright(corners: Floats, low: Floats, high: Floats) -> bool:
    return bool((np.minimum(corners - low, high - corners) <= _UPRIGHT).all())
