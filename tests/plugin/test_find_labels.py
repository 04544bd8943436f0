"""Ticked candidates written into Labels layers, with layers and viewers without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from finds import IMAGE, STACK, THREE, H, W, candidates
from napari.components import ViewerModel

from napari_layeredcnn.core.label_seeds import seed_from_regions
from napari_layeredcnn.plugin.find_labels import write_strips
from napari_layeredcnn.plugin.planes import Plane, RequestError, shown_plane

FLAT = Plane((None, None), rows=0, columns=1)


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def image(viewer):
    return viewer.add_image(IMAGE, name="i")


def expected(*heights: float) -> np.ndarray:
    """Column 40, where the candidates are surest, by hand."""
    rows = np.arange(H)
    return 1 + sum((rows + 0.5 > h + 0.02 * 40).astype(int) for h in heights)


def test_a_new_layer_holds_the_regions_in_the_surest_column(viewer, image):
    labels = write_strips(viewer, image, {FLAT: THREE}, [0, 1])
    assert labels.name == "i partial labels"
    assert np.flatnonzero(labels.data.any(axis=0)).tolist() == [40]
    np.testing.assert_array_equal(labels.data[:, 40], expected(20, 40))
    assert viewer.layers.selection == {labels}
    assert labels.mode == "pan_zoom"  # no stroke by mistake


def test_what_a_completion_loses_is_painted_all_along(viewer, image):
    found = replace(THREE, lost=True)
    labels = write_strips(viewer, image, {FLAT: found}, sorted(found.chosen))
    columns = np.flatnonzero(labels.data.any(axis=0))
    np.testing.assert_array_equal(columns, np.arange(40 % 16, W, 16))
    assert seed_from_regions(labels.data).n_curves == len(found.chosen)
    labels.undo()  # of all of them at once
    assert not labels.data.any()


def test_what_is_ticked_counts_and_not_what_was_chosen(viewer, image):
    labels = write_strips(viewer, image, {FLAT: THREE}, [2, 0])
    np.testing.assert_array_equal(labels.data[:, 40], expected(20, 30))


def test_it_is_one_step_of_undo(viewer, image):
    labels = viewer.add_labels(np.zeros((H, W), np.uint16))
    write_strips(viewer, image, {FLAT: THREE}, [0, 1], labels)
    written = labels.data.copy()
    labels.undo()
    assert not labels.data.any()
    labels.redo()
    np.testing.assert_array_equal(labels.data, written)


def test_rows_where_layers_run_up_and_down(viewer, image):
    found = candidates((20, 0.1), (40, 0.2), transposed=True)
    labels = write_strips(viewer, image, {FLAT: found}, [0, 1])
    (row,) = np.flatnonzero(labels.data.any(axis=1))
    assert row == 40
    ids = 1 + sum((np.arange(W) + 0.5 > h + 0.8).astype(int) for h in (20, 40))
    np.testing.assert_array_equal(labels.data[40], ids)


def test_several_slices_of_a_stack_as_one_step(viewer):
    image = viewer.add_image(STACK)
    plane = Plane((1, None, None), rows=1, columns=2)
    found = {plane: THREE, plane.at(0, 4): candidates((22, 0.1), (42, 0.2), (30, 0.9))}
    labels = write_strips(viewer, image, found, [0, 1])
    assert np.flatnonzero(labels.data.any(axis=(1, 2))).tolist() == [1, 4]
    np.testing.assert_array_equal(labels.data[1, :, 40], expected(20, 40))
    np.testing.assert_array_equal(labels.data[4, :, 40], expected(22, 42))
    labels.undo()
    assert not labels.data.any()


def test_a_rolled_and_transposed_viewer(viewer):
    image = viewer.add_image(STACK.transpose(2, 0, 1))  # columns, slices, rows
    viewer.dims.order = (1, 2, 0)
    viewer.dims.set_point(1, 3)
    plane = shown_plane(viewer, image)
    labels = write_strips(viewer, image, {plane: THREE}, [0, 1])
    assert labels.data.shape == (W, 5, H)
    np.testing.assert_array_equal(labels.data[40, 3], expected(20, 40))
    assert np.count_nonzero(labels.data) == H


class TestStrokes:
    @pytest.fixture
    def drawn(self, viewer, image):
        """Strokes of the same three regions in column 70."""
        data = np.zeros((H, W), np.uint8)
        data[5:9, 70], data[28:30, 70], data[50:55, 70] = 1, 2, 3
        return viewer.add_labels(data, name="mine")

    def test_are_kept_and_go_together_with_what_is_written(self, viewer, image, drawn):
        before = drawn.data.copy()
        assert write_strips(viewer, image, {FLAT: THREE}, [0, 1], drawn) is drawn
        np.testing.assert_array_equal(drawn.data[:, 70], before[:, 70])
        seed = seed_from_regions(drawn.data)
        assert seed.columns.tolist() == [40, 70]
        drawn.undo()
        np.testing.assert_array_equal(drawn.data, before)

    @pytest.mark.parametrize(
        ("column", "label", "words"),
        [
            (40, 1, "has strokes in the columns where the candidates are surest, which are not"),
            (60, 9, "do not go with the strokes"),
        ],
    )
    def test_that_do_not_go_together_with_it_are_left_alone(
        self, viewer, image, drawn, column, label, words
    ):
        drawn.data[3, column] = label
        drawn.data[4:6, column] = 2
        before = drawn.data.copy()
        with pytest.raises(RequestError, match=words) as caught:
            write_strips(viewer, image, {FLAT: THREE}, [0, 1], drawn)
        assert str(caught.value).endswith("choose a new layer.")
        np.testing.assert_array_equal(drawn.data, before)

    def test_in_one_slice_of_a_layer_with_fewer_axes(self, viewer, drawn):
        image = viewer.add_image(STACK)
        plane = Plane((2, None, None), rows=1, columns=2)
        write_strips(viewer, image, {plane: THREE}, [0, 1], drawn)
        np.testing.assert_array_equal(drawn.data[:, 40], expected(20, 40))
        with pytest.raises(RequestError, match="has 2 axes, the image 3"):
            write_strips(viewer, image, {plane: THREE, plane.at(0, 1): THREE}, [0, 1], drawn)


def test_what_cannot_be_written_adds_no_layer(viewer, image):
    close = candidates((20.1, 0.1), (20.3, 0.2))
    for found, accepted, words in (
        (THREE, [], "No candidate is ticked"),
        (close, [0, 1], "thinner than a pixel"),
    ):
        with pytest.raises(RequestError, match=words):
            write_strips(viewer, image, {FLAT: found}, accepted)
    small = viewer.add_labels(np.zeros((H, W - 1), np.uint8), name="small")
    with pytest.raises(RequestError, match="has the shape 60 x 99, the image 60 x 100"):
        write_strips(viewer, image, {FLAT: THREE}, [0, 1], small)
    assert list(viewer.layers) == [image, small]
