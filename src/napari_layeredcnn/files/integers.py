"""Labels are integers: what comes from a file is checked, what goes to one is made small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.common import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def whole_numbers(path: Path, labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels as integers; raise FileError if they are none."""
    if labels.dtype.kind in "iu":
        return labels
    if labels.dtype.kind == "b":
        return labels.astype(np.uint8)
    if labels.dtype.kind != "f":
        raise FileError(f"{path} does not hold numbers of an image (integers or floats).")
    whole = np.isfinite(labels) & (labels == np.round(labels)) & (np.abs(labels) < 2**31)
    if not whole.all():
        raise FileError(
            f"{path} holds values such as {labels[~whole].flat[0]} where labels are whole "
            "numbers: pass the label image."
        )
    return labels.astype(np.int64)


def smallest_integers(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels in the smallest integer dtype that holds them."""
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, 0)
    unsigned: list[type[np.integer[Any]]] = [np.uint8, np.uint16, np.uint32, np.uint64]
    signed: list[type[np.integer[Any]]] = [np.int8, np.int16, np.int32, np.int64]
    for dtype in unsigned if low >= 0 else signed:
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return labels.astype(dtype)
    raise FileError(f"Labels from {low} to {high} fit no integer dtype.")
