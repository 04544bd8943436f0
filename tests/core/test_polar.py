from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.core.polar import PolarError, polar_grid
from napari_layeredcnn.core.ray_pixels import sort_pixels

SHAPE = (60, 80)
centers = st.tuples(st.floats(20, 40), st.floats(25, 55))
angles = st.floats(-400, 400)


def _distance(center, shape=SHAPE):
    rows, columns = np.indices(shape)
    return np.hypot(rows - center[0], columns - center[1])


@settings(max_examples=20, deadline=None)
@given(centers, angles)
def test_every_place_of_the_unrolled_image_is_where_it_should_be(center, start_angle):
    # A plane is interpolated exactly, so that its values tell where they were taken.
    plane = np.indices(SHAPE).astype(float)
    grid = polar_grid(SHAPE, center, start_angle=start_angle, max_radius=18)
    angle = np.deg2rad(start_angle + np.arange(grid.columns) * 360 / grid.columns)
    radius = np.arange(18)[:, None] + 0.5
    np.testing.assert_allclose(grid.image(plane[0]), center[0] + radius * np.sin(angle), atol=0.02)
    np.testing.assert_allclose(grid.image(plane[1]), center[1] + radius * np.cos(angle), atol=0.02)


def test_beyond_the_edge_the_image_goes_on_and_the_labels_do_not():
    image = np.full(SHAPE, 3, np.uint8)
    image[0] = 9
    grid = polar_grid(SHAPE, (0, 40))
    upwards = round(0.75 * grid.columns)
    assert grid.rows == 72  # to the lower corners
    assert (grid.image(image)[1:, upwards] == 9).all()
    assert (grid.labels(image)[4:, upwards] == 0).all()
    assert (grid.labels(image, zero_is_region=True)[1:, upwards] == 9).all()


@settings(max_examples=20, deadline=None)
@given(centers, angles)
def test_labels_come_back_but_for_a_pixel_at_the_boundary(center, start_angle):
    distance = _distance(center)
    labels = 1 + np.digitize(distance, [8.3, 15.8]).astype(np.uint8)
    grid = polar_grid(SHAPE, center, start_angle=start_angle)
    back = grid.labels_back(grid.labels(labels))
    near = (np.abs(distance - 8.3) <= 1) | (np.abs(distance - 15.8) <= 1)
    near |= np.pad(np.zeros((58, 78), bool), 1, constant_values=True)  # of the image, too
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back[~near], labels[~near])


@settings(max_examples=20, deadline=None)
@given(centers, angles, st.lists(st.floats(0.1, 17.9), min_size=1, max_size=3))
def test_circles_are_drawn_exactly(center, start_angle, radii):
    grid = polar_grid(SHAPE, center, start_angle=start_angle, max_radius=18)
    curves = np.repeat(np.sort(radii)[:, None], grid.columns, axis=1)
    distance = _distance(center)
    labels = np.full(SHAPE, -1)
    grid.draw(labels, curves, range(5, 6 + len(radii)))
    expected = np.where(distance < 18, 5 + np.digitize(distance, np.sort(radii)), -1)
    assert (labels != expected).mean() < 1e-3  # rounding, where a pixel is on the circle
    for path, radius in zip(grid.paths(curves), np.sort(radii), strict=True):
        np.testing.assert_allclose(np.hypot(*(path - center).T), radius, atol=1e-9)
        np.testing.assert_array_equal(path[0], path[-1])


def test_between_rays_a_curve_is_interpolated():
    shape, center = (301, 301), (150, 150)
    grid = polar_grid(shape, center)
    angle = np.deg2rad(grid.angles)
    curves = (100 + 15 * np.cos(3 * angle))[None]
    labels = np.zeros(shape, int)
    grid.draw(labels, curves, (1, 2))
    rows, columns = np.indices(shape) - 150
    off = np.hypot(rows, columns) - (100 + 15 * np.cos(3 * np.arctan2(rows, columns)))
    wrong = labels != np.where(off < 0, 1, 2)
    assert np.abs(off[wrong]).max(initial=0) < 0.01
    assert grid.columns < 2 * np.pi * 110  # there are pixels between rays


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 112), st.integers(1, 113))
def test_drawing_what_has_changed_is_enough(start, n):
    rng = np.random.default_rng(start)
    grid = polar_grid(SHAPE, (30.2, 41.7), start_angle=17, max_radius=36)
    curves = np.sort(rng.uniform(1, 35, (2, grid.columns)), axis=0)
    curves[:, rng.random(grid.columns) < 0.3] = np.nan
    labels = np.zeros(SHAPE, int)
    grid.draw(labels, curves, (1, 2, 3))
    stop = min(start + n, grid.columns)
    curves[:, start:stop] = np.sort(rng.uniform(1, 35, (2, stop - start)), axis=0)
    whole = labels.copy()
    grid.draw(labels, curves, (1, 2, 3), start, stop)
    grid.draw(whole, curves, (1, 2, 3))
    np.testing.assert_array_equal(labels, whole)


def test_nothing_is_drawn_where_no_curve_is():
    grid = polar_grid(SHAPE, (30, 40), max_radius=25)
    curves = np.full((1, grid.columns), np.nan)
    curves[0, 0] = 10
    labels = np.full(SHAPE, 7)
    grid.draw(labels, curves, (1, 2))
    assert labels[30, 40:65].tolist() == [1] * 10 + [2] * 15
    assert labels[30, 65] == 7  # out of reach
    assert labels[30, 30] == 0
    assert set(np.unique(labels)) == {0, 1, 2, 7}


@settings(max_examples=50, deadline=None)
@given(st.integers(-20, 20), st.integers(1, 25), st.integers(1, 9))
def test_pixels_of_rays(start, n, rays):
    pixels = sort_pixels((5, 7), (2.1, 2.9), 30, 3, rays)
    wanted = {(start + i) % rays for i in range(n)}
    got = [i for part in pixels.of_rays(start, start + n) for i in range(part.start, part.stop)]
    assert len(got) == len(set(got))
    assert set(got) == set(np.flatnonzero(np.isin(pixels.ray, list(wanted))).tolist())


@pytest.mark.parametrize("columns", [1, 40, 100])
def test_another_start_angle_turns_the_columns(columns):
    image = np.random.default_rng(0).normal(size=SHAPE)
    grid = polar_grid(SHAPE, (28.7, 41.3))
    turned = polar_grid(SHAPE, (28.7, 41.3), start_angle=grid.angles[columns])
    expected = np.roll(grid.image(image), -columns, axis=1)
    np.testing.assert_allclose(turned.image(image), expected, atol=1e-5)


def test_sizes():
    assert polar_grid((2, 2), (0, 0)).columns == 64
    assert polar_grid((9000, 9000), (0, 0)).columns == 8192
    assert polar_grid(SHAPE, (0, 0), max_radius=1e9).rows == polar_grid(SHAPE, (0, 0)).rows


@pytest.mark.parametrize(
    ("shape", "center", "options", "words"),
    [
        ((60, 1), (5, 0), {}, "60 x 1 pixels, .* choose another image"),
        (SHAPE, (60, 5), {}, "row 60 and column 5, lies outside the image of 60 x 80"),
        (SHAPE, (5, np.nan), {}, "column nan, lies outside"),
        (SHAPE, (5, 5), {"start_angle": np.inf}, "start angle is inf; give a number"),
        (SHAPE, (5, 5), {"max_radius": 0}, "largest radius is 0; give 1 pixel or more"),
    ],
)
def test_what_cannot_be_unrolled(shape, center, options, words):
    with pytest.raises(PolarError, match=words):
        polar_grid(shape, center, **options)


def test_an_image_of_another_shape():
    grid = polar_grid(SHAPE, (5, 5))
    with pytest.raises(PolarError, match=r"image has the shape \(60, 81\); give one of \(60, 80\)"):
        grid.image(np.zeros((60, 81)))
