"""What may not run, and what the person is told: one row per mistake."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from napari_layeredcnn.plugin.choices import Choices
from napari_layeredcnn.plugin.layer_checks import Chosen
from napari_layeredcnn.plugin.planes import RequestError, shown_plane
from napari_layeredcnn.plugin.request import make_request
from napari_layeredcnn.plugin.results import ResultLayers
from napari_layeredcnn.plugin.start import start_of
from napari_layeredcnn.plugin.vector_layers import center_in

STACK = (4, 8, 16)


def strokes(shape):
    labels = np.zeros(shape, np.uint8)
    labels[..., 2:4, 3] = 1
    labels[..., 5:7, 3] = 2
    return labels


def viewer_with(image, labels):
    viewer = ViewerModel()
    for layer in (image, labels):
        if layer is not None:
            viewer.add_layer(layer)
    return viewer


def ask(viewer, image, labels, *, center=None, locked=None, **choices):
    chosen = Chosen(image, labels, center, locked)
    return make_request(viewer, chosen, Choices(**choices), ResultLayers(viewer))


def only(request):
    (part,) = request.slices
    return part


MISTAKES = {
    "no image": (None, Labels(strokes(STACK)), "There is no image layer"),
    "no labels": (Image(np.ones(STACK)), None, "There is no labels layer"),
    "multiscale labels": (
        Image(np.ones((64, 64))),
        Labels([strokes((64, 64)), strokes((32, 32))], multiscale=True),
        "is multiscale",
    ),
    "other shape": (
        Image(np.ones(STACK)),
        Labels(strokes((4, 8, 17)), name="mine"),
        '"mine" has the shape 4 x 8 x 17, the image 4 x 8 x 16',
    ),
    "more axes": (Image(np.ones((8, 16))), Labels(strokes(STACK)), "has the shape 4 x 8 x 16"),
    "other scale": (
        Image(np.ones(STACK), scale=(1, 2, 2)),
        Labels(strokes(STACK)),
        "lies elsewhere",
    ),
    "other affine": (
        Image(np.ones(STACK), affine=np.diag([1, 1, 2, 1])),
        Labels(strokes(STACK)),
        "lies elsewhere",
    ),
    "empty": (Image(np.ones((8, 16))), Labels(np.zeros((8, 16), int)), "The labels are empty"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told(mistake):
    image, labels, message = MISTAKES[mistake]
    with pytest.raises(RequestError, match=message):
        ask(viewer_with(image, labels), image, labels)


@pytest.fixture
def pair():
    image = Image(np.arange(np.prod(STACK)).reshape(STACK), scale=(5, 2, 1), translate=(30, 0, 0))
    labels = np.zeros(STACK, np.int16)
    labels[2] = strokes(STACK[1:])
    return image, Labels(labels, name="mine", scale=(5, 2, 1), translate=(30, 0, 0))


def test_the_shown_slice_is_taken(pair):
    image, labels = pair
    viewer = viewer_with(image, labels)
    viewer.dims.set_point(0, 40)  # world: 30 + 2 * 5
    request = ask(viewer, image, labels)
    part = only(request)
    assert part.number == 2
    np.testing.assert_array_equal(part.plane.of(request.image), image.data[2])
    np.testing.assert_array_equal(part.labels, labels.data[2])
    labels.data[2] = 0
    assert part.labels.any()  # a copy


def test_a_slice_without_labels_is_told_by_number(pair):
    image, labels = pair
    viewer = viewer_with(image, labels)
    viewer.dims.set_point(0, 35)
    with pytest.raises(RequestError, match=r"Slice 1 has no labels: paint .* \"mine\" first"):
        ask(viewer, image, labels)


def test_all_slices_with_labels(pair):
    image, labels = pair
    labels.data[0] = labels.data[2]
    viewer = viewer_with(image, labels)
    request = ask(viewer, image, labels, slices="labelled")
    assert [part.number for part in request.slices] == [0, 2]
    request = ask(viewer, image, labels, slices="range", first=1, last=3)
    assert [part.number for part in request.slices] == [1, 2, 3]
    assert [part.number for part in request.labelled] == [0, 2]
    labels.data[2] = 0
    labels.data[0] = 0
    with pytest.raises(RequestError, match="None of the chosen slices has labels"):
        ask(viewer, image, labels, slices="labelled")


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (2, 0, 1)])
def test_rolled_and_transposed_axes_are_followed(pair, order):
    image, labels = pair
    labels.data[...] = np.arange(labels.data.size).reshape(STACK)
    viewer = viewer_with(image, labels)
    viewer.dims.order = order
    viewer.dims.set_current_step(order[0], 3)
    request = ask(viewer, image, labels)
    part = only(request)
    drawn = np.transpose(image.data, order)[3]
    np.testing.assert_array_equal(part.plane.of(request.image), drawn)
    np.testing.assert_array_equal(part.labels, np.transpose(labels.data, order)[3])
    assert part.number == 3


def test_channels_before_the_labels_axes(pair):
    _, labels = pair
    image = Image(np.arange(2 * np.prod(STACK)).reshape(2, *STACK), scale=(1, 5, 2, 1))
    image.translate = (0, 30, 0, 0)
    viewer = viewer_with(image, labels)
    viewer.dims.set_current_step(0, 1)
    viewer.dims.set_point(1, 40)
    request = ask(viewer, image, labels)
    part = only(request)
    np.testing.assert_array_equal(part.plane.of(request.image), image.data[1, 2])
    assert request.shape == STACK
    assert part.frame.index == (2, None, None)


def test_multiscale_images_are_read_at_full_resolution():
    data = np.arange(64 * 64.0).reshape(64, 64)
    image = Image([data, data[::2, ::2]], multiscale=True)
    labels = Labels(strokes((64, 64)))
    request = ask(viewer_with(image, labels), image, labels)
    np.testing.assert_array_equal(only(request).plane.of(request.image), data)


def test_3d_view(pair):
    viewer = viewer_with(*pair)
    viewer.dims.ndisplay = 3
    with pytest.raises(RequestError, match="switch to 2D"):
        ask(viewer, *pair)


@pytest.mark.parametrize("unit", ["mm", "um", "pixel"])
def test_units_of_slices_and_of_another_layer(pair, unit):
    """The world is in the finest unit of all layers; the slice is found all the same."""
    image, labels = pair
    for layer in pair:
        layer.units = (unit, "um", "um") if unit != "pixel" else ("pixel",) * 3
    viewer = viewer_with(image, labels)
    if unit == "um":
        viewer.add_image(np.ones((4, 8, 16)), scale=(20000, 1, 1), units=("nm", "nm", "nm"))
    for index in (2, 3):
        viewer.dims.set_current_step(0, 0)
        world = {"mm": 1000, "um": 1000, "pixel": 1}[unit] * (30 + 5 * index)
        viewer.dims.set_point(0, world)
        labels.data[index] = strokes(STACK[1:])
        assert only(ask(viewer, image, labels)).number == index


def test_a_layer_in_units_that_cannot_be_compared(pair):
    image, labels = pair
    viewer = viewer_with(image, labels)
    viewer.add_image(np.ones(STACK), units=("um", "um", "um"))  # beside pixels
    viewer.dims.set_point(0, 40)
    assert only(ask(viewer, image, labels)).number == 2


def test_a_2d_image_beside_a_stack(pair):
    image, labels = Image(np.ones((8, 16))), Labels(strokes((8, 16)))
    viewer = viewer_with(*pair)
    viewer.add_layer(image)
    viewer.add_layer(labels)
    assert only(ask(viewer, image, labels)).number is None


def test_lazy_images_are_read_by_the_worker_only():
    read = []

    def block(_block, block_info):
        read.append(block_info[None]["chunk-location"])
        return np.ones((1, 8, 16))

    lazy = dask.array.map_blocks(
        block, dask.array.ones(STACK, chunks=(1, 8, 16)), dtype=float, meta=np.empty((0, 0, 0))
    )
    labels = np.stack([strokes((8, 16))] * 4)
    image, labels = Image(lazy, contrast_limits=(0, 1)), Labels(labels)
    viewer = viewer_with(image, labels)
    viewer.dims.set_current_step(0, 3)
    read.clear()
    request = ask(viewer, image, labels)
    assert read == []
    np.asarray(only(request).plane.of(request.image))
    assert read == [(3, 0, 0)]


class TestPaths:
    def two_paths(self, index=None):
        paths = [np.array([[2.0, 1], [2.0, 9]]), np.array([[5.0, 1], [6.0, 9]])]
        return paths if index is None else [np.insert(p, 0, index, axis=1) for p in paths]

    def test_are_boundaries(self):
        image = Image(np.ones((8, 16)))
        shapes = Shapes(self.two_paths(), shape_type="path")
        request = ask(viewer_with(image, shapes), image, shapes)
        start = start_of(only(request), request.choices, resume=False)
        np.testing.assert_allclose(start.seed.curves[:, 1], [2.5, 5.5])
        np.testing.assert_allclose(start.seed.curves[:, 9], [2.5, 6.5])
        assert (request.shape, request.dtype) == ((8, 16), np.uint8)

    def test_along_rows(self):
        image = Image(np.ones((16, 8)))
        shapes = Shapes([path[:, ::-1] for path in self.two_paths()], shape_type="path")
        request = ask(viewer_with(image, shapes), image, shapes, direction="down")
        start = start_of(only(request), request.choices, resume=False)
        np.testing.assert_allclose(start.seed.curves[:, 9], [2.5, 6.5])

    def test_of_the_shown_slice(self, pair):
        image, _ = pair
        shapes = Shapes(
            [*self.two_paths(1), *self.two_paths(3)], shape_type="path", scale=(5, 2, 1)
        )
        shapes.translate = image.translate
        viewer = viewer_with(image, shapes)
        viewer.dims.set_point(0, 45)
        assert len(only(ask(viewer, image, shapes)).paths) == 2
        request = ask(viewer, image, shapes, slices="labelled")
        assert [part.number for part in request.slices] == [1, 3]
        viewer.dims.set_point(0, 40)
        with pytest.raises(RequestError, match="Slice 2 has no labels: draw a path along every"):
            ask(viewer, image, shapes)

    def test_a_polygon_is_no_path(self):
        image = Image(np.ones((8, 16)))
        shapes = Shapes([[[1, 1], [1, 5], [5, 5]]], shape_type="polygon", name="mine")
        with pytest.raises(RequestError, match='"mine" has a polygon'):
            ask(viewer_with(image, shapes), image, shapes)

    @pytest.mark.parametrize(
        ("choice", "message"),
        [({"into_partial": True}, "no labels can be written"), ({"direction": "around"}, "paths")],
    )
    def test_what_paths_cannot_do(self, choice, message):
        image, shapes = Image(np.ones((8, 16))), Shapes(self.two_paths(), shape_type="path")
        with pytest.raises(RequestError, match=message):
            ask(viewer_with(image, shapes), image, shapes, **choice)


class TestCenter:
    def test_is_the_last_point_of_the_nearest_slice(self, pair):
        image, _ = pair
        points = Points([[0, 1, 1], [3, 2, 5], [3, 4, 6]], scale=(5, 2, 1), translate=(30, 0, 0))
        viewer = viewer_with(image, points)
        viewer.dims.set_point(0, 45)
        assert center_in(points, image, shown_plane(viewer, image)) == (4, 6)
        viewer.dims.set_point(0, 30)
        assert center_in(points, image, shown_plane(viewer, image)) == (1, 1)

    def test_of_a_2d_layer_counts_in_every_slice(self, pair):
        image, _ = pair
        points = Points([[4, 6]])  # the world, in which a row is 2 high
        viewer = viewer_with(image, points)
        assert center_in(points, image, shown_plane(viewer, image)) == (2, 6)

    def test_is_needed(self):
        image, labels = Image(np.ones((8, 16))), Labels(strokes((8, 16)))
        with pytest.raises(RequestError, match="There is no center: press New center"):
            ask(viewer_with(image, labels), image, labels, direction="around")


def test_locked_columns_without_a_result_protect_nothing():
    image, labels = Image(np.ones((8, 16))), Labels(strokes((8, 16)))
    locked = Shapes([[[0, 4.6], [0, 7.2], [8, 7.2], [8, 4.6]]], shape_type="rectangle")
    part = only(ask(viewer_with(image, labels), image, labels, locked=locked))
    assert np.flatnonzero(part.locked).tolist() == [5, 6, 7]
    assert not part.protected.any()
    part = only(ask(viewer_with(image, labels), image, labels, locked=locked, direction="down"))
    assert np.flatnonzero(part.locked).tolist() == list(range(8))


def test_into_labels_that_cannot_be_written():
    image, labels = Image(np.ones((8, 16))), Labels(strokes((8, 16)), name="mine")
    viewer = viewer_with(image, labels)
    assert only(ask(viewer, image, labels, into_partial=True)).protected.sum() == 4
    labels.data.setflags(write=False)
    with pytest.raises(RequestError, match='"mine" cannot be written to'):
        ask(viewer, image, labels, into_partial=True)
    ask(viewer, image, labels)  # not written to
