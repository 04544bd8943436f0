"""The "Find Layers" dock in a real viewer, with a person's clicks."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np
import pytest
from finds import IMAGE, NOTHING, STACK, THREE, FakeSearch, H, W, candidates
from hands import button, click, dock
from qtpy.QtCore import QCoreApplication, QEvent, QPoint, Qt
from superqt.utils import WorkerBase

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.find_segment import segment

if TYPE_CHECKING:
    from napari_layeredcnn.plugin.find_widget import FindWidget

pytestmark = pytest.mark.usefixtures("no_thread_left")


@pytest.fixture
def searches(monkeypatch):
    """The stand-in, in the place of both searches of the library; its gate is open."""
    from napari_layeredcnn.core import autoinit, autoinit_stack

    stand_in = FakeSearch()
    stand_in.gate.set()
    monkeypatch.setattr(autoinit, "iter_find_layers", stand_in)
    monkeypatch.setattr(autoinit_stack, "iter_find_layers_in_stack", stand_in)
    yield stand_in
    stand_in.gate.set()


def find_dock(viewer) -> FindWidget:
    """Open the dock as the manifest says."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-layeredcnn", "Find Layers")
    QCoreApplication.processEvents()
    return widget


def press(qtbot, widget, text: str = "Find Layers") -> str:
    click(qtbot, widget, text)
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget._message.text()


def press_and_hold(qtbot, widget, searches) -> None:
    """Start a search that waits before its fourth step."""
    searches.hold_at = 3
    searches.gate.clear()
    click(qtbot, widget, "Find Layers")
    qtbot.waitUntil(lambda: widget._bar.value() == 3, timeout=60_000)


def tick(qtbot, widget, number: int) -> None:
    """Click into the tick box of a candidate."""
    place = widget._list.visualItemRect(widget._list.item(number))
    point = QPoint(place.left() + 10, place.center().y())
    qtbot.mouseClick(widget._list.viewport(), Qt.MouseButton.LeftButton, pos=point)


def test_found_ticked_and_used(viewer, qtbot, searches):
    image = viewer.add_image(IMAGE, name="i", scale=(2, 1))
    widget = find_dock(viewer)
    assert not widget._list.isVisible()
    assert press(qtbot, widget).startswith("Found 2 boundaries among 3 candidates. Tick")
    assert [widget._list.item(i).text() for i in range(3)] == [
        "1: cost 0.10, 7 starts",
        "2: cost 0.20, 7 starts",
        "3: cost 0.90, 7 starts",
    ]
    assert widget.accepted() == [0, 1]
    layer = viewer.layers["i candidates"]
    np.testing.assert_allclose(layer.data[0][:2], [[19.5, 0], [19.52, 1]], atol=1e-4)
    np.testing.assert_array_equal(layer.scale, image.scale)

    tick(qtbot, widget, 1)
    tick(qtbot, widget, 2)
    assert widget.accepted() == [0, 2]
    assert layer.edge_color[:, 3].tolist() == pytest.approx([1, 0.4, 1])
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(widget._list, key)
    assert widget.accepted() == [1, 2]  # by the keyboard, too
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Space):
        qtbot.keyClick(widget._list, key)
    assert widget.accepted() == [0, 2]

    for text in ("Find Layers", "Find and segment", "Cancel", "Use as partial labels"):
        shown = button(widget, text)
        assert shown.width() >= shown.sizeHint().width()  # nothing cut off
    click(qtbot, widget, "Use as partial labels")
    labels = viewer.layers["i partial labels"]
    assert widget._message.text() == (
        'Written into "i partial labels". Now press Segment Layers in its dock.'
    )
    assert np.unique(labels.data[:, 40]).tolist() == [1, 2, 3]
    assert np.count_nonzero(labels.data[:, 40] == 2) == 10  # from 20.8 to 30.8
    assert dock(viewer)._labels.value is labels  # the other dock takes it by itself


def test_used_in_a_layer_that_is_there_and_chosen_in_the_open_dock(viewer, qtbot, searches, fake):
    viewer.add_image(IMAGE, name="i")
    other = viewer.add_labels(np.zeros((H, W), np.uint8), name="other")
    mine = viewer.add_labels(np.zeros((H, W), np.uint8), name="mine")
    mine.data[10, 3] = 1
    segment_dock = dock(viewer)
    segment_dock._labels.value = other
    widget = find_dock(viewer)
    press(qtbot, widget)
    widget._into.value = mine
    click(qtbot, widget, "Use as partial labels")
    assert np.flatnonzero(mine.data.any(axis=0)).tolist() == [3, 40]
    assert segment_dock._labels.value is mine

    # While that dock is at work it is left alone.
    fake.gate.clear()
    click(qtbot, segment_dock, "Segment Layers")
    widget._into.value = None
    click(qtbot, widget, "Use as partial labels")
    new = viewer.layers["i partial labels"]
    image, request = widget._searched
    assert "is at work" in segment(viewer, image, new, request)
    assert segment_dock._labels.value is mine
    fake.gate.set()
    qtbot.waitUntil(lambda: not segment_dock.running, timeout=10_000)
    assert len(fake.calls) == 1

    for i in (0, 1):
        tick(qtbot, widget, i)
    click(qtbot, widget, "Use as partial labels")
    assert widget._message.text().startswith("No candidate is ticked")


def test_find_and_segment(viewer, qtbot, searches, fake):
    viewer.add_image(IMAGE, name="i")
    painted = viewer.add_labels(np.zeros((H, W), np.uint8), name="painted")
    segment_dock = dock(viewer)
    segment_dock.set_choices(Choices(strokes="boundaries", direction="vertical"))
    message = press(qtbot, find_dock(viewer), "Find and segment")
    assert message == "Found 2 boundaries among 3 candidates. Segment Layers goes on."
    assert segment_dock.isVisible()
    qtbot.waitUntil(lambda: not segment_dock.running, timeout=10_000)
    (call,) = fake.calls
    assert call["direction"] == "horizontal"
    assert call["seed"].columns.tolist() == [40]
    np.testing.assert_allclose(call["seed"].curves[:, 40], [21, 41])
    result = viewer.layers["i partial labels completed"]
    assert np.unique(result.data).tolist() == [1, 2, 3]
    assert not painted.data.any()


def test_find_and_segment_a_stack_where_the_dock_is_not_open(viewer, qtbot, searches, monkeypatch):
    from stacks import FakeStack

    from napari_layeredcnn.core import stack

    stacks = FakeStack()
    monkeypatch.setattr(stack, "iter_complete_stack", stacks)
    image = viewer.add_image(STACK, name="s")
    viewer.dims.set_current_step(0, 2)
    searches.found = {1: THREE, 3: THREE}
    widget = find_dock(viewer)
    widget._slices.value = "every"
    widget._every.setValue(2)
    assert press(qtbot, widget, "Find and segment") == (
        "Found 2 boundaries in 2 slices (1, 3) among 3 candidates. Segment Layers goes on."
    )
    assert searches.calls[0]["every"] == 2
    assert viewer.dims.current_step[0] == 1  # the clearest one is shown
    segment_dock = viewer.window.dock_widgets["Segment Layers (LayeredCNN)"]
    assert segment_dock._image.value is image
    qtbot.waitUntil(lambda: not segment_dock.running, timeout=10_000)
    assert sorted(stacks.calls[0]["seeds"]) == [1, 3]
    assert stacks.done == [0, 1, 2, 3, 4]
    assert viewer.layers["s partial labels completed"].data.all()


def test_no_image_no_layers_and_other_choices(viewer, qtbot, searches):
    widget = find_dock(viewer)
    assert press(qtbot, widget) == "There is no image layer: open an image first."
    viewer.add_image(IMAGE, name="i")
    searches.found = NOTHING
    message = press(qtbot, widget, "Find and segment")
    assert message.startswith("No layers found: the surest candidate costs 2.00.")
    assert widget.accepted() == []
    assert [layer.name for layer in viewer.layers] == ["i", "i candidates"]
    assert (viewer.layers[-1].edge_color[:, 3] < 1).all()
    assert list(viewer.window.dock_widgets) == ["Find Layers (napari-layeredcnn)"]
    searches.found = candidates(chosen=(), notes=("no layers found: the image is constant",))
    assert press(qtbot, widget) == "No layers found: the image is constant."
    assert len(viewer.layers[-1].data) == 0
    assert not widget._list.isVisible()

    # Rows follow the image, and choices reach the search.
    assert not widget._slices.native.isVisible()
    stack = viewer.add_image(STACK, name="stack")
    widget._image.value = stack
    assert widget._slices.native.isVisible()
    assert not widget._every.isVisible()
    widget._slices.value = "every"
    assert widget._every.isVisible()
    widget._image.value = viewer.layers["i"]
    assert widget.choices().slices == "shown"
    widget._way.value = "vertical"
    widget._number_box.setValue(4)
    widget._advanced.automatic_tick.setChecked(False)
    widget._advanced.thickness.setValue(12.5)
    widget._advanced.device.value = "cpu"
    press(qtbot, widget)
    call = searches.calls[-1]
    assert (call["k"], call["direction"]) == (4, "vertical")
    assert (call["region_thickness"], call["device"]) == (12.5, "cpu")
    viewer.dims.ndisplay = 3
    assert press(qtbot, widget).startswith("The viewer shows 3D")


def test_progress_cancel_and_an_image_that_is_deleted(viewer, qtbot, searches):
    viewer.add_image(IMAGE, name="i")
    widget = find_dock(viewer)
    press_and_hold(qtbot, widget, searches)
    assert widget._message.text() == "Looking for layers: 30 %"
    assert widget._bar.maximum() == 10
    assert not button(widget, "Find Layers").isEnabled()
    click(qtbot, widget, "Cancel")
    searches.gate.set()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert widget._message.text() == "Canceled; nothing was changed."
    assert searches.closed == 1
    assert len(viewer.layers) == 1
    assert not widget._bar.isVisible()

    searches.error = RuntimeError("out of memory")
    assert press(qtbot, widget) == "Out of memory."
    searches.error = None
    assert press(qtbot, widget).startswith("Found 2 boundaries")

    # The image deleted meanwhile, or afterwards.
    press_and_hold(qtbot, widget, searches)
    viewer.layers.clear()
    searches.gate.set()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
    assert widget._message.text() == "Nothing was added: the image was deleted meanwhile."
    viewer.add_image(IMAGE, name="i")
    press(qtbot, widget)
    viewer.layers.clear()
    tick(qtbot, widget, 2)
    click(qtbot, widget, "Use as partial labels")
    assert widget._message.text() == '"i" is gone from the viewer: search again.'
    assert len(viewer.layers) == 0


@pytest.mark.parametrize("closes", ["viewer", "dock"])
def test_closed_during_a_search(make_napari_viewer, qtbot, searches, closes):
    viewer = make_napari_viewer(show=True)
    image = viewer.add_image(IMAGE)
    widget = find_dock(viewer)
    press_and_hold(qtbot, widget, searches)
    with qtbot.captureExceptions() as errors:
        watched = {"widget": ref(widget)}
        if closes == "dock":
            viewer.window.remove_dock_widget(widget)
        else:
            watched["image"] = ref(image)
            viewer.close()
        searches.gate.set()
        del widget, viewer, image
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=20_000)
        for _ in range(3):
            qtbot.wait(30)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            searches.calls.clear()
            gc.collect()
    assert not errors
    assert not [name for name, one in watched.items() if one() is not None]
