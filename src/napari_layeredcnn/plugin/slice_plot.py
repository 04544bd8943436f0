"""The plot in the dock of how sure each slice of a stack is; a click goes to the slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtGui import QColor, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QLabel, QToolTip, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from qtpy.QtGui import QHelpEvent, QMouseEvent, QPaintEvent

    from napari_layeredcnn.plugin.slice_figures import SliceFigures

#: As the uncertainty overlay; seen on napari's dark theme and on its light one.
_BAR, _JUMP, _PAINTED = QColor(235, 140, 20), QColor(225, 45, 60), QColor(60, 165, 235)
#: The highest bar stands for this at least, px: a sure stack has low bars.
_HIGHEST = 1.0
_PLOT_HEIGHT, _EDGE, _MARK = 84, 5, 4
_TIP = (
    "How unsure the boundaries of each slice are, on average. Click to go to a slice.\n"
    "Blue: slices that you have painted in, from which the others follow.\n"
    "Red: a boundary jumps from one slice to the next. Where it went wrong, paint a strip in the\n"
    "partial labels there and press Segment Layers again."
)


class SlicePlot(QWidget):
    """A bar for every slice, and what it means; hidden until there is something to show."""

    chosen = Signal(int)
    """The slice that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip(_TIP)
        self.bars = _Bars(self)
        self._title = QLabel()
        self._legend = QLabel()
        self._legend.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for widget in (self._title, self.bars, self._legend):
            layout.addWidget(widget)
        self.hide()

    def show_figures(self, figures: SliceFigures | None) -> None:
        """Show other figures; nothing at all without any."""
        self.bars.figures = figures
        self.setVisible(figures is not None)
        if figures is None:
            return
        self._title.setText("Uncertainty of each slice")
        jumps = len(figures.jumps)
        words = f"{_square(_PAINTED)} painted"
        if jumps:
            times = "jump" if jumps == 1 else "jumps"
            words += f" &nbsp; {_square(_JUMP)} {jumps} {times} of over {figures.limit:.1f} px"
        self._legend.setText(words)
        self.bars.update()

    def mark(self, shown: int | None) -> None:
        """Mark the slice that the viewer shows."""
        if self.bars.shown != shown:
            self.bars.shown = shown
            self.bars.update()


class _Bars(QWidget):
    """The plot itself."""

    def __init__(self, plot: SlicePlot) -> None:
        super().__init__(plot)
        self.figures: SliceFigures | None = None
        self.shown: int | None = None
        self._plot = plot
        self.setFixedHeight(_PLOT_HEIGHT)
        self.setMinimumWidth(120)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def slice_at(self, x: float) -> int:
        """Return the slice at a place from left to right."""
        assert self.figures is not None
        n = len(self.figures.uncertainty)
        share = (x - _EDGE) / max(self.width() - 2 * _EDGE, 1)
        return int(np.clip(int(share * n), 0, n - 1))

    def place_of(self, index: float) -> float:
        """Return where the middle of a slice's bar is, from left to right."""
        assert self.figures is not None
        return _EDGE + (index + 0.5) * self._step

    @property
    def _step(self) -> float:
        assert self.figures is not None
        return (self.width() - 2 * _EDGE) / len(self.figures.uncertainty)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Go to the slice that is clicked."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802
        """Go from slice to slice while the button is held."""
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event)

    def event(self, event: QEvent | None) -> bool:
        """Say in a tool tip what the slice under the pointer is like."""
        if event is not None and event.type() == QEvent.Type.ToolTip and self.figures is not None:
            help_: QHelpEvent = event  # type: ignore[assignment]
            text = self.describe(self.slice_at(help_.pos().x()))
            QToolTip.showText(help_.globalPos(), f"{text}\n\n{_TIP}", self)
            return True
        return bool(super().event(event))

    def describe(self, index: int) -> str:
        """Say what a slice is like."""
        assert self.figures is not None
        unsure = self.figures.uncertainty[index]
        text = f"Slice {index}: "
        text += "not done" if np.isnan(unsure) else f"unsure by {unsure:.2f} px on average"
        text += ", painted" if index in self.figures.labelled else ""
        jump = self.figures.jumps.get(index)
        return text + ("." if jump is None else f"; a boundary jumps by {jump:.1f} px to the next.")

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Draw the bars and what is marked."""
        if self.figures is None:
            return
        with_text = self.fontMetrics().height()
        top, bottom = float(with_text + 2), float(self.height() - with_text - _MARK - 2)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().color(self.foregroundRole())
        unsure = self.figures.uncertainty
        highest = max(_HIGHEST, float(np.nanmax(unsure, initial=0)))
        self._draw_shown(painter, text, top, bottom)
        gap = 1.0 if self._step > 4 else 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        for i, value in enumerate(unsure):
            if np.isfinite(value):
                height = max(1.0, value / highest * (bottom - top))
                left = self.place_of(i) - self._step / 2
                painter.setBrush(_PAINTED if i in self.figures.labelled else _BAR)
                painter.drawRect(
                    QRectF(left + gap / 2, bottom - height, max(self._step - gap, 1.0), height)
                )
        self._draw_marks(painter, top, bottom)
        painter.setPen(text)
        painter.drawLine(QPointF(_EDGE, bottom), QPointF(self.width() - _EDGE, bottom))
        row = QRectF(_EDGE, 0, self.width() - 2 * _EDGE, with_text)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, f"{highest:.1f} px")
        row.moveTop(self.height() - with_text)
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(row, Qt.AlignmentFlag.AlignRight, str(len(unsure) - 1))
        if self.shown is not None:
            painter.drawText(row, Qt.AlignmentFlag.AlignHCenter, f"slice {self.shown}")

    def _draw_shown(self, painter: QPainter, color: QColor, top: float, bottom: float) -> None:
        """Light up the place of the slice that the viewer shows, behind its bar."""
        if self.shown is None:
            return
        light = QColor(color)
        light.setAlpha(90)
        wide = max(self._step, 3.0)
        painter.fillRect(
            QRectF(self.place_of(self.shown) - wide / 2, top, wide, bottom - top), light
        )

    def _draw_marks(self, painter: QPainter, top: float, bottom: float) -> None:
        """Draw a red line where two slices disagree, and a triangle below painted ones."""
        assert self.figures is not None
        painter.setBrush(_PAINTED)
        for i in self.figures.labelled:
            x = self.place_of(i)
            below = (QPointF(x - _MARK, bottom + _MARK + 1), QPointF(x + _MARK, bottom + _MARK + 1))
            painter.drawPolygon(QPolygonF([QPointF(x, bottom + 1), *below]))
        painter.setPen(QPen(_JUMP, 2))
        for i in self.figures.jumps:
            x = self.place_of(i + 0.5)
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _choose(self, event: QMouseEvent) -> None:
        if self.figures is not None:
            self._plot.chosen.emit(self.slice_at(event.position().x()))


def _square(color: QColor) -> str:
    return f'<span style="color: {color.name()}">■</span>'
