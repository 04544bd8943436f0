"""Labels with all that belongs to them in one TIFF file that ends in ``.layers.tif``.

Any program reads the labels: the rest is JSON in the image description of the first page, under
the key "layeredcnn", beside the "shape" that tifffile and its users know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_layeredcnn.files.colors import Colors
from napari_layeredcnn.files.common import (
    DAMAGE,
    FileError,
    brief,
    check_exists,
    replacing,
)
from napari_layeredcnn.files.formats import read_described_tiff
from napari_layeredcnn.files.integers import smallest_integers, whole_numbers
from napari_layeredcnn.files.place import Place, plain
from napari_layeredcnn.files.resolution import pixels_per_centimeter

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

LABELS_ENDINGS = (".layers.tif", ".layers.tiff")
KEY = "layeredcnn"
VERSION = 1


@dataclass(frozen=True)
class LabelsFile:
    """Labels and what belongs to them, as they are kept in a ``.layers.tif`` file.

    Parameters
    ----------
    labels : ndarray of int, shape (..., H, W)
        The labels of an image, or of a stack of slices.
    name : str or None
        What a person called them.
    place : Place
        Scale, units and transforms.
    features : dict of str to list
        A table with a row to each region; ``"index"`` holds the ids, ``"name"`` the names.
    colors : Colors or None
        The colors of the regions.
    opacity : float or None
        How opaque they are shown, 0 to 1.
    notes : dict
        Settings, model and its hash: whatever JSON can hold.
    """

    labels: NDArray[Any]
    name: str | None = None
    place: Place = field(default_factory=Place)
    features: Mapping[str, list[Any]] = field(default_factory=dict)
    colors: Colors | None = None
    opacity: float | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def write_labels_file(path: str | os.PathLike[str], file: LabelsFile) -> None:
    """Write labels and what belongs to them to a TIFF file.

    Parameters
    ----------
    path : path
        The file to write, ending in ``.layers.tif``; an existing file is replaced.
    file : LabelsFile
        What to write. The pixels are kept in the smallest dtype that holds them, and come
        back in their own.

    Raises
    ------
    FileError
        If the ending is another, or the labels are no integers or empty.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mouse.layers.tif")
    ...     table = {"index": [1, 300], "name": ["cartilage", "bone"]}
    ...     write_labels_file(path, LabelsFile(np.array([[1, 1], [300, 300]]), features=table))
    ...     found = read_labels_file(path)
    ...     print(tifffile.imread(path).dtype, found.labels.dtype, found.features["name"])
    uint16 int64 ['cartilage', 'bone']
    """
    path = _checked(path)
    labels = np.asarray(file.labels)
    if labels.dtype.kind not in "iu" or labels.ndim < 2 or labels.size == 0:
        raise FileError(
            f"Labels are integers with rows and columns, but these are {labels.dtype} of the "
            f"shape {labels.shape}: nothing was written."
        )
    document = {
        "version": VERSION,
        "dtype": labels.dtype.name,
        "name": file.name,
        "place": file.place.document(),
        "features": plain(file.features),
        "colors": None if file.colors is None else file.colors.document(),
        "opacity": plain(file.opacity),
        "notes": plain(file.notes),
    }
    options: dict[str, Any] = {}
    resolution = pixels_per_centimeter(file.place.scale[-2:], file.place.units[-2:])
    if resolution is not None:
        options["resolution"] = (resolution.x, resolution.y)
        options["resolutionunit"] = resolution.unit
    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary,
            smallest_integers(labels),
            photometric="minisblack",
            compression="zlib",
            metadata={KEY: document},
            **options,
        )


def read_labels_file(path: str | os.PathLike[str]) -> LabelsFile:
    """Read a ``.layers.tif`` file, or the labels of a plain TIFF file with that ending.

    Parameters
    ----------
    path : path
        A file that ends in ``.layers.tif``.

    Returns
    -------
    LabelsFile
        What was written; labels alone if another program wrote the file.

    Raises
    ------
    FileError
        If the file is missing, damaged, written by a later version, or holds no labels.

    Examples
    --------
    >>> read_labels_file("nowhere.layers.tif")
    Traceback (most recent call last):
    ...
    napari_layeredcnn.files.common.FileError: nowhere.layers.tif does not exist.
    """
    path = _checked(path)
    check_exists(path)
    try:
        labels, axes, description = read_described_tiff(path)
    except FileError:
        raise
    except PermissionError as error:
        raise FileError(f"{path} may not be read (permission denied).") from error
    except DAMAGE as error:
        raise FileError(f"{path} cannot be read: {brief(error)}.") from error
    if "S" in axes:
        raise FileError(f"{path} is a color image where labels have one channel.")
    labels = whole_numbers(path, labels)
    if labels.ndim < 2 or labels.size == 0:
        raise FileError(f"{path} holds no labels: its shape is {labels.shape}.")
    if f'"{KEY}"' not in description:
        return LabelsFile(labels)
    try:
        return _read_document(json.loads(description)[KEY], labels)
    except _LaterVersionError as error:
        raise FileError(
            f"{path} was written by a later napari-layeredcnn (format {error}): update it, or "
            "rename the file to end in .tif alone, and its labels open without names and colors."
        ) from error
    except DAMAGE as error:
        raise FileError(
            f"{path} has damaged notes ({brief(error)}): rename it to end in .tif alone, and its "
            "labels open without names and colors."
        ) from error


class _LaterVersionError(ValueError):
    """The format is newer than this code."""


def _checked(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if not path.name.lower().endswith(LABELS_ENDINGS):
        raise FileError(f"A file of labels with their notes ends in .layers.tif, unlike {path}.")
    return path


def _read_document(document: Any, labels: NDArray[Any]) -> LabelsFile:
    if not isinstance(document, Mapping) or not isinstance(document.get("version"), int):
        raise ValueError("they say no version")
    if document["version"] > VERSION:
        raise _LaterVersionError(document["version"])
    dtype: np.dtype[Any] = np.dtype(document["dtype"])
    if dtype.kind not in "iu":
        raise ValueError(f"the dtype is {dtype}")
    bounds = np.iinfo(dtype)
    if not bounds.min <= int(labels.min()) <= int(labels.max()) <= bounds.max:
        raise ValueError(f"labels do not fit {dtype}")
    colors, opacity, name = document["colors"], document["opacity"], document["name"]
    if opacity is not None and not 0 <= opacity <= 1:
        raise ValueError(f"the opacity is {opacity}")
    if not isinstance(document["notes"], dict):
        raise ValueError("the settings are no table")
    return LabelsFile(
        labels.astype(dtype),
        name=None if name is None else str(name),
        place=Place.from_document(document["place"], labels.ndim),
        features=_table(document["features"]),
        colors=None if colors is None else Colors.from_document(colors),
        opacity=None if opacity is None else float(opacity),
        notes=document["notes"],
    )


def _table(features: Any) -> dict[str, list[Any]]:
    """Check a table; where a column of numbers has no value, it is NaN again."""
    if not isinstance(features, Mapping) or not all(isinstance(c, list) for c in features.values()):
        raise ValueError("the features are no table")
    if len({len(column) for column in features.values()}) > 1:
        raise ValueError("the columns of the features differ in length")
    table = {}
    for name, column in features.items():
        if any(isinstance(value, list | Mapping) for value in column):
            raise ValueError(f"the feature {name} is no column of values")
        words = any(isinstance(value, str) for value in column)
        table[name] = column if words else [np.nan if v is None else v for v in column]
    return table
