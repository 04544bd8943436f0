"""Curves in a file of ours, read as a seed: what a person has drawn along the boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_layeredcnn.core.seeds import Seed, default_ids, seed_from_array
from napari_layeredcnn.files.common import FileError
from napari_layeredcnn.files.curves import read_curves

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from napari_layeredcnn.files.curve_table import CurveTable


def seed_from_curve_file(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    *,
    slice_index: int | None = None,
    transposed: bool = False,
) -> Seed:
    """Read a ``.csv`` or ``.npz`` file of curves as a seed.

    Parameters
    ----------
    path : path
        A file that `write_curves` wrote, or that a Shapes layer of paths was saved to.
    shape : (int, int)
        Rows and columns of the image. What the curves have beyond its edge is left out, as it
        is where paths are drawn by hand.
    slice_index : int, optional
        Which slice to take if the file holds those of several; of no effect on curves of one
        image.
    transposed : bool
        Whether the curves are to run along the rows, for the directions down, up and vertical.

    Returns
    -------
    Seed
        The columns in which all curves are given; the others are left out and counted.

    Raises
    ------
    FileError
        If the file cannot be read, holds closed curves, curves along the other axis or of
        other slices, or nothing within the image.
    SeedError
        If no column has all curves.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from napari_layeredcnn.files import write_curves
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "begun.curves.csv")
    ...     write_curves(path, [[2.5, np.nan]], region_ids=[4, 7])
    ...     seed = seed_from_curve_file(path, (6, 3))
    >>> seed.curves, seed.region_ids
    (array([[2.5, nan, nan]], dtype=float32), (4, 7))
    """
    table = read_curves(path)
    if table.around is not None:
        raise FileError(
            f"{path} holds closed curves about a center, which are no seed: take partial labels."
        )
    if table.transposed != transposed:
        runs, fitting = (
            ("down the image", "down, up or vertical")
            if table.transposed
            else ("from left to right", "right, left or horizontal")
        )
        raise FileError(f"The curves of {path} run {runs}: choose the direction {fitting}.")
    height, width = shape[1::-1] if transposed else shape[:2]
    given = _of_slice(path, table, slice_index)[:, :width]
    curves = np.full((len(given), width), np.nan, np.float32)
    curves[:, : given.shape[1]] = np.clip(given, 0, height)
    if np.isnan(curves).all():
        raise FileError(
            f"{path} has no curve within the {'rows' if transposed else 'columns'} 0 to "
            f"{width - 1} of the image: take the curves of this image."
        )
    seed = seed_from_array(curves, height)
    if table.region_ids == default_ids(len(curves)):
        return seed
    return Seed(seed.curves, table.region_ids, height, seed.skipped_columns)


def _of_slice(
    path: str | os.PathLike[str], table: CurveTable, slice_index: int | None
) -> NDArray[np.float32]:
    if table.slices is None:
        return table.curves
    number = slice_index
    if number is None and len(table.slices) == 1:
        number = table.slices[0]
    if number not in table.slices:
        listed = ", ".join(map(str, table.slices))
        said = "no slice was chosen" if number is None else f"none of slice {number}"
        raise FileError(f"{path} holds curves of the slices {listed}, but {said}.")
    curves: NDArray[np.float32] = table.curves[table.slices.index(number)]
    return curves
