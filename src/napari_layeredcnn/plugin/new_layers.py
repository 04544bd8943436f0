"""New layers for a person to draw in: partial labels, a center, locked columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.plugin.planes import PlaneError, RequestError, shape_of, shown_plane
from napari_layeredcnn.plugin.results import place_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Points, Shapes

#: A brush of this share of the image's shorter side, and of so many pixels at least and at most.
_BRUSH_SHARE, _BRUSH_LEAST, _BRUSH_MOST = 1 / 30, 2, 20


def add_partial_labels(viewer: ViewerModel, image: Image | None) -> Labels:
    """Add an empty Labels layer on the pixels of an image and put the brush into the hand.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    image : napari.layers.Image or None
        The image; None if there is none.

    Returns
    -------
    napari.layers.Labels
        The new layer: selected, in paint mode, label 1 chosen.

    Raises
    ------
    RequestError
        If there is no image.
    """
    image = _checked(image)
    labels: Labels = viewer.add_labels(
        np.zeros(shape_of(image), np.uint8),
        name=f"{image.name} partial labels",
        **place_of(image),
    )
    viewer.layers.selection = {labels}
    labels.selected_label = 1
    try:
        plane = shown_plane(viewer, image)
        sides = [shape_of(image)[axis] for axis in (plane.rows, plane.columns)]
    except PlaneError:  # painted in later, when rows and columns are shown
        sides = list(shape_of(image)[-2:])
    labels.brush_size = int(np.clip(min(sides) * _BRUSH_SHARE, _BRUSH_LEAST, _BRUSH_MOST))
    labels.mode = "paint"
    return labels


def add_center(viewer: ViewerModel, image: Image | None) -> Points:
    """Add a Points layer for the center of a closed structure; a click adds the point.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    image : napari.layers.Image or None
        The image; None if there is none.

    Returns
    -------
    napari.layers.Points
        The new layer: empty, selected, adding points.

    Raises
    ------
    RequestError
        If there is no image.
    """
    image = _checked(image)
    points: Points = viewer.add_points(
        None,
        ndim=image.ndim,
        name=f"{image.name} center",
        symbol="cross",
        size=max(3, min(shape_of(image)[-2:]) // 25),
        face_color="yellow",
        **place_of(image),
    )
    viewer.layers.selection = {points}
    points.mode = "add"
    return points


def add_locked(viewer: ViewerModel, image: Image | None) -> Shapes:
    """Add a Shapes layer in which rectangles lock the columns that they span.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    image : napari.layers.Image or None
        The image; None if there is none.

    Returns
    -------
    napari.layers.Shapes
        The new layer: empty, selected, adding rectangles.

    Raises
    ------
    RequestError
        If there is no image.
    """
    image = _checked(image)
    shapes: Shapes = viewer.add_shapes(
        None,
        ndim=image.ndim,
        name=f"{image.name} locked columns",
        edge_color="cyan",
        face_color="cyan",
        opacity=0.25,
        **place_of(image),
    )
    viewer.layers.selection = {shapes}
    shapes.mode = "add_rectangle"
    return shapes


def _checked(image: Image | None) -> Image:
    if image is None:
        raise RequestError("There is no image layer: open an image first.")
    return image
