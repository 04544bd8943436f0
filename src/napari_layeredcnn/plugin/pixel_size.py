"""How large a layer's pixels are in the world, in one unit for all axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.plugin.planes import RequestError

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane

#: Axes that are turned against each other by less than this (a cosine) are at right angles.
_RIGHT = 1e-6


def world_step(layer: Layer, axis: int, unit_of: int) -> NDArray[np.float64]:
    """Return the step in the world from a pixel to the next one along an axis of a layer.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    axis : int
        Which way.
    unit_of : int
        The axis in whose unit the step is; axes in units of something else stay as they are.

    Returns
    -------
    (ndim,) float64 array
        The step along every axis of the world.
    """
    zero = np.zeros(layer.ndim)
    one = zero.copy()
    one[axis] = 1
    step = np.asarray(layer.data_to_world(one)) - np.asarray(layer.data_to_world(zero))
    factors = [unit_factor(layer, i, unit_of) or 1.0 for i in range(layer.ndim)]
    return np.asarray(step * factors, np.float64)


def pixel_size(layer: Layer, plane: Plane, axis: int | None) -> tuple[tuple[float, ...], str]:
    """Return the size of a pixel as `Segmentation` wants it.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    plane : Plane
        A slice of it.
    axis : int or None
        The axis along which slices follow each other, if there are several.

    Returns
    -------
    scale : (y, x) or (z, y, x) of float
        Lengths of a pixel's edges, in the unit of the rows; without z if that is no length.
    unit : str
        What that is, such as ``"micrometer"``.

    Raises
    ------
    RequestError
        If rows and columns are in units of different things, or not at right angles.

    Examples
    --------
    >>> from napari.layers import Labels
    >>> from napari_layeredcnn.plugin.planes import Plane
    >>> units = ("mm", "um", "um")
    >>> layer = Labels(np.zeros((2, 3, 4), int), scale=(0.01, 3.9, 11), units=units)
    >>> pixel_size(layer, Plane((0, None, None), 1, 2), 0)
    ((10.0, 3.9, 11.0), 'micrometer')
    """
    rows, columns = plane.rows, plane.columns
    unit = str(layer.units[rows])
    if unit_factor(layer, columns, rows) is None:
        raise RequestError(
            f'Rows of "{layer.name}" are in {unit}, columns in {layer.units[columns]}: give the '
            "layer one unit for lengths."
        )
    between = axis is not None and unit_factor(layer, axis, rows) is not None
    axes = (axis, rows, columns) if axis is not None and between else (rows, columns)
    if not np.any(layer.shear) and np.array_equal(
        layer.affine.affine_matrix, np.eye(layer.ndim + 1)
    ):
        # To the last digit what the file says; a rotation changes no length.
        sizes = [abs(float(layer.scale[i])) * (unit_factor(layer, i, rows) or 1.0) for i in axes]
        return tuple(sizes), unit
    steps = [world_step(layer, i, rows) for i in axes]
    lengths = [float(np.linalg.norm(step)) for step in steps]
    for i, one in enumerate(steps):
        for other, both in zip(steps[:i], lengths[:i], strict=True):
            if abs(one @ other) > _RIGHT * lengths[i] * both:
                raise RequestError(
                    f'"{layer.name}" is sheared, so that its pixels have no width and height: '
                    "take away its shear."
                )
    return tuple(lengths), unit


def unit_factor(layer: Layer, axis: int, other: int) -> float | None:
    """Return how many units of another axis one of this axis is; None if it is something else."""
    own, unit = layer.units[axis], layer.units[other]
    if own.dimensionality != unit.dimensionality:
        return None
    return float((1 * own).to(unit).magnitude)
