"""Labels of an image or of a stack to TIFF files that any program reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_layeredcnn.files.common import FileError, checked_ending, replacing
from napari_layeredcnn.files.integers import smallest_integers
from napari_layeredcnn.files.opened import TIFF
from napari_layeredcnn.files.resolution import Resolution, per_centimeter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import ArrayLike


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
    ...     tifffile.imread(Path(folder, "out.tif")).dtype
    dtype('uint16')
    """
    path = checked_ending(path, TIFF, "labels")
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":
        raise FileError(f"Labels are integers, but these are {labels.dtype}: nothing was written.")
    labels = smallest_integers(labels)
    options = _options(labels.dtype, resolution)
    with replacing(path) as temporary:
        tifffile.imwrite(temporary, labels, photometric="minisblack", **options)


def write_label_stack(
    path: str | os.PathLike[str],
    slices: Iterable[ArrayLike],
    shape: tuple[int, int, int],
    ids: Iterable[int],
    resolution: Resolution | None = None,
) -> None:
    """Write the labels of a stack as a TIFF, slice by slice: one at a time is in memory.

    Parameters
    ----------
    path : path
        The file to write, ending in ``.tif`` or ``.tiff``; an existing file is replaced.
    slices : iterable of array_like of int, each of shape (H, W)
        The labels of each slice.
    shape : (int, int, int)
        S, H and W.
    ids : iterable of int
        All labels that there may be besides 0: they choose the smallest integer dtype.
    resolution : Resolution, optional
        The size of a pixel and of a slice, as in `write_labels`.

    Raises
    ------
    FileError
        If the ending is another.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "out.tif")
    ...     write_label_stack(path, ([[z, 7]] for z in range(3)), (3, 1, 2), range(8))
    ...     tifffile.imread(path).tolist()
    [[[0, 7]], [[1, 7]], [[2, 7]]]
    """
    path = checked_ending(path, TIFF, "labels")
    dtype = smallest_integers(np.array([0, *ids])).dtype
    # What a classic TIFF, and so ImageJ's, can hold besides its own head.
    large = int(np.prod(shape)) * dtype.itemsize > 2**32 - 2**25
    if large and resolution is not None:
        resolution = per_centimeter(resolution)
    options = _options(dtype, resolution)
    options["metadata"] = {**(options["metadata"] or {}), "axes": "ZYX"}
    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary,
            (np.asarray(labels, dtype) for labels in slices),
            shape=shape,
            dtype=dtype,
            photometric="minisblack",
            bigtiff=large,
            **options,
        )


def _options(dtype: np.dtype[Any], resolution: Resolution | None) -> dict[str, Any]:
    """Return what tifffile takes to write a resolution."""
    options: dict[str, Any] = {"metadata": None}
    if resolution is not None:
        from_imagej = resolution.imagej_unit is not None or resolution.spacing is not None
        if from_imagej and dtype in (np.uint8, np.uint16):
            notes = {"unit": resolution.imagej_unit, "spacing": resolution.spacing}
            options["imagej"] = True
            options["metadata"] = {k: v for k, v in notes.items() if v is not None}
        elif from_imagej:
            resolution = per_centimeter(resolution)
        options["resolution"] = (resolution.x, resolution.y)
        options["resolutionunit"] = resolution.unit
    return options
