"""Stacks in TIFF files: mapped into memory where they lie there as they are, else page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_layeredcnn.files.common import DAMAGE, FileError, brief, leading_axes
from napari_layeredcnn.files.formats import nothing_missing, read_tiff
from napari_layeredcnn.files.resolution import tiff_place, tiff_resolution

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_layeredcnn.files.place import Place
    from napari_layeredcnn.files.resolution import Resolution


class TiffPages:
    """The pages of a TIFF file as slices of a stack; each is read when it is asked for.

    Parameters
    ----------
    path : path
        A file whose first series has a page for every slice.

    Attributes
    ----------
    shape : tuple of int
        (S, H, W) or (S, H, W, colors).
    dtype : dtype
        Of the pixels.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with nothing_missing(path), tifffile.TiffFile(path) as tiff:
            series = tiff.series[0]
            self._pages: list[Any] = list(series.pages)
            self.dtype = np.dtype(series.dtype)
            axes, shape = str(series.keyframe.axes), list(series.keyframe.shape)
        self._colors = axes.index("S") if "S" in axes else None
        if self._colors is not None:
            shape.append(shape.pop(self._colors))
        self.shape = (len(self._pages), *map(int, shape))

    def __reduce__(self) -> tuple[Any, ...]:
        """Bring the path to another process, rather than the pages."""
        return TiffPages, (self._path.absolute(),)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Part of the stack; the first index may be of any kind, the others are slices."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        which = np.arange(len(self._pages))[first]
        if which.ndim == 0:
            one: NDArray[Any] = self._read(int(which))[tuple(rest)]
            return one
        if not which.size:
            return np.empty((0, *self.shape[1:]), self.dtype)[(slice(None), *rest)]
        return np.stack([self._read(int(i))[tuple(rest)] for i in which])

    def _read(self, index: int) -> NDArray[Any]:
        page = self._pages[index]
        file = page.parent.filehandle
        try:
            with nothing_missing(self._path):
                file.open()
                try:
                    array: NDArray[Any] = page.asarray()
                finally:
                    file.close()
        except FileError:
            raise
        except DAMAGE as error:
            raise FileError(f"{self._path} cannot be read: {brief(error)}.") from error
        return array if self._colors is None else np.moveaxis(array, self._colors, -1)


def open_tiff(path: Path) -> tuple[Any, Place, Resolution | None]:
    """Open the first series, colors last; what is neither mapped nor paged is read.

    Errors are tifffile's, or those of more axes than a stack has.
    """
    with nothing_missing(path), tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        place, resolution = tiff_place(tiff), tiff_resolution(tiff)
        axes, shape = str(series.axes), series.shape
        n_slices = int(np.prod([shape[i] for i, axis in enumerate(axes) if axis not in "YXS"]))
        leading_axes(path, (n for n, axis in zip(shape, axes, strict=True) if axis not in "YXS"))
        mapped = series.dataoffset is not None and not series.is_multifile
        pages = series.pages
        paged = len(pages) == n_slices > 1 and all(page is not None for page in pages)
    if mapped:
        with nothing_missing(path):
            array: Any = tifffile.memmap(path, mode="r")
        if "S" in axes:
            array = np.moveaxis(array, axes.index("S"), -1)
    elif paged:
        array = TiffPages(path)
    else:
        array, _ = read_tiff(path)
    return array, place, resolution
