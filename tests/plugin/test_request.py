"""What may not run, and what the person is told: one row per mistake."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_layeredcnn.plugin.request import RequestError, make_request

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


def ask(viewer, image, labels):
    return make_request(viewer, image, labels, "horizontal", "regions")


MISTAKES = {
    "no image": (None, Labels(strokes(STACK)), "There is no image layer"),
    "no labels": (Image(np.ones(STACK)), None, "There is no labels layer"),
    "4D": (
        Image(np.ones((2, *STACK)), name="film"),
        Labels(strokes((2, *STACK))),
        '"film" has 4 axes',
    ),
    "multiscale image": (
        Image([np.ones((64, 64)), np.ones((32, 32))], multiscale=True),
        Labels(strokes((64, 64))),
        "is multiscale",
    ),
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
    "fewer axes": (Image(np.ones(STACK)), Labels(strokes((8, 16))), "has the shape 8 x 16"),
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
    assert request.index == 2
    np.testing.assert_array_equal(request.read_image(), image.data[2])
    np.testing.assert_array_equal(request.labels, labels.data[2])
    labels.data[2] = 0
    assert request.labels.any()  # a copy


def test_a_slice_without_labels_is_told_by_number(pair):
    image, labels = pair
    viewer = viewer_with(image, labels)
    viewer.dims.set_point(0, 35)
    with pytest.raises(RequestError, match=r"Slice 1 has no labels: paint .* \"mine\" first"):
        ask(viewer, image, labels)


def test_a_slider_beyond_the_image(pair):
    image, labels = pair
    viewer = viewer_with(image, labels)
    viewer.add_image(np.ones((90, 8, 16)))
    viewer.dims.set_point(0, 80)
    with pytest.raises(RequestError, match="shows no slice"):
        ask(viewer, image, labels)


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1)])
def test_rolled_axes(pair, order):
    viewer = viewer_with(*pair)
    viewer.dims.order = order
    with pytest.raises(RequestError, match="rolled or transposed"):
        ask(viewer, *pair)


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
        assert ask(viewer, image, labels).index == index


def test_a_layer_in_units_that_cannot_be_compared(pair):
    image, labels = pair
    viewer = viewer_with(image, labels)
    viewer.add_image(np.ones(STACK), units=("um", "um", "um"))  # beside pixels
    viewer.dims.set_point(0, 40)
    assert ask(viewer, image, labels).index == 2


def test_a_2d_image_beside_a_stack(pair):
    image, labels = Image(np.ones((8, 16))), Labels(strokes((8, 16)))
    viewer = viewer_with(*pair)
    viewer.add_layer(image)
    viewer.add_layer(labels)
    assert ask(viewer, image, labels).index is None


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
    request.read_image()
    assert read == [(3, 0, 0)]
