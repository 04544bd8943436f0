"""Curves to and from `.csv` tables that people read and `.npz` files of arrays."""

from __future__ import annotations

import csv
from dataclasses import dataclass
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

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class CurveTable:
    """Curves as they are kept in a ``.csv`` or ``.npz`` file.

    Parameters
    ----------
    curves : ndarray of float32, shape (K, W)
        The curves in edge coordinates, in pixels.
    uncertainty : ndarray of float32, shape (K, W), or None
        Their uncertainty in pixels.
    region_ids : tuple of int
        The K + 1 ids of the regions, top to bottom (left to right if transposed).
    transposed : bool
        If True the curves run down the image: index ``w`` is a row and the values are
        columns.
    """

    curves: NDArray[np.float32]
    uncertainty: NDArray[np.float32] | None
    region_ids: tuple[int, ...]
    transposed: bool = False


def write_curves(
    path: str | os.PathLike[str],
    curves: ArrayLike,
    *,
    uncertainty: ArrayLike | None = None,
    region_ids: Sequence[int] | None = None,
    transposed: bool = False,
) -> None:
    """Write curves as a table that people read (``.csv``) or as arrays (``.npz``).

    Parameters
    ----------
    path : path
        The file to write, ending in ``.csv`` or ``.npz``; an existing file is replaced.
    curves : array_like of float, shape (K, W)
        Curves in edge coordinates, in pixels; NaN where there is none.
    uncertainty : array_like of float, shape (K, W), optional
        Their uncertainty in pixels.
    region_ids : sequence of int, optional
        The K + 1 ids of the regions; 1 to K + 1 if left out.
    transposed : bool
        True if the curves run down the image (see `CurveTable`).

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
    if curves.ndim != 2:
        raise FileError(f"Curves have the shape (K, W), but these have {curves.shape}.")
    if uncertainty is not None:
        uncertainty = np.asarray(uncertainty, np.float32)
        if uncertainty.shape != curves.shape:
            raise FileError(
                f"The uncertainty's shape {uncertainty.shape} is not the curves' {curves.shape}."
            )
    ids = tuple(range(1, len(curves) + 2) if region_ids is None else map(int, region_ids))
    if len(ids) != len(curves) + 1:
        raise FileError(f"{len(curves)} curves part {len(curves) + 1} regions, not {len(ids)}.")
    table = CurveTable(curves, uncertainty, ids, transposed)
    with replacing(path) as temporary:
        if path.suffix.lower() == ".csv":
            _write_csv(temporary, table)
        else:
            _write_npz(temporary, table)


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
        return _read_csv(path) if path.suffix.lower() == ".csv" else _read_npz(path)
    except DAMAGE as error:
        raise FileError(f"{path} is not a curve file of ours ({brief(error)}).") from error


def _write_csv(path: Path, table: CurveTable) -> None:
    k = len(table.curves)
    along, above, order = (
        (
            "row",
            "columns left of the curve; the center of pixel column x lies at x",
            "left to right",
        )
        if table.transposed
        else (
            "column",
            "rows above the curve; the center of pixel row y lies at y",
            "top to bottom",
        )
    )
    lines = [
        "# Curves written by napari-layeredcnn",
        f"# coordinates: edge ({above} + 0.5)",
        "# units: px",
        f"# region ids, {order}: {' '.join(map(str, table.region_ids))}",
    ]
    names = [along, *(f"curve_{i + 1}" for i in range(k))]
    rows = table.curves
    if table.uncertainty is not None:
        names += [f"uncertainty_{i + 1}" for i in range(k)]
        rows = np.concatenate([table.curves, table.uncertainty])
    lines.append(",".join(names))
    for x, values in enumerate(rows.T):
        # str of a float32 is the shortest text that reads back as the same number.
        lines.append(",".join([str(x), *("" if np.isnan(v) else str(v) for v in values)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _read_csv(path: Path) -> CurveTable:
    text = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in text if line.startswith("#")]
    rows = list(csv.reader(line for line in text if line and not line.startswith("#")))
    names = rows[0]
    k = sum(name.startswith("curve_") for name in names)
    with_uncertainty = len(names) == 2 * k + 1
    if k == 0 or names[0] not in ("column", "row") or not (with_uncertainty or len(names) == k + 1):
        raise ValueError(f"its columns are {', '.join(names)}")
    values = np.array([[np.float32(v or "nan") for v in row[1:]] for row in rows[1:]], np.float32)
    values = values.reshape(-1, len(names) - 1).T
    ids = next((c.split(":")[1].split() for c in comments if c.startswith("# region ids")), None)
    return CurveTable(
        curves=values[:k].copy(),
        uncertainty=values[k:].copy() if with_uncertainty else None,
        region_ids=tuple(range(1, k + 2) if ids is None else map(int, ids)),
        transposed=names[0] == "row",
    )


def _write_npz(path: Path, table: CurveTable) -> None:
    arrays: dict[str, Any] = {
        "curves": table.curves,
        "region_ids": np.array(table.region_ids, np.int64),
        "coordinates": np.array("edge"),
        "transposed": np.array(table.transposed),
    }
    if table.uncertainty is not None:
        arrays["uncertainty"] = table.uncertainty
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _read_npz(path: Path) -> CurveTable:
    # NumPy leaves the file open where the archive in it is broken.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        if str(file["coordinates"]) != "edge":
            raise ValueError(f"its coordinates are {file['coordinates']}, not edge")
        return CurveTable(
            curves=file["curves"].astype(np.float32),
            uncertainty=file["uncertainty"].astype(np.float32) if "uncertainty" in file else None,
            region_ids=tuple(map(int, file["region_ids"])),
            transposed=bool(file["transposed"]),
        )
