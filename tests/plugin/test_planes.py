"""Slices of layers as the viewer shows them: rolled, transposed, with more axes, in units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image

from napari_layeredcnn.plugin.planes import (
    Plane,
    PlaneError,
    shape_of,
    shown_plane,
    slider_axis,
)

SHAPE = (4, 8, 16)


@st.composite
def planes(draw):
    ndim = draw(st.integers(2, 5))
    rows, columns = draw(st.permutations(range(ndim)))[:2]
    shape = draw(st.tuples(*[st.integers(1, 4)] * ndim))
    index = tuple(
        None if axis in (rows, columns) else draw(st.integers(0, n - 1))
        for axis, n in enumerate(shape)
    )
    return Plane(index, rows, columns), shape


@given(planes())
def test_places_are_where_the_pixels_of_the_slice_are(drawn):
    plane, shape = drawn
    data = np.arange(np.prod(shape)).reshape(shape)
    of = plane.of(data)
    assert of.shape == (shape[plane.rows], shape[plane.columns])
    rows, columns = np.indices(of.shape).reshape(2, -1)
    np.testing.assert_array_equal(data[plane.places(rows, columns)], of.ravel())
    vertices = plane.vertices(rows + 0.25, columns)
    assert vertices.shape == (of.size, len(shape))
    np.testing.assert_array_equal(vertices[:, plane.rows], rows + 0.25)
    for axis in plane.free_axes:
        assert (vertices[:, axis] == plane.index[axis]).all()


@given(planes())
def test_a_slice_is_a_view(drawn):
    plane, shape = drawn
    data = np.zeros(shape)
    plane.of(data)[...] = 1
    assert data.sum() == plane.of(data).size


def test_colors_stay_last():
    plane = Plane((None, 1, None), rows=2, columns=0)
    data = np.zeros((4, 8, 16, 3))
    data[2, 1, 5] = (1, 2, 3)
    assert plane.of(data).shape == (16, 4, 3)
    np.testing.assert_array_equal(plane.of(data)[5, 2], (1, 2, 3))


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 1, 0)])
def test_what_the_viewer_shows(order):
    image = Image(np.random.default_rng(1).random(SHAPE), scale=(5, 2, 1), translate=(30, 0, 0))
    viewer = ViewerModel()
    viewer.add_layer(image)
    viewer.dims.order = order
    for axis, step in enumerate((2, 3, 7)):
        viewer.dims.set_current_step(axis, step)
    plane = shown_plane(viewer, image)
    np.testing.assert_array_equal(plane.of(image.data), image._slice.image.raw)
    assert slider_axis(viewer, plane) == order[0]


def test_a_layer_with_fewer_axes_than_the_viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, *SHAPE)))
    image = viewer.add_image(np.zeros(SHAPE))
    viewer.dims.set_current_step(0, 2)
    viewer.dims.set_current_step(1, 1)
    assert shown_plane(viewer, image) == Plane((1, None, None), 1, 2)
    flat = viewer.add_image(np.zeros(SHAPE[1:]))
    assert shown_plane(viewer, flat) == Plane((None, None), 0, 1)
    assert slider_axis(viewer, shown_plane(viewer, flat)) is None
    viewer.dims.order = (0, 2, 1, 3)
    with pytest.raises(PlaneError, match="shows an axis that"):
        shown_plane(viewer, flat)


def test_the_axis_moved_last_holds_the_slices():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, *SHAPE)))
    viewer.dims.last_used = 0
    assert slider_axis(viewer, shown_plane(viewer, image)) == 0
    viewer.dims.last_used = 1
    assert slider_axis(viewer, shown_plane(viewer, image)) == 1


def test_a_slice_of_fewer_axes():
    plane = Plane((1, 2, None, None), 3, 2)
    assert plane.on(3) == Plane((2, None, None), 2, 1)
    assert plane.at(0, 5).index == (5, 2, None, None)


def test_full_resolution_and_no_colors():
    assert shape_of(Image([np.ones((64, 32)), np.ones((32, 16))], multiscale=True)) == (64, 32)
    assert shape_of(Image(np.ones((64, 32, 3)), rgb=True)) == (64, 32)


def test_nothing_to_show():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(SHAPE))
    viewer.add_image(np.zeros((90, 8, 16)))
    viewer.dims.set_point(0, 80)
    with pytest.raises(PlaneError, match="shows no slice"):
        shown_plane(viewer, image)
    viewer.dims.set_point(0, 2)
    viewer.dims.ndisplay = 3
    with pytest.raises(PlaneError, match="switch to 2D"):
        shown_plane(viewer, image)
