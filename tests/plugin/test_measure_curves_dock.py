"""Curves in the "Measure Layers" dock, with a person's clicks: from a file, of a run, and drawn."""

from __future__ import annotations

import numpy as np
import pytest
from curve_layers import of_command
from hands import click, dock, stroke
from measured import CURVES, UNCERTAINTY, H, W, add
from qtpy.QtCore import QCoreApplication, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_layeredcnn.files import Place, write_curves

pytestmark = pytest.mark.usefixtures("no_thread_left")


def measure_dock(viewer):
    _, widget = viewer.window.add_plugin_dock_widget("napari-layeredcnn", "Measure Layers")
    QCoreApplication.processEvents()
    return widget


def choose(qtbot, box, value) -> None:
    """Choose in a box with the arrow keys."""
    steps = box.choices.index(value) - box.choices.index(box.value)
    for _ in range(abs(steps)):
        qtbot.keyClick(box.native, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    assert box.value == value


def measure(qtbot, widget) -> str:
    click(qtbot, widget, "Measure")
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget._message.text()


def test_a_file_of_curves_gives_the_table_of_the_command(viewer, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "a.curves.csv"
    curves = CURVES.copy()
    curves[1:, 2, 30:] = np.nan
    place = Place(scale=(5, 0.5, 0.25), units=("micrometer",) * 3)
    write_curves(path, curves, uncertainty=UNCERTAINTY, slices=(1, 2, 5, 6), place=place)
    labels = add(viewer)
    widget = measure_dock(viewer)
    (layer,) = viewer.open(path, plugin="napari-layeredcnn")
    assert widget._labels.value is labels  # what is chosen stays chosen
    assert not widget._advanced.limit.isEnabled()
    choose(qtbot, widget._labels, layer)
    assert not widget._way.native.isVisible()
    assert widget._slices.native.isVisible()
    click(qtbot, widget, "▸  Advanced")
    assert widget._advanced.leave_out_tick.isVisible()
    assert widget._advanced.leave_out_tick.isEnabled()
    assert not widget._advanced.fractions_tick.isVisible()
    choose(qtbot, widget._slices, "stack")
    assert measure(qtbot, widget) == "Measured 3 regions and 3 boundaries in 4 slices, from curves."
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "dock.csv"), ""))
    click(qtbot, widget, "Save table …")
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    lines = (tmp_path / "dock.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1:] for line in lines] == of_command(path)
    # The plot knows the slices, and follows.
    widget._views.setCurrentIndex(1)
    viewer.dims.set_point(0, 25)
    plot = widget._views.plot
    qtbot.waitUntil(lambda: plot._slice.text() == "slice 5")
    canvas = plot._canvas
    canvas.pointed.emit(20 * 0.25, 4.0, True)
    assert viewer.dims.point[0] == 25
    assert "measured place" in viewer.layers
    choose(qtbot, widget._labels, labels)
    assert widget._way.native.isVisible()
    assert widget._advanced.fractions_tick.isVisible()


def test_curves_of_a_run_are_offered_when_they_are_ticked(viewer, qtbot, fake):
    viewer.add_image(np.zeros((H, W), np.uint8), name="i", scale=(2, 2), units=("um", "um"))
    partial = np.zeros((H, W), np.uint8)
    partial[:, 30] = np.repeat([1, 2, 3], [10, 12, 18])
    viewer.add_labels(partial, name="p", scale=(2, 2), units=("um", "um"))
    segment = dock(viewer)
    widget = measure_dock(viewer)
    click(qtbot, segment, "Segment Layers")
    qtbot.waitUntil(lambda: not segment.running, timeout=10_000)
    result = viewer.layers["p completed"]
    assert "p curves" not in viewer.layers
    segment._paths_tick.setChecked(True)
    qtbot.waitUntil(lambda: "p curves" in viewer.layers, timeout=10_000)
    curves = viewer.layers["p curves"]
    qtbot.waitUntil(lambda: curves in widget._labels.choices, timeout=10_000)
    choose(qtbot, widget._labels, result)
    measure(qtbot, widget)
    of_labels = [row for row in widget._views.result.rows if row.region != "Region 3"]
    choose(qtbot, widget._labels, curves)
    assert widget._advanced.leave_out_tick.isEnabled()
    assert measure(qtbot, widget) == "Measured 2 regions and 2 boundaries, from curves."
    assert repr(list(widget._views.result.rows)) == repr(of_labels)
    viewer.layers.remove(curves)
    assert widget._labels.value is result


def test_paths_drawn_by_hand_are_offered_and_measured(viewer, qtbot):
    viewer.add_image(np.zeros((H, W), np.uint8))
    shapes = viewer.add_shapes(None, ndim=2, name="boundaries")
    widget = measure_dock(viewer)
    assert widget._labels.value is None
    shapes.mode = "add_line"
    for row in (10, 20):
        stroke(qtbot, viewer, (row, 5), (row, 50))
    assert len(shapes.data) == 2
    assert widget._labels.choices == (shapes,)
    assert widget._labels.value is shapes
    assert widget._way.native.isVisible()
    assert measure(qtbot, widget) == "Measured 2 regions and 2 boundaries, from curves."
    (found,) = [row.value for row in widget._views.result.rows if row.measure == "thickness mean"]
    assert abs(found - 10) < 1
    rectangles = viewer.add_shapes([[(2, 3), (2, 9), (8, 9), (8, 3)]], name="r")
    assert rectangles not in widget._labels.choices
    shapes.selected_data = {0, 1}
    viewer.layers.selection = {shapes}
    QTest.keyClick(viewer.window._qt_viewer.canvas.native, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: widget._labels.value is None)
