"""Planes: the 2D slices of viewer layers, as the viewer shows them.

The viewer may be rolled or transposed and have more axes than a layer; layers may have more axes
than each other. All of that ends here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer


class RequestError(ValueError):
    """What is chosen in the viewer cannot be completed; the message says why."""


class PlaneError(RequestError):
    """The viewer does not show the rows and columns of one slice."""


@dataclass(frozen=True)
class Plane:
    """One slice of a layer.

    Parameters
    ----------
    index : tuple of (int or None)
        Place on every axis of the layer's data; None for the two axes that are shown.
    rows, columns : int
        The axes that are shown from top to bottom and from left to right.

    Examples
    --------
    >>> stack = np.arange(24).reshape(2, 3, 4)
    >>> Plane((1, None, None), rows=1, columns=2).of(stack).shape
    (3, 4)
    >>> Plane((None, 0, None), rows=2, columns=0).of(stack)[:, 1]
    array([12, 13, 14, 15])
    """

    index: tuple[int | None, ...]
    rows: int
    columns: int

    def of(self, data: Any) -> Any:
        """Return the rows and columns of an array (a view of it, if it is NumPy's).

        Parameters
        ----------
        data : array
            Of the layer's axes, perhaps followed by an axis of colors.

        Returns
        -------
        (H, W) or (H, W, 3 or 4) array
            The slice.
        """
        plane = data[self.key]
        return plane.swapaxes(0, 1) if self.rows > self.columns else plane

    @property
    def key(self) -> tuple[int | slice, ...]:
        """What indexes the layer's data."""
        return tuple(slice(None) if i is None else i for i in self.index)

    def places(self, rows: Any, columns: Any) -> tuple[Any, ...]:
        """Return the indices, on every axis of the layer, of pixels (rows, columns)."""
        places = [np.broadcast_to(np.intp(i or 0), np.shape(rows)) for i in self.index]
        places[self.rows], places[self.columns] = rows, columns
        return tuple(places)

    def vertices(self, rows: Any, columns: Any) -> Any:
        """Return points (N, axes of the layer) in data coordinates of the layer."""
        return np.stack([np.asarray(p, float) for p in self.places(rows, columns)], axis=-1)

    def on(self, ndim: int) -> Plane:
        """Return the same slice of a layer that has only the last `ndim` axes of this one."""
        cut = len(self.index) - ndim
        return Plane(self.index[cut:], self.rows - cut, self.columns - cut)

    @property
    def free_axes(self) -> tuple[int, ...]:
        """Axes that are not shown."""
        return tuple(axis for axis, i in enumerate(self.index) if i is not None)

    def at(self, axis: int, index: int) -> Plane:
        """Return the slice at another place of an axis that is not shown."""
        places = list(self.index)
        places[axis] = index
        return replace(self, index=tuple(places))


def shown_plane(viewer: ViewerModel, layer: Layer) -> Plane:
    """Return the slice of a layer that the viewer shows.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer.
    layer : napari.layers.Layer
        A layer with pixels: an Image or Labels layer.

    Returns
    -------
    Plane
        Which slice.

    Raises
    ------
    PlaneError
        If the viewer shows 3D, shows an axis that the layer has not, or stands beside it.
    """
    dims = viewer.dims
    if dims.ndisplay != 2:
        raise PlaneError("The viewer shows 3D: switch to 2D, where one slice is shown.")
    missing = dims.ndim - layer.ndim
    rows, columns = (axis - missing for axis in dims.displayed)
    if rows < 0 or columns < 0:
        raise PlaneError(
            f'The viewer shows an axis that "{layer.name}" has not: roll the axes so that its '
            "rows and columns are shown."
        )
    shape = shape_of(layer)
    point = layer.world_to_data(_point_in_units_of(layer, viewer))
    index: list[int | None] = []
    for axis, size in enumerate(shape):
        if axis in (rows, columns):
            index.append(None)
            continue
        place = round(float(point[axis]))
        if not 0 <= place < size:
            raise PlaneError(
                f'The viewer shows no slice of "{layer.name}": move the slider to one of its '
                f"{size} slices."
            )
        index.append(place)
    return Plane(tuple(index), rows, columns)


def slider_axis(viewer: ViewerModel, plane: Plane, along: int | None = None) -> int | None:
    """Return the axis of a stack's slices: the one moved last, else the last one not shown.

    `along` is taken instead if it is not shown. None for a 2D layer.
    """
    free = plane.free_axes
    if not free:
        return None
    if along in free:
        return along
    last_used = int(viewer.dims.last_used or 0) - (viewer.dims.ndim - len(plane.index))
    return last_used if last_used in free else free[-1]


def shape_of(layer: Layer) -> tuple[int, ...]:
    """Return the shape of a layer's pixels, at full resolution and without colors."""
    data = layer.data[0] if layer.multiscale else layer.data
    return tuple(int(n) for n in data.shape[: layer.ndim])


def _point_in_units_of(layer: Layer, viewer: ViewerModel) -> Sequence[float]:
    """Return where the sliders stand, for the layer's axes and in its units.

    The viewer has one unit for all lengths, so that layers in mm and in µm fit together;
    `world_to_data` knows the layer's only.
    """
    point = list(viewer.dims.point[-layer.ndim :])
    if viewer.dims.units is None:
        return point
    units = zip(viewer.dims.units[-layer.ndim :], layer.units, strict=True)
    return [x * (1 * world).to(own).magnitude for x, (world, own) in zip(point, units, strict=True)]
