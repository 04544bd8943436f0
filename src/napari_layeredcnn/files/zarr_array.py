"""Stacks in zarr: arrays of version 2 and 3, and the first level of OME-Zarr images."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.common import DAMAGE, FileError, brief, leading_axes
from napari_layeredcnn.files.place import Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_MARKS = ("zarr.json", ".zarray", ".zgroup")


class ZarrArray:
    """An array in zarr of which some axes are left out; a part is read when it is asked for.

    Parameters
    ----------
    path : path
        The folder of the array.
    index : tuple of int or slice
        0 for each leading axis to leave out, a full slice for each to keep.

    Attributes
    ----------
    shape : tuple of int
        Without the axes that are left out.
    dtype : dtype
        Of the pixels.
    """

    def __init__(self, path: Path, index: tuple[int | slice, ...] = ()) -> None:
        self._path, self._index = path, index
        self._array = _zarr_node(path)
        left_out = [i for i, part in enumerate(index) if part == 0]
        self.shape = tuple(int(n) for i, n in enumerate(self._array.shape) if i not in left_out)
        self.dtype = np.dtype(self._array.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        """Bring the path to another process."""
        return ZarrArray, (self._path.absolute(), self._index)

    def without(self, index: tuple[int | slice, ...]) -> ZarrArray:
        """Leave out axes, of an array of which none is left out yet."""
        return ZarrArray(self._path, index)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Part of the array."""
        asked = list(key if isinstance(key, tuple) else (key,))
        whole = tuple(0 if part == 0 else (asked.pop(0) if asked else part) for part in self._index)
        try:
            return np.asarray(self._array[(*whole, *asked)])
        except DAMAGE as error:
            raise FileError(f"{self._path} cannot be read: {brief(error)}.") from error


def is_zarr(path: Path) -> bool:
    """Tell whether a path is a folder of zarr, or is called so."""
    return path.is_dir() and (
        path.suffix.lower() == ".zarr" or any((path / mark).is_file() for mark in _MARKS)
    )


def open_zarr(path: Path) -> tuple[ZarrArray, Place]:
    """Open an array, or the first level of an OME-Zarr image with its scale and units.

    Axes of length 1 before rows and columns are left out. Errors are zarr's, or those of more
    axes than a stack has.
    """
    node = _zarr_node(path)
    if hasattr(node, "shape"):
        return ZarrArray(path), Place()
    attributes = dict(node.attrs)
    image = dict(attributes.get("ome", attributes)).get("multiscales")
    if not image:
        inside = sorted(child.name for child in path.iterdir() if is_zarr(child))
        listed = f": name one of those in it, {', '.join(inside[:5])}" if inside else ""
        raise FileError(f"{path} is a zarr group, but no OME-Zarr image{listed}.")
    level = image[0]["datasets"][0]
    array = ZarrArray(path / str(level["path"]))
    axes = [{"name": axis} if isinstance(axis, str) else axis for axis in image[0].get("axes", [])]
    if len(axes) != len(array.shape):
        return array, Place()
    for axis, length in zip(axes, array.shape, strict=True):
        if axis.get("type", axis["name"]) in ("channel", "c") and length > 1:
            raise FileError(f"{path} has {length} channels: save one of them as an image.")
    index = leading_axes(path, array.shape[:-2])
    return array.without(index), _place(image[0], level, axes, index)


def _place(
    image: Mapping[str, Any],
    level: Mapping[str, Any],
    axes: list[Mapping[str, Any]],
    index: tuple[int | slice, ...],
) -> Place:
    """Return scale and units of the axes that are kept, where there are three of them."""
    scale = np.ones(len(axes))
    for part in (level, image):
        for step in part.get("coordinateTransformations", ()):
            if step.get("type") == "scale":
                scale = scale * np.asarray(step["scale"], np.float64)
    kept = [i for i in range(len(axes)) if i >= len(index) or index[i] != 0]
    if len(kept) != 3 or not (np.isfinite(scale) & (scale > 0)).all():
        return Place()
    return Place(
        scale=tuple(float(scale[i]) for i in kept),
        units=tuple(str(axes[i].get("unit", "pixel")) for i in kept),
    )


def _zarr_node(path: Path) -> Any:
    """Open an array or a group of zarr."""
    try:
        import zarr
    except ImportError as error:
        raise FileError(f"{path} is zarr: install zarr 3 with pip to read it.") from error
    with warnings.catch_warnings():
        # Metadata that a later or another writer has added: what we need of it is checked.
        warnings.simplefilter("ignore")
        return zarr.open(path, mode="r")
