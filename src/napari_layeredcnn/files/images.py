"""Images and labels from TIFF, PNG and NPY files; labels to TIFF files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from napari_layeredcnn.files.common import (
    DAMAGE,
    FileError,
    brief,
    check_exists,
    checked_ending,
    replacing,
)
from napari_layeredcnn.files.formats import read_npy, read_png, read_tiff
from napari_layeredcnn.files.integers import smallest_integers, whole_numbers
from napari_layeredcnn.files.resolution import Resolution, per_centimeter

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

TIFF = (".tif", ".tiff")
READABLE = (*TIFF, ".png", ".npy")


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
    """Read a 2D image, or one slice of a stack, from a TIFF, PNG or NPY file.

    Parameters
    ----------
    path : path
        A file that ends in ``.tif``, ``.tiff``, ``.png`` or ``.npy``. A last axis of length
        3 or 4 is taken for colors. PNGs with 16 bits in each of several color channels
        come with the upper 8.
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
    array, resolution = read_whole(path, as_labels=False)
    colors = array.ndim > 2 and array.shape[-1] in (3, 4)
    plane = array.ndim - 3 if colors else array.ndim - 2
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
    ...     path = Path(folder, "seed.tif")
    ...     write_labels(path, [[7, 0], [9, 0]])
    ...     read_labels(path)
    array([[7, 0],
           [9, 0]], dtype=uint8)
    """
    path = Path(path)
    array, _ = read_whole(path, as_labels=True)
    if array.ndim == 3 and array.shape[-1] in (3, 4) and slice_index is None:
        raise FileError(
            f"{path} has {array.shape[-1]} color channels where labels have one: save the "
            "labels as a single-channel image."
        )
    if array.ndim == 2:
        slice_index = None
    labels = _choose_slice(path, array, array.ndim - 2, slice_index, None).array
    return whole_numbers(path, labels)


def write_labels(
    path: str | os.PathLike[str],
    labels: ArrayLike,
    resolution: Resolution | None = None,
) -> None:
    """Write labels as a TIFF in the smallest integer dtype that holds them.

    Parameters
    ----------
    path : path
        The file to write, ending in ``.tif`` or ``.tiff``; an existing file is replaced.
    labels : array_like of int, shape (H, W)
        The labels.
    resolution : Resolution, optional
        The size of a pixel. What ImageJ wrote is kept as ImageJ writes it where ImageJ
        can read the dtype, and becomes pixels per centimeter elsewhere.

    Raises
    ------
    FileError
        If the ending is another or the labels are not integers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_labels(Path(folder, "out.tif"), [[1, 1], [300, 300]])
    ...     read_labels(Path(folder, "out.tif")).dtype
    dtype('uint16')
    """
    path = checked_ending(path, TIFF, "labels")
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":
        raise FileError(f"Labels are integers, but these are {labels.dtype}: nothing was written.")
    labels = smallest_integers(labels)
    options: dict[str, Any] = {"metadata": None}
    if resolution is not None:
        from_imagej = resolution.imagej_unit is not None or resolution.spacing is not None
        if from_imagej and labels.dtype in (np.uint8, np.uint16):
            notes = {"unit": resolution.imagej_unit, "spacing": resolution.spacing}
            options["imagej"] = True
            options["metadata"] = {k: v for k, v in notes.items() if v is not None}
        elif from_imagej:
            resolution = per_centimeter(resolution)
        options["resolution"] = (resolution.x, resolution.y)
        options["resolutionunit"] = resolution.unit
    with replacing(path) as temporary:
        tifffile.imwrite(temporary, labels, photometric="minisblack", **options)


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
    check_exists(path)
    ending = path.suffix.lower()
    if ending not in READABLE:
        raise FileError(
            f"{path} ends in {ending or 'nothing'}; images are read from {', '.join(READABLE)}."
        )
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
    if array.dtype.kind not in "biuf":
        raise FileError(f"{path} does not hold numbers of an image (integers or floats).")
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    if array.ndim < 2 or array.size == 0:
        raise FileError(f"{path} holds no image: its shape is {array.shape}.")
    return array, resolution


def _choose_slice(
    path: Path,
    array: NDArray[Any],
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
        return ImageFile(array, resolution)
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
    return ImageFile(array[slice_index], resolution, n_slices)
