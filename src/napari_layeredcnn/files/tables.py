"""Tables of measured numbers, one in each row, as ``.csv`` or Excel's ``.xlsx``."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

from napari_layeredcnn.core.measure_rows import ALL, Measured
from napari_layeredcnn.files.common import FileError, checked_ending, replacing

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

TABLE_ENDINGS = (".csv", ".xlsx")
#: Titles of the columns.
TITLES = ("file", *Measured._fields)
_MOST_ROWS = 2**20 - 1  # in a sheet, below the titles


def write_table(path: str | os.PathLike[str], rows: Iterable[tuple[str, Measured]]) -> None:
    """Write measured numbers, to the last digit (to 16 digits for Excel, which shows 15).

    Parameters
    ----------
    path : path
        The file to write, ending in ``.csv`` or ``.xlsx`` (which needs openpyxl); an existing file
        is replaced.
    rows : iterable of (str, Measured)
        The name of a file, and a number that was measured in it.

    Raises
    ------
    FileError
        If the ending is another, openpyxl is missing, or the rows are more than a sheet holds.

    Notes
    -----
    The columns are file, roi (region of interest), slice, region, measure, value and unit. Figures
    over all slices, and of single images, have the slice ``all``: every file has them once. What
    could not be measured is empty.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> row = Measured("all", None, "skin", "thickness mean", 0.1 + 0.2, "mm")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(Path(folder, "table.csv"), [("a.tif", row)])
    ...     print(Path(folder, "table.csv").read_text())
    file,roi,slice,region,measure,value,unit
    a.tif,all,all,skin,thickness mean,0.30000000000000004,mm
    """
    path = checked_ending(path, TABLE_ENDINGS, "measured numbers")
    if path.suffix.lower() == ".xlsx":
        _write_excel(path, list(_cells(rows)))
        return
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TITLES)
        writer.writerows(_cells(rows))


def _cells(rows: Iterable[tuple[str, Measured]]) -> Iterator[tuple[str | int | float | None, ...]]:
    for name, row in rows:
        number = ALL if row.slice is None else row.slice
        value = row.value if math.isfinite(row.value) else None
        yield name, row.roi, number, row.region, row.measure, value, row.unit


def _write_excel(path: Path, cells: Sequence[tuple[str | int | float | None, ...]]) -> None:
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE as ILLEGAL
    except ImportError as error:
        raise FileError(
            f"{path} needs openpyxl: install napari-layeredcnn[excel] with pip, or write a .csv."
        ) from error
    if len(cells) > _MOST_ROWS:
        raise FileError(f"{path} would have more rows than Excel reads: write a .csv.")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("measured")
    sheet.append(TITLES)
    for row in cells:
        line = []
        for value in row:
            if isinstance(value, str):
                cell = WriteOnlyCell(sheet, ILLEGAL.sub("", value))
                cell.data_type = "s"  # a name that begins with "=" is no formula
                line.append(cell)
            else:
                line.append(value)
        sheet.append(line)
    with replacing(path) as temporary:
        book.save(temporary)
