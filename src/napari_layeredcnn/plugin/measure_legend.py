"""The legend of a plot: a tick box for every region, in as many rows as they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QCheckBox, QScrollArea, QWidget
from superqt import QFlowLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent, QShowEvent

_ICON, _LONGEST_NAME, _SPACING, _HIGHEST = 10, 22, 8, 112


class RegionLegend(QScrollArea):
    """Ticks for regions, with their colors; "All" for many. Scrolls when there are very many."""

    changed = Signal()
    """Other regions are ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._boxes: list[QCheckBox] = []
        self._names: tuple[str, ...] = ()
        self.offer(())

    @property
    def chosen(self) -> tuple[int, ...]:
        """Which regions are ticked."""
        return tuple(r for r, box in enumerate(self._boxes) if box.isChecked())

    def offer(self, names: Sequence[str]) -> None:
        """Offer other regions; all are ticked, unless they are called as those before."""
        same = tuple(names) == self._names
        ticked = [box.isChecked() for box in self._boxes] if same else [True] * len(names)
        inner = QWidget()
        self._flow = QFlowLayout(inner)
        self._flow.setContentsMargins(2, 0, 2, 2)
        self._flow.setHorizontalSpacing(_SPACING)
        self._flow.setVerticalSpacing(2)
        self._boxes, self._names = [], tuple(names)
        self._all = QCheckBox("All", inner)
        self._all.clicked.connect(self._on_all)
        if len(names) > 2:
            self._flow.addWidget(self._all)
        else:
            self._all.hide()
        for name, on in zip(names, ticked, strict=True):
            box = QCheckBox(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")
            box.setToolTip(name)
            box.setIconSize(QSize(_ICON, _ICON))
            box.setChecked(on)
            box.toggled.connect(self._on_toggled)
            self._boxes.append(box)
            self._flow.addWidget(box)
        self._all.setChecked(all(ticked))
        self.setWidget(inner)  # deletes the one before
        inner.show()
        self.setVisible(len(names) > 0)
        self._fit()

    def paint_in(self, colors: Sequence[tuple[float, float, float]]) -> None:
        """Give the regions these colors, each (r, g, b) from 0 to 1."""
        for box, color in zip(self._boxes, colors, strict=True):
            box.setIcon(_square(color))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Be as high as the rows need."""
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Be as high as the rows need in the window's style."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        for box in (self._all, *self._boxes):
            box.ensurePolished()
        self._flow.invalidate()
        frame = 2 * self.frameWidth()  # napari's style has one
        height = max(self._flow.heightForWidth(self.width() - frame), 1) + frame
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOff if height <= _HIGHEST else policy.ScrollBarAlwaysOn
        )
        self.setFixedHeight(min(height, _HIGHEST))

    def _on_all(self, on: bool) -> None:
        for box in self._boxes:
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.changed.emit()

    def _on_toggled(self) -> None:
        self._all.setChecked(len(self.chosen) == len(self._boxes))
        self.changed.emit()


def _square(color: tuple[float, float, float]) -> QIcon:
    pixmap = QPixmap(_ICON, _ICON)
    pixmap.fill(QColor.fromRgbF(*color))
    return QIcon(pixmap)
