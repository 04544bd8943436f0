"""Partial labels of a stack, slice by slice: most of them are empty."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.common import FileError
from napari_layeredcnn.files.integers import whole_numbers
from napari_layeredcnn.files.opened import open_array

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray


def labelled_slices(
    path: str | os.PathLike[str], shape: tuple[int, ...], *, slice_index: int | None = None
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Read the slices of a label file in which there are labels, one after the other.

    Parameters
    ----------
    path : path
        A TIFF, PNG, NPY or zarr file of labels.
    shape : (int, int, int)
        Slices, rows and columns of the stack that is labelled.
    slice_index : int, optional
        Which slice the labels are of if the file holds one image.

    Yields
    ------
    index : int
        The slice.
    labels : (H, W) int array
        Its labels, not all of them 0.

    Raises
    ------
    FileError
        If the file cannot be read, has another shape or other values than whole numbers, or it
        is not known which slice it is of, or it is said twice.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels.npy")
    ...     np.save(path, [[[0, 0]], [[7, 0]], [[0, 0]]])
    ...     print(list(labelled_slices(path, (3, 1, 2))))
    [(1, array([[7, 0]]))]
    """
    path = Path(path)
    labels = open_array(path, as_labels=True).array
    single = len(labels.shape) == 2
    if single and slice_index is None:
        raise FileError(
            f"{path} holds the labels of one image: say which slice that is, with --seed-slice N "
            f"(0 to {shape[0] - 1}), or complete that slice alone, with --slice N."
        )
    if not single and slice_index is not None:
        raise FileError(f"{path} says itself which slices are labelled: drop --seed-slice.")
    expected = tuple(shape[1:] if single else shape)
    if tuple(labels.shape) != expected:
        found, wanted = (" x ".join(map(str, n)) for n in (labels.shape, expected))
        raise FileError(
            f"{path} has {found} pixels where the stack has {wanted}; labels need the stack's own "
            "shape."
        )
    if slice_index is not None and slice_index >= shape[0]:
        raise FileError(
            f"There is no slice {slice_index}: the stack has the slices 0 to {shape[0] - 1}."
        )
    for index in [slice_index] if slice_index is not None else range(shape[0]):
        one = np.array(labels[:] if single else labels[index])
        if one.any():
            yield index, whole_numbers(path, one)
