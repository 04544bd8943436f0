"""Whole arrays of image and label files, with any number of slices, and their shapes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from napari_layeredcnn.files.common import DAMAGE, FileError, brief
from napari_layeredcnn.files.images import read_whole
from napari_layeredcnn.files.integers import whole_numbers
from napari_layeredcnn.files.opened import TIFF, check_readable, open_array
from napari_layeredcnn.files.zarr_array import is_zarr

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray


def read_stack(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read all that an image file holds; see `read_image` for one slice of it.

    Parameters
    ----------
    path : path
        A TIFF, PNG, NPY or zarr file.

    Returns
    -------
    ndarray, shape (..., H, W) or (..., H, W, 3 or 4)
        The pixels, in the file's own dtype; colors last.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "stack.npy")
    ...     np.save(path, np.zeros((24, 128, 256), np.uint8))
    ...     read_stack(path).shape
    (24, 128, 256)
    """
    array, _ = read_whole(Path(path), as_labels=False)
    return array


def read_label_stack(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read all labels of a file; see `read_labels` for those of one slice.

    Parameters
    ----------
    path : path
        A TIFF, PNG, NPY or zarr file.

    Returns
    -------
    ndarray of int, shape (..., H, W)
        The labels.

    Raises
    ------
    FileError
        As `read_stack`, and for values that are not whole numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.npy")
    ...     np.save(path, np.full((2, 1, 3), 7))
    ...     read_label_stack(path).tolist()
    [[[7, 7, 7]], [[7, 7, 7]]]
    """
    path = Path(path)
    array, _ = read_whole(path, as_labels=True)
    return whole_numbers(path, array)


def stack_shape(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """Tell the shape of what `read_stack` reads, from the head of the file alone.

    Parameters
    ----------
    path : path
        A TIFF, PNG, NPY or zarr file.

    Returns
    -------
    tuple of int
        The shape, colors last.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind.

    Examples
    --------
    >>> stack_shape("nowhere.tif")
    Traceback (most recent call last):
    ...
    napari_layeredcnn.files.common.FileError: nowhere.tif does not exist.
    """
    path = Path(path)
    if is_zarr(path):
        shape: tuple[int, ...] = open_array(path).array.shape
        return shape
    check_readable(path)
    ending = path.suffix.lower()
    try:
        if ending in TIFF:
            return _tiff_shape(path)
        return _png_shape(path) if ending == ".png" else _npy_shape(path)
    except DAMAGE as error:
        raise FileError(f"{path} cannot be read: {brief(error)}.") from error


def _tiff_shape(path: Path) -> tuple[int, ...]:
    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        shape = list(series.shape)
        if "S" in series.axes:
            shape.append(shape.pop(series.axes.index("S")))
    return tuple(map(int, shape))


def _png_shape(path: Path) -> tuple[int, ...]:
    with Image.open(path, formats=["PNG"]) as file:
        colors = {"RGB": (3,), "P": (3,), "PA": (3,), "RGBA": (4,)}.get(file.mode, ())
        return (file.height, file.width, *colors)


def _npy_shape(path: Path) -> tuple[int, ...]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array.shape
