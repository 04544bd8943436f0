"""Moves the viewer to a slice of a layer, or to a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane


def go_to(
    viewer: ViewerModel, layer: Layer, plane: Plane, place: tuple[float, float] | None = None
) -> None:
    """Show a slice; a place of it in the middle of the canvas. The zoom stays.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer. Its sliders are moved, and its axes are ordered anew only if it does not show
        the slice's rows and columns.
    layer : napari.layers.Layer
        The layer to whose axes the slice belongs.
    plane : Plane
        The slice.
    place : (float, float), optional
        Row and column in the slice, in napari coordinates. Default: the camera stays.
    """
    dims = viewer.dims
    missing = dims.ndim - layer.ndim
    shown = (plane.rows + missing, plane.columns + missing)
    dims.ndisplay = 2
    if set(dims.displayed) != set(shown):
        dims.order = (*(axis for axis in dims.order if axis not in shown), *shown)
    row, column = (0.0, 0.0) if place is None else place
    point = _to_world(viewer, layer, plane.vertices([row], [column])[0])
    free = [axis for axis in range(missing, dims.ndim) if axis not in shown]
    dims.set_point(free, [point[axis - missing] for axis in free])
    if place is not None:
        center = (0.0, *(point[axis - missing] for axis in dims.displayed))
        # napari before 0.9 has no scene.
        getattr(viewer, "scene", viewer).camera.center = center


def _to_world(viewer: ViewerModel, layer: Layer, point: NDArray[Any]) -> NDArray[np.float64]:
    """Return a point of the layer in the viewer's units, which may be others."""
    world = np.asarray(layer.data_to_world(point), np.float64)
    if viewer.dims.units is None:
        return world
    units = viewer.dims.units[-layer.ndim :]
    pairs = zip(world, layer.units, units, strict=True)
    return np.array([(x * own).to(shown).magnitude for x, own, shown in pairs])
