"""What the choices of the dock do: slices, closed structures, paths, locked columns, output."""

from __future__ import annotations

import numpy as np
import pytest
from hands import button, click, dock, press, segment, stroke
from qtpy.QtCore import Qt

from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack

pytestmark = pytest.mark.usefixtures("no_thread_left")
RESULT = "partial labels completed"


@pytest.fixture
def sample(viewer):
    """The stack with strokes on slices 5, 11 and 20."""
    viewer.open_sample("napari-layeredcnn", "layered_stack")
    partial = viewer.layers["partial labels"].data
    partial[5] = partial[20] = partial[LABELLED_SLICE]
    return viewer


class TestSlices:
    def test_all_with_labels_go_to_a_new_layer(self, sample, qtbot, fake):
        widget = dock(sample)
        segment(qtbot, widget)
        first = sample.layers[RESULT].data.copy()
        widget._slices.value = "labelled"
        message = segment(qtbot, widget)
        assert message.startswith("Completed 4 boundaries in 3 slices (5 to 20) from 30 labelled")
        np.testing.assert_array_equal(sample.layers[RESULT].data, first)
        result = sample.layers[f"{RESULT} [1]"].data
        for index in (5, 11, 20):
            np.testing.assert_array_equal(result[index], first[LABELLED_SLICE])
        assert not np.delete(result, (5, 11, 20), axis=0).any()

    def test_progress_and_cancel_keep_finished_slices(self, sample, qtbot, fake):
        widget = dock(sample)
        widget._slices.value = "labelled"
        fake.gate.clear()
        fake.hold_at = 57
        click(qtbot, widget, "Segment Layers")
        qtbot.waitUntil(lambda: widget._message.text() == "Slice 1 of 3, column 57 of 256")
        fake.gate.set()
        fake.gate = type(fake.gate)()
        qtbot.waitUntil(lambda: widget._message.text() == "Slice 2 of 3, column 57 of 256")
        click(qtbot, widget, "Cancel")
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        result = sample.layers[RESULT].data
        assert (result[5] > 0).all()
        assert (result[11, :, :57] > 0).all()
        assert not result[20].any()

    def test_cancel_may_put_all_back(self, sample, qtbot, fake):
        widget = dock(sample)
        widget._slices.value = "labelled"
        widget._on_cancel.value = "restore"
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        qtbot.waitUntil(lambda: len(fake.calls) == 1, timeout=10_000)
        click(qtbot, widget, "Cancel")
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        assert RESULT not in sample.layers

    def test_what_is_wrong_in_one_slice_is_told_before_anything_runs(self, sample, qtbot, fake):
        partial = sample.layers["partial labels"].data
        partial[20, :, 198:203] = partial[20, ::-1, 198:203]
        widget = dock(sample)
        widget._slices.value = "labelled"
        assert segment(qtbot, widget).startswith("Slice 20: ")
        assert fake.calls == []
        assert RESULT not in sample.layers

    def test_what_fails_half_way_leaves_the_slices_before(self, sample, qtbot, fake, monkeypatch):
        def fails_later(*given, **settings):
            if len(fake.calls) == 1:
                fake.error = OSError("the chunk is broken")
            return type(fake).__call__(fake, *given, **settings)

        from napari_layeredcnn.core import completion

        monkeypatch.setattr(completion, "iter_complete", fails_later)
        widget = dock(sample)
        widget._slices.value = "labelled"
        message = segment(qtbot, widget)
        assert message == (
            f'Slice 11: The chunk is broken. Slices done before it: 1, in "{RESULT}".'
        )
        assert (sample.layers[RESULT].data[5] > 0).all()

    @pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 1, 0)])
    def test_rolled_and_transposed_viewers(self, viewer, qtbot, fake, order):
        stack, _, labels = sample_stack()
        back = np.argsort(order)
        viewer.add_image(np.transpose(stack, back))
        viewer.add_labels(np.transpose(labels, back), name="p")
        viewer.dims.order = order
        viewer.dims.set_current_step(order[0], LABELLED_SLICE)
        segment(qtbot, dock(viewer))
        np.testing.assert_array_equal(fake.calls[0]["image"], stack[LABELLED_SLICE])
        result = np.transpose(viewer.layers["p completed"].data, order)
        assert (result[LABELLED_SLICE] > 0).all()
        assert not np.delete(result, LABELLED_SLICE, axis=0).any()


class TestAroundACenter:
    @pytest.fixture
    def rings(self, viewer):
        rows, columns = np.indices((96, 120)) - np.array([45, 60])[:, None, None]
        distance = np.hypot(rows, columns)
        image = (distance > 20).astype(np.uint8) + (distance > 30)
        labels = np.zeros(image.shape, np.uint8)
        labels[45, 60:105] = 1 + image[45, 60:105]
        viewer.add_image(image)
        viewer.add_labels(labels, name="p")
        return viewer

    def test_a_clicked_center_and_a_painted_ray(self, rings, qtbot):
        truth = 1 + rings.layers["image"].data
        widget = dock(rings)
        widget._direction.value = "around"
        assert "no center" in segment(qtbot, widget)
        click(qtbot, widget, "New center")
        qtbot.wait(300)  # the dock has more rows now, the canvas another size
        stroke(qtbot, rings, (45, 60), (45, 60))  # a click
        (center,) = widget._center.value.data
        np.testing.assert_allclose(center, (45, 60), atol=0.6)
        widget._center.value.data = [[45, 60]]
        assert segment(qtbot, widget).startswith("Completed 2 boundaries from ")
        result = rings.layers["p completed"].data
        near = np.hypot(*(np.indices(truth.shape) - np.array([45, 60])[:, None, None])) < 40
        assert (result[near] == truth[near]).mean() > 0.97

    def test_locked_columns_and_continue_say_what_to_do(self, rings, qtbot):
        rings.add_points([[45, 60]], name="center")
        widget = dock(rings)
        widget._direction.value = "around"
        widget._center.value = rings.layers["center"]
        message = segment(qtbot, widget, "Continue from here")
        assert message.startswith("About a center nothing is continued")
        click(qtbot, widget, "New locked columns")
        rings.layers[-1].add_rectangles([[0, 10], [96, 20]])
        assert segment(qtbot, widget).startswith("About a center no columns are locked")


class TestLockedColumns:
    def test_stay_and_are_run_from(self, sample, qtbot, fake):
        widget = dock(sample)
        segment(qtbot, widget)
        result = sample.layers[RESULT]
        # A person has moved all boundaries there.
        result.data[LABELLED_SLICE, :, 100:110] = np.roll(
            result.data[LABELLED_SLICE, :, 100:110], 9, axis=0
        )
        result.data[LABELLED_SLICE, :9, 100:110] = 1
        mended = result.data[LABELLED_SLICE, :, 100:110].copy()
        click(qtbot, widget, "New locked columns")
        layer = widget._locked.value
        scale = result.scale[1:]
        stroke(qtbot, sample, np.multiply((20, 100), scale), np.multiply((60, 109), scale))
        assert len(layer.data) == 1
        layer.data = [np.array([[11, 0, 99.7], [11, 0, 109.3], [11, 9, 109.3], [11, 9, 99.7]])]
        segment(qtbot, widget)
        assert set(range(100, 110)) <= set(fake.calls[1]["seed"].columns.tolist())
        np.testing.assert_array_equal(result.data[LABELLED_SLICE, :, 100:110], mended)
        before = result.data.copy()
        result.undo()
        np.testing.assert_array_equal(result.data[LABELLED_SLICE, :, 100:110], mended)
        assert not np.array_equal(result.data, before)


class TestIntoThePartialLabels:
    def test_only_where_they_are_0_as_one_step(self, sample, qtbot, fake):
        partial = sample.layers["partial labels"]
        before = partial.data.copy()
        widget = dock(sample)
        widget._advanced.output.value = True
        message = segment(qtbot, widget)
        assert 'The result is in "partial labels".' in message
        after = partial.data.copy()
        painted = before > 0
        np.testing.assert_array_equal(after[painted], before[painted])
        assert (after[LABELLED_SLICE] > 0).all()
        np.testing.assert_array_equal(after[5], before[5])
        partial.undo()
        np.testing.assert_array_equal(partial.data, before)
        partial.redo()
        np.testing.assert_array_equal(partial.data, after)

    def test_strokes_are_told_from_what_was_filled_in(self, sample, qtbot, fake):
        partial = sample.layers["partial labels"]
        widget = dock(sample)
        widget._advanced.output.value = True
        widget._slices.value = "labelled"
        segment(qtbot, widget)
        first = partial.data.copy()
        segment(qtbot, widget)
        np.testing.assert_array_equal(fake.calls[3]["seed"].columns, fake.calls[0]["seed"].columns)
        np.testing.assert_array_equal(partial.data, first)

    def test_continue_from_repainted_columns(self, sample, qtbot, fake):
        partial = sample.layers["partial labels"]
        widget = dock(sample)
        widget._advanced.output.value = True
        segment(qtbot, widget)
        shown = partial.data[LABELLED_SLICE]
        shown[:, 220] = np.repeat([1, 2, 3, 4, 5], [20, 20, 20, 20, 48])
        message = segment(qtbot, widget, "Continue from here")
        assert message.startswith("Continued in slice 11 from 1 repainted column.")
        seed = fake.calls[1]["seed"]
        np.testing.assert_allclose(seed.curves[:, 220], [20, 40, 60, 80])
        assert np.isnan(seed.curves[0, 221:]).all()
        np.testing.assert_array_equal(
            shown[:, 220], np.repeat([1, 2, 3, 4, 5], [20, 20, 20, 20, 48])
        )


class TestUndo:
    def test_ten_steps_and_back(self, sample, qtbot, fake):
        widget = dock(sample)
        segment(qtbot, widget)
        result = sample.layers[RESULT]
        states = [result.data.copy()]
        for step in range(10):
            result.data[LABELLED_SLICE] = step + 20
            segment(qtbot, widget)
            states.append(np.full_like(states[0][LABELLED_SLICE], step + 20))
        sample.layers.selection = {result}
        for expected in states[:0:-1]:
            press(qtbot, sample, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            np.testing.assert_array_equal(result.data[LABELLED_SLICE], expected)

    def test_past_the_cap_comes_a_new_layer(self, sample, qtbot, fake, monkeypatch):
        from napari_layeredcnn.plugin import results

        monkeypatch.setattr(results, "UNDO_BYTES", 100_000)
        widget = dock(sample)
        segment(qtbot, widget)
        for _ in range(3):
            sample.layers[RESULT].data[LABELLED_SLICE] = 9
            message = segment(qtbot, widget)
        assert f'"{RESULT} [1]"' in message

    def test_a_dock_that_was_closed_goes_on(self, sample, qtbot, fake):
        widget = dock(sample)
        segment(qtbot, widget)
        sample.window.remove_dock_widget(widget)
        widget = dock(sample)
        sample.layers[RESULT].data[LABELLED_SLICE, :, 220] = np.repeat(
            [1, 2, 3, 4, 5], [20, 20, 20, 20, 48]
        )
        message = segment(qtbot, widget, "Continue from here")
        assert message.startswith("Continued in slice 11 from 1 repainted column.")
        assert f'"{RESULT}"' in message


def test_a_second_continue_keeps_what_was_repainted_over_the_strokes(sample, qtbot, fake):
    widget = dock(sample)
    segment(qtbot, widget)
    shown = sample.layers[RESULT].data[LABELLED_SLICE]
    new = np.repeat([1, 2, 3, 4, 5], [20, 20, 20, 20, 48])
    shown[:, 200] = new  # a labelled column
    segment(qtbot, widget, "Continue from here")
    shown[:, 230] = new
    segment(qtbot, widget, "Continue from here")
    seed = fake.calls[2]["seed"]
    np.testing.assert_allclose(seed.curves[:, 200], [20, 40, 60, 80])
    np.testing.assert_allclose(seed.curves[:, 230], [20, 40, 60, 80])


def test_what_made_a_result_is_in_its_metadata(sample, qtbot, fake):
    widget = dock(sample)
    segment(qtbot, widget)
    notes = sample.layers[RESULT].metadata["layeredcnn"]
    assert notes["settings"]["direction"] == "horizontal"
    assert notes["model"]["name"] == "compact"
    assert len(notes["model"]["hash"]) >= 32


def test_paths_as_partial_labels(sample, qtbot, fake):
    paths = [[[11, row, 4], [11, row + 2, 12]] for row in (30, 50, 70)]
    image = sample.layers["layered stack"]
    shapes = sample.add_shapes(
        paths, shape_type="path", name="paths", scale=image.scale, units=image.units
    )
    widget = dock(sample)
    widget._labels.value = shapes
    message = segment(qtbot, widget)
    assert message.startswith("Completed 3 boundaries in slice 11 from 9 labelled columns.")
    np.testing.assert_allclose(fake.calls[0]["seed"].curves[:, 4], [30.5, 50.5, 70.5])
    assert set(np.unique(sample.layers["paths completed"].data)) == {0, 1, 2, 3, 4}


def test_settings_reach_the_library(sample, qtbot, fake):
    widget = dock(sample)
    choices = widget.choices()
    widget.set_choices(
        type(choices)(region_thickness=12.5, device="cpu", direction="left", model="compact")
    )
    segment(qtbot, widget)
    call = fake.calls[0]
    assert (call["region_thickness"], call["device"], call["direction"]) == (12.5, "cpu", "left")
    assert call["model"].name == "compact"
    assert button(widget, "Segment Layers").isEnabled()


def test_ticks_show_layers_that_follow_undo(sample, qtbot, fake):
    widget = dock(sample)
    segment(qtbot, widget)
    assert len(sample.layers) == 3
    widget._paths_tick.click()
    qtbot.waitUntil(lambda: "partial labels curves" in sample.layers, timeout=10_000)
    paths = sample.layers["partial labels curves"]
    first = paths.data[0].copy()
    result = sample.layers[RESULT]
    partial = sample.layers["partial labels"]
    partial.data[LABELLED_SLICE] = np.roll(partial.data[LABELLED_SLICE], 7, axis=0)
    segment(qtbot, widget)
    qtbot.waitUntil(lambda: not np.array_equal(paths.data[0], first), timeout=10_000)
    np.testing.assert_allclose(paths.data[0][:, 1], first[:, 1] + 7)
    sample.layers.selection = {result}
    press(qtbot, sample, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: np.array_equal(paths.data[0], first), timeout=10_000)
    names = dict(zip(result.features["index"], result.features["name"], strict=True))
    assert set(names) == {1, 2, 3, 4, 5}


def test_keys_on_the_layers(sample, qtbot, fake):
    widget = dock(sample)
    sample.layers.selection = {sample.layers["partial labels"]}
    press(qtbot, sample, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: RESULT in sample.layers and not widget.running, timeout=30_000)
    result = sample.layers[RESULT]
    result.data[LABELLED_SLICE, :, 220] = np.repeat([1, 2, 3, 4, 5], [20, 20, 20, 20, 48])
    sample.layers.selection = {result}
    press(qtbot, sample, Qt.Key.Key_G, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(fake.calls) == 2 and not widget.running, timeout=30_000)
    assert widget._message.text().startswith("Continued in slice 11 from 1 repainted column.")
    press(qtbot, sample, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: "oubtful place" in widget._message.text(), timeout=10_000)
