"""Shapes and points in a slice: paths along boundaries, locked columns, a center."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.plugin.planes import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Image, Points, Shapes
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane


def center_in(points: Points | None, image: Image, plane: Plane) -> tuple[float, float]:
    """Return the row and column of the center of a closed structure in a slice.

    Of several points that in the nearest slice counts, and of those the last one.

    Raises
    ------
    RequestError
        If there is no point.
    """
    if points is None or not len(points.data):
        raise RequestError("There is no center: press New center, and click into the middle.")
    n = points.ndim
    world = np.array([points.data_to_world(point) for point in points.data])
    rest = [0.0] * max(0, image.ndim - n)
    found = np.array([image.world_to_data([*rest, *point][-image.ndim :]) for point in world])
    away = np.zeros(len(found))
    for axis in plane.free_axes:
        if axis >= image.ndim - n:
            away += np.abs(found[:, axis] - plane.index[axis])
    nearest = len(away) - 1 - int(np.argmin(away[::-1]))
    return float(found[nearest, plane.rows]), float(found[nearest, plane.columns])


def paths_in(shapes: Shapes, plane: Plane) -> Iterator[NDArray[np.float64]]:
    """Paths that lie in a slice: their rows and columns in napari coordinates."""
    for kind, vertices in shapes_in(shapes, plane):
        if kind not in ("path", "line"):
            raise RequestError(
                f'"{shapes.name}" has a {kind}, but boundaries are paths: delete it, or draw a '
                "path along the boundary."
            )
        yield vertices


def shapes_in(shapes: Shapes, plane: Plane) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Kind and (rows, columns) of the shapes that lie in a slice."""
    cut = len(plane.index) - shapes.ndim
    for kind, vertices in zip(shapes.shape_type, shapes.data, strict=True):
        places = np.asarray(vertices, np.float64)
        away = [
            abs(float(places[:, axis - cut].mean()) - (plane.index[axis] or 0))
            for axis in plane.free_axes
            if axis >= cut
        ]
        if all(distance <= 0.5 for distance in away):
            yield kind, places[:, [plane.rows - cut, plane.columns - cut]]
