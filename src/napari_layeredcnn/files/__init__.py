"""Files in and out: images and labels from TIFF, PNG and NPY; labels and curves to files.

Knows no network. Every writer fills a temporary file beside its target and renames it,
so that a failure leaves nothing half-written and an older file stays as it was.
"""

from __future__ import annotations

from napari_layeredcnn.files.common import FileError, write_text
from napari_layeredcnn.files.curves import CurveTable, read_curves, write_curves
from napari_layeredcnn.files.images import (
    READABLE,
    ImageFile,
    read_image,
    read_labels,
    write_labels,
    write_picture,
)
from napari_layeredcnn.files.resolution import Resolution

__all__ = [
    "READABLE",
    "CurveTable",
    "FileError",
    "ImageFile",
    "Resolution",
    "read_curves",
    "read_image",
    "read_labels",
    "write_curves",
    "write_labels",
    "write_picture",
    "write_text",
]
