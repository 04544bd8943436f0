"""The band of uncertainty along curves, and their paths."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import a_run, flat

from napari_layeredcnn.core.polar import polar_grid
from napari_layeredcnn.plugin.drawing import band_of, curve_paths, uncertainty_band

NAN = np.nan


def test_band_takes_the_nearest_curve_and_nothing_far_away():
    curves = np.array([[4.0, NAN], [7.0, NAN]])
    band = uncertainty_band(curves, np.array([[0.5, NAN], [2.0, NAN]]), 20)
    np.testing.assert_array_equal(band[:, 0], [0] * 2 + [0.5] * 4 + [2] * 3 + [0] * 11)
    assert not band[:, 1].any()


def test_bands_lie_as_the_slice_is_shown():
    along = band_of(flat(10, uncertainty=2))
    assert along.shape == (60, 100)
    assert set(np.flatnonzero(along.any(axis=1))) == {8, 9, 10, 11}
    across = band_of(flat(10, uncertainty=2, transposed=True))
    np.testing.assert_array_equal(across, along.T)


def test_the_band_of_a_closed_curve_is_a_ring():
    grid = polar_grid((80, 100), (30.0, 45.0))
    ring = band_of(flat(20, uncertainty=2, width=grid.columns, height=grid.rows, grid=grid))
    assert ring.shape == (80, 100)
    y, x = np.nonzero(ring)
    distance = np.hypot(y - 30, x - 45)
    assert (np.abs(distance - 20) <= 2.71).all()
    assert ring[30, 65] == ring[50, 45] == ring[10, 45] == 2


def test_paths_lie_between_pixels_and_end_where_there_is_no_curve():
    curves = [[3.0, 3.5, NAN, 4.0, NAN, 5.0, 6.0]]
    (k, first), (_, second) = curve_paths(a_run(curves))
    assert k == 0
    np.testing.assert_array_equal(first, [[2.5, 0], [3.0, 1]])
    np.testing.assert_array_equal(second, [[4.5, 5], [5.5, 6]])
    (_, flipped), _ = curve_paths(a_run(curves, transposed=True))
    np.testing.assert_array_equal(flipped, [[0, 2.5], [1, 3.0]])


def test_closed_paths_end_where_they_began():
    grid = polar_grid((80, 100), (30.0, 45.0), start_angle=30)
    paths = curve_paths(flat(10, 20, width=grid.columns, height=grid.rows, grid=grid))
    assert [k for k, _ in paths] == [0, 1]
    for radius, (_, path) in zip((10, 20), paths, strict=True):
        assert len(path) == grid.columns + 1
        np.testing.assert_array_equal(path[0], path[-1])
        np.testing.assert_allclose(np.linalg.norm(path - (30, 45), axis=1), radius, rtol=1e-5)


def test_a_ring_with_a_gap_is_one_path_over_the_seam():
    grid = polar_grid((80, 100), (30.0, 45.0))
    kept = flat(20, width=grid.columns, height=grid.rows, grid=grid)
    kept.curves[:, 40:50] = NAN
    ((_, path),) = curve_paths(kept)
    assert len(path) == grid.columns - 10
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 2 * 2 * np.pi * 20 / grid.columns


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 300))
def test_the_band_is_that_of_all_pixels_one_by_one(seed, n_curves, height):
    rng = np.random.default_rng(seed)
    curves = np.sort(rng.uniform(0, height, (n_curves, 12)), axis=0)
    unsure = rng.gamma(1, 2, curves.shape).astype(np.float32)
    curves[:, rng.random(12) < 0.2] = NAN
    expected = np.zeros((height, 12), np.float32)
    reach = max(2, 0.015 * height)
    for y, x in np.ndindex(height, 12):
        distance = np.abs(y + 0.5 - curves[:, x])
        if (distance < reach).any():
            expected[y, x] = unsure[np.nanargmin(distance), x]
    np.testing.assert_array_equal(uncertainty_band(curves, unsure, height), expected)
