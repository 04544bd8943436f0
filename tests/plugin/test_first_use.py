"""A first use from the menu to the saved file, with a person's clicks, strokes and keys only.

The real network on a real canvas. What is looked at in between is the layers and the dock's words.
"""

from __future__ import annotations

import numpy as np
import pytest
from hands import button, click, press, stroke
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog

from napari_layeredcnn.plugin.readers import prefer_own_reader
from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack
from napari_layeredcnn.sample.retina import REGION_NAMES

pytestmark = pytest.mark.usefixtures("no_thread_left")

PARTIAL = "layered stack partial labels"
RESULT = f"{PARTIAL} completed"
N_REGIONS = 5
COLUMNS = (60, 64, 68)  # where a stroke goes down through every region
WRONG = 140  # where the result is repainted
_KEYS = {".": Qt.Key.Key_Period, ",": Qt.Key.Key_Comma, "-": Qt.Key.Key_Minus}
_LEFT = Qt.MouseButton.LeftButton


@pytest.mark.timeout(600)
def test_a_first_use(viewer, qtbot, monkeypatch, tmp_path):
    window = viewer.window
    choose(qtbot, window, "&File", "Open Sample", "LayeredCNN", "Layered stack (24 slices)")
    image = viewer.layers["layered stack"]
    # The sample comes with partial labels of its own; a first user has none.
    select(qtbot, viewer, "partial labels")
    press(qtbot, viewer, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: list(viewer.layers) == [image])

    choose(qtbot, window, "&Plugins", "LayeredCNN", "Segment Layers (LayeredCNN)")
    qtbot.waitUntil(lambda: "Segment Layers (LayeredCNN)" in window.dock_widgets, timeout=10_000)
    widget = window.dock_widgets["Segment Layers (LayeredCNN)"]
    assert widget._image.value is image

    click(qtbot, widget, "New partial labels")
    partial = viewer.layers[PARTIAL]
    assert viewer.layers.selection == {partial}
    assert (partial.mode, partial.selected_label) == ("paint", 1)
    np.testing.assert_array_equal(partial.scale, image.scale)

    slices = [LABELLED_SLICE, LABELLED_SLICE + 1, LABELLED_SLICE + 2]
    for number in slices:
        go_to(qtbot, viewer, number)
        paint_all_regions(qtbot, viewer, number)
    painted = partial.data.copy()
    assert np.flatnonzero(painted.any(axis=(1, 2))).tolist() == slices
    assert set(np.unique(painted)) == set(range(N_REGIONS + 1))

    # All slices with labels; columns appear, progress is told, Cancel keeps them.
    qtbot.keyClick(widget._slices.native, Qt.Key.Key_End)
    assert widget._slices.value == "labelled"
    press(qtbot, viewer, Qt.Key.Key_G)
    assert widget.running
    said = []
    qtbot.waitUntil(lambda: said_until(widget, said, "Slice 1 of 3, column"), timeout=60_000)
    qtbot.waitUntil(lambda: RESULT in viewer.layers, timeout=10_000)
    result = viewer.layers[RESULT]
    assert 0 < np.count_nonzero(result.data[slices[0]].all(axis=0)) < 256
    qtbot.waitUntil(lambda: said_until(widget, said, "Slice 2 of 3, column"), timeout=60_000)
    qtbot.waitUntil(lambda: 90 <= columns_done(result, slices[1]) < 256, timeout=60_000)
    click(qtbot, widget, "Cancel")
    end(qtbot, widget)
    assert said_of(widget) == f'Canceled. The columns so far are in "{RESULT}".'
    steps = [text.split("column ")[1] for text in said if text.startswith("Slice 1 of 3, column")]
    assert len(set(steps)) > 3
    assert result.data[slices[0]].all()
    done = result.data[slices[1]].all(axis=0)
    assert 90 <= done.sum() < 256
    assert not result.data[slices[2]].any()
    np.testing.assert_array_equal(partial.data, painted)

    # The slice that was cut short is gone on with.
    go_to(qtbot, viewer, slices[1])
    before = result.data[slices[1]].copy()
    click(qtbot, widget, "Continue from here")
    end(qtbot, widget)
    assert said_of(widget).startswith("Went on in slice 12 with the columns that were missing.")
    assert viewer.layers[RESULT] is result
    assert result.data[slices[1]].all()
    # Between two strokes the canceled run may have come from one side only: done again.
    done[COLUMNS[0] : COLUMNS[-1] + 1] = False
    np.testing.assert_array_equal(result.data[slices[1]][:, done], before[:, done])

    # A boundary is repainted in the result, and what comes after it done again.
    select(qtbot, viewer, RESULT)
    press(qtbot, viewer, Qt.Key.Key_2)
    assert result.mode == "paint"
    before = result.data.copy()
    pull_down(qtbot, viewer, result, WRONG)
    repainted = result.data.copy()
    columns = np.flatnonzero((repainted != before)[slices[1]].any(axis=0))
    assert abs(columns - WRONG).max() <= 4
    press(qtbot, viewer, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    assert widget.running
    end(qtbot, widget)
    assert said_of(widget).startswith(
        f"Continued in slice 12 from {len(columns)} repainted columns."
    )
    after = result.data.copy()
    now, then = after[slices[1]], repainted[slices[1]]
    np.testing.assert_array_equal(now[:, : columns[-1] + 1], then[:, : columns[-1] + 1])
    assert (now[:, columns[-1] + 1 :] != then[:, columns[-1] + 1 :]).any()
    np.testing.assert_array_equal(
        np.delete(after, slices[1], 0), np.delete(repainted, slices[1], 0)
    )

    # Ctrl+Z takes back the whole step, and again the stroke before; redo brings both again.
    ctrl, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    press(qtbot, viewer, Qt.Key.Key_Z, ctrl)
    np.testing.assert_array_equal(result.data, repainted)
    press(qtbot, viewer, Qt.Key.Key_Z, ctrl)
    np.testing.assert_array_equal(result.data, before)
    for state in (repainted, after):
        press(qtbot, viewer, Qt.Key.Key_Z, ctrl | shift)
        np.testing.assert_array_equal(result.data, state)

    # Saved, closed, opened: the same again.
    qtbot.wait(500)  # the table of regions follows when nothing more happens
    assert list(result.features["index"]) == list(range(1, N_REGIONS + 1))
    result.features = result.features.assign(name=REGION_NAMES)
    path = tmp_path / "mine.layers.tif"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", save_as(path))
    choose(qtbot, window, "&File", "Save Selected Layers...")
    qtbot.waitUntil(path.exists, timeout=10_000)
    kept = {name: getattr(result, name) for name in ("name", "scale", "translate", "units")}
    colors, features = result.colormap.map(np.arange(9)), result.features.copy()
    qtbot.keyClick(window._qt_viewer.layers, Qt.Key.Key_A, ctrl)
    press(qtbot, viewer, Qt.Key.Key_Delete, ctrl)
    assert not viewer.layers
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(path)], "*.layers.tif")
    )
    # As when the plugin is first used: an earlier test may have used it, with other settings.
    prefer_own_reader()
    choose(qtbot, window, "&File", "Open File(s)...")
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=10_000)
    (opened,) = viewer.layers
    np.testing.assert_array_equal(opened.data, after)
    assert opened.data.dtype == after.dtype
    for name, value in kept.items():
        np.testing.assert_array_equal(getattr(opened, name), value)
    np.testing.assert_allclose(opened.colormap.map(np.arange(9)), colors, atol=1e-6)
    assert list(opened.features["name"]) == list(REGION_NAMES)
    assert opened.features.equals(features)


# -------------------------------------------------------------------- menus and lists


def choose(qtbot, window, title: str, *entries: str) -> None:
    """Click through a menu of the menu bar to an entry."""
    bar = window._qt_window.menuBar()
    menu, place = entry_of(bar, title)
    qtbot.mouseClick(bar, _LEFT, pos=place)
    for entry in entries:
        qtbot.waitUntil(menu.isVisible)
        opened, place = entry_of(menu, entry)
        qtbot.mouseMove(menu, place)
        qtbot.mouseClick(menu, _LEFT, pos=place)
        menu = opened
    qtbot.wait(10)


def entry_of(menu, title: str):
    """The menu that an entry opens, if it does, and its place."""
    (action,) = [one for one in menu.actions() if same(one.text(), title)]
    assert action.isEnabled()
    return action.menu(), menu.actionGeometry(action).center()


def same(text: str, title: str) -> bool:
    return text.replace("&", "") == title.replace("&", "")


def select(qtbot, viewer, name: str) -> None:
    """Click on a layer in the list of layers."""
    layers = viewer.window._qt_viewer.layers
    model = layers.model()
    (index,) = [
        model.index(row, 0) for row in range(model.rowCount()) if model.index(row, 0).data() == name
    ]
    layers.scrollTo(index)
    place = layers.visualRect(index)
    qtbot.mouseClick(
        layers.viewport(), _LEFT, pos=QPoint(place.left() + place.width() // 2, place.center().y())
    )
    assert viewer.layers.selection == {viewer.layers[name]}


def save_as(path):
    def answer(*_, filter="", **__):
        return str(path), next(kind for kind in filter.split(";;") if "*.layers.tif" in kind)

    return answer


# -------------------------------------------------------------------- slider and brush


def go_to(qtbot, viewer, number: int) -> None:
    """Press the arrow keys until a slice is shown."""
    for _ in range(30):
        step = viewer.dims.current_step[0]
        if step == number:
            return
        press(qtbot, viewer, Qt.Key.Key_Right if step < number else Qt.Key.Key_Left)
    raise AssertionError(f"slice {number} is not reached")


def paint_all_regions(qtbot, viewer, number: int) -> None:
    """Take the brush down through every region, with the key for the next one between."""
    _, curves, _ = sample_stack()
    partial = viewer.layers[PARTIAL]
    take_region(qtbot, viewer, partial, 1, "-")  # napari's own key: nothing is painted here yet
    for region in range(1, N_REGIONS + 1):
        take_region(qtbot, viewer, partial, region, ".")
        for column in COLUMNS[::2]:
            edges = np.array([0, *curves[number, :, column], 128])
            low, high = edges[region - 1], edges[region] - 1
            # The brush is round, and a few pixels thick.
            thick = min(partial.brush_size / 2, (high - low) / 2)
            draw(qtbot, viewer, partial, (low + thick, column), (high - thick, column))


def take_region(qtbot, viewer, layer, region: int, key: str) -> None:
    """Press a region key until the region is in the brush."""
    for _ in range(N_REGIONS + 1):
        if layer.selected_label == region:
            return
        press(qtbot, viewer, _KEYS[key])
    raise AssertionError(f"region {region} is not reached, but {layer.selected_label}")


def pull_down(qtbot, viewer, result, column: int) -> None:
    """Let region 2 reach further down in a few columns."""
    shown = result.data[viewer.dims.current_step[0]][:, column]
    bottom = int(np.flatnonzero(shown == 2)[-1])
    below = int(np.flatnonzero(shown == 3)[-1])
    take_region(qtbot, viewer, result, 2, ".")
    draw(qtbot, viewer, result, (bottom - 3, column), ((bottom + below) / 2, column))


def draw(qtbot, viewer, layer, start, stop) -> None:
    """A stroke between two pixels (row, column)."""
    scale = layer.scale[1:]
    stroke(qtbot, viewer, np.multiply(start, scale), np.multiply(stop, scale))


# -------------------------------------------------------------------- the dock


def said_of(widget) -> str:
    return widget._message.text()


def said_until(widget, said: list[str], begin: str) -> bool:
    """Note what the dock says; whether it has said this."""
    said.append(said_of(widget))
    return said[-1].startswith(begin)


def columns_done(result, number: int) -> int:
    return int(result.data[number].all(axis=0).sum())


def end(qtbot, widget) -> None:
    """Wait until a run has ended, and the buttons are back."""
    qtbot.waitUntil(lambda: not widget.running, timeout=120_000)
    assert button(widget, "Segment Layers").isEnabled()
