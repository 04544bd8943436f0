"""Curves in a file of ours, read as seeds: what a person has drawn along the boundaries."""

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
    table = _seed_table(path, transposed=transposed)
    return _seed(path, _of_slice(path, table, slice_index), table.region_ids, shape, transposed)


def seeds_from_curve_file(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    *,
    slice_index: int | None = None,
    transposed: bool = False,
) -> dict[int, Seed]:
    """Read a ``.csv`` or ``.npz`` file of curves as seeds for slices of a stack.

    Parameters
    ----------
    path, transposed
        See `seed_from_curve_file`.
    shape : (int, int, int)
        Slices, rows and columns of the stack.
    slice_index : int, optional
        Which slice the curves are in, if the file does not say so.

    Returns
    -------
    dict of int to Seed
        By the slice's index; slices without a curve are left out.

    Raises
    ------
    FileError, SeedError
        As `seed_from_curve_file`, and if it is not known which slices the curves are in, or it is
        said twice.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from napari_layeredcnn.files import write_curves
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "begun.curves.csv")
    ...     write_curves(path, [[[2.5, np.nan]], [[np.nan, np.nan]]], slices=[4, 7])
    ...     list(seeds_from_curve_file(path, (9, 6, 2)))
    [4]
    """
    table = _seed_table(path, transposed=transposed)
    numbers = table.slices
    if numbers is None:
        if slice_index is None:
            raise FileError(
                f"{path} holds the curves of one image: say which slice that is, with "
                f"--seed-slice N (0 to {shape[0] - 1})."
            )
        return {slice_index: _seed(path, table.curves, table.region_ids, shape[1:], transposed)}
    if slice_index is not None:
        raise FileError(f"{path} says itself which slices its curves are in: drop --seed-slice.")
    beyond = [number for number in numbers if not 0 <= number < shape[0]]
    if beyond:
        raise FileError(
            f"{path} has curves of slice {beyond[0]}, but the stack has the slices 0 to "
            f"{shape[0] - 1}: take the curves of this stack."
        )
    return {
        number: _seed(path, curves, table.region_ids, shape[1:], transposed)
        for number, curves in zip(numbers, table.curves, strict=True)
        if not np.isnan(curves).all()
    }


def _seed_table(path: str | os.PathLike[str], *, transposed: bool) -> CurveTable:
    """Read a table whose curves run along the right axis."""
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
    return table


def _seed(
    path: str | os.PathLike[str],
    curves: NDArray[np.float32],
    region_ids: tuple[int, ...],
    shape: tuple[int, ...],
    transposed: bool,
) -> Seed:
    """Make a seed of what lies within the image."""
    height, width = shape[1::-1] if transposed else shape[:2]
    inside = np.full((len(curves), width), np.nan, np.float32)
    inside[:, : curves.shape[1]] = np.clip(curves[:, :width], 0, height)
    if np.isnan(inside).all():
        raise FileError(
            f"{path} has no curve within the {'rows' if transposed else 'columns'} 0 to "
            f"{width - 1} of the image: take the curves of this image."
        )
    seed = seed_from_array(inside, height)
    if region_ids == default_ids(len(curves)):
        return seed
    return Seed(seed.curves, region_ids, height, seed.skipped_columns)


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
