"""The dock in a real viewer, with a person's clicks."""

from __future__ import annotations

import numpy as np
import pytest
from hands import button, click, dock, segment
from napari.layers import Labels
from superqt.utils import WorkerBase

from napari_layeredcnn.sample import LABELLED_SLICE, sample_stack

pytestmark = pytest.mark.usefixtures("no_thread_left")


@pytest.fixture
def sample(viewer):
    """The viewer with the sample in it."""
    viewer.open_sample("napari-layeredcnn", "layered_stack")
    return viewer


class TestResult:
    def test_goes_to_a_layer_of_its_own(self, sample, qtbot, fake):
        image, partial = sample.layers
        before = partial.data.copy()
        message = segment(qtbot, dock(sample))
        assert message == (
            "Completed 4 boundaries in slice 11 from 10 labelled columns. A note of the library. "
            'The result is in "partial labels completed".'
        )
        np.testing.assert_array_equal(partial.data, before)
        result = sample.layers["partial labels completed"]
        assert isinstance(result, Labels)
        assert result.data.dtype == partial.data.dtype
        assert result.data.shape == partial.data.shape
        assert not np.delete(result.data, LABELLED_SLICE, axis=0).any()
        painted = before[LABELLED_SLICE]
        assert set(np.unique(result.data[LABELLED_SLICE])) == {1, 2, 3, 4, 5}
        agree = result.data[LABELLED_SLICE][painted > 0] == painted[painted > 0]
        assert agree.mean() > 0.8  # the stand-in is flat
        np.testing.assert_array_equal(fake.calls[0]["image"], image.data[LABELLED_SLICE])

    def test_the_real_network(self, sample, qtbot, tmp_path):
        before = sample.layers["partial labels"].data.copy()
        widget = dock(sample)
        message = segment(qtbot, widget)
        assert message.startswith("Completed 4 boundaries")
        np.testing.assert_array_equal(sample.layers["partial labels"].data, before)
        completed = sample.layers["partial labels completed"].data[LABELLED_SLICE]
        painted = before[LABELLED_SLICE]
        np.testing.assert_array_equal(completed[painted > 0], painted[painted > 0])
        assert (completed > 0).all()
        assert (np.diff(completed.astype(int), axis=0) >= 0).all()
        for text in ("Segment Layers", "Cancel"):
            shown = button(widget, text)
            assert shown.width() >= shown.sizeHint().width()  # nothing cut off
        qtbot.wait(100)
        picture = sample.screenshot(str(tmp_path / "dock.png"), canvas_only=False, flash=False)
        assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > 50

    def test_a_second_slice_fills_the_same_layer_as_one_undo_step(self, sample, qtbot, fake):
        _, partial = sample.layers
        partial.data[5] = partial.data[LABELLED_SLICE]
        widget = dock(sample)
        segment(qtbot, widget)
        result = sample.layers["partial labels completed"]
        first = result.data.copy()
        sample.dims.set_current_step(0, 5)
        segment(qtbot, widget)
        assert len(sample.layers) == 3
        np.testing.assert_array_equal(result.data[5], first[LABELLED_SLICE])
        np.testing.assert_array_equal(result.data[LABELLED_SLICE], first[LABELLED_SLICE])
        result.undo()
        np.testing.assert_array_equal(result.data, first)

    def test_a_deleted_result_is_made_anew(self, sample, qtbot, fake):
        widget = dock(sample)
        segment(qtbot, widget)
        first = sample.layers["partial labels completed"].data.copy()
        del sample.layers["partial labels completed"]
        segment(qtbot, widget)
        np.testing.assert_array_equal(sample.layers["partial labels completed"].data, first)

    def test_carries_the_place_and_leaves_the_selection(self, viewer, qtbot, fake):
        stack, _, labels = sample_stack()
        affine = np.eye(4)
        affine[1, 3] = 7
        place = {
            "scale": (3, 2, 1),
            "translate": (10, 20, 30),
            "rotate": 15,
            "shear": (0, 0, 0.1),
            "affine": affine,
            "units": ("mm", "um", "um"),
            "axis_labels": ("z", "depth", "width"),
        }
        image = viewer.add_image(stack, **place)
        partial = viewer.add_labels(labels, name="p", opacity=0.4, **place)
        # Rotated in the displayed plane only, so slices are slices. napari's world has one unit
        # for all axes: µm here.
        viewer.dims.set_point(0, 1000 * (10 + 3 * LABELLED_SLICE))
        assert segment(qtbot, dock(viewer)).startswith("Completed")
        result = viewer.layers["p completed"]
        for name in ("scale", "translate", "rotate", "shear"):
            np.testing.assert_allclose(getattr(result, name), getattr(image, name))
        np.testing.assert_allclose(result.affine.affine_matrix, image.affine.affine_matrix)
        assert result.units == image.units
        assert result.axis_labels == image.axis_labels
        assert result.opacity == partial.opacity
        assert viewer.layers.selection == {partial}

    def test_one_2d_image(self, viewer, qtbot, fake):
        stack, _, labels = sample_stack()
        viewer.add_image(stack[LABELLED_SLICE])
        viewer.add_labels(labels[LABELLED_SLICE], name="p")
        message = segment(qtbot, dock(viewer))
        assert message.startswith("Completed 4 boundaries from 10 labelled columns.")
        assert viewer.layers["p completed"].data.shape == (128, 256)

    def test_colors_reach_the_library_as_they_are(self, viewer, qtbot, fake):
        stack, _, labels = sample_stack()
        viewer.add_image(np.stack([stack] * 3, axis=-1), rgb=True)
        viewer.add_labels(labels, name="p")
        segment(qtbot, dock(viewer))
        assert fake.calls[0]["image"].shape == (128, 256, 3)

    def test_curves_along_rows(self, viewer, qtbot, fake):
        stack, _, labels = sample_stack()
        viewer.add_image(stack.transpose(0, 2, 1))
        viewer.add_labels(labels.transpose(0, 2, 1), name="p")
        widget = dock(viewer)
        widget._direction.value = "vertical"
        segment(qtbot, widget)
        assert fake.calls[0]["direction"] == "vertical"
        assert fake.calls[0]["seed"].height == 128
        result = viewer.layers["p completed"].data[LABELLED_SLICE]
        assert result.shape == (256, 128)
        assert (np.diff(result.astype(int), axis=1) >= 0).all()

    def test_boundaries_painted(self, viewer, qtbot, fake):
        stack, curves, _ = sample_stack()
        lines = np.zeros(stack[0].shape, np.uint8)
        for k in range(4):
            for x in range(30, 60):
                lines[int(curves[LABELLED_SLICE, k, x]), x] = k + 11
        viewer.add_image(stack[LABELLED_SLICE])
        viewer.add_labels(lines, name="lines")
        widget = dock(viewer)
        widget._strokes.value = "boundaries"
        message = segment(qtbot, widget)
        assert message.startswith("Completed 4 boundaries from 30 labelled columns.")
        assert set(np.unique(viewer.layers["lines completed"].data)) == {1, 2, 3, 4, 5}


class TestWhileItRuns:
    def test_progress_is_told(self, sample, qtbot, fake):
        widget = dock(sample)
        fake.hold_at = 10
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        qtbot.waitUntil(lambda: widget._bar.value() == 10, timeout=10_000)
        assert widget.running
        assert widget._bar.isVisible()
        assert widget._bar.maximum() == 256
        assert widget._message.text() == "Column 10 of 256"
        assert not button(widget, "Segment Layers").isEnabled()
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        assert not widget._bar.isVisible()
        assert button(widget, "Segment Layers").isEnabled()
        assert not button(widget, "Cancel").isEnabled()

    def test_cancel_changes_nothing_and_a_new_run_works(self, sample, qtbot, fake):
        widget = dock(sample)
        before = sample.layers["partial labels"].data.copy()
        widget._on_cancel.value = "restore"
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        qtbot.waitUntil(lambda: len(fake.calls) == 1, timeout=10_000)
        click(qtbot, widget, "Cancel")
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        assert widget._message.text() == "Canceled; nothing was changed."
        assert fake.columns <= 2
        assert fake.closed == 1  # the library's generator was ended, not left hanging
        assert len(sample.layers) == 2
        np.testing.assert_array_equal(sample.layers["partial labels"].data, before)
        assert segment(qtbot, widget).startswith("Completed")

    def test_painting_meanwhile_does_not_reach_the_run(self, sample, qtbot, fake):
        widget = dock(sample)
        partial = sample.layers["partial labels"]
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        partial.data[LABELLED_SLICE] = 9
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        assert fake.calls[0]["seed"].region_ids == (1, 2, 3, 4, 5)
        assert (partial.data[LABELLED_SLICE] == 9).all()

    def test_layers_deleted_meanwhile(self, sample, qtbot, fake):
        widget = dock(sample)
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        sample.layers.clear()
        fake.gate.set()
        qtbot.waitUntil(lambda: not widget.running, timeout=10_000)
        assert "deleted" in widget._message.text()
        assert len(sample.layers) == 0

    @pytest.mark.parametrize("how", ["dock", "viewer"])
    def test_closed_meanwhile(self, sample, qtbot, fake, how):
        widget = dock(sample)
        fake.gate.clear()
        click(qtbot, widget, "Segment Layers")
        qtbot.waitUntil(lambda: len(fake.calls) == 1, timeout=10_000)
        if how == "dock":
            sample.window.remove_dock_widget(widget)
        else:
            sample.close()
        qtbot.wait(50)
        fake.gate.set()
        qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)
        assert fake.columns <= 2
        if how == "dock":  # when its window closes, napari drops the worker where it stands
            assert fake.closed == 1
        assert "partial labels completed" not in sample.layers


class TestTrouble:
    @pytest.mark.parametrize(
        "error",
        [
            ValueError("the image is constant; take another one"),
            RuntimeError("the image is constant; take another one"),
            OSError("the image is constant; take another one"),
        ],
    )
    def test_in_the_library_becomes_one_sentence(self, sample, qtbot, fake, error):
        fake.error = error
        widget = dock(sample)
        assert segment(qtbot, widget) == "The image is constant; take another one."
        assert len(sample.layers) == 2
        fake.error = None
        assert segment(qtbot, widget).startswith("Completed")

    def test_a_bug_is_shown_and_the_dock_goes_on(self, sample, qtbot, fake):
        fake.error = KeyError("bug")
        widget = dock(sample)
        with qtbot.captureExceptions() as caught:
            assert segment(qtbot, widget).startswith("Failed, nothing was changed")
        assert len(caught) <= 1
        fake.error = None
        assert segment(qtbot, widget).startswith("Completed")

    def test_a_seed_that_is_no_seed(self, sample, qtbot):
        partial = sample.layers["partial labels"]
        partial.data[LABELLED_SLICE, :, 198:203] = partial.data[LABELLED_SLICE, ::-1, 198:203]
        message = segment(qtbot, dock(sample))
        assert "column" in message
        assert "Completed" not in message
        assert len(sample.layers) == 2

    def test_no_layers(self, viewer, qtbot):
        assert "no image layer" in segment(qtbot, dock(viewer))
        viewer.add_image(np.zeros((8, 8)))
        assert "no labels layer" in segment(qtbot, dock(viewer))


class TestLayers:
    def test_choices_follow_the_viewer_and_stay_chosen(self, viewer):
        widget = dock(viewer)
        assert widget._image.value is None
        one = viewer.add_image(np.zeros((8, 8)), name="one")
        two = viewer.add_image(np.zeros((8, 8)), name="two")
        labels = viewer.add_labels(np.zeros((8, 8), int), name="labels")
        assert widget._image.choices == (one, two)
        assert widget._labels.choices == (labels,)
        widget._image.value = two
        two.name = "renamed"
        assert widget._image.current_choice == "renamed"
        assert widget._image.value is two
        viewer.layers.remove(one)
        assert widget._image.value is two
        viewer.layers.remove(two)
        assert widget._image.value is None

    def test_begins_with_the_selected_layer(self, viewer):
        viewer.add_image(np.zeros((8, 8)))
        second = viewer.add_image(np.zeros((8, 8)))
        viewer.layers.selection = {second}
        assert dock(viewer)._image.value is second
