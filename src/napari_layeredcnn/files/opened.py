"""Arrays in files, opened and not read: a part is read when it is asked for by slicing.

What NumPy can map into memory is a `numpy.memmap`; other TIFF files give `TiffPages`, zarr gives
`ZarrArray`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_layeredcnn.files.common import DAMAGE, FileError, brief, check_exists, leading_axes
from napari_layeredcnn.files.formats import map_npy, read_png
from napari_layeredcnn.files.place import Place
from napari_layeredcnn.files.resolution import resolution_of
from napari_layeredcnn.files.tiff_pages import open_tiff
from napari_layeredcnn.files.zarr_array import ZarrArray, is_zarr, open_zarr

if TYPE_CHECKING:
    import os

    from napari_layeredcnn.files.resolution import Resolution

TIFF = (".tif", ".tiff")
READABLE = (*TIFF, ".png", ".npy")


@dataclass(frozen=True)
class Opened:
    """An array in a file.

    Parameters
    ----------
    array : array, shape (H, W) or (S, H, W), each with 3 or 4 colors last or without
        Sliced like NumPy's, in the file's own dtype. Further axes of length 1 are left out.
    place : Place
        Scale and units of slices, rows and columns, where the file says all of them.
    resolution : Resolution or None
        The size of a pixel as TIFF files say it, where the file says it.
    """

    array: Any
    place: Place = field(default_factory=Place)
    resolution: Resolution | None = None

    @property
    def n_slices(self) -> int:
        """S; 1 for an image."""
        return int(self.array.shape[0]) if self.is_stack else 1

    @property
    def is_stack(self) -> bool:
        """Whether there are several slices."""
        return len(self.array.shape) - _has_colors(self.array.shape) > 2


def open_array(path: str | os.PathLike[str], *, as_labels: bool = False) -> Opened:
    """Open an image or a stack of slices without reading it (a PNG is read).

    Parameters
    ----------
    path : path
        A TIFF, PNG or NPY file, a zarr array, or an OME-Zarr image, whose first level is taken.
    as_labels : bool
        Whether to take a last axis of length 3 or 4 for columns, rather than for colors, and the
        numbers of a PNG's palette rather than its colors.

    Returns
    -------
    Opened
        The array; what is sliced from it later raises FileError where the file is damaged.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind, or has more axes than a stack.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "stack.npy")
    ...     np.save(path, np.zeros((1, 24, 128, 256), np.uint8))
    ...     opened = open_array(path)
    ...     print(opened.n_slices, opened.array[3].shape, type(opened.array).__name__)
    ...     del opened
    24 (128, 256) memmap
    """
    path = Path(path)
    zarr = is_zarr(path)
    if not zarr:
        check_readable(path)
    place, resolution = Place(), None
    array: Any
    try:
        if zarr:
            array, place = open_zarr(path)
            resolution = resolution_of(place)
        elif path.suffix.lower() in TIFF:
            array, place, resolution = open_tiff(path)
        elif path.suffix.lower() == ".png":
            array, resolution = read_png(path, as_labels=as_labels)
        else:
            array = map_npy(path)
    except FileError:
        raise
    except PermissionError as error:
        raise FileError(f"{path} may not be read (permission denied).") from error
    except DAMAGE as error:
        raise FileError(f"{path} cannot be read: {brief(error)}.") from error
    check_numbers(path, array)
    colors = not as_labels and _has_colors(array.shape)
    index = leading_axes(path, array.shape[: len(array.shape) - 2 - colors])
    if 0 in index:
        array = array.without(index) if isinstance(array, ZarrArray) else array[index]
    return Opened(array, place, resolution)


def check_readable(path: Path) -> None:
    """Refuse what is no file, or a file that does not end as images do."""
    check_exists(path)
    ending = path.suffix.lower()
    if ending not in READABLE:
        raise FileError(
            f"{path} ends in {ending or 'nothing'}; images are read from {', '.join(READABLE)} "
            "and zarr."
        )


def check_numbers(path: Path, array: Any) -> None:
    """Refuse an array that cannot be an image."""
    if array.dtype.kind not in "biuf":
        raise FileError(f"{path} does not hold numbers of an image (integers or floats).")
    if len(array.shape) < 2 or 0 in array.shape:
        raise FileError(f"{path} holds no image: its shape is {tuple(array.shape)}.")


def _has_colors(shape: tuple[int, ...]) -> bool:
    return len(shape) > 2 and shape[-1] in (3, 4)
