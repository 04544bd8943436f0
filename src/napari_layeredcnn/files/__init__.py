"""Files in and out: images and labels from TIFF, PNG, NPY, zarr; labels and curves to files.

Knows no network. Every writer fills a temporary file beside its target and renames it,
so that a failure leaves nothing half-written and an older file stays as it was.
"""

from __future__ import annotations

from napari_layeredcnn.files.colors import Colors
from napari_layeredcnn.files.common import FileError, write_text
from napari_layeredcnn.files.curve_seed import seed_from_curve_file, seeds_from_curve_file
from napari_layeredcnn.files.curve_table import Around, CurveTable
from napari_layeredcnn.files.curves import read_curves, write_curves
from napari_layeredcnn.files.images import ImageFile, read_image, read_labels, write_picture
from napari_layeredcnn.files.label_slices import labelled_slices
from napari_layeredcnn.files.labels_file import LabelsFile, read_labels_file, write_labels_file
from napari_layeredcnn.files.labels_tiff import write_label_stack, write_labels
from napari_layeredcnn.files.maps import write_map
from napari_layeredcnn.files.opened import READABLE, Opened, open_array
from napari_layeredcnn.files.place import Place
from napari_layeredcnn.files.resolution import Resolution
from napari_layeredcnn.files.segmentation import read_segmentation
from napari_layeredcnn.files.stacks import read_label_stack, read_stack, stack_shape
from napari_layeredcnn.files.tables import write_table
from napari_layeredcnn.files.zarr_array import is_zarr

__all__ = [
    "READABLE",
    "Around",
    "Colors",
    "CurveTable",
    "FileError",
    "ImageFile",
    "LabelsFile",
    "Opened",
    "Place",
    "Resolution",
    "is_zarr",
    "labelled_slices",
    "open_array",
    "read_curves",
    "read_image",
    "read_label_stack",
    "read_labels",
    "read_labels_file",
    "read_segmentation",
    "read_stack",
    "seed_from_curve_file",
    "seeds_from_curve_file",
    "stack_shape",
    "write_curves",
    "write_label_stack",
    "write_labels",
    "write_labels_file",
    "write_map",
    "write_picture",
    "write_table",
    "write_text",
]
