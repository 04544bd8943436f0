"""Whole stacks in the dock, with a person's clicks: filled, canceled, mended, gone to."""

from __future__ import annotations

import numpy as np
import pytest
from hands import button, click, dock, segment
from qtpy.QtCore import QPoint, Qt
from stacks import REGIONS, STACK, FakeStack, H, S, painted
from superqt.utils import WorkerBase

from napari_layeredcnn import complete_stack, seed_from_regions
from napari_layeredcnn.plugin import stack_request

pytestmark = pytest.mark.usefixtures("no_thread_left")
RESULT = "p completed"


@pytest.fixture
def fake_stack(monkeypatch):
    """The stand-in, in the place of the library's `iter_complete_stack`; two slices in a batch."""
    from napari_layeredcnn.core import stack

    stand_in = FakeStack()
    stand_in.gate.set()
    monkeypatch.setattr(stack, "iter_complete_stack", stand_in)
    monkeypatch.setattr(stack_request, "MOST_AT_ONCE", 2)
    yield stand_in
    stand_in.gate.set()


@pytest.fixture
def opened(viewer):
    """The small stack, with two columns of slice 2 painted."""
    viewer.add_image(STACK, name="stack")
    viewer.add_labels(painted(2), name="p")
    return viewer


def whole(viewer):
    widget = dock(viewer)
    widget._slices.value = "stack"
    return widget


def hold_at(qtbot, widget, fake: FakeStack, number: int) -> None:
    """Start a run and wait until it waits before the batch that begins with this slice."""
    fake.hold_at = number
    fake.gate.clear()
    click(qtbot, widget, "Segment Layers")
    qtbot.waitUntil(fake.waits.is_set, timeout=60_000)


def go_on(qtbot, widget, fake: FakeStack) -> str:
    fake.gate.set()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget._message.text()


def done(viewer) -> list[int]:
    """Slices of the result that hold something."""
    return np.flatnonzero(viewer.layers[RESULT].data.any(axis=(1, 2))).tolist()


def labelled_in_plot(widget) -> frozenset[int]:
    figures = widget._slice_plot.bars.figures
    return frozenset() if figures is None else figures.labelled


def test_every_slice_from_one_that_is_labelled(opened, qtbot):
    """The real network, and what the library gives for the same."""
    before = opened.layers["p"].data.copy()
    widget = whole(opened)
    assert segment(qtbot, widget) == (
        "Completed 2 boundaries in 6 slices (0 to 5) from 1 labelled slice. "
        f'The result is in "{RESULT}".'
    )
    result = opened.layers[RESULT].data
    np.testing.assert_array_equal(opened.layers["p"].data, before)
    assert (result == REGIONS).mean() > 0.96
    seeds = {2: seed_from_regions(before[2])}
    expected = complete_stack(STACK, seeds, batch=stack_request.MOST_AT_ONCE)
    np.testing.assert_array_equal(result, expected.labels())
    # Going on in a slice of which only the stack knows where it began.
    opened.dims.set_current_step(0, 4)
    assert "othing was repainted" in segment(qtbot, widget, "Continue from here")
    result[4, :, 50] = np.repeat([1, 2, 3], [10, 16, H - 26])
    earlier = result.copy()
    message = segment(qtbot, widget, "Continue from here")
    assert message.startswith("Continued in slice 4 from 1 repainted column.")
    np.testing.assert_array_equal(result[4, :, :51], earlier[4, :, :51])
    np.testing.assert_array_equal(np.delete(result, 4, axis=0), np.delete(earlier, 4, axis=0))


def test_cancel_keeps_finished_slices_and_the_next_run_goes_on(opened, qtbot, fake_stack):
    widget = whole(opened)
    hold_at(qtbot, widget, fake_stack, 4)
    qtbot.waitUntil(lambda: widget._message.text() == f"Slice 4 of {S}", timeout=10_000)
    assert (widget._bar.value(), widget._bar.maximum()) == (4, S)
    assert done(opened) == [0, 1, 2, 3]  # seen when their batch is done
    click(qtbot, widget, "Cancel")
    message = go_on(qtbot, widget, fake_stack)
    assert message == f'Canceled. 4 of {S} slices are done, in "{RESULT}".'
    assert done(opened) == [0, 1, 2, 3]
    assert segment(qtbot, widget).startswith("Completed 2 boundaries in 2 slices (4 to 5)")
    assert fake_stack.calls[1]["slices"] == [4, 5]
    assert done(opened) == list(range(S))
    assert len(opened.layers) == 3
    assert segment(qtbot, widget).startswith("All of these slices are done.")


def test_cancel_may_put_back_and_what_fails_leaves_the_slices_before(opened, qtbot, fake_stack):
    widget = whole(opened)
    widget._on_cancel.value = "restore"
    hold_at(qtbot, widget, fake_stack, 2)
    click(qtbot, widget, "Cancel")
    assert go_on(qtbot, widget, fake_stack) == "Canceled; nothing was changed."
    assert RESULT not in opened.layers
    fake_stack.waits.clear()
    fake_stack.error = OSError("the chunk is broken")
    hold_at(qtbot, widget, fake_stack, 4)
    message = go_on(qtbot, widget, fake_stack)
    assert message == f'The chunk is broken. Slices done before it: 4, in "{RESULT}".'
    assert done(opened) == [0, 1, 2, 3]


@pytest.mark.parametrize("how", ["dock", "viewer"])
def test_closed_meanwhile(opened, qtbot, fake_stack, how):
    widget = whole(opened)
    hold_at(qtbot, widget, fake_stack, 2)
    if how == "dock":
        opened.window.remove_dock_widget(widget)
    else:
        opened.close()
    qtbot.wait(50)
    fake_stack.gate.set()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)
    if how == "dock":  # when its window closes, napari drops the worker where it stands
        assert fake_stack.done == [0, 1]


def test_a_second_labelled_slice_mends_what_follows_from_it(opened, qtbot, fake_stack):
    widget = whole(opened)
    segment(qtbot, widget)
    result = opened.layers[RESULT]
    first = result.data.copy()
    opened.layers["p"].data[4] = painted(4)[4]
    fake_stack.lower = 3
    message = segment(qtbot, widget)
    assert message.startswith("Completed 2 boundaries in 3 slices (3 to 5) from 2 labelled")
    assert "The others stay." in message
    assert fake_stack.calls[1]["slices"] == [3, 4, 5]
    assert sorted(fake_stack.calls[1]["seeds"]) == [2, 4]
    assert len(opened.layers) == 3
    second = result.data.copy()
    np.testing.assert_array_equal(second[:3], first[:3])
    assert (first[3:] != second[3:]).any(axis=(1, 2)).all()
    qtbot.waitUntil(lambda: labelled_in_plot(widget) == {2, 4}, timeout=10_000)
    result.undo()  # one step
    np.testing.assert_array_equal(result.data, first)
    qtbot.waitUntil(lambda: labelled_in_plot(widget) == {2}, timeout=10_000)
    assert segment(qtbot, widget).startswith("Completed 2 boundaries in 3 slices (3 to 5)")
    np.testing.assert_array_equal(result.data, second)


def test_the_axis_of_a_4d_image_is_chosen(viewer, qtbot, fake_stack):
    viewer.add_image(np.stack([STACK[::-1] // 2, STACK]), axis_labels=("time", "z", "y", "x"))
    viewer.add_labels(np.stack([painted(), painted(2)]), name="p")
    viewer.dims.set_current_step((0, 1), (1, 2))
    widget = dock(viewer)
    assert not widget._along.native.isVisibleTo(widget)
    widget._slices.value = "stack"
    assert widget._along.native.isVisibleTo(widget)
    entries = [widget._along.native.itemText(i) for i in range(3)]
    assert entries == ["slider moved last", "time", "z"]
    widget._along.value = 1
    viewer.dims.last_used = 0
    assert segment(qtbot, widget).startswith("Completed 2 boundaries in 6 slices")
    np.testing.assert_array_equal(fake_stack.calls[0]["stack"][3], STACK[3])
    result = viewer.layers[RESULT]
    assert result.data[1].all()
    assert not result.data[0].any()
    bars = widget._slice_plot.bars
    qtbot.waitUntil(lambda: bars.figures is not None, timeout=10_000)
    assert bars.shown == 2
    viewer.dims.set_current_step(0, 0)
    assert bars.shown is None
    # The stack at the other place goes into the same layer.
    viewer.layers["p"].data[0] = painted(1)
    segment(qtbot, widget)
    assert len(viewer.layers) == 3
    assert result.data.all()
    widget._along.value = 0
    message = segment(qtbot, widget)
    assert message.startswith("Completed 2 boundaries in 2 slices (0 to 1)")
    assert f'"{RESULT} [1]"' in message


def test_overlays_table_and_doubts_of_a_stack(opened, qtbot, fake_stack):
    widget = whole(opened)
    assert not widget._along.native.isVisibleTo(widget)
    for tick in (widget._uncertainty_tick, widget._paths_tick, widget._surfaces_tick):
        tick.setChecked(True)
    segment(qtbot, widget)
    qtbot.waitUntil(lambda: "p surface 2" in opened.layers, timeout=20_000)
    qtbot.waitUntil(lambda: not widget._showing._overlays.busy, timeout=20_000)
    assert len(opened.layers["p curves"].data) == 2 * S
    assert opened.layers["p uncertainty (px)"].data.any(axis=(1, 2)).all()
    table = opened.layers[RESULT].features
    np.testing.assert_allclose(table["thickness (px)"][1], 16, atol=1.5)
    click(qtbot, widget, "next")
    assert "doubtful place" in widget._message.text().lower()


def test_the_plot_comes_with_a_stack_and_a_click_in_it_goes_to_a_slice(
    opened, qtbot, fake, fake_stack
):
    widget = dock(opened)
    plot, bars = widget._slice_plot, widget._slice_plot.bars
    opened.dims.set_current_step(0, 2)
    segment(qtbot, widget)
    qtbot.wait(100)
    assert not plot.isVisible()
    widget._slices.value = "stack"
    segment(qtbot, widget)
    qtbot.waitUntil(plot.isVisible, timeout=10_000)
    assert bars.figures.labelled == {2}
    assert np.argmax(bars.figures.uncertainty) == 5
    for number in (5, 1):
        place = QPoint(round(bars.place_of(number)), 40)
        qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=place)
        assert opened.dims.current_step[0] == number
        assert bars.shown == number
    opened.dims.set_current_step(0, 3)
    assert bars.shown == 3
    qtbot.wait(50)
    for part in (plot, bars, button(widget, "Segment Layers")):  # nothing cut off
        assert part.width() >= part.minimumSizeHint().width()
        assert part.height() >= part.minimumSizeHint().height()
        bottom = part.mapTo(widget, QPoint(0, part.height())).y()
        assert bottom <= widget.height()
    opened.layers.remove(f"{RESULT} [1]")
    assert not plot.isVisible()
