"""Columns in the viewer while they are computed; cancel; one step of undo."""

from __future__ import annotations

import numpy as np
import pytest
from hands import click, dock, press, segment, stroke
from qtpy.QtCore import Qt
from superqt.utils import WorkerBase

from napari_layeredcnn.sample import LABELLED_SLICE

pytestmark = pytest.mark.usefixtures("no_thread_left")
RESULT = "partial labels completed"


@pytest.fixture
def sample(viewer):
    viewer.open_sample("napari-layeredcnn", "layered_stack")
    return viewer


def hold_at(qtbot, widget, fake, column: int) -> None:
    """Start a run and wait until the decoder waits before this column, all others shown."""
    fake.hold_at = column
    fake.gate.clear()
    click(qtbot, widget, "Segment Layers")
    qtbot.waitUntil(lambda: widget._bar.value() == column, timeout=10_000)


def go_on(qtbot, widget, fake) -> None:
    fake.gate.set()
    qtbot.waitUntil(lambda: not widget.running, timeout=10_000)


def cancel(qtbot, widget, fake) -> None:
    click(qtbot, widget, "Cancel")
    go_on(qtbot, widget, fake)


def shown(viewer) -> np.ndarray:
    return viewer.layers[RESULT].data[LABELLED_SLICE]


def missing(fake, stop: int) -> np.ndarray:
    """Columns from `stop` on that the person has not labelled."""
    return np.setdiff1d(np.arange(stop, 256), fake.calls[-1]["seed"].columns)


def with_old_result(qtbot, widget, viewer) -> np.ndarray:
    """Complete once, then paint over the whole result, so that a new run changes all of it."""
    segment(qtbot, widget)
    viewer.layers[RESULT].data[LABELLED_SLICE] = 9
    return viewer.layers[RESULT].data.copy()


class TestColumnsAsTheyCome:
    def test_ten_columns_are_seen_when_ten_are_computed(self, sample, qtbot, fake):
        widget = dock(sample)
        hold_at(qtbot, widget, fake, 10)
        assert (shown(sample)[:, :10] > 0).all()
        assert not shown(sample)[:, missing(fake, 10)].any()
        assert (shown(sample)[:, fake.calls[0]["seed"].columns] > 0).all()
        # What the canvas is given, not only what the layer holds.
        drawn = sample.layers[RESULT]._slice.image.raw
        np.testing.assert_array_equal(drawn, shown(sample))
        go_on(qtbot, widget, fake)
        assert (shown(sample) > 0).all()

    def test_rows_when_curves_run_along_rows(self, sample, qtbot, fake):
        for layer in sample.layers:
            layer.data = layer.data.transpose(0, 2, 1)
        widget = dock(sample)
        widget._direction.value = "down"
        hold_at(qtbot, widget, fake, 10)
        assert (shown(sample)[:10] > 0).all()
        assert not shown(sample)[missing(fake, 10)].any()
        go_on(qtbot, widget, fake)

    def test_they_are_drawn_in_few_updates(self, sample, qtbot, fake, monkeypatch):
        from napari_layeredcnn.plugin.live import LiveLabels

        drawn = []
        refresh = LiveLabels.refresh
        monkeypatch.setattr(LiveLabels, "refresh", lambda live: (drawn.append(1), refresh(live)))
        widget = dock(sample)
        hold_at(qtbot, widget, fake, 200)
        assert 1 <= len(drawn) < 50  # 200 columns, each at once, would be 200
        go_on(qtbot, widget, fake)

    def test_an_error_half_way_leaves_nothing(self, sample, qtbot, fake):
        fake.error = ValueError("no more")
        widget = dock(sample)
        hold_at(qtbot, widget, fake, 10)
        assert RESULT in sample.layers
        go_on(qtbot, widget, fake)
        assert widget._message.text() == "No more."
        assert RESULT not in sample.layers

    def test_an_error_half_way_puts_the_old_result_back(self, sample, qtbot, fake):
        widget = dock(sample)
        old = with_old_result(qtbot, widget, sample)
        fake.error = ValueError("no more")
        hold_at(qtbot, widget, fake, 10)
        assert (shown(sample)[:, :10] != 9).all()
        go_on(qtbot, widget, fake)
        np.testing.assert_array_equal(sample.layers[RESULT].data, old)

    def test_a_stroke_painted_meanwhile_stays(self, sample, qtbot, fake):
        widget = dock(sample)
        with_old_result(qtbot, widget, sample)
        hold_at(qtbot, widget, fake, 50)
        result = sample.layers[RESULT]
        before = result.data.copy()
        sample.layers.selection = {result}
        result.mode, result.selected_label, result.brush_size = "paint", 7, 5
        scale = result.scale[1:]
        stroke(qtbot, sample, np.multiply((60, 20), scale), np.multiply((60, 90), scale))
        painted = result.data != before
        assert painted[LABELLED_SLICE, :, :50].any()
        assert painted[LABELLED_SLICE, :, 50:].any()
        go_on(qtbot, widget, fake)
        assert (result.data[painted] == 7).all()
        assert not (result.data[LABELLED_SLICE] == 9).any()

    @pytest.mark.parametrize("how", ["dock", "viewer"])
    def test_closed_with_columns_on_the_canvas(self, sample, qtbot, fake, how):
        widget = dock(sample)
        hold_at(qtbot, widget, fake, 10)
        if how == "dock":
            sample.window.remove_dock_widget(widget)
        else:
            sample.close()
        qtbot.wait(80)
        fake.gate.set()
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)
        assert fake.columns <= 12
        if how == "dock":
            assert (shown(sample)[:, :10] > 0).all()

    def test_the_result_deleted_meanwhile_comes_again_at_the_end(self, sample, qtbot, fake):
        widget = dock(sample)
        hold_at(qtbot, widget, fake, 10)
        del sample.layers[RESULT]
        go_on(qtbot, widget, fake)
        assert (shown(sample) > 0).all()


class TestCancel:
    def test_keeps_the_columns(self, sample, qtbot, fake):
        widget = dock(sample)
        hold_at(qtbot, widget, fake, 10)
        cancel(qtbot, widget, fake)
        assert widget._message.text() == f'Canceled. The columns so far are in "{RESULT}".'
        assert (shown(sample)[:, :10] > 0).all()
        assert not shown(sample)[:, missing(fake, 12)].any()  # within a column

    def test_keeps_them_in_an_old_result_as_one_step(self, sample, qtbot, fake):
        widget = dock(sample)
        old = with_old_result(qtbot, widget, sample)
        hold_at(qtbot, widget, fake, 10)
        cancel(qtbot, widget, fake)
        assert (shown(sample)[:, :10] != 9).all()
        assert (shown(sample)[:, missing(fake, 12)] == 9).all()
        sample.layers[RESULT].undo()
        np.testing.assert_array_equal(sample.layers[RESULT].data, old)

    def test_puts_back_the_old_result(self, sample, qtbot, fake):
        widget = dock(sample)
        old = with_old_result(qtbot, widget, sample)
        widget._on_cancel.value = "restore"
        hold_at(qtbot, widget, fake, 10)
        cancel(qtbot, widget, fake)
        assert widget._message.text() == "Canceled; nothing was changed."
        np.testing.assert_array_equal(sample.layers[RESULT].data, old)

    def test_puts_back_nothing(self, sample, qtbot, fake):
        widget = dock(sample)
        widget._on_cancel.value = "restore"
        hold_at(qtbot, widget, fake, 10)
        assert RESULT in sample.layers
        cancel(qtbot, widget, fake)
        assert RESULT not in sample.layers


def test_ctrl_z_takes_back_steps_and_strokes_one_by_one(sample, qtbot, fake):
    widget = dock(sample)
    segment(qtbot, widget)
    result = sample.layers[RESULT]
    states = [result.data.copy()]
    sample.layers.selection = {result}
    result.mode, result.selected_label, result.brush_size = "paint", 7, 5
    for row in (40, 80):
        scale = result.scale[1:]
        stroke(qtbot, sample, np.multiply((row, 20), scale), np.multiply((row, 90), scale))
        states.append(result.data.copy())
        segment(qtbot, widget)
        states.append(result.data.copy())
    for state in states[-2::-1]:
        assert not np.array_equal(result.data, state)
        press(qtbot, sample, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        np.testing.assert_array_equal(result.data, state)
