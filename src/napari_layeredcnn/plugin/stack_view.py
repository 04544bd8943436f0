"""The slices along one axis of an image layer's data, as a stack that is read piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from threading import Event

    from numpy.typing import NDArray

    from napari_layeredcnn.plugin.planes import Plane


class Stopped(Exception):  # noqa: N818
    """A person has canceled; raised where the next piece would have been read."""


class StackView:
    """Slices (S, H, W) or (S, H, W, colors) of an array, turned as the viewer shows them.

    Parameters
    ----------
    data : array
        NumPy, dask or zarr; read when it is indexed, and not before.
    plane : Plane
        One of the slices.
    axis : int
        The axis along which the slices follow each other.
    cancel : Event, optional
        Set to have the next reading raise `Stopped`.

    Examples
    --------
    >>> from napari_layeredcnn.plugin.planes import Plane
    >>> data = np.arange(120).reshape(2, 3, 4, 5)
    >>> view = StackView(data, Plane((1, None, 0, None), rows=3, columns=1), axis=2)
    >>> view.shape, bool((view[2] == data[1, :, 2].T).all())
    ((4, 5, 3), True)
    """

    def __init__(self, data: Any, plane: Plane, axis: int, cancel: Event | None = None) -> None:
        self._data = data
        self._plane = plane
        self._axes = (axis, plane.rows, plane.columns)
        self._cancel = cancel
        n = len(plane.index)
        self.shape = (*(int(data.shape[i]) for i in self._axes), *map(int, data.shape[n:]))
        self.dtype = np.dtype(data.dtype)

    def __getitem__(self, key: Any, /) -> NDArray[Any]:
        """Read some slices, rows and columns, by a number and slices or by slices only."""
        if self._cancel is not None and self._cancel.is_set():
            raise Stopped
        parts = list(key) if isinstance(key, tuple) else [key]
        parts += [slice(None)] * (3 - len(parts))
        one = not isinstance(parts[0], slice)
        if one:
            parts[0] = slice(parts[0], parts[0] + 1)
        where: list[int | slice] = [0 if i is None else i for i in self._plane.index]
        for axis, part in zip(self._axes, parts, strict=True):
            where[axis] = part
        piece = np.asarray(self._data[tuple(where)])
        order = [sorted(self._axes).index(axis) for axis in self._axes]
        piece = piece.transpose(*order, *range(3, piece.ndim))
        return piece[0] if one else piece
