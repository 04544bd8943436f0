"""The pixels of one TIFF, PNG or NPY file, with its resolution; errors are the libraries'."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from napari_layeredcnn.files.common import FileError
from napari_layeredcnn.files.resolution import Resolution, fraction, tiff_resolution

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

# tifffile only logs these and goes on with zeros.
_SILENT_DAMAGE = ("missing data", "failed to reshape", "segments, got")


def read_tiff(path: Path) -> tuple[NDArray[Any], Resolution | None]:
    """Read the first series, colors last."""
    with nothing_missing(path), tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        array = series.asarray()
        if "S" in series.axes:
            array = np.moveaxis(array, series.axes.index("S"), -1)
        return array, tiff_resolution(tiff)


def read_described_tiff(path: Path) -> tuple[NDArray[Any], str, str]:
    """Read the first series, the letters of its axes ("S" are colors) and its description."""
    with nothing_missing(path), tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        description = str(getattr(tiff.pages[0], "description", ""))
        return series.asarray(), str(series.axes), description


@contextmanager
def nothing_missing(path: Path) -> Iterator[None]:
    """Raise at the end if tifffile has found that pixels are missing."""
    with _quiet_tifffile() as messages:
        yield
    for message in messages:
        if any(sign in message.lower() for sign in _SILENT_DAMAGE):
            raise FileError(f"{path} is damaged: part of its pixels is missing.")


@contextmanager
def _quiet_tifffile() -> Iterator[list[str]]:
    """Collect what tifffile logs, instead of having it printed beside our own error."""
    messages: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, handler = logging.getLogger("tifffile"), Collect()
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def read_png(path: Path, *, as_labels: bool) -> tuple[NDArray[Any], Resolution | None]:
    """Read gray or color; the palette's numbers rather than its colors for labels."""
    with warnings.catch_warnings():
        # Scans of 100 megapixels are honest images here, not attacks.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path, formats=["PNG"]) as file:
            file.load()
            dots = file.info.get("dpi")
            image: Image.Image = file
            if image.mode in ("P", "PA") and not as_labels:
                image = image.convert("RGB")
            elif image.mode == "LA":
                image = image.convert("L")
            array = np.asarray(image)
            if image.mode == "I":  # what some versions of Pillow make of 16 bits
                array = array.astype(np.uint16)
    if not dots or min(dots) <= 0:
        return array, None
    return array, Resolution(fraction(float(dots[0])), fraction(float(dots[1])), "inch")


def read_npy(path: Path) -> NDArray[Any]:
    """Read an array, and never a pickle."""
    with path.open("rb") as opened, _quiet_npy():
        array = np.load(opened, allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise FileError(f"{path} holds several arrays where one is needed.")
    return array


def map_npy(path: Path) -> NDArray[Any]:
    """Map an array into memory."""
    with _quiet_npy():
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        array.close()
        raise FileError(f"{path} holds several arrays where one is needed.")
    return array


@contextmanager
def _quiet_npy() -> Iterator[None]:
    with warnings.catch_warnings():
        # A header that Python 2 wrote, or a damaged one that looks like it.
        warnings.simplefilter("ignore", UserWarning)
        yield
