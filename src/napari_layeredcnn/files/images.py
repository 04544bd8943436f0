"""Images and labels from TIFF, PNG, NPY and zarr files; pictures for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from napari_layeredcnn.files.common import (
    DAMAGE,
    FileError,
    brief,
    checked_ending,
    replacing,
)
from napari_layeredcnn.files.formats import read_npy, read_png, read_tiff
from napari_layeredcnn.files.integers import whole_numbers
from napari_layeredcnn.files.opened import TIFF, check_numbers, check_readable, open_array
from napari_layeredcnn.files.zarr_array import is_zarr

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from napari_layeredcnn.files.resolution import Resolution


@dataclass(frozen=True)
class ImageFile:
    """An image read from a file.

    Parameters
    ----------
    array : ndarray, shape (H, W) or (H, W, 3) or (H, W, 4)
        The pixels, in the file's own dtype.
    resolution : Resolution or None
        The size of a pixel, where the file says it.
    n_slices : int
        How many slices the file holds; 1 for a plain image.
    """

    array: NDArray[Any]
    resolution: Resolution | None = None
    n_slices: int = 1


def read_image(path: str | os.PathLike[str], slice_index: int | None = None) -> ImageFile:
    """Read a 2D image, or one slice of a stack, from a TIFF, PNG, NPY or zarr file.

    Parameters
    ----------
    path : path
        A file that ends in ``.tif``, ``.tiff``, ``.png`` or ``.npy``, or zarr, of which only the
        slice is read. A last axis of length 3 or 4 is taken for colors. PNGs with 16 bits in each
        of several color channels come with the upper 8.
    slice_index : int, optional
        Which slice of a stack to take, the first being 0.

    Returns
    -------
    ImageFile
        The pixels in their own dtype, and the resolution where the file says it.

    Raises
    ------
    FileError
        If the file is missing, damaged, of another kind, or a stack of which no slice was
        chosen.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "image.npy")
    ...     np.save(path, np.zeros((24, 128, 256), np.uint8))
    ...     read_image(path, slice_index=3).array.shape
    (128, 256)
    """
    path = Path(path)
    if is_zarr(path):
        opened = open_array(path)
        array, resolution = opened.array, opened.resolution
    else:
        array, resolution = read_whole(path, as_labels=False)
    ndim = len(array.shape)
    colors = ndim > 2 and array.shape[-1] in (3, 4)
    plane = ndim - 3 if colors else ndim - 2
    return _choose_slice(path, array, plane, slice_index, resolution)


def read_labels(path: str | os.PathLike[str], slice_index: int | None = None) -> NDArray[Any]:
    """Read a 2D label image: integers, one channel.

    Parameters
    ----------
    path : path
        A TIFF, PNG or NPY file. A PNG with a palette gives its palette's numbers.
    slice_index : int, optional
        Which slice to take if the file holds a stack; of no effect on a 2D image.

    Returns
    -------
    ndarray of int, shape (H, W)
        The labels. Files of floats are taken if all values are whole numbers.

    Raises
    ------
    FileError
        As `read_image`, and for colors or values that are not whole numbers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "seed.npy")
    ...     np.save(path, [[7, 0], [9, 0]])
    ...     read_labels(path)
    array([[7, 0],
           [9, 0]])
    """
    path = Path(path)
    if is_zarr(path):
        array = open_array(path, as_labels=True).array
    else:
        array, _ = read_whole(path, as_labels=True)
    ndim = len(array.shape)
    if ndim == 3 and array.shape[-1] in (3, 4) and slice_index is None:
        raise FileError(
            f"{path} has {array.shape[-1]} color channels where labels have one: save the "
            "labels as a single-channel image."
        )
    if ndim == 2:
        slice_index = None
    labels = _choose_slice(path, array, ndim - 2, slice_index, None).array
    return whole_numbers(path, labels)


def write_picture(path: str | os.PathLike[str], picture: NDArray[np.uint8]) -> None:
    """Write a picture for people as a PNG.

    Parameters
    ----------
    path : path
        The file to write, ending in ``.png``; an existing file is replaced.
    picture : ndarray of uint8, shape (h, w, 3)
        The picture, as `napari_layeredcnn.overlay.draw_overlay` makes it.

    Raises
    ------
    FileError
        If the ending is another.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_picture(Path(folder, "p.png"), np.zeros((4, 5, 3), np.uint8))
    ...     read_image(Path(folder, "p.png")).array.shape
    (4, 5, 3)
    """
    path = checked_ending(path, (".png",), "pictures")
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary)


def read_whole(path: Path, *, as_labels: bool) -> tuple[NDArray[Any], Resolution | None]:
    """Read the whole array, of any number of axes, colors last."""
    if is_zarr(path):
        opened = open_array(path, as_labels=as_labels)
        return _numbers(opened.array[:]), opened.resolution
    check_readable(path)
    ending = path.suffix.lower()
    try:
        if ending in TIFF:
            array, resolution = read_tiff(path)
        elif ending == ".png":
            array, resolution = read_png(path, as_labels=as_labels)
        else:
            array, resolution = read_npy(path), None
    except FileError:
        raise
    except PermissionError as error:
        raise FileError(f"{path} may not be read (permission denied).") from error
    except DAMAGE as error:
        raise FileError(f"{path} cannot be read: {brief(error)}.") from error
    check_numbers(path, array)
    return _numbers(array), resolution


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.uint8) if array.dtype.kind == "b" else array


def _choose_slice(
    path: Path,
    array: Any,
    plane: int,
    slice_index: int | None,
    resolution: Resolution | None,
) -> ImageFile:
    """Take one slice of an array whose first `plane` axes are not those of an image."""
    if plane > 1 and array.shape[:plane].count(1) >= plane - 1:
        lengths = [n for n in array.shape[:plane] if n > 1] or [1]
        array, plane = array.reshape(*lengths, *array.shape[plane:]), 1
    if plane > 1:
        raise FileError(
            f"{path} has the shape {array.shape}: save one image or one stack of slices."
        )
    if plane == 0:
        if slice_index is not None:
            raise FileError(f"{path} is one image, not a stack: leave --slice out.")
        return ImageFile(_numbers(array[:]), resolution)
    n_slices = array.shape[0]
    if slice_index is None:
        if n_slices > 1:
            raise FileError(
                f"{path} has {n_slices} slices; choose one with --slice N (0 to {n_slices - 1})."
            )
        slice_index = 0
    if not 0 <= slice_index < n_slices:
        raise FileError(
            f"{path} has {n_slices} slices, 0 to {n_slices - 1}; there is no slice {slice_index}."
        )
    return ImageFile(_numbers(array[slice_index]), resolution, n_slices)
