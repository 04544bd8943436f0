"""The keys for the next and the previous region, pressed over the canvas."""

from __future__ import annotations

import numpy as np
import pytest
from hands import click, dock, press, segment, stroke
from qtpy.QtCore import Qt

from napari_layeredcnn.plugin.region_keys import region_after

pytestmark = pytest.mark.usefixtures("no_thread_left")
NEXT, PREVIOUS = Qt.Key.Key_Period, Qt.Key.Key_Comma


def test_a_seed_painted_with_the_brush_and_the_key(viewer, qtbot, fake):
    """The whole first use: new labels, a stroke, the key, a stroke, segment."""
    image = np.zeros((3, 60, 90), np.uint8)
    viewer.add_image(image, name="leaf")
    viewer.dims.set_current_step(0, 1)
    widget = dock(viewer)
    click(qtbot, widget, "New partial labels")
    qtbot.wait(50)
    labels = viewer.layers["leaf partial labels"]
    for label, row in enumerate((8, 28, 48), start=1):
        assert labels.selected_label == label
        stroke(qtbot, viewer, (row, 30), (row, 36))
        press(qtbot, viewer, NEXT)
    assert labels.selected_label == 4
    press(qtbot, viewer, PREVIOUS)
    assert labels.selected_label == 3
    assert segment(qtbot, widget).startswith("Completed 2 boundaries in slice 1 from ")
    result = viewer.layers["leaf partial labels completed"]
    assert set(np.unique(result.data[1])) == {1, 2, 3}
    viewer.layers.selection = {result}
    result.selected_label = 1
    press(qtbot, viewer, NEXT)
    assert result.selected_label == 2


def test_keys_go_with_the_chosen_labels(viewer, qtbot):
    viewer.add_image(np.zeros((8, 8)))
    widget = dock(viewer)
    first = viewer.add_labels(np.eye(8, dtype=int))
    second = viewer.add_labels(np.eye(8, dtype=int) * 4)
    widget._labels.value = second
    for layer, expected in ((second, 5), (first, 2)):
        viewer.layers.selection = {layer}
        layer.selected_label = int(layer.data.max())
        press(qtbot, viewer, NEXT)
        assert layer.selected_label == expected


def test_regions_beside_each_other_go_from_left_to_right():
    labels = np.zeros((9, 30), int)
    labels[4, [3, 12, 20]] = 7, 2, 5
    assert region_after(7, labels, 1) == 2
    assert region_after(2, labels, 1) == 5
    assert region_after(2, labels, -1) == 7


def test_a_label_that_is_not_painted_yet_is_the_lowest():
    labels = np.array([[1], [2]])
    assert region_after(3, labels, 1) == 3
    assert region_after(3, labels, -1) == 2
    assert region_after(1, np.zeros((4, 4), int), 1) == 1


def test_in_3d_the_brush_stays(viewer, qtbot):
    viewer.add_image(np.zeros((4, 8, 8)))
    labels = viewer.add_labels(np.ones((4, 8, 8), int))
    dock(viewer)
    viewer.dims.ndisplay = 3
    labels.selected_label = 1
    press(qtbot, viewer, NEXT)
    assert labels.selected_label == 1
    assert "switch to 2D" in viewer.status
