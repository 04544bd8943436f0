"""Curves to and from `.csv` tables that people read and `.npz` files of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_layeredcnn.files.common import (
    DAMAGE,
    FileError,
    brief,
    check_exists,
    checked_ending,
    replacing,
)
from napari_layeredcnn.files.curve_csv import read_csv, write_csv
from napari_layeredcnn.files.curve_npz import read_npz, write_npz
from napari_layeredcnn.files.curve_table import Around, CurveTable

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from napari_layeredcnn.files.place import Place


def write_curves(
    path: str | os.PathLike[str],
    curves: ArrayLike,
    *,
    uncertainty: ArrayLike | None = None,
    region_ids: Sequence[int] | None = None,
    transposed: bool = False,
    slices: Sequence[int] | None = None,
    place: Place | None = None,
    notes: Mapping[str, Any] | None = None,
    around: Around | None = None,
) -> None:
    """Write curves as a table that people read (``.csv``) or as arrays (``.npz``).

    Parameters
    ----------
    path : path
        The file to write, ending in ``.csv`` or ``.npz``; an existing file is replaced.
    curves : array_like of float, shape (K, W), or (S, K, W) with `slices`
        Curves in edge coordinates, in pixels; NaN where there is none.
    uncertainty : array_like of float, the same shape, optional
        Their uncertainty in pixels.
    region_ids : sequence of int, optional
        The K + 1 ids of the regions; 1 to K + 1 if left out.
    transposed : bool
        True if the curves run down the image (see `CurveTable`).
    slices : sequence of int, optional
        The S slices of a stack that the curves are in, each once.
    place : Place, optional
        Scale, units and transforms of the image or stack; with it the curves are written in
        world units too.
    notes : dict, optional
        Names, colors, settings: whatever JSON can hold.
    around : Around, optional
        For closed curves of one image: their center, and where the W rays point. The curves are
        radii then, and there is no `place`.

    Raises
    ------
    FileError
        If the ending is another or the shapes differ.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "curves.csv")
    ...     write_curves(path, [[10.25, 11.0]], region_ids=[4, 7])
    ...     table = read_curves(path)
    ...     print(path.read_text())
    # Curves written by napari-layeredcnn
    # coordinates: edge (rows above the curve; the center of pixel row y lies at y + 0.5)
    # units: px
    # region ids, top to bottom: 4 7
    column,curve_1
    0,10.25
    1,11.0
    >>> table.region_ids
    (4, 7)
    """
    path = checked_ending(path, (".csv", ".npz"), "curves")
    curves = np.asarray(curves, np.float32)
    if slices is None and curves.ndim != 2:
        raise FileError(f"Curves have the shape (K, W), but these have {curves.shape}.")
    if slices is not None and (curves.ndim != 3 or len(set(slices)) != len(curves)):
        raise FileError(
            f"Curves of {len(set(slices))} slices have the shape ({len(set(slices))}, K, W), but "
            f"these have {curves.shape}."
        )
    if uncertainty is not None:
        uncertainty = np.asarray(uncertainty, np.float32)
        if uncertainty.shape != curves.shape:
            raise FileError(
                f"The uncertainty's shape {uncertainty.shape} is not the curves' {curves.shape}."
            )
    if around is not None and (slices is not None or transposed or place is not None):
        raise FileError(
            "Closed curves are written in pixels of one image, neither turned nor moved."
        )
    if around is not None and np.isnan(curves).any():
        raise FileError("Closed curves are known on every ray, but some of these are NaN.")
    k = curves.shape[-2]
    ids = tuple(range(1, k + 2) if region_ids is None else map(int, region_ids))
    if len(ids) != k + 1:
        raise FileError(f"{k} curves part {k + 1} regions, not {len(ids)}.")
    numbers = None if slices is None else tuple(map(int, slices))
    table = CurveTable(curves, uncertainty, ids, transposed, numbers, place, notes or {}, around)
    with replacing(path) as temporary:
        if path.suffix.lower() == ".csv":
            write_csv(temporary, table)
        else:
            write_npz(temporary, table)


def read_curves(path: str | os.PathLike[str]) -> CurveTable:
    """Read curves that `write_curves` wrote.

    Parameters
    ----------
    path : path
        A ``.csv`` or ``.npz`` file.

    Returns
    -------
    CurveTable
        The same float32 numbers that were written.

    Raises
    ------
    FileError
        If the file is missing, damaged or of another kind.

    Examples
    --------
    >>> read_curves("nowhere.csv")
    Traceback (most recent call last):
    ...
    napari_layeredcnn.files.common.FileError: nowhere.csv does not exist.
    """
    path = checked_ending(path, (".csv", ".npz"), "curves")
    check_exists(path)
    try:
        return read_csv(path) if path.suffix.lower() == ".csv" else read_npz(path)
    except DAMAGE as error:
        raise FileError(f"{path} is not a curve file of ours ({brief(error)}).") from error
