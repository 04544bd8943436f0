"""The table in the dock: long rows of single figures, arranged for showing; it can be sorted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt

from napari_layeredcnn.plugin.measure_readout import in_figures, short_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_layeredcnn.core.measure_rows import Measured

    Cell = str | float
    Kind = Literal["regions", "boundaries", "differences"]

#: Figures of which slices: those over all, those of each, or those of the slice of a number.
ALL, EVERY = "all", "every"
_REGIONS = {
    "perpendicular thickness mean": "perp. thickness",
    "perpendicular thickness mean error": "± error",
    "perpendicular thickness sd": "SD",
    "thickness mean": "thickness",
    "thickness mean error": "± error",
    "thickness sd": "SD",
    "thickness median": "median",
    "thickness min": "min",
    "thickness max": "max",
    "area": "area",
    "volume": "volume",
    "covered": "covered",
    "left out": "left out",
}
_BOUNDARIES = {
    "height mean": "height",
    "height mean error": "± error",
    "height sd": "SD",
    "Ra": "Ra",
    "Rq": "Rq",
    "tortuosity": "tortuosity",
    "slope": "slope",
    "length": "length",
    "covered": "covered",
    "left out": "left out",
}
_DIFFERENCES = {
    "difference mean": "difference",
    "difference sd": "SD",
    "difference lower limit of agreement": "lower limit",
    "difference upper limit of agreement": "upper limit",
    "difference root mean square": "RMS",
    "absolute difference mean": "absolute",
    "absolute difference p95": "abs. 95 %",
    "absolute difference max": "abs. max",
    "compared": "compared",
    "adjusted Rand index": "Rand index",
}
_TITLES: dict[Kind, dict[str, str]] = {
    "regions": _REGIONS,
    "boundaries": _BOUNDARIES,
    "differences": _DIFFERENCES,
}
_SHARES = ("covered", "left out", "compared")
_POWERS = {"^2": "²", "^3": "³", "degree": "°"}


@dataclass(frozen=True)
class Figures:
    """A table to be shown: titles of two lines, and rows of names and numbers."""

    titles: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()


def arrange(rows: Iterable[Measured], kind: Kind, which: str | int = ALL) -> Figures:
    r"""Arrange rows of single figures to one row for each region or boundary.

    Parameters
    ----------
    rows : iterable of Measured
        From `measure`, or from `compare` for differences.
    kind : {"regions", "boundaries", "differences"}
        What the rows shall be of.
    which : "all", "every" or int
        The slices: figures over all, those of each slice, or of the one with this number.

    Returns
    -------
    Figures
        Shares are in percent. Columns for which there is no number are left out.

    Examples
    --------
    >>> from napari_layeredcnn.core.measure import measure
    >>> from napari_layeredcnn.core.measure_segmentation import Segmentation
    >>> slab = Segmentation([[2, 2, 2], [4, 6, 5]], scale=(0.5, 1), unit="mm")
    >>> table = arrange(measure(slab), "regions")
    >>> table.titles[:3], table.rows[1][:3]
    (('region', 'thickness\n(mm)', 'SD\n(mm)'), ('Region 2', 1.5, 0.5))
    """
    titles = _TITLES[kind]
    groups = [
        (head, figures)
        for head, figures in _groups(rows)
        if _kind(figures) == kind
        and (which == EVERY or head[1] == (None if which == ALL else which))
    ]
    names = [name for name in titles if any(name in figures for _, figures in groups)]
    units = {
        name: unit for _, figures in groups for name, (_, unit) in figures.items() if name in names
    }
    # A region of interest and a slice are told where there are several.
    told = [i for i in (0, 1) if len({head[i] for head, _ in groups}) > 1]
    head_titles = [("region of\ninterest", "slice")[i] for i in told]
    first = {"regions": "region", "boundaries": "boundary", "differences": "of"}[kind]
    return Figures(
        (first, *head_titles, *(_title(titles[name], name, units[name]) for name in names)),
        tuple(
            (
                head[2] or "all regions",
                *(_head(head[i]) for i in told),
                *(_value(name, figures) for name in names),
            )
            for head, figures in groups
        ),
    )


class FiguresModel(QAbstractTableModel):
    """What the table view shows; numbers are sorted as numbers, what is missing comes last."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._shown = Figures()
        self._order: list[int] = []

    def show(self, figures: Figures) -> None:
        """Show another table, in its own order."""
        self.beginResetModel()
        self._shown = figures
        self._order = list(range(len(figures.rows)))
        self.endResetModel()

    def text(self) -> str:
        """Return the table as it is sorted, with tabs between columns, to the last digit."""
        lines = [[title.replace("\n", " ") for title in self._shown.titles]]
        for i in self._order:
            lines.append([_plain(cell) for cell in self._shown.rows[i]])
        return "".join("\t".join(line) + "\n" for line in lines)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        """Return how many regions or boundaries there are."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        """Return how many figures each has, and its names."""
        return 0 if parent is not None and parent.isValid() else len(self._shown.titles)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return four digits of a number, all of them in the tool tip."""
        if not index.isValid():
            return None
        cell = self._shown.rows[self._order[index.row()]][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            if isinstance(cell, float):
                return "" if math.isnan(cell) else in_figures(cell)
            return str(cell)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _plain(cell) or "There is no number, as nothing could be measured."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft
            if not isinstance(cell, str):
                side = Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(  # noqa: N802
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Return the title of a column."""
        titles = self._shown.titles
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(titles):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "Click to sort by this column."
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, or as it was before for column -1."""
        self.layoutAboutToBeChanged.emit()
        self._order = list(range(len(self._shown.rows)))
        if 0 <= column < len(self._shown.titles):
            cells = [row[column] for row in self._shown.rows]
            there = [i for i in self._order if not _is_missing(cells[i])]
            missing = [i for i in self._order if _is_missing(cells[i])]
            descending = order == Qt.SortOrder.DescendingOrder
            # Python sorts equal ones as they were.
            there.sort(key=lambda i: _sort_key(cells[i]), reverse=descending)
            self._order = there + missing
        self.layoutChanged.emit()


def slice_numbers(rows: Sequence[Measured]) -> list[int]:
    """Return the numbers of the slices that there are figures of."""
    return sorted({row.slice for row in rows if row.slice is not None})


def _groups(
    rows: Iterable[Measured],
) -> list[tuple[tuple[str, int | None, str], dict[str, tuple[float, str]]]]:
    """Bring together the figures of one region or boundary in one slice and region of interest.

    They follow each other; two regions of one name are told apart by figures that come again.
    """
    groups: list[tuple[tuple[str, int | None, str], dict[str, tuple[float, str]]]] = []
    for row in rows:
        head, name = (row.roi, row.slice, row.region), row.measure
        name = name.replace("thickness difference", "difference")
        if not groups or groups[-1][0] != head or name in groups[-1][1]:
            groups.append((head, {}))
        groups[-1][1][name] = (row.value, row.unit)
    return groups


def _kind(figures: dict[str, Any]) -> Kind:
    if "compared" in figures or "adjusted Rand index" in figures:
        return "differences"
    return "boundaries" if "height mean" in figures else "regions"


def _title(title: str, name: str, unit: str) -> str:
    for ending, power in _POWERS.items():
        if unit.endswith(ending):
            unit = short_unit(unit.removesuffix(ending)) + power
            break
    unit = "%" if name in _SHARES else short_unit(unit)
    return f"{title}\n({unit})" if unit else title


def _value(name: str, figures: dict[str, tuple[float, str]]) -> float:
    value = figures.get(name, (math.nan, ""))[0]
    return 100 * value if name in _SHARES else value


def _head(value: str | int | None) -> Cell:
    return "all" if value is None else value


def _plain(cell: Cell) -> str:
    if isinstance(cell, float):
        return "" if math.isnan(cell) else repr(cell)
    return str(cell)


def _is_missing(cell: Cell) -> bool:
    return isinstance(cell, float) and math.isnan(cell)


def _sort_key(cell: Cell) -> tuple[bool, Any]:
    """Numbers before texts: the slice "all" comes after those of numbers."""
    return isinstance(cell, str), cell
