"""The parts that the dock is put together from: rows that can be hidden, boxes, ticks, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from qtpy.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

#: A box asks for room for this many letters at least; enough to tell layers apart.
_LETTERS = 8


class Fields(QWidget):
    """Rows of a name and a box; a row can be hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[QWidget] = []
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)

    def add(self, name: str, field: QWidget, tip: str = "") -> None:
        """Add a row below the others; its name has the field's tip, or its own."""
        label = QLabel(name)
        label.setToolTip(tip or field.toolTip())
        self._names.append(label)
        self._rows.addRow(label, field)

    def add_wide(self, field: QWidget) -> None:
        """Add a row that has no name."""
        self._rows.addRow(field)

    def show_row(self, field: QWidget, shown: bool) -> None:
        """Show or hide a row."""
        field.setVisible(shown)
        name = self._rows.labelForField(field)
        if name is not None:
            name.setVisible(shown)

    def names(self) -> list[QWidget]:
        """Return the names of the rows."""
        return list(self._names)


def line_up(*fields: Fields) -> None:
    """Make the columns of names equally wide."""
    names = [name for each in fields for name in each.names()]
    width = max(name.sizeHint().width() for name in names)
    for name in names:
        name.setMinimumWidth(width)


class LayerBox(ComboBox):
    """A box of viewer layers: what is chosen stays chosen for as long as it is there.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
        The viewer whose layers are offered.
    kinds : tuple of type
        The kinds of layers.
    nothing : str
        The name of no layer.
    choose : callable
        Takes the layers and returns the one to begin with, or None.
    optional : bool
        Whether no layer can be chosen; else it is offered only while there is none.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        kinds: tuple[type[Layer], ...],
        tip: str,
        *,
        nothing: str,
        choose: Callable[[list[Layer]], Layer | None],
        optional: bool = False,
    ) -> None:
        self._viewer = viewer
        self._kinds = kinds
        self._nothing = nothing
        self._choose = choose
        self._optional = optional
        self._chosen: Layer | None = None
        super().__init__(choices=self._entries, tooltip=tip)
        prepare_box(self.native)
        keep_narrow(self.native)

    def reset_choices(self, *_: Any) -> None:
        """Offer the layers that are there now. `changed` is told only if the choice has."""
        before = self.value
        layers = self._layers()
        self._chosen = before if before in layers else self._choose(layers)
        with self.changed.blocked():
            with QSignalBlocker(self.native):
                self.native.clear()  # magicgui goes by names: a renamed layer would be lost
            super().reset_choices()
            self.value = self._chosen
        widen_list(self.native)
        if self._chosen is not before:
            self.changed.emit(self._chosen)

    def _entries(self, _box: Any) -> list[tuple[str, Layer | None]]:
        entries: list[tuple[str, Layer | None]] = [(layer.name, layer) for layer in self._layers()]
        if self._optional or self._chosen is None:
            entries.insert(0, (self._nothing, None))
        return entries

    def _layers(self) -> list[Layer]:
        return [layer for layer in self._viewer.layers if isinstance(layer, self._kinds)]


class Scrolled(QScrollArea):
    """Scrolls its content up and down if it is too high, and never cuts it off at the side."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self._bar = QScrollBar(Qt.Orientation.Vertical)
        self.setVerticalScrollBar(self._bar)
        self.setStyleSheet("QScrollArea { border: none; }")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(content)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as the content."""
        hint = self._content.sizeHint()
        width = max(hint.width(), self.minimumSizeHint().width())
        return QSize(width, hint.height() + 2 * self._frame)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As wide as the content and the bar, and a few rows high."""
        least = self._content.minimumSizeHint()
        bar = self._bar.sizeHint().width()
        rows = min(least.height(), 6 * self.fontMetrics().height())
        return QSize(least.width() + bar + 2 * self._frame, rows)

    @property
    def _frame(self) -> int:
        """What napari's style leaves around the content."""
        return max(self.frameWidth(), 1)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Ask for other room when the content does."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


class _WheelGuard(QObject):
    """Lets the wheel scroll the dock and not change a box that it happens to pass."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if (
            event is not None
            and event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return False


def prepare_box(box: QWidget) -> None:
    """Keep the wheel from changing a box or spin box that it happens to pass."""
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.installEventFilter(_WheelGuard(box))


def keep_narrow(box: QComboBox) -> None:
    """Let a box of long names not widen the dock; its list shows them in full."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(_LETTERS)


def widen_list(box: QComboBox) -> None:
    """Let the list of a narrow box be as wide as what is in it now."""
    entries = box.view()
    if entries is not None:
        entries.setMinimumWidth(entries.sizeHintForColumn(0) + 2 * entries.frameWidth())


def choice_box(entries: Sequence[tuple[str, Any]], tip: str) -> ComboBox:
    """Return a box of (text, value) to choose from."""
    box = ComboBox(choices=list(entries), tooltip=tip)
    box.native.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    prepare_box(box.native)
    return box


def tick(text: str, tip: str) -> QCheckBox:
    """Return a tick box."""
    box = QCheckBox(text)
    box.setToolTip(tip)
    return box


def button(text: str, tip: str) -> QPushButton:
    """Return a button."""
    pressed = QPushButton(text)
    pressed.setToolTip(tip)
    return pressed


def side_by_side(first: QWidget, *others: QWidget) -> QWidget:
    """Return the widgets in a row, all as wide as they can be."""
    return _together(QHBoxLayout(), first, *others)


def one_below_the_other(first: QWidget, *others: QWidget) -> QWidget:
    """Return the widgets in a column."""
    return _together(QVBoxLayout(), first, *others)


def _together(layout: QHBoxLayout | QVBoxLayout, *widgets: QWidget) -> QWidget:
    both = QWidget()
    both.setToolTip(widgets[0].toolTip())
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    both.setLayout(layout)
    return both
