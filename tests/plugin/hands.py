"""A person's hands for the tests: open the dock, press buttons, paint on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton

if TYPE_CHECKING:
    from napari_layeredcnn.plugin.segment_widget import SegmentWidget


def dock(viewer) -> SegmentWidget:
    """Open the dock as the Plugins menu does."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-layeredcnn", "Segment Layers")
    return widget


def button(widget, text: str) -> QPushButton:
    (found,) = [b for b in widget.findChildren(QPushButton) if b.text() == text]
    return found


def click(qtbot, widget, text: str) -> None:
    qtbot.mouseClick(button(widget, text), Qt.MouseButton.LeftButton)


def segment(qtbot, widget, text: str = "Segment Layers") -> str:
    """Press the button, wait for the end, return the message."""
    click(qtbot, widget, text)
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget._message.text()


def wait_for_columns(qtbot, fake, count: int = 1) -> None:
    qtbot.waitUntil(lambda: fake.columns >= count, timeout=10_000)


def pixel(viewer, y: float, x: float) -> QPoint:
    """World coordinates of the shown slice to a point of the canvas."""
    canvas = viewer.window._qt_viewer.canvas
    point = canvas.view.scene.transform.map([x, y, 0, 1])
    return QPoint(round(point[0] / point[3]), round(point[1] / point[3]))


def stroke(qtbot, viewer, start: tuple[float, float], stop: tuple[float, float]) -> None:
    """Drag with the left button in a straight line between two (row, column), in the world."""
    canvas = viewer.window._qt_viewer.canvas.native
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    (y0, x0), (y1, x1) = start, stop
    points = [
        pixel(viewer, y0 + (y1 - y0) * t, x0 + (x1 - x0) * t) for t in (0, 0.25, 0.5, 0.75, 1)
    ]
    QTest.mouseMove(canvas, points[0])
    qtbot.wait(10)
    QTest.mousePress(canvas, left, none, points[0])
    for point in points[1:]:
        qtbot.wait(10)
        QTest.mouseMove(canvas, point)
    qtbot.wait(10)
    QTest.mouseRelease(canvas, left, none, points[-1])
    qtbot.wait(10)


def press(qtbot, viewer, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key over the canvas."""
    QTest.keyClick(viewer.window._qt_viewer.canvas.native, key, modifier)
    qtbot.wait(10)
