from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_layeredcnn.core.working import WorkingGrid, working_grid


@settings(max_examples=60, deadline=None)
@given(
    st.integers(8, 90), st.integers(2, 90), st.integers(8, 90), st.integers(2, 90),
    st.floats(-0.3, 0.3), st.floats(0.2, 0.8),
)  # fmt: skip
def test_straight_curves_go_to_the_grid_and_back(height, width, rows, columns, slope, share):
    grid = WorkingGrid(height, width, rows, columns)
    x = np.arange(width) + 0.5
    curves = (share * height + slope * (x - width / 2))[None].astype(np.float32)
    on_grid = grid.seed(curves)
    back = grid.curves(on_grid)
    assert back.shape == curves.shape
    # The outermost half cell is held flat; a coarse cell averages an unequal number of columns.
    inside = (x > width / columns) & (x < width - width / columns)
    tolerance = abs(slope) * max(1.0, width / columns) + 1e-3
    assert np.abs(back - curves)[:, inside].max(initial=0) <= tolerance
    assert grid.curves(on_grid, 1, width).tolist() == back[:, 1:].tolist()


def test_a_coarse_column_is_given_where_a_given_column_lies_in_it():
    curves = np.full((1, 12), np.nan, np.float32)
    curves[0, [0, 5]] = [8, 4]
    on_grid = WorkingGrid(20, 12, 10, 3).seed(curves)
    np.testing.assert_array_equal(on_grid, [[4, 2, np.nan]])


def test_a_fine_column_is_given_where_it_lies_in_a_given_column():
    curves = np.full((1, 4), np.nan, np.float32)
    curves[0, 1] = 3
    on_grid = WorkingGrid(10, 4, 20, 8).seed(curves)
    np.testing.assert_array_equal(np.isnan(on_grid[0]), [1, 1, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(on_grid[0, 2:4], 6)


def test_image_is_averaged_on_a_coarser_grid():
    image = np.indices((40, 60)).sum(0).astype(np.float32) % 2  # a checkerboard
    coarse = WorkingGrid(40, 60, 10, 15).image(image)
    assert coarse.shape == (10, 15)
    np.testing.assert_allclose(coarse, 0.5, atol=0.1)


@pytest.mark.parametrize(
    ("curves", "height", "thickness", "rows"),
    [
        ([50, 68, 86], 200, None, 78),  # 18 px on average become 7
        ([50, 68, 86], 200, 20, 70),  # the caller's number
        ([300], 640, None, 56),  # one curve: 56 rows
        ([40, 43, 46], 80, None, 80),  # thin regions are not enlarged
        ([10, 15], 40, None, 56),  # but small images are, to 56 rows
        ([5, 7], 10, None, 40),  # at most four times
        ([10, 10.1], 40, 0.1, 160),  # so with the caller's number
        ([0, 2000], 2000, None, 56),  # not fewer than 56 rows
        ([100, 103, 106], 1000, None, 192),  # nor more than 192
    ],
)
def test_size_of_the_grid(curves, height, thickness, rows):
    seed = np.full((len(curves), 300), np.nan, np.float32)
    seed[:, 7] = curves
    grid = working_grid(seed, height, thickness)
    assert grid.rows == rows
    assert grid.columns == round(300 * rows / height)


@pytest.mark.parametrize("thickness", [0, -3, np.nan, np.inf])
def test_impossible_thickness(thickness):
    with pytest.raises(ValueError, match="positive number of pixels"):
        working_grid(np.zeros((2, 5)), 10, thickness)


def test_very_wide_images_stay_within_reach():
    assert working_grid(np.tile([[10.0], [20.0]], (1, 20000)), 80).columns == 2048
