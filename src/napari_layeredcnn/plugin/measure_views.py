"""What was measured, in the dock: the table, the plot, and the maps and surfaces to be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QSizePolicy,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_layeredcnn.plugin.fields import (
    Fields,
    button,
    keep_narrow,
    prepare_box,
    side_by_side,
    widen_list,
)
from napari_layeredcnn.plugin.measure_layers import maps_of
from napari_layeredcnn.plugin.measure_plot import MeasurePlot
from napari_layeredcnn.plugin.measure_table import ALL, EVERY, FiguresModel, arrange, slice_numbers

if TYPE_CHECKING:
    from typing import Any

    from napari.components import ViewerModel
    from qtpy.QtGui import QResizeEvent

    from napari_layeredcnn.plugin.measure_table import Kind
    from napari_layeredcnn.plugin.measure_worker import MeasureResult

_KINDS: list[tuple[str, Kind]] = [
    ("Regions", "regions"),
    ("Boundaries", "boundaries"),
    ("Differences", "differences"),
]
#: Rows of the table that are seen at least; a dock is not high.
_ROWS_LEAST = 4
#: The share of the dock's width that names take at most.
_NAMES_MOST = 0.4
#: Around a number, and for the sign that tells by which column the table is sorted, px.
_AROUND = 22
#: Names are wrapped in a table of so many rows at most; in a longer one they are cut off.
_WRAPPED_MOST = 300
_NO_MAPS = (
    "Maps and surfaces are of stacks whose slices are a known distance apart: choose All slices, "
    "and press Measure."
)


class MeasureViews(QTabWidget):
    """Table, plot and maps of what was measured; hidden until there is something.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer that the plot follows.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.result: MeasureResult | None = None
        self.plot = MeasurePlot(viewer)
        self.model = FiguresModel(self)
        self._numbers: list[int] = []
        self._maps: list[tuple[str, Any]] = []
        self._build_table()
        self._build_maps()
        plot = _page(self.plot)
        self.addTab(self._table_page(), "Table")
        self.addTab(plot, "Plot")
        self.addTab(self._maps_page(), "Maps")
        for i, tip in enumerate(
            (
                "The numbers, to be sorted and saved.",
                "Thickness along the layers.",
                "Thickness and height of a stack as images, seen from above, and surfaces in 3D.",
            )
        ):
            self.setTabToolTip(i, tip)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.hide()

    def show_result(self, result: MeasureResult) -> None:
        """Show what was measured."""
        self.result = result
        self._maps = maps_of(result.segmentation)
        self._numbers = slice_numbers(result.rows)
        self._offer()
        self.plot.show(result.profiles)
        for part in (self.map_box.native, self.map_button, self.export_button, self.surface_button):
            part.setEnabled(bool(self._maps))
        self._map_note.setVisible(not self._maps)
        self.show_table()
        self.show()

    def show_table(self) -> None:
        """Show the rows that are chosen, in their own order."""
        if self.result is None:
            return
        kind = self.kind_box.value
        rows = self.result.compared if kind == "differences" else self.result.rows
        self.model.show(arrange(rows, kind, self.slice_box.value))
        header = self.table.horizontalHeader()
        assert header is not None
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._fit_columns()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Leave the names their share of the room."""
        super().resizeEvent(event)
        self._fit_columns()

    # ---------------------------------------------------------------- parts

    def _fit_columns(self) -> None:
        """Let numbers have the room that they need and no more, and long names be wrapped."""
        table, model = self.table, self.model
        room = table.fontMetrics()
        rows = min(model.rowCount(), _WRAPPED_MOST)
        for column in range(model.columnCount()):
            texts = str(model.headerData(column, Qt.Orientation.Horizontal)).split("\n")
            texts += [model.index(row, column).data() for row in range(rows)]
            width = max(room.horizontalAdvance(text) for text in texts) + _AROUND
            table.setColumnWidth(
                column, width if column else min(width, int(_NAMES_MOST * self.width()))
            )
        if rows == model.rowCount():
            table.resizeRowsToContents()

    def _build_table(self) -> None:
        self.kind_box = ComboBox(
            choices=self._kinds,
            tooltip="Regions: thickness, area or volume. Boundaries: height, roughness, slope.\n"
            "Differences: how far the other labels are from these; theirs minus these.",
        )
        self.slice_box = ComboBox(
            choices=self._slices,
            tooltip="All slices together, each of them, or one.",
        )
        for box in (self.kind_box, self.slice_box):
            prepare_box(box.native)
            keep_narrow(box.native)
            box.changed.connect(self.show_table)
        self.table = table = QTableView()
        table.setModel(self.model)
        table.setSortingEnabled(True)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        beside = table.verticalHeader()
        assert beside is not None
        beside.hide()
        table.setToolTip("Click a title to sort. Numbers have four digits here, all in the file.")
        row = table.fontMetrics().height()
        table.setMinimumHeight((2 + _ROWS_LEAST) * 2 * row)
        self.save_button = button(
            "Save table …",
            "Save all numbers, of all slices, to a .csv or .xlsx file: one line to a number, with\n"
            "every digit, as the command layeredcnn measure does.",
        )
        self.copy_button = button(
            "Copy table", "Copy the table that is shown to the clipboard, for a spreadsheet."
        )

    def _build_maps(self) -> None:
        self.map_box = ComboBox(choices=self._map_entries, tooltip="What the map shows.")
        prepare_box(self.map_box.native)
        keep_narrow(self.map_box.native)
        self.map_button = button(
            "Add map",
            "Add the map as an image with a color bar: slices by columns, below the slices.",
        )
        self.export_button = button(
            "Export map …",
            "Save the map as a picture with axes and a color bar (.png), or its numbers (.tif).",
        )
        self.surface_button = button(
            "Add colored surfaces",
            "Add the upper boundary of every region as a surface in the colors of the region's\n"
            "thickness, to be seen in 3D.",
        )
        self._map_note = QLabel(_NO_MAPS)
        self._map_note.setWordWrap(True)

    def _table_page(self) -> QWidget:
        return _page(
            side_by_side(self.kind_box.native, self.slice_box.native),
            self.table,
            side_by_side(self.save_button, self.copy_button),
        )

    def _maps_page(self) -> QWidget:
        fields = Fields()
        fields.add("Map of", self.map_box.native)
        page = _page(
            fields,
            side_by_side(self.map_button, self.export_button),
            self.surface_button,
            self._map_note,
        )
        frame = page.layout()
        assert isinstance(frame, QVBoxLayout)
        frame.addStretch()
        return page

    # ---------------------------------------------------------------- choices

    def _offer(self) -> None:
        """Offer what there is now; what is chosen stays chosen if it can."""
        for box in (self.kind_box, self.slice_box, self.map_box):
            before = box.value
            with box.changed.blocked():
                box.reset_choices()
                if before in box.choices:
                    box.value = before
            widen_list(box.native)
        self.slice_box.native.setVisible(len(self.slice_box.choices) > 1)

    def _kinds(self, _box: Any = None) -> list[tuple[str, Kind]]:
        compared = self.result is not None and bool(self.result.compared)
        return _KINDS if compared else _KINDS[:2]

    def _slices(self, _box: Any = None) -> list[tuple[str, str | int]]:
        if self.result is None or not self._numbers:
            return [("All slices", ALL)]
        single: list[tuple[str, str | int]] = [(f"Slice {n}", n) for n in self._numbers]
        if not self.result.segmentation.is_stack:
            return single
        return [("All slices", ALL), ("Every slice", EVERY), *single]

    def _map_entries(self, _box: Any = None) -> list[tuple[str, Any]]:
        return list(self._maps) or [("none", None)]


def _page(*widgets: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(4, 6, 4, 4)
    for widget in widgets:
        layout.addWidget(widget)
    return page
