"""Which run a result shows, after undo and redo with the keys."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hands import press, stroke
from qtpy.QtCore import Qt, QTimer
from runs import flat, image_plane, show

from napari_layeredcnn.plugin.follow_undo import REST_MS, FollowUndo

CONTROL = Qt.KeyboardModifier.ControlModifier
REDO = CONTROL | Qt.KeyboardModifier.ShiftModifier


class Results:
    """Stands in for `ResultLayers`; counts how often a run is looked for."""

    def __init__(self) -> None:
        self.known: dict = {}
        self.asked: list = []

    def runs(self, result):
        return {plane: tuple(runs) for plane, runs in self.known.items()}

    def shown(self, result, plane):
        self.asked.append(plane)
        now = plane.of(result.data)
        runs = reversed(self.known.get(plane, ()))
        return min(runs, key=lambda run: run.misfit(now), default=None)


class Told:
    def __init__(self) -> None:
        self.calls: list = []

    def take(self, result, runs) -> None:
        self.calls.append(runs)


@pytest.fixture
def result(viewer):
    layer = viewer.add_labels(np.zeros((4, 60, 100), np.uint8), name="result")
    viewer.dims.set_point(0, 1)
    return layer


def run_in(results: Results, result, z: int, kept) -> None:
    """One run, as one step of the layer's history."""
    plane = image_plane(z)
    rows, columns = np.nonzero(plane.of(result.data) != kept.labels())
    result.data_setitem(plane.places(rows, columns), kept.labels()[rows, columns].astype(np.uint8))
    results.known.setdefault(plane, []).append(kept)


def test_undo_and_redo_with_the_keys(viewer, qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    plane, first, second = image_plane(1), flat(10, 20), flat(30, 40)
    for kept in (first, second):
        run_in(results, result, 1, kept)
        follow.look()
        qtbot.waitUntil(lambda kept=kept: told.calls[-1:] == [{plane: kept}])
    for modifier, expected in [
        (CONTROL, {plane: first}),
        (CONTROL, {}),
        (REDO, {plane: first}),
        (REDO, {plane: second}),
    ]:
        n = len(told.calls)
        press(qtbot, viewer, Qt.Key.Key_Z, modifier)
        qtbot.waitUntil(lambda n=n: len(told.calls) > n)
        qtbot.wait(2 * REST_MS)
        assert told.calls[n:] == [expected]


def test_no_work_while_a_person_paints_and_nothing_is_told(viewer, qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    run_in(results, result, 1, flat(10, 20))
    follow.look()
    qtbot.waitUntil(lambda: len(told.calls) == 1)
    results.asked.clear()
    result.mode, result.selected_label = "paint", 2
    stroke(qtbot, viewer, (10, 10), (15, 14))
    assert results.asked == []
    qtbot.wait(3 * REST_MS)
    press(qtbot, viewer, Qt.Key.Key_Z, CONTROL)
    qtbot.wait(3 * REST_MS)
    assert len(told.calls) == 1


def test_sliders_ask_for_no_run(viewer, qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    for z in (0, 1, 2):
        run_in(results, result, z, flat(10 + z, 20 + z))
    follow.look()
    qtbot.waitUntil(lambda: len(told.calls) == 1)
    assert len(results.asked) == 3
    viewer.dims.set_point(0, 2)
    qtbot.wait(3 * REST_MS)
    assert len(results.asked) == 3
    assert len(told.calls) == 1


def test_only_the_slice_that_is_another_one_is_looked_at(viewer, qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    kept = [flat(10 + z, 20 + z) for z in range(3)]
    for z in range(3):
        run_in(results, result, z, kept[z])
    run_in(results, result, 1, flat(40, 50))
    follow.look()
    qtbot.waitUntil(lambda: len(told.calls) == 1)
    results.asked.clear()
    press(qtbot, viewer, Qt.Key.Key_Z, CONTROL)
    qtbot.waitUntil(lambda: len(told.calls) == 2)
    assert results.asked == [image_plane(1)]
    assert told.calls[1] == {image_plane(z): kept[z] for z in range(3)}


def test_while_paused_nothing_is_looked_at(qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    follow.pause()
    run_in(results, result, 1, flat(10, 20))
    qtbot.wait(3 * REST_MS)
    assert results.asked == []
    follow.look()
    qtbot.waitUntil(lambda: len(told.calls) == 1)
    results.known.clear()
    follow.look()
    qtbot.waitUntil(lambda: told.calls[1:] == [{}])


def test_corrections_by_hand_leave_the_run_as_it_is(qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    kept = flat(10, 20)
    run_in(results, result, 1, kept)
    result.data[1, :, 30:60] = 2
    follow.look()
    qtbot.waitUntil(lambda: told.calls == [{image_plane(1): kept}])
    result.data[1] = 0
    result.refresh()
    qtbot.waitUntil(lambda: told.calls[1:] == [{}])


def test_it_ends_with_its_dock_or_when_it_is_stopped(qtbot, result):
    results, told = Results(), Told()
    follow = FollowUndo(results, result, told.take)
    run_in(results, result, 1, flat(10, 20))
    follow.stop()
    result.refresh()
    qtbot.wait(2 * REST_MS)
    assert results.asked == []
    follow = FollowUndo(results, result, told.take)
    n = len(result.events.set_data.callbacks)
    del follow
    gc.collect()
    result.refresh()
    qtbot.wait(2 * REST_MS)
    assert results.asked == []
    assert len(result.events.set_data.callbacks) == n - 1
    follow = FollowUndo(results, result, told.take)
    del told
    gc.collect()
    follow.look()
    qtbot.wait(50)
    assert follow.shown  # and nobody is told


def test_the_window_stays_alive(viewer, qtbot):
    """Twelve slices and three runs of each: none is looked at in the same turn as another."""
    result = viewer.add_labels(np.zeros((12, 256, 512), np.uint8))
    results, told = Results(), Told()
    for z in range(12):
        kept = [flat(50 + z, 120 + i, width=512, height=256) for i in range(3)]
        results.known[image_plane(z)] = kept
        show(result, image_plane(z), kept[-1])
    follow = FollowUndo(results, result, told.take)
    turns = [0]
    ticks = QTimer()
    ticks.timeout.connect(lambda: turns.append(len(results.asked)))
    ticks.start(0)
    follow.look()
    qtbot.waitUntil(lambda: len(told.calls) == 1, timeout=20_000)
    ticks.stop()
    assert turns[-1] == 12
    assert max(np.diff(turns)) <= 2  # the two timers take turns, in no certain order
